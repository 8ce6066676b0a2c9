--- Letters of ASCII in the other case, whatever the process's locale: in a Turkish one string.lower leaves I as it is,
--- and a header or an operation would have another name.

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

return { lower = lower, upper = upper }
