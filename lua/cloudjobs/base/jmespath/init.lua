--- JMESPath, as paginators and waiters of service models use it: the whole
--- expression grammar, and the functions that the models call.
---
--- `compile(text)` answers a function of a value. null is nil.

local lexer = require "cloudjobs.base.jmespath.lexer"
local values = require "cloudjobs.base.jmespath.value"

local COMPARE = values.COMPARE
local FUNCTIONS = values.FUNCTIONS
local fail = lexer.fail
local is_list = values.is_list
local is_true = values.is_true
local list = values.list

local unpack = table.unpack or unpack -- luacheck: ignore 143 113

-- Left binding powers; from 10 on a token goes on inside a projection.
local POWER = {
  ["|"] = 1, ["||"] = 2, ["&&"] = 3,
  ["=="] = 5, ["!="] = 5, ["<"] = 5, ["<="] = 5, [">"] = 5, [">="] = 5,
  ["[]"] = 9, ["*"] = 20, ["[?"] = 21, ["."] = 40, ["!"] = 45, ["{"] = 50, ["["] = 55, ["("] = 60,
}
local PROJECTION_STOP = 10

-- Each parser function answers a function of a value.

local expression

local function identity(value)
  return value
end

local function peek(parser)
  return parser.words[parser.at].kind
end

local function take(parser, kind)
  local word = parser.words[parser.at]
  if kind and word.kind ~= kind then
    fail(parser, ("expected %s, got %s"):format(kind, word.value and tostring(word.value) or word.kind))
  end
  parser.at = parser.at + 1
  return word
end

