--- REST-JSON: members bound to HTTP, and a body of JSON.

local aws_error = require "cloudjobs.aws.protocol.error"
local bindings = require "cloudjobs.http.bindings"
local core = require "cloudjobs.core"
local Error = require "cloudjobs.base.error"

local JSON = { media_type = "application/json", empty = "{}", encode = core.encode, decode = core.decode }

--- Encodes and validates. The request has no address yet.
---@param op table
---@param params table|nil
---@param context { validate: boolean|nil } false leaves what is required, and how much of it, to the service
---@return { method: string, path: string, query: string|nil, headers: table, body: string|nil }|nil request
---@return cloudjobs.Error|nil err kind "validation", every problem at once
local function encode(op, params, context)
  return bindings.encode(op, params, context, JSON)
end

--- The request as it is, for a URL that is signed; one with a body is refused.
---@return table|nil request
---@return cloudjobs.Error|nil err
local function without_body(request)
  if request.body then
    local problems = { { path = "", message = "a request with a body cannot be made a URL" } }
    return nil, Error.new { kind = "validation", code = "validation", problems = problems }
  end
  return request
end

--- The operation's output, or why there is none.
---@return table|nil output
---@return cloudjobs.Error|nil err kind "service" or "response"
local function decode(op, response)
  if response.status < 200 or response.status >= 300 then
    return nil, aws_error.decode(op, response)
  elseif not op.output then
    return {}
  end
  local output, message = bindings.decode(op, response, JSON)
  if not output then
    return nil, aws_error.unreadable(response, message)
  end
  return output
end

return { encode = encode, without_body = without_body, decode = decode, request_id = aws_error.request_id }
