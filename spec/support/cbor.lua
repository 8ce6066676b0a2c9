--- CBOR (RFC 8949) as Lua values, for specs: a reader of its own, so that ours is not judged by itself. Maps become
--- tables, arrays tables with core.array_mt, null and undefined core.null, tag 1 its number, NaN the string "NaN".

local core = require "cloudjobs.core"

local read

local function unsigned(bytes, at, width)
  local value = 0
  for i = at, at + width - 1 do
    value = value * 256 + bytes:byte(i)
  end
  return value, at + width
end

local function float(bytes, at, width, exponent_bits, bias)
  local value, after = unsigned(bytes, at, width)
  local fraction_bits = width * 8 - 1 - exponent_bits
  local top = bytes:byte(at)
  local sign = top >= 128 and -1 or 1
  -- A double's 64 bits are more than a Lua number holds: its exponent is read of its first two bytes.
  local head = width == 8 and unsigned(bytes, at, 2) or value
  local head_bits = width == 8 and 4 or fraction_bits
  local exponent = math.floor(head / 2 ^ head_bits) % 2 ^ exponent_bits
  local fraction
  if width == 8 then
    fraction = (head % 16) * 2 ^ 48 + unsigned(bytes, at + 2, 6)
  else
    fraction = value % 2 ^ fraction_bits
  end
  if exponent == 2 ^ exponent_bits - 1 then
    return fraction == 0 and sign * math.huge or "NaN", after
  elseif exponent == 0 then
    return sign * fraction * 2 ^ (1 - bias - fraction_bits), after
  end
  return sign * (1 + fraction / 2 ^ fraction_bits) * 2 ^ (exponent - bias), after
end

-- What follows an initial byte's low five bits: its count or value, or nil where it is indefinite.
local function argument(bytes, at, info)
  if info < 24 then
    return info, at
  elseif info < 28 then
    return unsigned(bytes, at, 2 ^ (info - 24))
  end
  assert(info == 31, "reserved length")
  return nil, at
end

local BREAK = {}

-- Items until the count is reached, or until a break where there is none.
local function items(bytes, at, count)
  local list = {}
  while #list ~= count do
    local item
    item, at = read(bytes, at)
    if item == BREAK then
      assert(not count, "a break in a counted item")
      break
    end
    list[#list + 1] = item
  end
  return list, at
end

local function read_string(bytes, at, count)
  if count then
    assert(at + count - 1 <= #bytes, "ends within a string")
    return bytes:sub(at, at + count - 1), at + count
  end
  local parts
  parts, at = items(bytes, at)
  return table.concat(parts), at
end

local function read_map(bytes, at, count)
  local list
  list, at = items(bytes, at, count and 2 * count)
  local map = {}
  for i = 1, #list, 2 do
    assert(map[list[i]] == nil, "a key comes twice")
    map[list[i]] = list[i + 1]
  end
  return map, at
end

local SIMPLE = { [20] = false, [21] = true, [22] = core.null, [23] = core.null }

local function read_simple(bytes, at, info)
  if info == 25 then
    return float(bytes, at, 2, 5, 15)
  elseif info == 26 then
    return float(bytes, at, 4, 8, 127)
  elseif info == 27 then
    return float(bytes, at, 8, 11, 1023)
  elseif info == 31 then
    return BREAK, at
  end
  local value = SIMPLE[info]
  assert(value ~= nil, "unknown simple value")
  return value, at
end

function read(bytes, at)
  local initial = assert(bytes:byte(at), "ends early")
  local major, info = math.floor(initial / 32), initial % 32
  if major == 7 then
    return read_simple(bytes, at + 1, info)
  end
  local count
  count, at = argument(bytes, at + 1, info)
  if major == 0 then
    return count, at
  elseif major == 1 then
    return -1 - count, at
  elseif major == 2 or major == 3 then
    return read_string(bytes, at, count)
  elseif major == 4 then
    local list, after = items(bytes, at, count)
    return setmetatable(list, core.array_mt), after
  elseif major == 5 then
    return read_map(bytes, at, count)
  end
  return read(bytes, at) -- a tag's item
end

--- The value of the whole text; raises where there is none.
---@param bytes string
local function decode(bytes)
  local value, after = read(bytes, 1)
  assert(after == #bytes + 1, "bytes after the item")
  return value
end

return { decode = decode }
