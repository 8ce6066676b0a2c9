--- AWS JSON 1.0 and 1.1: one POST to "/", the operation in X-Amz-Target.

local core = require "cloudjobs.core"
local Error = require "cloudjobs.error"

local CONTENT_TYPE = {
  ["json-1.0"] = "application/x-amz-json-1.0",
  ["json-1.1"] = "application/x-amz-json-1.1",
}

-- What does not change between two calls of an operation, made once.
local constants = setmetatable({}, { __mode = "k" })

local function constants_of(op)
  local service = op.service
  local made = {
    content_type = CONTENT_TYPE[service.protocol],
    target = service.target .. "." .. op.name,
    query_mode = service.query_compatible and "true" or nil,
  }
  constants[op] = made
  return made
end

--- Encodes and validates. The request has no address and no date yet.
---@return table|nil request `{ method, path, headers, body }`
---@return cloudjobs.Error|nil err kind "validation", every problem at once
local function encode(op, params)
  local body, problems = core.encode(op.input, params or {}, op.has_token and core.uuid() or nil)
  if not body then
    return nil, Error.new { kind = "validation", code = "validation", problems = problems }
  end
  local fixed = constants[op] or constants_of(op)
  return {
    method = "POST",
    path = "/",
    headers = {
      ["content-type"] = fixed.content_type,
      ["x-amz-target"] = fixed.target,
      ["x-amzn-query-mode"] = fixed.query_mode,
    },
    body = body,
  }
end

---@return string|nil
local function request_id(response)
  local headers = response.headers
  return headers["x-amzn-requestid"] or headers["x-amzn-request-id"] or headers["x-amz-request-id"]
end

-- "aws.protocoltests#FooError:http://…" names FooError.
local function bare(code)
  if type(code) == "string" and code ~= "" then
    return (code:gsub(":.*", ""):gsub("^.*#", ""))
  end
end

local function text(value)
  return type(value) == "string" and value or nil
end

-- Milliseconds in x-amz-retry-after, seconds in Retry-After; anything else is no hint.
local function retry_after(headers)
  local ms = headers["x-amz-retry-after"]
  if ms and ms:find("^%d+$") then
    return tonumber(ms) / 1000
  end
  local seconds = headers["retry-after"]
  if seconds and seconds:find("^%d+$") then
    return tonumber(seconds)
  end
end

--- The error an answer tells of, by the awsJson rules: the code from
--- x-amzn-errortype, else `code`, else `__type`; the status where there is none.
local function decode_error(op, response)
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
    hint = "The answer names no error code: " .. (headers["content-type"] or "no content type")
      .. ", perhaps from a proxy or gateway on the way"
  end
  return Error.new {
    kind = "service",
    code = code or tostring(response.status),
    message = text(members.message) or text(members.Message) or text(members.errorMessage) or "",
    status = response.status,
    request_id = request_id(response),
    retry_after = retry_after(headers),
    fields = modeled and modeled.shape and core.decode(modeled.shape, response.body) or nil,
    hint = hint,
  }
end

--- The operation's output, or why there is none.
---@return table|nil output
---@return cloudjobs.Error|nil err kind "service" or "response"
local function decode(op, response)
  local status = response.status
  if status < 200 or status >= 300 then
    return nil, decode_error(op, response)
  end
  if not op.output then
    return {}
  end
  local output, message = core.decode(op.output, response.body)
  if output then
    return output
  end
  return nil, Error.new {
    kind = "response",
    code = "response",
    message = "the answer cannot be read: " .. message,
    status = status,
    request_id = request_id(response),
  }
end

return { encode = encode, decode = decode, request_id = request_id }
