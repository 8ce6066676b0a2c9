--- AWS JSON 1.0 and 1.1: one POST to "/", the operation in X-Amz-Target.

local aws_error = require "cloudjobs.aws.protocol.error"
local core = require "cloudjobs.core"
local rpc = require "cloudjobs.aws.protocol.rpc"

local CONTENT_TYPE = {
  ["json-1.0"] = "application/x-amz-json-1.0",
  ["json-1.1"] = "application/x-amz-json-1.1",
}

local function make_route(op)
  local service = op.service
  return {
    method = "POST",
    path = "/",
    headers = {
      ["content-type"] = CONTENT_TYPE[service.protocol],
      ["x-amz-target"] = service.target .. "." .. op.name,
      ["x-amzn-query-mode"] = service.query_compatible and "true" or nil,
    },
  }
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
  local output, message = rpc.read(core.decode, op.output, response)
  if output then
    return output
  end
  return nil, aws_error.unreadable(response, message)
end

return { encode = rpc.encoder(make_route, core.encode), decode = decode, request_id = aws_error.request_id }
