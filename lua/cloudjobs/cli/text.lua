--- Text on a terminal: its width, cut or filled to a width. Control characters in
--- it are replaced, so that text from outside cannot move the cursor.

local quote = require "cloudjobs.base.quote"

local CHAR = "[^\128-\191][\128-\191]*"
local ELLIPSIS = "…"

-- First and last code points of characters of no width, and of double width.
local ZERO = { { 0x300, 0x36f }, { 0x200b, 0x200f }, { 0xfe00, 0xfe0f }, { 0x1f3fb, 0x1f3ff } }
local DOUBLE = {
  { 0x1100, 0x115f }, { 0x2e80, 0xa4cf }, { 0xac00, 0xd7a3 }, { 0xf900, 0xfaff }, { 0xfe30, 0xfe6f },
  { 0xff00, 0xff60 }, { 0xffe0, 0xffe6 }, { 0x1f300, 0x1f64f }, { 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
}

--- The code point of one character.
---@param char string
---@return integer
local function code_point(char)
  local first = char:byte()
  if first < 0x80 then
    return first
  end
  local code = first % (first >= 0xf0 and 0x08 or first >= 0xe0 and 0x10 or 0x20)
  for i = 2, #char do
    code = code * 64 + char:byte(i) % 64
  end
  return code
end

local function within(ranges, code)
  for _, range in ipairs(ranges) do
    if code >= range[1] and code <= range[2] then
      return true
    end
  end
  return false
end

local function columns_of(char)
  if #char == 1 then
    return 1
  end
  local code = code_point(char)
  return within(ZERO, code) and 0 or within(DOUBLE, code) and 2 or 1
end

--- One line without control characters.
---@return string
local function plain(value)
  return quote.clean((tostring(value):gsub("%s+", " ")))
end

--- The width of `text` in columns.
---@return integer
local function width(text)
  if not text:find("[\128-\255]") then
    return #text
  end
  local columns = 0
  for char in text:gmatch(CHAR) do
    columns = columns + columns_of(char)
  end
  return columns
end

--- `text` in at most `columns`; what is left out shows as an ellipsis.
---@return string
local function cut(text, columns)
  if width(text) <= columns then
    return text
  elseif columns < 1 then
    return ""
  end
  local kept, used = {}, 0
  for char in text:gmatch(CHAR) do
    used = used + columns_of(char)
    if used > columns - 1 then
      break
    end
    kept[#kept + 1] = char
  end
  return table.concat(kept) .. ELLIPSIS
end

--- `text` filled with blanks to `columns`.
---@return string
local function pad(text, columns)
  return text .. (" "):rep(columns - width(text))
end

--- `text` as lines of at most `columns`, broken at blanks where there are any.
---@return string[]
local function wrap(text, columns)
  local lines, line, used = {}, {}, 0
  local function finish()
    lines[#lines + 1] = table.concat(line)
    line, used = {}, 0
  end
  for blanks, word in text:gmatch "(%s*)(%S+)" do
    if used > 0 and used + #blanks + width(word) > columns then
      finish()
    elseif used > 0 then
      line[#line + 1], used = blanks, used + #blanks
    end
    for char in word:gmatch(CHAR) do
      local wide = columns_of(char)
      if used > 0 and used + wide > columns then
        finish()
      end
      line[#line + 1], used = char, used + wide
    end
  end
  if used > 0 then
    finish()
  end
  return lines
end

return { wrap = wrap, plain = plain, code_point = code_point, width = width, cut = cut, pad = pad }
