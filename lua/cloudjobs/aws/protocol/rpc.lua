--- The common part of the protocols that send a document with each POST: a route for each operation, and bodies that
--- are one document.

local Error = require "cloudjobs.base.error"
local core = require "cloudjobs.core"

--- The function that encodes and validates. A request has no address and no date yet; its route is the same table for
--- all requests of the operation.
---@param make_route fun(op: table): { method: string, path: string, headers: table<string, string> }
---@param encode_document fun(shape: userdata|nil, params: table, token: string|nil, is_lenient: boolean): string|nil,
---   table[]|nil returns nil and the problems of parameters that are not valid
---@return fun(op: table, params: table|nil, context: { validate: boolean|nil }): table|nil, cloudjobs.Error|nil err has
---   the kind "validation" and every problem; `validate` false leaves what is required, and how much of it, to the
---   service
local function encoder(make_route, encode_document)
  local routes = setmetatable({}, { __mode = "k" }) -- each made once
  return function(op, params, context)
    local token = op.has_token and core.uuid() or nil
    local body, problems = encode_document(op.input, params or {}, token, context.validate == false)
    if not body then
      return nil, Error.new { kind = "validation", code = "validation", problems = problems }
    end
    local route = routes[op]
    if not route then
      route = make_route(op)
      routes[op] = route
    end
    -- The name without a value is room for what the call will set, which costs
    -- less than a table that grows.
    return { route = route, body = body, lines = nil }
  end
end

--- The document of a response's body. It is read in place where the body is still among the lines of the response.
---@param decode_document fun(shape: userdata, text: string, from: integer|nil): table|nil, string|nil
---@param shape userdata
---@param response cloudjobs.Response
---@return table|nil
---@return string|nil message
local function read(decode_document, shape, response)
  local from = response.from -- where the body begins in the lines
  if from and rawget(response, "body") then
    from = nil
  end
  return decode_document(shape, from and response.lines or response.body, from)
end

return { encoder = encoder, read = read }
