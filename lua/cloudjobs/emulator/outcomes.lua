--- Ends ordered for jobs to come: "the next run of this export fails so".

local life = require "cloudjobs.emulator.life"

local Outcomes = {}
local outcomes_mt = { __name = "cloudjobs.emulator.outcomes", __index = Outcomes }

--- What an order holds.
Outcomes.MEMBERS = {
  kind = "string", match = "table", times = "number", status = "string", reason = "string", message = "string",
}

local function new()
  return setmetatable({ _orders = {} }, outcomes_mt)
end

--- Orders an end: `{ kind, match, times, status, reason, message }`. `match` are
--- members the job's facts must have; `times` is one by default.
---@return boolean|nil ok
---@return string|nil message
function Outcomes:order(order)
  if order.kind ~= "resource_snapshot_job" and not pcall(life.is_state, order.kind) then
    return nil, ("no kind of job is named %s"):format(tostring(order.kind))
  elseif order.kind ~= "resource_snapshot_job" and not life.is_state(order.kind, order.status) then
    return nil, ("no %s has the status %s"):format(order.kind, tostring(order.status))
  end
  local orders = self._orders
  orders[#orders + 1] = {
    kind = order.kind,
    match = order.match or {},
    left = order.times or 1,
    status = order.status,
    reason = order.reason,
    message = order.message,
  }
  return true
end

local function matches(facts, wanted)
  for name, value in pairs(wanted) do
    if facts[name] ~= value then
      return false
    end
  end
  return true
end

--- The end ordered for a job that begins now, or an empty table: the usual one.
function Outcomes:consume(kind, facts)
  for i, order in ipairs(self._orders) do
    if order.kind == kind and matches(facts, order.match) then
      order.left = order.left - 1
      if order.left <= 0 then
        table.remove(self._orders, i)
      end
      return order
    end
  end
  return {}
end

return { new = new }
