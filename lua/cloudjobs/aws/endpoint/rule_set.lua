--- Endpoint rules: a published rule set and its parameters -> where to send a
--- request and how to sign it. A rule set is compiled to closures once; what
--- results are cached by their parameters.

local Error = require "cloudjobs.base.error"
local ascii = require "cloudjobs.base.ascii"
local rules = require "cloudjobs.aws.endpoint.rules"

local MAX_CACHED = 1000 -- results of one rule set: buckets and hosts from users must not pile up

local refuse = rules.refuse

-- Rule sets are not of one mind about the case of a type's name.
local TYPES = { string = "string", boolean = "boolean", stringarray = "table" }

-- The scope that the rules start from: the parameters, checked, with defaults.
local function scope_of(set, params)
  for name in pairs(params) do
    if not set.parameters[name] then
      refuse("unknown parameter %s%s", tostring(name), require "cloudjobs.base.suggest"(tostring(name), set.names))
    end
  end
  local scope = {}
  for name, parameter in pairs(set.parameters) do
    local value = params[name]
    if value == nil then
      value = parameter.default
    end
    if value == nil and parameter.required then
      refuse("parameter %s is required", name)
    elseif value ~= nil and type(value) ~= TYPES[ascii.lower(parameter.type)] then
      refuse("parameter %s: expected %s, got %s", name, parameter.type, type(value))
    end
    scope[name] = value
  end
  return scope
end

local function new_set(rule_set)
  if type(rule_set) ~= "table" or type(rule_set.parameters) ~= "table" or type(rule_set.rules) ~= "table" then
    refuse("not a rule set: it has no parameters and rules")
  end
  local names = {}
  for name in pairs(rule_set.parameters) do
    names[#names + 1] = name
  end
  table.sort(names)
  return {
    names = names, parameters = rule_set.parameters, run = rules.compile(rule_set.rules), cached = {}, count = 0,
  }
end

local ABSENT = {} -- stands for a parameter without a value

-- A cached result: a level of tables for each parameter. Nil too where `params`
-- has others than the rule set's.
local function recall(set, params)
  local node, given = set.cached, 0
  for i = 1, #set.names do
    local value = params[set.names[i]]
    given = value ~= nil and given + 1 or given
    node = node[value == nil and ABSENT or value]
    if not node then
      return nil
    end
  end
  for _ in pairs(params) do
    given = given - 1
  end
  return given == 0 and node ~= set.cached and node or nil
end

local function keep(set, params, answer)
  if set.count >= MAX_CACHED then
    set.cached, set.count = {}, 0
  end
  local node, last = set.cached, #set.names
  for i = 1, last do
    local value = params[set.names[i]]
    if type(value) == "table" then
      return -- a list is never the same key twice
    end
    local key = value == nil and ABSENT or value
    node[key] = i == last and answer or node[key] or {}
    node = node[key]
  end
  set.count = set.count + 1
end

local sets = setmetatable({}, { __mode = "k" })

local function evaluate(rule_set, params)
  local set = sets[rule_set]
  if not set then
    set = new_set(rule_set)
    sets[rule_set] = set
  end
  local answer = set.run(scope_of(set, params))
  keep(set, params, answer)
  return answer
end

--- Where a request goes by these rules. The result is shared: it must not be changed.
---@param rule_set table a decoded endpoint-rule-set-1.json, or a generated one
---@param params table<string, string|boolean|string[]>|nil
---@return { url: string, headers: table<string, string[]>, properties: table }|nil
---@return cloudjobs.Error|nil err kind "config"; the rules' own message where they refuse
local function resolve(rule_set, params)
  params = params or {}
  local set = sets[rule_set]
  local answer = set and recall(set, params)
  if answer then
    return answer
  end
  local ok, result = pcall(evaluate, rule_set, params)
  if ok then
    return result
  end
  -- Rule sets come from outside, and not each of their many places is checked on its own.
  local message = type(result) == "table" and result.refused
    or "the endpoint rules are broken: " .. tostring(result):gsub("^[^\n]-:%d+: ", "")
  return nil, Error.new { kind = "config", code = "endpoint", message = message }
end

return { resolve = resolve }
