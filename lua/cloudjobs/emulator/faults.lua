--- Faults by rule: "the third GetExecution answers 503".

local Faults = {}
local faults_mt = { __name = "cloudjobs.emulator.faults", __index = Faults }

local KNOWN = {
  service = true, operation = true, nth = true, times = true, status = true, code = true, message = true,
  members = true, throttle = true, retry_after = true, headers = true, body = true, latency = true, drop = true,
}

local function new()
  return setmetatable({ _rules = {} }, faults_mt)
end

--- GetExecution and get_execution are one name.
local function plain(name)
  return name and name:gsub("[_-]", ""):lower()
end

--- Adds a rule. Which requests: `service`, `operation` (any where absent); from
--- the `nth` (1) on, `times` (1; 0 for ever). What happens: `throttle`, or
--- `status`, `code`, `message`, `members`, `retry_after`; `body` for an answer
--- that no service wrote; `headers` on top; `latency` in seconds; `drop` closes
--- the connection without an answer.
---@return boolean|nil ok
---@return string|nil message
function Faults:add(rule)
  for name in pairs(rule) do
    if not KNOWN[name] then
      return nil, ("a fault has no member %s"):format(tostring(name))
    end
  end
  local kept = { seen = 0, service_name = plain(rule.service), operation_name = plain(rule.operation) }
  for name, value in pairs(rule) do
    kept[name] = value
  end
  kept.replaces = kept.throttle or kept.status or kept.code or kept.body or kept.drop
  self._rules[#self._rules + 1] = kept
  return true
end

--- The rule that holds for this request, or nil. Every rule that the request
--- matches counts it.
function Faults:take(service, operation)
  local held
  for _, rule in ipairs(self._rules) do
    local matches = (not rule.service_name or rule.service_name == plain(service))
      and (not rule.operation_name or rule.operation_name == plain(operation))
    if matches then
      rule.seen = rule.seen + 1
      local nth, times = rule.nth or 1, rule.times or 1
      if rule.seen >= nth and (times == 0 or rule.seen < nth + times) then
        held = held or rule
      end
    end
  end
  return held
end

return { new = new }
