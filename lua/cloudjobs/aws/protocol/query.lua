--- AWS's query protocol and EC2's: a form in the body, whose names spell the
--- path to each value, and XML in the response. Parameters never go into the
--- URL, which proxies log.

local aws_error = require "cloudjobs.aws.protocol.error"
local core = require "cloudjobs.core"
local Error = require "cloudjobs.base.error"
local xml = require "cloudjobs.aws.protocol.xml"

-- What all requests have in common.
local ROUTE = {
  method = "POST",
  path = "/",
  headers = { ["content-type"] = "application/x-www-form-urlencoded; charset=utf-8" },
}

local ENCODE = { query = core.encode_query, ec2 = core.encode_ec2 }

--- Encodes and validates. The request has no address and no date yet.
---@param context { validate: boolean|nil } false leaves what is required, and how much of it, to the service
---@return table|nil request `{ route = { method, path, headers }, body }`
---@return cloudjobs.Error|nil err kind "validation", every problem at once
local function encode(op, params, context)
  local service = op.service
  local head = "Action=" .. op.name .. "&Version=" .. service.api_version
  if not op.input then
    return { route = ROUTE, body = head }
  end
  local token = op.has_token and core.uuid() or nil
  local body, problems = ENCODE[service.protocol](op.input, params or {}, token, context.validate == false, head)
  if not body then
    return nil, Error.new { kind = "validation", code = "validation", problems = problems }
  end
  return { route = ROUTE, body = body }
end

--- The request as a GET, its form in the query, for a URL that is signed.
local function without_body(request)
  request.method, request.query, request.body = "GET", (request.body:gsub("%+", "%%20")), nil
  request.headers["content-type"] = nil
  return request
end

--- The operation's output, or why there is none.
---@return table|nil output
---@return cloudjobs.Error|nil err kind "service" or "response"
local function decode(op, response)
  if response.status < 200 or response.status >= 300 then
    return nil, xml.decode_error(op, response)
  elseif not op.output or response.body == "" then
    return {}
  end
  local output, message = core.xml_decode(op.output, response.body, op.result_wrapper)
  if not output then
    return nil, aws_error.unreadable(response, message)
  end
  return output
end

---@return string|nil
local function request_id(response)
  return aws_error.request_id(response) or response.body:match("<[Rr]equestI[dD]>([%w-]+)</")
end

return { encode = encode, without_body = without_body, decode = decode, request_id = request_id }
