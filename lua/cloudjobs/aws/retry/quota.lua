--- The quota of retries: each retry consumes its cost, and successes restore it, so
--- that a failing service gets no more retries than successes. Each client has
--- its own, and clients of the same service may share one.

local CAPACITY = 500

local Quota = {}
local quota_mt = { __name = "cloudjobs.aws.retry.quota", __index = Quota }

--- Consumes the cost of a retry; false where less is left.
---@param cost integer
---@return boolean
function Quota:consume(cost)
  if cost > self.available then
    return false
  end
  self.available = self.available - cost
  return true
end

--- Restores an amount, up to the capacity.
---@param amount integer
function Quota:restore(amount)
  self.available = math.min(self.capacity, self.available + amount)
end

--- A full quota. Time does not refill it.
local function new()
  return setmetatable({ capacity = CAPACITY, available = CAPACITY }, quota_mt)
end

local function is(value)
  return getmetatable(value) == quota_mt
end

return { new = new, is = is, CAPACITY = CAPACITY }
