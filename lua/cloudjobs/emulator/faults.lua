--- Faults by rule: "the third GetExecution returns 503".

local ascii = require "cloudjobs.base.ascii"
local suggest = require "cloudjobs.base.suggest"

local Faults = {}
local faults_mt = { __name = "cloudjobs.emulator.faults", __index = Faults }

--- What a rule holds.
Faults.MEMBERS = {
  service = "string", operation = "string", nth = "number", times = "number",
  status = "number", code = "string", message = "string", members = "table", throttle = "boolean",
  retry_after = "number", headers = "table", body = "string", latency = "number", drop = "boolean",
  cut = "number", whole = "boolean", changed = "boolean",
}

---@param known table<string, string[]> the services that rules may name, and their operations
local function new(known)
  return setmetatable({ _known = known, _rules = {} }, faults_mt)
end

--- GetExecution and get_execution are one name.
local function plain(name)
  return name and ascii.lower(name:gsub("[_-]", ""))
end

local function find(name, names, kind)
  for _, known in ipairs(names) do
    if plain(known) == plain(name) then
      return true
    end
  end
  return nil, ("fault: no %s is named %s%s"):format(kind, name, suggest(name, names))
end

-- Whether a rule's service and operation exist.
local function check_names(self, rule)
  local services, operations = {}, {}
  for service, names in pairs(self._known) do
    services[#services + 1] = service
    if not rule.service or plain(rule.service) == plain(service) then
      for _, name in ipairs(names) do
        operations[#operations + 1] = name
      end
    end
  end
  if rule.service then
    local ok, message = find(rule.service, services, "service")
    if not ok then
      return nil, message
    end
  end
  if rule.operation then
    return find(rule.operation, operations, "operation")
  end
  return true
end

--- Adds a rule. Which requests: `service`, `operation` (any where absent); from
--- the `nth` (1) on, `times` (1; 0 for ever). What happens: `throttle`, or
--- `status`, `code`, `message`, `members`, `retry_after`; `body` for a response
--- that no service wrote; `headers` on top; `latency` in seconds; `drop` closes
--- the connection without a response, `cut` after so many bytes of the body. Of a
--- stored object: `whole` is sent where a range was asked for, and one that has
--- `changed` gets another entity tag before it is read.
---@return boolean|nil ok
---@return string|nil message
function Faults:add(rule)
  local ok, message = check_names(self, rule)
  if not ok then
    return nil, message
  end
  local stored = { seen = 0, service_name = plain(rule.service), operation_name = plain(rule.operation) }
  for name, value in pairs(rule) do
    stored[name] = value
  end
  stored.replaces = stored.throttle or stored.status or stored.code or stored.body or stored.drop
  self._rules[#self._rules + 1] = stored
  return true
end

--- The rule that holds for this request, or nil. Every rule that the request
--- matches counts it.
function Faults:consume(service, operation)
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
