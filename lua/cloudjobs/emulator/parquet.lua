--- Parquet files with every column and no rows: enough for a reader to open them
--- and know the schema. A file is its footer, in Thrift's compact protocol.

local I32, BINARY, LIST, STRUCT, I64 = 5, 8, 9, 12, 6
local BYTE_ARRAY, DOUBLE, INT64, BOOLEAN = 6, 5, 2, 0
local PHYSICAL = {
  double = DOUBLE,
  integer = INT64,
  boolean = BOOLEAN,
  timestamp = INT64,
  timestamp_milliseconds = INT64,
}
local UTF8, MILLISECONDS = 0, 9
local CONVERTED = { timestamp = MILLISECONDS, timestamp_milliseconds = MILLISECONDS }
local OPTIONAL = 1

local function varint(number)
  local bytes = {}
  while number >= 128 do
    bytes[#bytes + 1] = string.char(number % 128 + 128)
    number = math.floor(number / 128)
  end
  return table.concat(bytes) .. string.char(number)
end

local function zigzag(number)
  return varint(number * 2)
end

--- One field; `step` is how far its id is from the one before.
local function field(step, kind, bytes)
  return string.char(step * 16 + kind) .. bytes
end

local function binary(text)
  return varint(#text) .. text
end

local function list(items, kind)
  local head = #items < 15 and string.char(#items * 16 + kind) or string.char(240 + kind) .. varint(#items)
  return head .. table.concat(items)
end

--- The file's bytes for columns `{ Name, Type }`.
local function write(columns)
  local schema = { field(4, BINARY, binary "schema") .. field(1, I32, zigzag(#columns)) .. "\0" }
  for _, column in ipairs(columns) do
    local physical = PHYSICAL[column.Type] or BYTE_ARRAY
    local converted = CONVERTED[column.Type] or physical == BYTE_ARRAY and UTF8
    schema[#schema + 1] = field(1, I32, zigzag(physical))
      .. field(2, I32, zigzag(OPTIONAL))
      .. field(1, BINARY, binary(column.Name))
      .. (converted and field(2, I32, zigzag(converted)) or "")
      .. "\0"
  end
  local footer = field(1, I32, zigzag(2)) -- version
    .. field(1, LIST, list(schema, STRUCT))
    .. field(1, I64, zigzag(0)) -- rows
    .. field(1, LIST, list({}, STRUCT)) -- row groups
    .. "\0"
  local size = #footer
  local length = string.char(size % 256, math.floor(size / 256) % 256, math.floor(size / 65536) % 256, 0)
  return "PAR1" .. footer .. length .. "PAR1"
end

return { write = write }
