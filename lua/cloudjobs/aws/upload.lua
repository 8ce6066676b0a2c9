--- The framing, signing and checksums of bodies that stream. The rules are botocore's (httpchecksum.py and auth.py):
--- over TLS a checksum follows the body as a trailer in place of the signed hash, else the body is read twice.

local Chunked = require "cloudjobs.aws.aws_chunked"
local Error = require "cloudjobs.base.error"
local checksum = require "cloudjobs.aws.checksum"
local core = require "cloudjobs.core"

local HASH = "x-amz-content-sha256"

local function refuse(message)
  return nil, Error.new { kind = "validation", code = "validation", message = message }
end

-- Updates the sums with the whole body, then rewinds it.
local function count(source, sums)
  repeat
    local piece, err = source:read()
    if err then
      return nil, err
    end
    for _, sum in pairs(piece and sums or {}) do
      sum:update(piece)
    end
  until not piece
  local ok, problem = source:again()
  if not ok then
    return refuse(problem)
  end
  return true
end

local function new_sum(name)
  local sum, message = core.checksum(name)
  if not sum then
    return nil, Error.new { kind = "config", code = "config", message = message }
  end
  return sum
end

-- Sets header fields to the hash that is signed, and to the checksum where there is one.
local function add_hashes(headers, source, wanted)
  if not source:can_rewind() then
    return refuse("the whole body is signed before it is sent: it has to be a file that can be sought in, an object "
      .. "with a method rewind, or text")
  end
  local hash, err = new_sum("sha256")
  local sums = { hash = hash }
  if wanted and hash then
    sums.checksum, err = new_sum(wanted.algorithm)
  end
  local ok = not err
  if ok then
    ok, err = count(source, sums)
  end
  if not ok then
    return nil, err
  end
  headers[HASH] = core.hex(sums.hash:digest())
  if wanted then
    headers[wanted.header] = core.base64_encode(sums.checksum:digest())
  end
  return source
end

-- Wraps the body in aws-chunked, with its checksum as a trailer.
local function add_trailer(headers, source, wanted)
  local _, err = new_sum(wanted.algorithm)
  if err then
    return nil, err
  end
  local coding = headers["content-encoding"]
  headers["content-encoding"] = coding and coding .. ",aws-chunked" or "aws-chunked"
  headers["x-amz-trailer"] = wanted.header
  headers["x-amz-decoded-content-length"] = source.length and ("%.0f"):format(source.length)
  headers[HASH] = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
  return Chunked.new(source, wanted)
end

-- Whether the service accepts an upload over TLS without a signed hash.
local function is_unsigned(op, headers, source)
  return op.unsigned_body or op.service.id == "S3" and (headers["content-md5"] ~= nil or not source:can_rewind())
end

--- Sets the header fields of a request whose body is in pieces.
---@param context cloudjobs.Context
---@param op table
---@param params table
---@param headers table<string, string>
---@param source cloudjobs.call.Source
---@param endpoint { origin: string }
---@return cloudjobs.Source|nil source what is sent in its place
---@return cloudjobs.Error|nil err
local function frame(context, op, params, headers, source, endpoint)
  local is_secure, is_s3 = endpoint.origin:find("^https:") ~= nil, op.service.id == "S3"
  if is_s3 and not source.length then
    return refuse("S3 needs the length of a body: give a file that can be sought in, text, or an object with a length")
  elseif is_s3 and (op.method == "PUT" or op.method == "POST") then
    headers.expect, source.expects_continue = "100-continue", true
  end
  local wanted, err = checksum.of_request(op, params, headers, context.config)
  if err then
    return nil, err
  elseif wanted and is_secure and op.upload then
    return add_trailer(headers, source, wanted)
  elseif op.unsigned and not wanted then
    return source
  elseif not wanted and is_secure and is_unsigned(op, headers, source) then
    headers[HASH] = "UNSIGNED-PAYLOAD"
    return source
  end
  return add_hashes(headers, source, wanted)
end

local Verifier = {}
local verifier_mt = { __index = Verifier }

---@param bytes string the next of the body
function Verifier:update(bytes)
  self._sum:update(bytes)
end

--- Compares the checksum with the header's at the end of the body.
---@return true|nil
---@return cloudjobs.Error|nil err kind "response", code "checksum"
function Verifier:verify()
  local err = checksum.mismatch(self._checksum, self._expected, core.base64_encode(self._sum:digest()), self._response)
  return not err or nil, err
end

--- A verifier of a response's body while it is read; nil where its checksum is not verified.
---@param op table
---@param params table
---@param response cloudjobs.Response its head
---@return { update: fun(self, bytes: string), verify: fun(self): true|nil, cloudjobs.Error|nil }|nil
local function verifier(op, params, response)
  if not op.checksum_mode or params[op.checksum_mode] ~= "ENABLED" then
    return nil
  end
  local found, expected = checksum.of_response(op, response.headers)
  local sum = found and core.checksum(found.algorithm)
  return sum and setmetatable({
    _checksum = found, _expected = expected, _sum = sum, _response = response,
  }, verifier_mt) or nil
end

return { frame = frame, verifier = verifier }
