--- Endpoint rules, compiled: expressions, templates, conditions and rules as
--- functions of a scope, which has the parameters and what conditions assign.

local functions = require "cloudjobs.aws.endpoint.functions"

local MAX_ARGUMENTS = 4 -- of a library function
local MAX_DEPTH = 64 -- of rules in rules; S3's have 12
local MAX_TEXT = 8192 -- bytes that a template may make: one that holds another twice doubles, and so does the next

--- Leaves compiling or evaluating with a message. A table, so that a bug of
--- ours is not taken for one.
local function refuse(message, ...)
  error({ refused = message:format(...) }, 0)
end

local function constant(value)
  return function()
    return value
  end
end

local function reference(name)
  return function(scope)
    return scope[name]
  end
end

local function step(value, key)
  if type(value) ~= "table" then
    return nil
  elseif type(key) == "number" then
    return value[key < 0 and #value + key + 1 or key + 1]
  end
  return value[key]
end

-- "resourceId[0]" of the result of `value`; a negative index counts from the end.
local function attribute(value, path)
  local keys = {}
  for part in path:gmatch("[^.]+") do
    local name, index = part:match("^([^%[]*)%[(%-?%d+)%]$")
    name = name or part
    keys[#keys + 1] = name ~= "" and name or nil
    keys[#keys + 1] = tonumber(index)
  end
  return function(scope)
    local found = value(scope)
    for _, key in ipairs(keys) do
      found = step(found, key)
    end
    return found
  end
end

-- {Name} or {Name#path}, which has to have a value.
local function placeholder(text)
  local name, path = text:match("^([^#]*)#?(.*)$")
  local value = path == "" and reference(name) or attribute(reference(name), path)
  return function(scope)
    local found = value(scope)
    if found == nil then
      refuse("{%s} has no value", text)
    end
    return tostring(found)
  end
end

local function template(text)
  local parts, from = {}, 1
  while true do
    local at = text:find("[{}]", from)
    parts[#parts + 1] = constant(text:sub(from, (at or 0) - 1))
    if not at then
      break
    end
    local brace, name = text:sub(at, at), text:match("^{([^{}]+)}", at)
    if name then
      parts[#parts + 1] = placeholder(name)
      from = at + #name + 2
    elseif text:sub(at + 1, at + 1) == brace then
      parts[#parts + 1] = constant(brace)
      from = at + 2
    else
      refuse("%s is no template", require("cloudjobs.base.quote").value(text))
    end
  end
  if #parts == 1 then
    return parts[1]
  end
  return function(scope)
    local texts, length = {}, 0
    for i, part in ipairs(parts) do
      texts[i] = part(scope)
      length = length + #texts[i]
      if length > MAX_TEXT then
        refuse("a text of more than %d bytes", MAX_TEXT)
      end
    end
    return table.concat(texts)
  end
end

-- Functions that do not want all of their arguments as values.
local FORMS = {}

function FORMS.getAttr(arguments, argv)
  return attribute(arguments[1], argv[2])
end

function FORMS.coalesce(arguments)
  return function(scope)
    local value
    for _, argument in ipairs(arguments) do
      value = argument(scope)
      if value ~= nil then
        break
      end
    end
    return value
  end
end

function FORMS.ite(arguments)
  return function(scope)
    return arguments[arguments[1](scope) and 2 or 3](scope)
  end
end

local compile

local function call(expression)
  local name, arguments = expression.fn, {}
  for i, argument in ipairs(expression.argv) do
    arguments[i] = compile(argument)
  end
  if FORMS[name] then
    return FORMS[name](arguments, expression.argv)
  end
  local f = functions[name] or refuse("unknown function %s", tostring(name))
  for i = #arguments + 1, MAX_ARGUMENTS do
    arguments[i] = constant(nil)
  end
  local a, b, c, d = arguments[1], arguments[2], arguments[3], arguments[4]
  return function(scope)
    return f(a(scope), b(scope), c(scope), d(scope))
  end
end

local function members(values)
  local compiled = {}
  for key, value in pairs(values) do
    compiled[key] = compile(value)
  end
  return function(scope)
    local made = {}
    for key, value in pairs(compiled) do
      made[key] = value(scope)
    end
    return made
  end
end

-- An expression, a template, or a list or map of them -> scope -> value.
function compile(value)
  if type(value) == "string" then
    return template(value)
  elseif type(value) ~= "table" then
    return constant(value)
  elseif value.ref then
    return reference(value.ref)
  elseif value.fn then
    return call(value)
  end
  return members(value)
end

-- Whether all hold; what they assign is in the scope from then on.
local function conditions(list)
  local tests = {}
  for i, condition in ipairs(list or {}) do
    tests[i] = { value = call(condition), assign = condition.assign }
  end
  return function(scope)
    for _, test in ipairs(tests) do
      local value = test.value(scope)
      if test.assign then
        scope[test.assign] = value
      end
      if not value then
        return false
      end
    end
    return true
  end
end

local RULES = {}
local first_of

local SCOPE = "^[A-Za-z0-9*._-]+$" -- what a signature's scope may hold

-- The signing parameters of the rules become parts of headers.
local function check_schemes(schemes)
  if type(schemes) ~= "table" then
    refuse("the rule that applies has no authSchemes")
  end
  for _, scheme in ipairs(schemes) do
    for _, name in ipairs { "name", "signingName", "signingRegion" } do
      local text = type(scheme) == "table" and scheme[name]
      if text ~= nil and not (type(text) == "string" and (text:find(SCOPE) or text == "")) then
        refuse("the rule that applies has a wrong %s in its authSchemes", name)
      end
    end
  end
end

function RULES.endpoint(rule)
  local address = compile(rule.endpoint.url)
  local headers, properties = compile(rule.endpoint.headers or {}), compile(rule.endpoint.properties or {})
  return function(scope)
    local url = address(scope)
    if type(url) ~= "string" then
      refuse("the rule that applies has no address")
    end
    local made = properties(scope)
    if type(made) ~= "table" then
      refuse("the rule that applies has no properties")
    end
    check_schemes(made.authSchemes or {})
    return { url = url, headers = headers(scope), properties = made }
  end
end

function RULES.error(rule)
  local message = compile(rule.error)
  return function(scope)
    refuse("%s", message(scope))
  end
end

-- Compiled when it is reached: of most sets one branch alone ever is.
function RULES.tree(rule, depth)
  local run
  return function(scope)
    run = run or first_of(rule.rules, depth + 1)
    return run(scope)
  end
end

--- The first of the rules whose conditions hold; there has to be one.
---@param rules table[]
---@param depth integer|nil how many rules they are in
---@return fun(scope: table): { url: string, headers: table, properties: table }
function first_of(rules, depth)
  local compiled = {}
  depth = depth or 0
  if depth > MAX_DEPTH then
    refuse("rules within more than %d others", MAX_DEPTH)
  end
  for i, rule in ipairs(rules) do
    local make = RULES[rule.type] or refuse("unknown type of rule %s", tostring(rule.type))
    compiled[i] = { applies = conditions(rule.conditions), result = make(rule, depth) }
  end
  return function(scope)
    for _, rule in ipairs(compiled) do
      if rule.applies(scope) then
        return rule.result(scope)
      end
    end
    refuse("no rule applies to these parameters")
  end
end

return { compile = first_of, refuse = refuse }
