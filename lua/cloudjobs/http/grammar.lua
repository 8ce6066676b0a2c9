--- HTTP's grammar (RFC 9110, RFC 9112) as far as several modules need it. All
--- of it runs in time that grows with the text's length and no faster, since
--- others choose the text.

local ascii = require "cloudjobs.base.ascii"

local MAX_DIGITS = 15 -- of a length: every Lua number holds them exactly
local TOKEN = "^[%w!#$%%&'*+%-.^_`|~]+$"
local CONTROL = "[%z\1-\8\10-\31\127]" -- all but the tab

---@param text string
---@return boolean
local function is_token(text)
  return text:find(TOKEN) ~= nil
end

--- Whether a control character other than a tab stands in a line.
---@param text string
---@return boolean
local function has_control(text)
  -- The first pattern is several times as fast as the second, and most lines have no tab.
  return not text:find("^%C*$") and text:find(CONTROL) ~= nil
end

--- Whether a value would end its line. Plain searches cost next to nothing.
---@param value string
---@return boolean
local function breaks_line(value)
  return (value:find("\n", 1, true) or value:find("\r", 1, true) or value:find("\0", 1, true)) ~= nil
end

--- `text` without the blanks (spaces and tabs) around it.
---@param text string
---@param from integer|nil the first byte, 1 unless given
---@return string
local function trim(text, from)
  local first = text:find("[^ \t]", from or 1) or #text + 1
  local last = #text
  while last >= first do
    local byte = text:byte(last)
    if byte ~= 32 and byte ~= 9 then
      break
    end
    last = last - 1
  end
  return text:sub(first, last)
end

-- Field names in lower case by the form in which they were written: services
-- send few, and each is checked once.
local MAX_NAMES = 1000
local MAX_NAME = 64 -- bytes; longer ones are not kept
local names, name_count = {}, 0

local function field_name(written)
  local name = names[written]
  if not name and is_token(written) then
    name = ascii.lower(written)
    if #written > MAX_NAME then
      return name
    elseif name_count == MAX_NAMES then
      names, name_count = {}, 0
    end
    names[written] = name
    name_count = name_count + 1
  end
  return name
end

--- One field line, without its end.
---@param line string
---@return string|nil name in lower case
---@return string value, or what is wrong
local function field(line)
  local colon = line:find(":", 1, true)
  local name = colon and field_name(line:sub(1, colon - 1))
  if not name then
    return nil, "a header field that is not `name: value`"
  end
  return name, trim(line, colon + 1)
end

--- Whether a list of words (`close, Upgrade`) has this one.
---@param list string|nil
---@param word string in lower case
---@return boolean
local function has_word(list, word)
  for one in (list or ""):gmatch("[^, \t]+") do
    if ascii.lower(one) == word then
      return true
    end
  end
  return false
end

--- The number of a Content-Length. One that is repeated with the same value, in
--- a list or in lines joined to one, counts once (RFC 9110 8.6).
---@param value string
---@return number|nil length infinite where it has more digits than numbers hold; nil when it is no number or the
---   numbers differ
local function content_length(value)
  local length
  for item in (value .. ","):gmatch("([^,]*),") do
    local one = trim(item)
    local number = one:find("^%d+$") and (#one > MAX_DIGITS and math.huge or tonumber(one))
    if not number or length and number ~= length then
      return nil
    end
    length = number
  end
  return length
end

--- Whether a response of this status has no body, whatever its fields say.
---@param status integer
---@return boolean
local function is_bodiless(status)
  return status < 200 or status == 204 or status == 304
end

return {
  is_token = is_token,
  has_control = has_control,
  breaks_line = breaks_line,
  trim = trim,
  field = field,
  has_word = has_word,
  content_length = content_length,
  is_bodiless = is_bodiless,
}