-- Applies `right` to each element that `left` gives and leaves nulls out.
local function project(left, right)
  return function(value)
    local found = left(value)
    if not is_list(found) then
      return nil
    end
    local results = list()
    for _, item in ipairs(found) do
      results[#results + 1] = right(item)
    end
    return results
  end
end

local function comma_separated(parser, close, one)
  while peek(parser) ~= close do
    one()
    if peek(parser) ~= close then
      take(parser, ",")
    end
  end
  take(parser, close)
end

local function multi_list(parser)
  local parts = {}
  comma_separated(parser, "]", function()
    parts[#parts + 1] = expression(parser, 0)
  end)
  return function(value)
    if value == nil then
      return nil
    end
    local results = list() -- without its nulls, for which a list has no place
    for _, part in ipairs(parts) do
      results[#results + 1] = part(value)
    end
    return results
  end
end

local function multi_hash(parser)
  local parts = {}
  comma_separated(parser, "}", function()
    local name = take(parser, "name").value
    take(parser, ":")
    parts[name] = expression(parser, 0)
  end)
  return function(value)
    if value == nil then
      return nil
    end
    local results = {}
    for name, part in pairs(parts) do
      results[name] = part(value)
    end
    return results
  end
end

local function field(name)
  return function(value)
    if type(value) == "table" and not is_list(value) then
      return value[name]
    end
  end
end

local function after_dot(parser, power)
  local kind = peek(parser)
  if kind == "name" or kind == "*" then
    return expression(parser, power)
  elseif kind == "[" then
    take(parser)
    return multi_list(parser)
  elseif kind == "{" then
    take(parser)
    return multi_hash(parser)
  end
  fail(parser, "expected a name, *, [ or { after the dot")
end

local function projection_rest(parser, power)
  local kind = peek(parser)
  if (POWER[kind] or 0) < PROJECTION_STOP then
    return identity
  elseif kind == "." then
    take(parser)
    return after_dot(parser, power)
  elseif kind == "[" or kind == "[?" then
    return expression(parser, power)
  end
  fail(parser, "unexpected " .. kind)
end

local function values_of(value)
  if type(value) == "table" and not is_list(value) then
    return FUNCTIONS.values(value)
  end
end

-- After "[": an index, a slice, a wildcard, or (at an expression's start) a list.
local function bracket(parser, left)
  local kind = peek(parser)
  if kind == "number" then
    local index = take(parser).value
    take(parser, "]")
    return function(value)
      local items = left(value)
      if is_list(items) then
        return items[index < 0 and #items + index + 1 or index + 1]
      end
    end
  elseif kind == "*" and parser.words[parser.at + 1].kind == "]" then
    take(parser)
    take(parser)
    return project(left, projection_rest(parser, POWER["*"]))
  end
end

local function flatten(left)
  return function(value)
    local items = left(value)
    if not is_list(items) then
      return nil
    end
    local flat = list()
    for _, item in ipairs(items) do
      if is_list(item) then
        for _, inner in ipairs(item) do
          flat[#flat + 1] = inner
        end
      else
        flat[#flat + 1] = item
      end
    end
    return flat
  end
end

local function filter(parser, left)
  local condition = expression(parser, 0)
  take(parser, "]")
  local rest = peek(parser) == "[]" and identity or projection_rest(parser, POWER["[?"])
  return project(left, function(item)
    if is_true(condition(item)) then
      return rest(item)
    end
  end)
end

local function call_of(parser, name)
  local f = FUNCTIONS[name] or fail(parser, "no function " .. name)
  local arguments = {}
  comma_separated(parser, ")", function()
    arguments[#arguments + 1] = expression(parser, 0)
  end)
  return function(value)
    local given = {}
    for i, argument in ipairs(arguments) do
      given[i] = argument(value)
    end
    return f(unpack(given, 1, #arguments))
  end
end

-- What an expression can begin with.
local BEGIN = {
  name = function(parser, word)
    if peek(parser) == "(" and not word.quoted then
      take(parser)
      return call_of(parser, word.value)
    end
    return field(word.value)
  end,
  literal = function(_, word)
    return function()
      return word.value
    end
  end,
  ["@"] = function()
    return identity
  end,
  ["!"] = function(parser)
    local operand = expression(parser, POWER["!"])
    return function(value)
      return not is_true(operand(value))
    end
  end,
  ["("] = function(parser)
    local inner = expression(parser, 0)
    take(parser, ")")
    return inner
  end,
  ["*"] = function(parser)
    return project(values_of, projection_rest(parser, POWER["*"]))
  end,
  ["["] = function(parser)
    return bracket(parser, identity) or multi_list(parser)
  end,
  ["{"] = multi_hash,
  ["[]"] = function(parser)
    return project(flatten(identity), projection_rest(parser, POWER["[]"]))
  end,
  ["[?"] = function(parser)
    return filter(parser, identity)
  end,
}

-- What an expression can go on with.
local CONTINUE = {
  ["."] = function(parser, left)
    if peek(parser) == "*" then
      take(parser)
      return project(function(value)
        return values_of(left(value))
      end, projection_rest(parser, POWER["*"]))
    end
    local right = after_dot(parser, POWER["."])
    return function(value)
      return right(left(value))
    end
  end,
  ["|"] = function(parser, left)
    local right = expression(parser, POWER["|"])
    return function(value)
      return right(left(value))
    end
  end,
  ["||"] = function(parser, left)
    local right = expression(parser, POWER["||"])
    return function(value)
      local found = left(value)
      if is_true(found) then
        return found
      end
      return right(value)
    end
  end,
  ["&&"] = function(parser, left)
    local right = expression(parser, POWER["&&"])
    return function(value)
      local found = left(value)
      if not is_true(found) then
        return found
      end
      return right(value)
    end
  end,
  ["["] = function(parser, left)
    return bracket(parser, left) or fail(parser, "expected an index or * in the brackets")
  end,
  ["[]"] = function(parser, left)
    return project(flatten(left), projection_rest(parser, POWER["[]"]))
  end,
  ["[?"] = filter,
}

for symbol, compare in pairs(COMPARE) do
  CONTINUE[symbol] = function(parser, left)
    local right = expression(parser, POWER[symbol])
    return function(value)
      return compare(left(value), right(value))
    end
  end
end

function expression(parser, power)
  local word = take(parser)
  local begin = BEGIN[word.kind] or fail(parser, "unexpected " .. word.kind)
  local left = begin(parser, word)
  while (POWER[peek(parser)] or 0) > power do
    local continue = CONTINUE[take(parser).kind] or fail(parser, "unexpected word")
    left = continue(parser, left)
  end
  return left
end

--- Compiles an expression; raises a string for one that cannot be read.
---@param text string
---@return fun(value: any): any
local function compile(text)
  local parser = { text = text, at = 1 }
  parser.words = lexer.words_of(parser)
  local compiled = expression(parser, 0)
  take(parser, "end")
  return compiled
end

return { compile = compile, is_list = is_list }
