--- A name for settings, the same in every process: where two agree,
--- what they lead to can be shared.

local core = require "cloudjobs.core"

local write

local function write_table(t, pieces)
  local keys = {}
  for key in pairs(t) do
    if type(key) ~= "string" and type(key) ~= "number" then
      return false
    end
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b)
    if type(a) ~= type(b) then
      return type(a) == "number"
    end
    return a < b
  end)
  for _, key in ipairs(keys) do
    if not (write(key, pieces) and write(t[key], pieces)) then
      return false
    end
  end
  pieces[#pieces + 1] = "end"
  return true
end

-- Each piece has its type and length, so that no two values are alike.
function write(value, pieces)
  local kind = type(value)
  if kind == "table" then
    pieces[#pieces + 1] = "table"
    return getmetatable(value) == nil and write_table(value, pieces)
  elseif kind == "string" or kind == "number" or kind == "boolean" then
    local text = tostring(value)
    pieces[#pieces + 1] = ("%s %d %s"):format(kind, #text, text)
    return true
  end
  return false
end

--- The fingerprint of plain values; nil where an object or a function is among
--- them. It reveals nothing of the values.
---@param settings table
---@return string|nil
local function fingerprint(settings)
  local pieces = {}
  return write(settings, pieces) and core.sha256(table.concat(pieces, "\n")) or nil
end

return fingerprint
