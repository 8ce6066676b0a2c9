--- gzip (RFC 1952), through zlib in a shared object of its own, which is
--- loaded when bytes have to be compressed or decompressed.

local native = require "cloudjobs.base.native"

--- Whether bytes are gzip, by the first of them.
---@param bytes string
---@return boolean
local function is_compressed(bytes)
  local first, second = bytes:byte(1, 2)
  return first == 31 and second == 139
end

local function load_zlib()
  local loaded, zlib = pcall(require, "cloudjobs.zlib")
  if not loaded then
    return nil, "it cannot be decompressed: " .. native.explain(zlib)
  end
  return zlib
end

--- Compresses bytes.
---@param bytes string
---@return string|nil nil where zlib is missing
local function encode(bytes)
  local zlib = load_zlib()
  return zlib and zlib.gzip(bytes) or nil
end

--- The text of compressed bytes: of one or several members, their checksums and lengths verified.
---@param bytes string
---@param limit integer of the text, in bytes
---@return string|nil
---@return string|nil message what is wrong, as a sentence about "it"
local function decode(bytes, limit)
  local zlib, message = load_zlib()
  local text
  if zlib then
    text, message = zlib.gunzip(bytes, limit)
  end
  if not text then
    return nil, message == "it is larger than the limit" and ("%s of %.0f bytes"):format(message, limit) or message
  end
  return text
end

--- The first bytes of a text of which the first compressed bytes are given, unverified.
---@param bytes string
---@param count integer
---@return string|nil
local function beginning(bytes, count)
  local zlib = load_zlib()
  local inflater = zlib and zlib.inflater(count + 1)
  if inflater then
    inflater:feed(bytes)
    return (inflater:read(count))
  end
end

return { is_compressed = is_compressed, decode = decode, encode = encode, beginning = beginning }
