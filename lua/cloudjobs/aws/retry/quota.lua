--- What retries may cost until successes pay for more: a service in trouble is
--- not asked more often than it answers. Each client has its own, and clients
--- that talk to the same service may share one.

local CAPACITY = 500

local Quota = {}
local quota_mt = { __name = "cloudjobs.aws.retry.quota", __index = Quota }

--- Takes what a retry costs; false where there is not that much left.
---@param cost integer
---@return boolean
function Quota:take(cost)
  if cost > self.available then
    return false
  end
  self.available = self.available - cost
  return true
end

--- Gives back, never to more than the quota holds.
---@param amount integer
function Quota:give(amount)
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
