--- Fields of a form or a query string, decoded.

local function decode(part)
  return (part:gsub("%+", " "):gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

---@param text string|nil
---@return table<string, string>
local function parse(text)
  local fields = {}
  for name, value in (text or ""):gmatch("([^&=]+)=([^&]*)") do
    fields[decode(name)] = decode(value)
  end
  return fields
end

return { parse = parse }
