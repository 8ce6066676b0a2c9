--- The documents beside a service description: its paginators, waiters and endpoint rules.

local flag = require "cloudjobs.model.import.flags"
local jmespath = require "cloudjobs.base.jmespath"
local traits = require "cloudjobs.model.import.traits"

local check = traits.check
local check_name = traits.check_name
local check_type = traits.check_type
local refuse = traits.refuse

local MAX_EXPRESSION = 500 -- bytes

-- A JMESPath expression that compiles.
local function check_expression(text, where)
  check_type("string", text, where)
  if #text <= MAX_EXPRESSION and text:find("^[A-Za-z_][A-Za-z0-9_]*$") then
    return text -- a member's name, as most are
  end
  local ok, message = pcall(jmespath.compile, #text <= MAX_EXPRESSION and text or "(")
  if not ok then
    refuse(where, "%s", tostring(message))
  end
  return text
end

-- The same for one or several.
local function check_expressions(value, where)
  for _, text in ipairs(type(value) == "table" and value or { value }) do
    check_expression(text, where)
  end
  return value
end

-- The one object in a document beside a description.
local function section(name, document, member)
  local value = document and document[member] or {}
  check_type("table", value, name .. ": " .. member)
  return value
end

local function pages_of(paginators)
  local pages = {}
  for name, paginator in pairs(section("paginators", paginators, "pagination")) do
    local where = "paginator " .. tostring(name)
    check("paginator", paginator, where)
    if paginator.input_token == nil or paginator.output_token == nil then
      refuse(where, "it has no tokens")
    end
    pages[name] = {
      token = check_expressions(paginator.input_token, where),
      next = check_expressions(paginator.output_token, where),
      items = check_expressions(paginator.result_key, where),
      limit = paginator.limit_key,
      more = check_expressions(paginator.more_results, where),
    }
  end
  return pages
end

local STATES = flag.set { "success", "failure", "retry" }
local PATHS = flag.set { "path", "pathAll", "pathAny" }
local MAX_DELAY = 86400 -- seconds

local function check_acceptor(acceptor, where)
  check("acceptor", acceptor, where)
  if not STATES[acceptor.state] then
    refuse(where, "unknown state %s", tostring(acceptor.state))
  elseif PATHS[acceptor.matcher] then
    check_expression(acceptor.argument, where)
  elseif acceptor.matcher ~= "status" and acceptor.matcher ~= "error" then
    refuse(where, "unknown matcher %s", tostring(acceptor.matcher))
  end
end

local function waiters_of(source)
  local waiters = {}
  for name, waiter in pairs(section("waiters", source, "waiters")) do
    local where = "waiter " .. tostring(name)
    check("waiter", waiter, where)
    check_name(waiter.operation, where)
    check_type("table", waiter.acceptors, where .. ": acceptors")
    local delay, attempts = waiter.delay, waiter.maxAttempts
    if not (delay and attempts and delay > 0 and delay <= MAX_DELAY and attempts >= 1) then
      refuse(where, "expected a delay and a number of attempts")
    end
    for _, acceptor in ipairs(waiter.acceptors) do
      check_acceptor(acceptor, where)
    end
    waiters[check_name(name, where)] = {
      operation = waiter.operation,
      delay = delay,
      max_attempts = attempts,
      acceptors = waiter.acceptors,
    }
  end
  return waiters
end

-- The endpoint rules, whose expressions are checked when they are first evaluated.
local function endpoints_of(rules)
  if rules == nil then
    return nil
  end
  check_type("table", rules.rules, "endpoint rules: rules")
  check_type("table", rules.parameters, "endpoint rules: parameters")
  for name, parameter in pairs(rules.parameters) do
    local where = "endpoint rules: " .. tostring(name)
    check_type("table", parameter, where)
    check_type("string", parameter.type, where .. ": type")
    if parameter.builtIn ~= nil then
      check_type("string", parameter.builtIn, where .. ": builtIn")
    end
  end
  return rules
end

return {
  check_expression = check_expression, pages_of = pages_of, waiters_of = waiters_of, endpoints_of = endpoints_of,
}
