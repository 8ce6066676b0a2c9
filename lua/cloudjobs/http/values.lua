--- Values as the text of a header, a label or a query parameter, and back: by the member's type in the notation of
--- the models, according to Smithy's HTTP bindings.

local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"
local quote = require "cloudjobs.base.quote"

-- JSON cannot represent these.
local NOT_FINITE = { NaN = 0 / 0, Infinity = math.huge, ["-Infinity"] = -math.huge }

local function number_text(value)
  if value ~= value then
    return "NaN"
  elseif value == math.huge then
    return "Infinity"
  elseif value == -math.huge then
    return "-Infinity"
  end
  return core.json_encode(value)
end

-- The seconds of a number or date of the caller.
local function seconds(value)
  return type(value) == "number" and value or core.epoch(value)
end

local TIMES = {
  time = function(value) return number_text(seconds(value)) end,
  ["time.iso"] = function(value) return core.iso(seconds(value)) end,
  ["time.http"] = function(value) return core.http_date(seconds(value)) end,
}

--- The type of a member's values: of the items where it is a list or a map.
---@param member table see core.members
---@return string
local function kind_of(member)
  return member.type:match("^[%w_.]+")
end

--- One value as text. It was validated before.
---@param kind string from `kind_of`
---@param value any
---@return string
local function write(kind, value)
  if TIMES[kind] then
    return TIMES[kind](value)
  elseif kind == "blob" then
    return core.base64_encode(value)
  elseif type(value) == "number" then
    return number_text(value)
  elseif type(value) == "string" then
    return value
  end
  return core.json_encode(value)
end

-- Quotes a string with a comma or a quote, which would otherwise end it.
local function quoted(text)
  return text:find('[",]') and '"' .. text:gsub('[\\"]', "\\%0") .. '"' or text
end

--- A list as the text of a header, which is empty where the list is.
---@param kind string
---@param list any[]
---@return string
local function write_list(kind, list)
  local items = {}
  for _, item in ipairs(list) do
    if item ~= core.null then
      local text = write(kind, item)
      items[#items + 1] = kind == "string" and quoted(text) or text
    end
  end
  return table.concat(items, ",")
end

local function read_whole(text)
  if text:find("^%-?%d+$") then
    return (core.json_decode((text:gsub("^(%-?)0+(%d)", "%1%2"))))
  end
end

local function read_number(text)
  local value = NOT_FINITE[text] or core.json_decode(text)
  return type(value) == "number" and value or nil
end

local function read_time(text)
  return (core.epoch(text)) or read_number(text)
end

local READ = {
  string = function(text) return text end,
  boolean = function(text)
    local word = ascii.lower(text)
    if word == "true" or word == "false" then
      return word == "true"
    end
  end,
  integer = read_whole,
  long = read_whole,
  number = read_number,
  blob = core.base64_decode,
  time = read_time,
  ["time.iso"] = read_time,
  ["time.http"] = read_time,
}

local EXPECTED = {
  boolean = "true or false", integer = "a whole number", long = "a whole number", number = "a number",
  blob = "base64", time = "a time", ["time.iso"] = "a time", ["time.http"] = "a time",
}

--- The value that a header's text stands for.
---@param kind string
---@param text string
---@return any value
---@return string|nil message what was expected, where it is nil
local function read(kind, text)
  local value = (READ[kind] or READ.string)(text)
  if value == nil then
    return nil, ("expected %s, got %s"):format(EXPECTED[kind], quote.value(text))
  end
  return value
end

-- What stands from `at` on up to the closing quote, and where it goes on.
local function unquote(text, at)
  local parts = {}
  while true do
    local plain, mark, after = text:match('^([^"\\]*)(["\\]?)()', at)
    parts[#parts + 1] = plain
    if mark ~= "\\" then
      return table.concat(parts), after
    end
    parts[#parts + 1] = text:sub(after, after)
    at = after + 1
  end
end

--- The items of a list in a header. A comma inside of one is in quotes, or behind a date's day.
---@param kind string
---@param text string
---@return any[]|nil
---@return string|nil message
local function read_list(kind, text)
  local list, at = core.json_decode("[]"), 1 -- with the metatable that lists have
  local is_time = TIMES[kind] ~= nil
  while at <= #text do
    local first = text:match('^%s*"()', at)
    local item
    if first then
      item, at = unquote(text, first)
    else
      item, at = text:match(is_time and text:find("^%s*%a+, ", at) and "([^,]*,[^,]*)()" or "([^,]*)()", at)
      item = ascii.trim(item)
    end
    if first or item ~= "" then
      local value, message = read(kind, item)
      if value == nil then
        return nil, message
      end
      list[#list + 1] = value
    end
    at = text:match("^[^,]*,()", at) or #text + 1
  end
  return list
end

return { kind_of = kind_of, write = write, write_list = write_list, read = read, read_list = read_list }
