--- A body in the content coding aws-chunked. Its checksum is a trailer, so the body is read once.

local core = require "cloudjobs.core"

local CHUNK = 64 * 1024 -- bytes; S3 wants 8 KB or more of all but the last

---@class cloudjobs.aws.Chunked: cloudjobs.Source
local Chunked = {}
local chunked_mt = { __name = "cloudjobs.aws.chunked", __index = Chunked }

local function encode(chunk)
  return ("%x\r\n"):format(#chunk) .. chunk .. "\r\n"
end

-- The bytes behind the last chunk.
local function trailer_of(self)
  return ("0\r\n%s:%s\r\n\r\n"):format(self._checksum.header, core.base64_encode(self._sum:digest()))
end

-- Reads until a chunk is full or the body ends.
function Chunked:_fill()
  local pieces, size = { self._rest }, #self._rest
  while size < CHUNK and not self._is_last do
    local piece, err = self._source:read()
    if err then
      return nil, err
    elseif piece then
      self._sum:update(piece)
      pieces[#pieces + 1], size = piece, size + #piece
    else
      self._is_last = true
    end
  end
  return table.concat(pieces)
end

--- The next chunk; the last one includes the trailer.
---@return string|nil
---@return cloudjobs.Error|nil err
function Chunked:read()
  if self._has_ended then
    return nil
  end
  local bytes, err = self:_fill()
  if not bytes then
    return nil, err
  elseif #bytes > CHUNK or #bytes == CHUNK and not self._is_last then
    self._rest = bytes:sub(CHUNK + 1)
    return encode(bytes:sub(1, CHUNK))
  end
  self._has_ended = true
  return (bytes ~= "" and encode(bytes) or "") .. trailer_of(self)
end

--- Whether it can be read twice.
---@return boolean
function Chunked:can_rewind()
  return self._source:can_rewind()
end

-- The state before the first read.
local function reset(self)
  self._rest, self._is_last, self._has_ended = "", false, false
  self._sum = core.checksum(self._checksum.algorithm)
end

--- Rewinds the body for another attempt.
---@return true|nil
---@return string|nil message
function Chunked:again()
  local ok, problem = self._source:again()
  if not ok then
    return nil, problem
  end
  reset(self)
  return true
end

-- The size of the encoded body.
local function length_of(self, size)
  local rest = size % CHUNK
  local overhead = #encode ""
  local full = (size - rest) / CHUNK * (CHUNK + #("%x"):format(CHUNK) + overhead - 1)
  local last = rest > 0 and rest + #("%x"):format(rest) + overhead - 1 or 0
  return full + last + #trailer_of(self)
end

---@param source cloudjobs.call.Source
---@param checksum cloudjobs.aws.Checksum one that libcrypto offers
---@return cloudjobs.aws.Chunked
local function new(source, checksum)
  local self = setmetatable({
    _source = source, _checksum = checksum, expects_continue = source.expects_continue,
  }, chunked_mt)
  reset(self)
  self.length = source.length and length_of(self, source.length)
  return self
end

return { new = new }
