--- The errors of AWS's JSON protocols, json-rpc and rest alike, and of CBOR.

local Error = require "cloudjobs.base.error"
local after = require "cloudjobs.http.retry_after"
local bindings = require "cloudjobs.http.bindings"
local core = require "cloudjobs.core"
local quote = require "cloudjobs.base.quote"

---@return string|nil
local function request_id(response)
  local headers = response.headers
  return headers["x-amzn-requestid"] or headers["x-amzn-request-id"] or headers["x-amz-request-id"]
end

-- "aws.protocoltests#FooError:http://…" names FooError.
local function bare(code)
  code = type(code) == "string" and code:gsub(":.*", ""):gsub("^.*#", "") or ""
  return code ~= "" and code or nil
end

local function text(value)
  return type(value) == "string" and value or nil
end

-- The members of a modelled error: of its body, and of its headers. Nil where the body is none of its kind.
local function json_fields(shape, response)
  local fields = core.decode(shape, response.body ~= "" and response.body or "{}")
  return fields and bindings.read_headers(shape, fields, response)
end

local function cbor_fields(shape, response)
  return core.decode_cbor(shape, response.body)
end

-- Milliseconds in x-amz-retry-after, else Retry-After; anything else is no hint.
local function retry_after(headers)
  local ms = headers["x-amz-retry-after"]
  ms = after.seconds(ms) -- a whole number all the same
  return ms and ms / 1000 or after.read(headers)
end

-- The error whose body has these members.
local function build(op, response, members, code, fields_of)
  local headers = response.headers
  local modeled = code and op.model:error(code)
  local query_error = op.service.query_compatible and headers["x-amzn-query-error"]
  if query_error then
    code = query_error:match("^[^;]+") or code
  end
  local hint
  if not code then
    hint = "The response names no error code: " .. quote.line(headers["content-type"] or "no content type")
      .. ", perhaps from a proxy or gateway on the way"
  end
  return Error.new {
    kind = "service",
    code = code or tostring(response.status),
    message = text(members.message) or text(members.Message) or text(members.errorMessage) or "",
    status = response.status,
    request_id = request_id(response),
    retry_after = retry_after(headers),
    fields = modeled and modeled.shape and fields_of(modeled.shape, response) or nil,
    hint = hint,
  }
end

local function members_of(body)
  return type(body) == "table" and body or {}
end

--- The error of a response in JSON: the code from x-amzn-errortype, else
--- `code`, else `__type`; the status where there is none.
---@return cloudjobs.Error kind "service"
local function decode(op, response)
  local members = members_of(core.json_decode(response.body))
  local code = bare(response.headers["x-amzn-errortype"]) or bare(members.code) or bare(members.__type)
  return build(op, response, members, code, json_fields)
end

--- The error of a response in CBOR: the code from `__type` alone; the status
--- where there is none.
---@return cloudjobs.Error kind "service"
local function decode_cbor(op, response)
  local members = members_of(core.cbor_decode(response.body))
  return build(op, response, members, bare(members.__type), cbor_fields)
end

--- The error of a malformed response, from its status alone.
---@return cloudjobs.Error kind "service"
local function of_status(op, response)
  return build(op, response, {})
end

--- The error for a success that cannot be understood.
---@param message string why
---@return cloudjobs.Error kind "response"
local function unreadable(response, message)
  return Error.new {
    kind = "response",
    code = "response",
    message = "the response cannot be read: " .. message,
    status = response.status,
    request_id = request_id(response),
  }
end

return {
  decode = decode,
  decode_cbor = decode_cbor,
  of_status = of_status,
  unreadable = unreadable,
  request_id = request_id,
  retry_after = retry_after,
}
