--- AWS's query protocol: a form in the body, whose names spell the way to each
--- value, and XML in the response. Parameters never go into the URL, which
--- proxies log.

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

--- Encodes and validates. The request has no address and no date yet.
---@param context { validate: boolean|nil } false leaves what is required, and how much of it, to the service
---@return table|nil request `{ route = { method, path, headers }, body }`
---@return cloudjobs.Error|nil err kind "validation", every problem at once
local function encode(op, params, context)
  local token = op.has_token and core.uuid() or nil
  local head = "Action=" .. op.name .. "&Version=" .. op.service.api_version
  if not op.input then
    return { route = ROUTE, body = head }
  end
  local body, problems = core.encode_query(op.input, params or {}, token, context.validate == false, head)
  if not body then
    return nil, Error.new { kind = "validation", code = "validation", problems = problems }
  end
  return { route = ROUTE, body = body }
end

--- The request as a GET, its form in the query, for a URL that is signed.
local function without_body(request)
  request.method, request.query, request.body = "GET", request.body, nil
  request.headers["content-type"] = nil
  return request
end

-- The element at the end of a path of names.
local function find(node, ...)
  for _, name in ipairs { ... } do
    node = node and xml.children_by_name(node)[name]
  end
  return node
end

local function text_of(node)
  return node and node.text
end

-- <ErrorResponse><Error><Code>…</Code><Message>…</Message></Error><RequestId>…;
-- some put <Errors> around <Error>.
local function decode_error(op, response)
  local root = core.xml_decode(response.body)
  local node = find(root, "Error") or find(root, "Errors", "Error")
  local code = text_of(find(node, "Code"))
  if not code or code == "" then
    return aws_error.decode(op, response)
  end
  local modeled = op.model:error(code)
  local fields = modeled and xml.structure(op.model, modeled.shape, node)
  return Error.new {
    kind = "service",
    code = code,
    message = text_of(find(node, "Message")) or "",
    status = response.status,
    request_id = aws_error.request_id(response) or text_of(find(root, "RequestId") or find(root, "RequestID")),
    retry_after = aws_error.retry_after(response.headers),
    fields = fields or nil,
  }
end

--- The operation's output, or why there is none.
---@return table|nil output
---@return cloudjobs.Error|nil err kind "service" or "response"
local function decode(op, response)
  if response.status < 200 or response.status >= 300 then
    return nil, decode_error(op, response)
  elseif not op.output then
    return {}
  end
  local root, message = core.xml_decode(response.body)
  if not root then
    return nil, aws_error.unreadable(response, message)
  end
  local result = root
  if op.result_wrapper then
    result = xml.children_by_name(root)[op.result_wrapper]
  end
  if not result then
    return nil, aws_error.unreadable(response, ("expected %s in the answer"):format(op.result_wrapper))
  end
  local output
  output, message = xml.structure(op.model, op.output, result)
  if not output then
    return nil, aws_error.unreadable(response, message)
  end
  return output
end

---@return string|nil
local function request_id(response)
  return aws_error.request_id(response) or response.body:match("<RequestId>([%w-]+)</RequestId>")
end

return { encode = encode, without_body = without_body, decode = decode, request_id = request_id }
