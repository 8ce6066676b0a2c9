--- Checks the options table of a public function. A mistake is the caller's,
--- so it is raised as a string that points at the caller's line.

-- The folder of our modules, as their chunks name it: "@/usr/share/lua/5.4/cloudjobs/".
local OWN_FOLDER = debug.getinfo(1, "S").source:match("^(.*)base/options%.lua$")

local function is_own(source)
  return OWN_FOLDER ~= nil and source:sub(1, #OWN_FOLDER) == OWN_FOLDER
end

--- Raises `message` at the line that called cloudjobs: the first frame of the stack that is written in Lua and stands
--- in no file of ours. Where a tail call or the start of a coroutine has taken that frame, it is the next one that is
--- left, and without any the message comes without a place.
---@param message string
local function mistake(message)
  local depth = 2
  local frame = debug.getinfo(depth, "Sl")
  -- C functions, and the frames that Lua 5.1 shows for tail calls, have no line.
  while frame and (frame.currentline <= 0 or is_own(frame.source)) do
    depth = depth + 1
    frame = debug.getinfo(depth, "Sl")
  end
  error((frame and ("%s:%d: "):format(frame.short_src, frame.currentline) or "") .. message, 0)
end

--- A table in which each of the names is true.
---@param ... string
---@return table<string, true>
local function set(...)
  local t = {}
  for _, name in ipairs { ... } do
    t[name] = true
  end
  return t
end

-- Keys of several types have no order in Lua: by their types, numbers by their size, others by their texts.
local function is_before(a, b)
  local one, other = type(a), type(b)
  if one ~= other then
    return one < other
  elseif one == "number" then
    return a < b
  end
  return tostring(a) < tostring(b)
end

local function sorted_keys(t)
  local keys, have_order = {}, true
  for key in pairs(t) do
    keys[#keys + 1] = key
    have_order = have_order and type(key) == "string"
  end
  table.sort(keys, not have_order and is_before or nil)
  return keys
end

-- "canceller" is a table with the method that ends what holds it.
local function fits(value, expected)
  for name in expected:gmatch("[^|]+") do
    if name == "canceller" and type(value) == "table" and type(value.listen) == "function" then
      return true
    elseif type(value) == name then
      return value == value -- NaN fits nowhere: no time comes after it
    end
  end
  return false
end

--- The first mistake in `options`, in words and without a place; nil where known names have values of the right types.
---@param options any
---@param known table<string, string> name to type, alternatives apart by "|"
---@param what string the function, for the message
---@return string|nil message
local function problem_in(options, known, what)
  if type(options) ~= "table" then
    return ("%s: options: expected table, got %s"):format(what, type(options))
  end
  for name, value in pairs(options) do
    local expected = known[name]
    if not expected then
      local hint = require "cloudjobs.base.suggest"(tostring(name), sorted_keys(known))
      return ("%s: unknown option %s%s"):format(what, require("cloudjobs.base.quote").name(name), hint)
    elseif not fits(value, expected) then
      local got = value == value and type(value) or "nan"
      local words = expected:gsub("|", " or "):gsub("canceller", "canceller table")
      return ("%s: option %s: expected %s, got %s"):format(what, name, words, got)
    end
  end
end

--- Raises unless `options` holds known names with values of the right types.
---@param options table|nil
---@param known table<string, string> name to type, alternatives apart by "|"
---@param what string the function, for the message
---@return table options an empty table for nil
local function check(options, known, what)
  local problem = options ~= nil and problem_in(options, known, what)
  if problem then
    mistake(problem)
  end
  return options or {}
end

--- Raises unless an option, where it is given, is a whole number from 1.
---@param options table checked
---@param name string
---@param what string
local function check_count(options, name, what)
  local n = options[name]
  if n and not (n >= 1 and n < 2 ^ 53 and n % 1 == 0) then
    mistake(("%s: option %s: expected a whole number from 1, got %s"):format(what, name, n))
  end
end

--- Raises unless `list` has entries from 1 to n and nothing else: what stands
--- behind a nil would be passed over.
---@param list any
---@param what string
local function check_list(list, what)
  if type(list) ~= "table" then
    mistake(("%s: expected a list, got %s"):format(what, type(list)))
  end
  local count = 0
  for _ in pairs(list) do
    count = count + 1
  end
  for i = 1, count do
    if list[i] == nil then
      mistake(("%s: expected a list: there is no entry %d"):format(what, i))
    end
  end
end

return {
  mistake = mistake,
  problem_in = problem_in,
  check = check,
  check_count = check_count,
  check_list = check_list,
  set = set,
  sorted_keys = sorted_keys,
}
