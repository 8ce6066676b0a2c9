--- The values of JMESPath: what is a list, true or equal, the comparisons and
--- the functions that service models call. null is nil.

local core = require "cloudjobs.core"

local function is_list(value)
  return type(value) == "table" and (getmetatable(value) == core.array_mt or value[1] ~= nil)
end

local function is_true(value)
  return value ~= nil and value ~= false and value ~= "" and not (type(value) == "table" and next(value) == nil)
end

local function list(items)
  return setmetatable(items or {}, core.array_mt)
end

local function equal(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b
  end
  for key, value in pairs(a) do
    if not equal(value, b[key]) then
      return false
    end
  end
  for key in pairs(b) do
    if a[key] == nil then
      return false
    end
  end
  return true
end

local function ordered(compare)
  return function(a, b)
    if type(a) == "number" and type(b) == "number" then
      return compare(a, b)
    end
  end
end

local COMPARE = {
  ["=="] = equal,
  ["!="] = function(a, b) return not equal(a, b) end,
  ["<"] = ordered(function(a, b) return a < b end),
  ["<="] = ordered(function(a, b) return a <= b end),
  [">"] = ordered(function(a, b) return a > b end),
  [">="] = ordered(function(a, b) return a >= b end),
}

local function sorted_keys(map)
  local keys = list()
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

local FUNCTIONS = {
  length = function(value)
    if type(value) == "string" or is_list(value) then
      return #value
    end
    return type(value) == "table" and #sorted_keys(value) or nil
  end,
  contains = function(subject, wanted)
    if type(subject) == "string" then
      return type(wanted) == "string" and subject:find(wanted, 1, true) ~= nil
    end
    for _, item in ipairs(subject or {}) do
      if equal(item, wanted) then
        return true
      end
    end
    return false
  end,
  keys = function(map)
    return type(map) == "table" and sorted_keys(map) or nil
  end,
  values = function(map)
    local values = list()
    for i, key in ipairs(type(map) == "table" and sorted_keys(map) or {}) do
      values[i] = map[key]
    end
    return values
  end,
  join = function(glue, items)
    return type(items) == "table" and table.concat(items, glue) or nil
  end,
  not_null = function(...)
    for i = 1, select("#", ...) do
      local value = select(i, ...)
      if value ~= nil then
        return value
      end
    end
  end,
  starts_with = function(text, prefix)
    return type(text) == "string" and text:sub(1, #prefix) == prefix
  end,
  ends_with = function(text, suffix)
    return type(text) == "string" and (suffix == "" or text:sub(-#suffix) == suffix)
  end,
  to_number = tonumber,
  to_string = function(value)
    return type(value) == "string" and value or core.json_encode(value)
  end,
}

return { COMPARE = COMPARE, FUNCTIONS = FUNCTIONS, is_list = is_list, is_true = is_true, list = list }
