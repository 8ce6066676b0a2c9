--- A fleet as a file: Lua that returns a list of entries, run with no globals.
--- Mistakes in it are reported with file and line.

local file = require "cloudjobs.cli.file"

local COMMENT = "^%-%-"

-- Where a token that is no brace ends: a comment, a quoted text, a long bracket.
local function skip(text, at)
  local behind = text:match(COMMENT .. "()", at)
  local open = behind or at
  local equals = text:match("^%[(=*)%[", open)
  if equals then
    local _, stop = text:find("]" .. equals .. "]", open, true)
    return (stop or #text) + 1
  elseif behind then
    return text:match("[^\n]*()", behind)
  end
  local quote = text:sub(at, at)
  if quote == '"' or quote == "'" then
    local stop = at + 1
    while stop <= #text and text:sub(stop, stop) ~= quote do
      stop = stop + (text:sub(stop, stop) == "\\" and 2 or 1)
    end
    return stop + 1
  end
  return at + 1
end

--- Where the tables inside of the outermost table begin: its entries, when they are written out.
---@return integer[] positions
local function entries_of(text)
  local positions, depth, at = {}, 0, 1
  while at <= #text do
    local char = text:sub(at, at)
    if char == "{" then
      depth = depth + 1
      if depth == 2 then
        positions[#positions + 1] = at
      end
    elseif char == "}" then
      depth = depth - 1
    end
    at = skip(text, at)
  end
  return positions
end

local function line_at(text, position)
  local _, breaks = text:sub(1, position - 1):gsub("\n", "")
  return breaks + 1
end

local Fleet = {}
local fleet_mt = { __index = Fleet }

--- The line of an entry or its option, nil when the entries are not written out.
---@param place integer
---@param name string|nil of the option
---@return integer|nil
function Fleet:line_of(place, name)
  local positions = entries_of(self._text)
  if #positions ~= #self.entries then
    return nil
  end
  local from, to = positions[place], positions[place + 1] or #self._text
  local option = name and self._text:find("%f[%w_]" .. name:gsub("%W", "%%%0") .. "%f[^%w_]%s*=", from)
  return line_at(self._text, option and option < to and option or from)
end

--- An error message of cloudjobs.inventory as one about this file.
---@param message string
---@return string
function Fleet:mistake(message)
  local place, what = message:match("cloudjobs%.inventory: (entry (%d+): .*)")
  local number = tonumber(what)
  if not number then
    return ("%s: %s"):format(self.path, message)
  end
  local words = place:gsub("^entry %d+: ", "")
  local line = self:line_of(number, words:match("option (%S+)") and words:match("option ([^%s:]+)"))
  if line then
    return ("%s:%d: %s"):format(self.path, line, words)
  end
  return ("%s: %s"):format(self.path, place)
end

-- A fleet has no globals: a misspelt name would be nil, and end its list.
local function no_globals()
  return setmetatable({}, {
    __index = function(_, name)
      error("no such name: " .. tostring(name), 2)
    end,
  })
end

-- Lua 5.1 sets a function's globals afterwards; later ones when it is loaded.
local function compile(text, name)
  local setfenv = rawget(_G, "setfenv")
  if not setfenv then
    return load(text, name, "t", no_globals())
  elseif text:sub(1, 1) == "\27" then
    return nil, "expected Lua as text"
  end
  local chunk, message = rawget(_G, "loadstring")(text, name)
  return chunk and setfenv(chunk, no_globals()), message
end

local EXPECTED = "expected return { { cloud = \"aws\", … }, … }"

local function is_entry(key, value)
  return type(key) == "number" and key >= 1 and key % 1 == 0 and type(value) == "table"
end

-- What is wrong with the entries as a list, nil when nothing is.
local function problem_of(entries)
  if type(entries) ~= "table" then
    return EXPECTED
  elseif next(entries) == nil then
    return "the fleet is empty; " .. EXPECTED
  end
  local count, last = 0, 0
  for key, entry in pairs(entries) do
    if not is_entry(key, entry) then
      return EXPECTED
    end
    count, last = count + 1, math.max(last, key)
  end
  for place = 1, count do
    if last > count and entries[place] == nil then
      return ("entry %d is nil, perhaps a misspelt name"):format(place)
    end
  end
end

--- Reads a fleet file.
---@param path string
---@return table|nil fleet `entries`, and mistake() about them
---@return string|nil message
local function load_file(path)
  local text, message = file.read_text(path)
  if not text then
    return nil, message
  end
  local chunk
  chunk, message = compile(text, "@" .. path)
  if not chunk then
    return nil, message
  end
  local ok, entries = pcall(chunk)
  if not ok then
    return nil, tostring(entries)
  end
  local problem = problem_of(entries)
  if problem then
    return nil, path .. ": " .. problem
  end
  return setmetatable({ path = path, entries = entries, _text = text }, fleet_mt)
end

return { load = load_file }
