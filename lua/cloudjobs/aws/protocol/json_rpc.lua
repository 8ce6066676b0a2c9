--- AWS JSON 1.0 and 1.1: one POST to "/", the operation in X-Amz-Target.

local aws_error = require "cloudjobs.aws.protocol.error"
local core = require "cloudjobs.core"
local Error = require "cloudjobs.base.error"

local CONTENT_TYPE = {
  ["json-1.0"] = "application/x-amz-json-1.0",
  ["json-1.1"] = "application/x-amz-json-1.1",
}

-- What the requests of an operation have in common, made once.
local routes = setmetatable({}, { __mode = "k" })

local function make_route(op)
  local service = op.service
  local route = {
    method = "POST",
    path = "/",
    headers = {
      ["content-type"] = CONTENT_TYPE[service.protocol],
      ["x-amz-target"] = service.target .. "." .. op.name,
      ["x-amzn-query-mode"] = service.query_compatible and "true" or nil,
    },
  }
  routes[op] = route
  return route
end

--- Encodes and validates. The request has no address and no date yet; its
--- route is the same table for all requests of the operation.
---@param context { validate: boolean|nil } false leaves what is required, and how much of it, to the service
---@return table|nil request `{ route = { method, path, headers }, body }`
---@return cloudjobs.Error|nil err kind "validation", every problem at once
local function encode(op, params, context)
  local token = op.has_token and core.uuid() or nil
  local body, problems = core.encode(op.input, params or {}, token, context.validate == false)
  if not body then
    return nil, Error.new { kind = "validation", code = "validation", problems = problems }
  end
  -- The name without a value is room for what the call will set, which costs
  -- less than a table that grows.
  return { route = routes[op] or make_route(op), body = body, lines = nil }
end

-- DynamoDB sends a checksum of the body's bytes on the wire.
local function is_damaged(response)
  local headers = response.headers
  return headers["x-amz-crc32"] and not headers["content-encoding"]
    and tonumber(headers["x-amz-crc32"]) ~= core.crc32(response.body)
end

--- The operation's output, or why there is none.
---@return table|nil output
---@return cloudjobs.Error|nil err kind "service" or "response"
local function decode(op, response)
  local status = response.status
  if op.service.id == "DynamoDB" and is_damaged(response) then
    local err = aws_error.unreadable(response, "its bytes do not come to x-amz-crc32")
    err.code, err.retryable = "checksum", true
    return nil, err
  end
  if status < 200 or status >= 300 then
    return nil, aws_error.decode(op, response)
  end
  if not op.output then
    return {}
  end
  local from = response.from -- where the body begins in the lines
  if from and rawget(response, "body") then
    from = nil
  end
  local output, message = core.decode(op.output, from and response.lines or response.body, from)
  if output then
    return output
  end
  return nil, aws_error.unreadable(response, message)
end

return { encode = encode, decode = decode, request_id = aws_error.request_id }
