--- Smithy RPC v2 with CBOR: one POST to the path of a service and its
--- operation. The rules are those of
--- https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html.

local aws_error = require "cloudjobs.aws.protocol.error"
local core = require "cloudjobs.core"
local Error = require "cloudjobs.base.error"

local PROTOCOL = "rpc-v2-cbor"
local MEDIA_TYPE = "application/cbor"

-- What the requests of an operation have in common, made once.
local routes = setmetatable({}, { __mode = "k" })

local function make_route(op)
  local service = op.service
  local route = {
    method = "POST",
    path = ("/service/%s/operation/%s"):format(service.target, op.name),
    headers = {
      ["smithy-protocol"] = PROTOCOL,
      accept = MEDIA_TYPE,
      ["content-type"] = op.input and MEDIA_TYPE or nil,
      ["x-amzn-query-mode"] = service.query_compatible and "true" or nil,
    },
  }
  routes[op] = route
  return route
end

--- Encodes and validates. The request has no address and no date yet; its
--- route is the same table for all requests of the operation. An operation
--- without input has no body.
---@param context { validate: boolean|nil } false leaves what is required, and how much of it, to the service
---@return table|nil request `{ route = { method, path, headers }, body }`
---@return cloudjobs.Error|nil err kind "validation", every problem at once
local function encode(op, params, context)
  local body, problems = ""
  if op.input then
    local token = op.has_token and core.uuid() or nil
    body, problems = core.encode_cbor(op.input, params or {}, token, context.validate == false)
    if not body then
      return nil, Error.new { kind = "validation", code = "validation", problems = problems }
    end
  end
  -- The name without a value is room for what the call will set, which costs
  -- less than a table that grows.
  return { route = routes[op] or make_route(op), body = body, lines = nil }
end

-- Without the request's smithy-protocol a response is malformed. One without
-- that and a Content-Type is decoded, as AWS's published cases ask.
local function is_malformed(response)
  local name = response.headers["smithy-protocol"]
  if name then
    return name ~= PROTOCOL
  end
  return response.headers["content-type"] ~= nil
end

--- The operation's output, or why there is none.
---@return table|nil output
---@return cloudjobs.Error|nil err kind "service" or "response"
local function decode(op, response)
  local status, malformed = response.status, is_malformed(response)
  if status < 200 or status >= 300 then
    return nil, malformed and aws_error.of_status(op, response) or aws_error.decode_cbor(op, response)
  elseif malformed then
    return nil, aws_error.unreadable(response, "expected smithy-protocol: " .. PROTOCOL)
  elseif not op.output then
    return {}
  end
  local from = response.from -- where the body begins in the lines
  if from and rawget(response, "body") then
    from = nil
  end
  local output, message = core.decode_cbor(op.output, from and response.lines or response.body, from)
  if output then
    return output
  end
  return nil, aws_error.unreadable(response, message)
end

return { encode = encode, decode = decode, request_id = aws_error.request_id }
