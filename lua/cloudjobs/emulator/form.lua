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
  for field in (text or ""):gmatch("[^&]+") do
    local name, value = field:match("^([^=]+)=(.*)$")
    if name then
      fields[decode(name)] = decode(value)
    end
  end
  return fields
end

return { parse = parse }
