--- Smithy RPC v2 with CBOR: one POST to the path of a service and its
--- operation. The rules are those of
--- https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html.

local aws_error = require "cloudjobs.aws.protocol.error"
local core = require "cloudjobs.core"
local rpc = require "cloudjobs.aws.protocol.rpc"

local PROTOCOL = "rpc-v2-cbor"
local MEDIA_TYPE = "application/cbor"

local function make_route(op)
  local service = op.service
  return {
    method = "POST",
    path = ("/service/%s/operation/%s"):format(service.target, op.name),
    headers = {
      ["smithy-protocol"] = PROTOCOL,
      accept = MEDIA_TYPE,
      ["content-type"] = op.input and MEDIA_TYPE or nil,
      ["x-amzn-query-mode"] = service.query_compatible and "true" or nil,
    },
  }
end

-- An operation without input has no body.
local function encode_document(shape, ...)
  if not shape then
    return ""
  end
  return core.encode_cbor(shape, ...)
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
  local output, message = rpc.read(core.decode_cbor, op.output, response)
  if output then
    return output
  end
  return nil, aws_error.unreadable(response, message)
end

return { encode = rpc.encoder(make_route, encode_document), decode = decode, request_id = aws_error.request_id }
