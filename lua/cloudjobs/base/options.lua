--- Checks the options table of a public function. A mistake is the caller's,
--- so it is raised as a string that points at the caller's line.

local function sorted_keys(t)
  local keys = {}
  for key in pairs(t) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

local function fits(value, expected)
  for name in expected:gmatch("[^|]+") do
    if type(value) == name then
      return value == value -- NaN fits nowhere: no time comes after it
    end
  end
  return false
end

--- Raises unless `options` holds known names with values of the right types.
---@param options table|nil
---@param known table<string, string> name to type, alternatives apart by "|"
---@param what string the function, for the message
---@param level integer as for `error`, seen from the caller of this function
---@return table options an empty table for nil
local function check(options, known, what, level)
  level = level + 1
  if options == nil then
    return {}
  end
  if type(options) ~= "table" then
    error(("%s: options: expected table, got %s"):format(what, type(options)), level)
  end
  for name, value in pairs(options) do
    local expected = known[name]
    if not expected then
      local hint = require "cloudjobs.base.suggest"(tostring(name), sorted_keys(known))
      error(("%s: unknown option %s%s"):format(what, tostring(name), hint), level)
    elseif not fits(value, expected) then
      local got = value == value and type(value) or "nan"
      error(("%s: option %s: expected %s, got %s"):format(what, name, expected:gsub("|", " or "), got), level)
    end
  end
  return options
end

--- Raises unless an option, where it is given, is a whole number from 1.
---@param options table checked
---@param name string
---@param what string
---@param level integer
local function check_count(options, name, what, level)
  local n = options[name]
  if n and not (n >= 1 and n < 2 ^ 53 and n % 1 == 0) then
    error(("%s: option %s: expected a whole number from 1, got %s"):format(what, name, n), level + 1)
  end
end

--- Raises unless `list` has entries from 1 to n and nothing else: what stands
--- behind a nil would be passed over.
---@param list any
---@param what string
---@param level integer
local function check_list(list, what, level)
  if type(list) ~= "table" then
    error(("%s: expected a list, got %s"):format(what, type(list)), level + 1)
  end
  local count = 0
  for _ in pairs(list) do
    count = count + 1
  end
  for i = 1, count do
    if list[i] == nil then
      error(("%s: expected a list: there is no entry %d"):format(what, i), level + 1)
    end
  end
end

return { check = check, check_count = check_count, check_list = check_list, sorted_keys = sorted_keys }
