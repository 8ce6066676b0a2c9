--- The errors of AWS's JSON protocols, json-rpc and rest alike.

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
local function fields_of(shape, response)
  local fields = core.decode(shape, response.body ~= "" and response.body or "{}")
  return fields and bindings.read_headers(shape, fields, response)
end

-- Milliseconds in x-amz-retry-after, else Retry-After; anything else is no hint.
local function retry_after(headers)
  local ms = headers["x-amz-retry-after"]
  ms = after.seconds(ms) -- a whole number all the same
  return ms and ms / 1000 or after.read(headers)
end

--- The error of a response: the code from x-amzn-errortype, else `code`,
--- else `__type`; the status where there is none.
---@return cloudjobs.Error kind "service"
local function decode(op, response)
  local headers = response.headers
  local body = core.json_decode(response.body)
  local members = type(body) == "table" and body or {}
  local code = bare(headers["x-amzn-errortype"]) or bare(members.code) or bare(members.__type)
  local modeled = code and op.model:error(code)
  local query_error = op.service.query_compatible and headers["x-amzn-query-error"]
  if query_error then
    code = query_error:match("^[^;]+") or code
  end
  local hint
  if not code then
    hint = "The answer names no error code: " .. quote.line(headers["content-type"] or "no content type")
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

--- The error for a success that cannot be understood.
---@param message string why
---@return cloudjobs.Error kind "response"
local function unreadable(response, message)
  return Error.new {
    kind = "response",
    code = "response",
    message = "the answer cannot be read: " .. message,
    status = response.status,
    request_id = request_id(response),
  }
end

return { decode = decode, unreadable = unreadable, request_id = request_id, retry_after = retry_after }
