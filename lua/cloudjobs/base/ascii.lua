--- Letters and blanks of ASCII, whatever the process's locale says: in a Turkish one string.lower leaves I as it
--- is, and a header or an operation would have another name.

local LOWER, UPPER = {}, {}
for byte = string.byte("a"), string.byte("z") do
  local small, capital = string.char(byte), string.char(byte - 32)
  LOWER[capital], UPPER[small] = small, capital
end

---@param text string
---@return string
local function lower(text)
  return (text:gsub("[A-Z]", LOWER))
end

---@param text string
---@return string
local function upper(text)
  return (text:gsub("[a-z]", UPPER))
end

if rawget(_G, "jit") then -- whose own ask no locale, and are compiled
  lower, upper = string.lower, string.upper
end

--- Without blanks at its ends. The end is found byte by byte: a pattern with a lazy middle would try each of the blanks
--- inside as the last ones.
---@param text string
---@return string
local function trim(text)
  local first = text:find("[^ \t-\r]")
  if not first then
    return ""
  end
  local last = #text
  while last > first do
    local byte = text:byte(last)
    if byte ~= 32 and (byte < 9 or byte > 13) then
      break
    end
    last = last - 1
  end
  return text:sub(first, last)
end

--- Without the slashes at its end, found byte by byte for the same reason.
---@param text string
---@return string
local function without_slashes(text)
  local last = #text
  while text:byte(last) == 47 do
    last = last - 1
  end
  return text:sub(1, last)
end

return { lower = lower, upper = upper, trim = trim, without_slashes = without_slashes }
