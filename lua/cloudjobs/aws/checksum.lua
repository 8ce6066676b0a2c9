--- Checksums of requests and responses, by the trait httpChecksum: which one is sent, in which header, and which one
--- is verified. The rules are botocore's. aws/upload.lua uses them for bodies that stream.

local Error = require "cloudjobs.base.error"
local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"
local quote = require "cloudjobs.base.quote"

local PREFIX = "x-amz-checksum-"
local DEFAULT = "crc32" -- where the caller names none

-- Best first: what a response is verified by where it has several.
local ORDER = { "crc64nvme", "crc32c", "crc32", "sha1", "sha256", "sha512" }
local KNOWN = {}
for _, name in ipairs(ORDER) do
  KNOWN[name] = true
end

---@class cloudjobs.aws.Checksum
---@field algorithm string core.checksum's name of it
---@field header string the header, or the trailer, that has its value in base64

local function invalid(path, message)
  return nil, Error.new { kind = "validation", code = "validation", problems = { { path = path, message = message } } }
end

-- Headers with the same prefix that contain no checksum.
local NO_SUMS = { [PREFIX .. "algorithm"] = true, [PREFIX .. "mode"] = true, [PREFIX .. "type"] = true }

-- Whether the caller gave a checksum: that one is sent, and none is computed.
local function has_own(headers)
  for name in pairs(headers) do
    if name:sub(1, #PREFIX) == PREFIX and not NO_SUMS[name] then
      return true
    end
  end
  return false
end

-- The header of the member that names the algorithm.
local function algorithm_header(op)
  for _, member in ipairs(op.input and core.members(op.input) or {}) do
    if member.name == op.checksum_member then
      return member.location == "header" and ascii.lower(member.wire) or nil
    end
  end
end

--- The checksum that a request is sent with: the one that the caller names, else CRC32 where the service requires one
--- or the setting request_checksum_calculation is when_supported. Where it is the default, the header that names the
--- algorithm is set. Nil alone where there is none.
---@param op table
---@param params table
---@param headers table<string, string> the request's
---@param config cloudjobs.Config
---@param is_url boolean|nil a URL is presigned, which has none by default
---@return cloudjobs.aws.Checksum|nil
---@return cloudjobs.Error|nil err
local function of_request(op, params, headers, config, is_url)
  if not (op.checksum or op.checksum_member) or has_own(headers) then
    return nil
  end
  local name = op.checksum_member and params[op.checksum_member]
  if name and name ~= core.null then
    if not KNOWN[ascii.lower(name)] then
      return invalid(op.checksum_member, ("cloudjobs does not compute %s; pass the header of its value as a parameter")
        :format(quote.word(name)))
    end
    name = ascii.lower(name)
  else
    local calculation, err = config:get("request_checksum_calculation")
    if err then
      return nil, err
    elseif is_url or not (op.checksum or calculation == "when_supported") then
      return nil
    end
    name = DEFAULT
    local header = algorithm_header(op)
    if header then
      headers[header] = ascii.upper(name)
    end
  end
  return { algorithm = name, header = PREFIX .. name }
end

-- The base64 of a body's checksum, or nil and an error where libcrypto does not offer it.
local function of_body(algorithm, body)
  local sum, message = core.checksum(algorithm)
  if not sum then
    return nil, Error.new { kind = "config", code = "config", message = message }
  end
  return core.base64_encode(sum:update(body):digest())
end

--- The checksum by which a response is verified: the best that the operation and cloudjobs know of those in its
--- headers. One of a multipart upload's parts, `…-2`, is none of the body's.
---@param op table
---@param headers table<string, string> the response's
---@return cloudjobs.aws.Checksum|nil
---@return string|nil expected its value in base64
local function of_response(op, headers)
  if not op.checksum_mode then
    return nil
  end
  local offered = "," .. op.checksum_algorithms .. ","
  for _, name in ipairs(ORDER) do
    local value = headers[PREFIX .. name]
    if value and offered:find("," .. name .. ",", 1, true) and not value:find("-", 1, true) then
      return { algorithm = name, header = PREFIX .. name }, value
    end
  end
end

--- The error of a body whose checksum differs from the header's; nil where they are equal.
---@param checksum cloudjobs.aws.Checksum
---@param expected string base64
---@param got string base64
---@param response { status: integer|nil }
---@return cloudjobs.Error|nil err kind "response", code "checksum"
local function mismatch(checksum, expected, got, response)
  if expected == got then
    return nil
  end
  return Error.new {
    kind = "response",
    code = "checksum",
    message = ("the body does not fit the header %s: expected %s, got %s"):format(
      checksum.header, quote.word(expected), quote.value(got)
    ),
    status = response.status,
    retryable = true,
  }
end

--- Adds the checksum of a request whose body is in memory or absent.
---@param request { headers: table, body: string|nil }
---@param op table
---@param params table
---@param config cloudjobs.Config
---@param is_url boolean|nil
---@return boolean|nil added whether a checksum is in the headers
---@return cloudjobs.Error|nil err
local function add(request, op, params, config, is_url)
  local checksum, err = of_request(op, params, request.headers, config, is_url)
  if checksum then
    request.headers[checksum.header], err = of_body(checksum.algorithm, request.body or "")
  end
  return checksum and not err, err
end

--- Verifies a body that was read whole.
---@param op table
---@param params table
---@param response { status: integer, headers: table, body: string }
---@return cloudjobs.Error|nil err
local function verify(op, params, response)
  local checksum, expected
  if op.checksum_mode and params[op.checksum_mode] == "ENABLED" then
    checksum, expected = of_response(op, response.headers)
  end
  if not checksum then
    return nil
  end
  local got, err = of_body(checksum.algorithm, response.body)
  return err or mismatch(checksum, expected, got, response)
end

return {
  of_request = of_request,
  of_response = of_response,
  mismatch = mismatch,
  add = add,
  verify = verify,
}
