--- Exact JSON without shapes: integers stay integers, a list goes out as it
--- came in, output is the same each time, and bad text is refused.

local core = require "cloudjobs.core"
local option = require "cloudjobs.base.options"

-- Lists that come back carry cjson's own mark, where it has one, so that
-- cjson.encode(output) writes an empty one as [].
local has_cjson, cjson = pcall(require, "cjson")
local array_mt = has_cjson and cjson.array_mt or core.array_mt
core.set_array_mt(array_mt)

--- The JSON of a value. A table with the keys 1 to n, or with `array_mt`, is a
--- list; any other an object, its keys sorted.
---@param value any `null` stands for null
---@return string|nil text
---@return string|nil message
local function encode(value)
  return core.json_encode(value)
end

--- The value of a JSON text, which must be strict RFC 8259 and UTF-8.
---@param text string
---@return any value lists carry `array_mt`
---@return string|nil message naming the byte
local function decode(text)
  if type(text) ~= "string" then
    option.mistake(("cloudjobs.json.decode: expected string, got %s"):format(type(text)))
  end
  return core.json_decode_strict(text)
end

return { array_mt = array_mt, decode = decode, encode = encode, null = core.null }
