--- gzip (RFC 1952, 1951), for responses that are compressed though no request
--- asks for that: some proxies do it. Plain Lua, and so not fast; what it may
--- give is bounded.

local MAX_OUTPUT = 8 * 1024 * 1024 -- bytes; some seconds of work on the slowest Lua
local WINDOW = 32768 -- bytes to which a copy may reach back
local MAX_BITS = 15 -- of a code
local SLICE = 4096 -- bytes that one call of string.char gets

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

local POWERS = { [0] = 1 }
for i = 1, 32 do
  POWERS[i] = POWERS[i - 1] * 2
end

local LENGTHS = { base = {}, extra = {} } -- of copies, by symbol from 257 on
local DISTANCES = { base = {}, extra = {} }

local function fill(codes, first, count, group)
  local value = first
  for symbol = 0, count - 1 do
    local extra = math.max(0, math.floor(symbol / group) - 1)
    codes.base[symbol], codes.extra[symbol] = value, extra
    value = value + POWERS[extra]
  end
end

fill(LENGTHS, 3, 28, 4)
LENGTHS.base[28], LENGTHS.extra[28] = 258, 0
fill(DISTANCES, 1, 30, 2)

-- Lengths of the codes for lengths of codes, in the order in which they come.
local ORDER = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 }

local function fail(message)
  error({ message = message }, 0)
end

local function byte(s)
  local value = s.data:byte(s.at)
  if not value then
    fail "it is cut off"
  end
  s.at = s.at + 1
  return value
end

local function take(s, n)
  while s.count < n do
    s.bits = s.bits + byte(s) * POWERS[s.count]
    s.count = s.count + 8
  end
  local value = s.bits % POWERS[n]
  s.bits = (s.bits - value) / POWERS[n]
  s.count = s.count - n
  return value
end

-- A canonical code: how many codes each length has, and the symbols in order.
local function code_of(lengths, first, last)
  local counts, starts, symbols = {}, { 0 }, {}
  for length = 0, MAX_BITS do
    counts[length] = 0
  end
  for i = first, last do
    counts[lengths[i]] = counts[lengths[i]] + 1
  end
  for length = 1, MAX_BITS - 1 do
    starts[length + 1] = starts[length] + counts[length]
  end
  for i = first, last do
    local length = lengths[i]
    if length > 0 then
      symbols[starts[length]] = i - first
      starts[length] = starts[length] + 1
    end
  end
  return { counts = counts, symbols = symbols }
end

local function symbol(s, code)
  local value, first, index = 0, 0, 0
  for length = 1, MAX_BITS do
    value = value + take(s, 1)
    local count = code.counts[length]
    if value - count < first then
      return code.symbols[index + value - first]
    end
    index, first = index + count, (first + count) * 2
    value = value * 2
  end
  fail "a code is none"
end

-- The first `n` bytes of the output become text; the others move to its start.
local function flush(s, n)
  local out = s.out
  for from = 1, n, SLICE do
    s.pieces[#s.pieces + 1] = string.char(unpack(out, from, math.min(from + SLICE - 1, n)))
  end
  for i = n + 1, s.size do
    out[i - n] = out[i]
  end
  s.size = s.size - n
end

local function put(s, value)
  s.total = s.total + 1
  if s.total > MAX_OUTPUT then
    fail(("it is larger than the limit of %d bytes"):format(MAX_OUTPUT))
  elseif s.size >= 2 * WINDOW then
    flush(s, WINDOW)
  end
  s.size = s.size + 1
  s.out[s.size] = value
end

local function stored(s)
  s.bits, s.count = 0, 0
  local length = byte(s) + 256 * byte(s)
  if byte(s) + 256 * byte(s) ~= 65535 - length then
    fail "a block's length is none"
  end
  for _ = 1, length do
    put(s, byte(s))
  end
end

local function compressed(s, lengths, distances)
  while true do
    local value = symbol(s, lengths)
    if value < 256 then
      put(s, value)
    elseif value == 256 then
      return
    else
      local base = LENGTHS.base[value - 257] or fail "a length is none"
      local length = base + take(s, LENGTHS.extra[value - 257])
      value = symbol(s, distances)
      local distance = (DISTANCES.base[value] or fail "a distance is none") + take(s, DISTANCES.extra[value])
      if distance > s.total then
        fail "a distance is too far"
      end
      for _ = 1, length do
        local copied = s.out[s.size + 1 - distance]
        put(s, copied)
      end
    end
  end
end

local fixed_lengths, fixed_distances

local function fixed()
  if not fixed_lengths then
    local lengths, distances = {}, {}
    for i = 0, 287 do
      lengths[i] = i < 144 and 8 or i < 256 and 9 or i < 280 and 7 or 8
    end
    for i = 0, 29 do
      distances[i] = 5
    end
    fixed_lengths, fixed_distances = code_of(lengths, 0, 287), code_of(distances, 0, 29)
  end
  return fixed_lengths, fixed_distances
end

local function dynamic(s)
  local literals, distances, count = take(s, 5) + 257, take(s, 5) + 1, take(s, 4) + 4
  local lengths = {}
  for i = 1, 19 do
    lengths[ORDER[i]] = i <= count and take(s, 3) or 0
  end
  local code, i = code_of(lengths, 0, 18), 0
  lengths = {}
  while i < literals + distances do
    local value, times, repeated = symbol(s, code), 1, nil
    if value == 16 then
      repeated, times = lengths[i - 1] or fail "nothing is to be repeated", 3 + take(s, 2)
    elseif value == 17 then
      repeated, times = 0, 3 + take(s, 3)
    elseif value == 18 then
      repeated, times = 0, 11 + take(s, 7)
    end
    for _ = 1, times do
      lengths[i], i = repeated or value, i + 1
    end
  end
  if i > literals + distances then
    fail "there are too many lengths"
  end
  return code_of(lengths, 0, literals - 1), code_of(lengths, literals, literals + distances - 1)
end

local function pass_header(s)
  s.at = 3
  local method, flags = byte(s), byte(s)
  if method ~= 8 then
    fail "its method is unknown"
  end
  s.at = s.at + 6
  if flags % 8 >= 4 then
    local length = byte(s) + 256 * byte(s)
    s.at = s.at + length
  end
  for _, bit in ipairs { 8, 16 } do -- a name, a comment
    while flags % (2 * bit) >= bit and byte(s) ~= 0 do
    end
  end
  s.at = s.at + (flags % 4 >= 2 and 2 or 0)
end

local function inflate(s)
  pass_header(s)
  local is_last
  repeat
    is_last = take(s, 1) == 1
    local kind = take(s, 2)
    if kind == 0 then
      stored(s)
    elseif kind == 1 then
      compressed(s, fixed())
    elseif kind == 2 then
      compressed(s, dynamic(s))
    else
      fail "a block's kind is unknown"
    end
  until is_last
  flush(s, s.size)
  return table.concat(s.pieces)
end

--- Whether a body is compressed, by its first bytes.
---@param body string
---@param from integer|nil the first byte
---@return boolean
local function is_compressed(body, from)
  from = from or 1
  local first, second = body:byte(from, from + 1)
  return first == 31 and second == 139
end

--- The text of a compressed body.
---@param body string
---@return string|nil
---@return string|nil message what is wrong
local function decode(body)
  local ok, value = pcall(inflate, {
    data = body, at = 1, bits = 0, count = 0, out = {}, size = 0, total = 0, pieces = {},
  })
  if ok then
    return value
  elseif type(value) ~= "table" then
    error(value, 0)
  end
  return nil, "the response is compressed by gzip, and " .. value.message
end

return { is_compressed = is_compressed, decode = decode }
