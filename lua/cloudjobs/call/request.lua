--- From an operation and its parameters to a request with an address. Nothing
--- here is sent.

local Error = require "cloudjobs.base.error"
local ascii = require "cloudjobs.base.ascii"
local merged = require "cloudjobs.base.merged"
local message = require "cloudjobs.http.message"

local function closed()
  return Error.new { kind = "transport", code = "closed", message = "this client was closed" }
end

-- Header fields that no parameter may set: transports count the body, and auth
-- signs.
local RESERVED = { "content-length", "authorization", "x-amz-date", "x-amz-security-token" }

-- Whether the endpoint of an operation depends on the caller's parameters.
local function has_own_endpoint(op)
  return op.host_prefix or op.context
end

-- The header fields that all attempts share, without those that each sets anew.
local function shared_fields(context, target, endpoint, path)
  local headers = merged(target.headers)
  headers.host = endpoint.host
  headers["user-agent"] = context.user_agent
  for _, names in ipairs { RESERVED, context.attempt_header_names } do
    for _, name in ipairs(names) do
      headers[name] = nil
    end
  end
  local signing = endpoint.signing
  return message.fields(headers, context.attempt_header_names, signing and {
    method = target.method, path = path, query = target.query or "", region = signing.region, service = signing.name,
    raw_path = signing.raw_path,
  })
end

-- A request that shares no route, which hooks may change.
local function own(request)
  local route = request.route
  if not route then
    return request
  end
  return {
    method = route.method, path = route.path, query = route.query, headers = merged(route.headers), body = request.body,
  }
end

-- The endpoint, and the request as the operation's hooks leave it.
local function apply_hooks(context, op, params, request, endpoint, is_url, source)
  local changed = merged(endpoint)
  local err = request.hooks:request(request, op, params, context, changed, is_url, source)
  if err then
    return nil, err
  end
  return changed
end

-- The route to an endpoint: the address, and the header fields that all attempts share.
local function make_route(context, target, endpoint)
  local path = endpoint.path .. target.path
  path = path == "" and "/" or path
  local fields, err = shared_fields(context, target, endpoint, path)
  if not fields then
    return nil, err
  end
  local network
  network, err = context.network:settings_for(endpoint.origin)
  if err then
    return nil, err
  end
  return {
    method = target.method,
    url = endpoint.origin .. path .. (target.query and "?" .. target.query or ""),
    origin = endpoint.origin,
    path = path,
    query = target.query,
    fields = fields,
    signing = endpoint.signing,
    network = network,
    timeout = context.timeout.total,
    connect_timeout = context.timeout.connect,
  }
end

-- The route of a request. Requests with the same route of the protocol share it.
local function find_route(context, op, params, request, options, stream)
  local endpoint, err = context.endpoint:resolve(op, params or {})
  if endpoint and request.hooks then
    endpoint, err = apply_hooks(context, op, params, request, endpoint, options.is_url, stream and stream.source)
  end
  if not endpoint then
    return nil, err
  end
  local target = request.route or request
  if stream then
    err = stream:frame(context, op, params or {}, target, endpoint)
    if err then
      return nil, err
    end
    target.endpoint = endpoint
  end
  local route
  route, err = make_route(context, target, endpoint)
  if route and request.route and not has_own_endpoint(op) then
    context.routes[target] = route
  end
  return route, err
end

--- Encodes `params` and addresses the request; nothing is signed or sent.
---@param context table
---@param op table
---@param params table|nil
---@param options table
---@param stream cloudjobs.call.Stream|nil
---@return table|nil request
---@return cloudjobs.Error|nil err
local function prepare(context, op, params, options, stream)
  if context.closed then
    return nil, closed()
  end
  local err = context.load_settings and context:load_settings()
  if err then
    return nil, err
  end
  local hooks = context.hooks and context.hooks[op]
  if hooks then
    params, err = hooks:parameters(params or {}, op, context, options.is_url)
    if not params then
      return nil, err
    end
  end
  local request
  request, err = context.protocol.encode(op, params, context, options)
  if not request then
    return nil, err
  end
  if hooks then
    request = own(request)
    request.hooks, request.params = hooks, params
  end
  local route = request.route and not has_own_endpoint(op) and context.routes[request.route]
  if not route then
    route, err = find_route(context, op, params, request, options, stream)
    if not route then
      return nil, err
    end
    if stream then
      stream:attach(request, context, op, params or {})
    end
    request.headers = nil -- its lines hold them from now on
  end
  request.route = route
  if options.cancel then
    request.cancel = options.cancel
  end
  if op.non_idempotent then
    request.non_idempotent = true
  end
  return message.new(request)
end

--- Addresses a request that streams for another attempt, with header fields beside its own.
---@param context table
---@param request cloudjobs.Request
---@param headers table<string, string>
---@return table|nil request
---@return cloudjobs.Error|nil err
local function readdress(context, request, headers)
  local target = request.target
  if next(headers) == nil and not target.is_changed then
    return request
  end
  local route, err = make_route(context, {
    method = target.method, path = target.path, query = target.query, headers = merged(target.headers, headers),
  }, target.endpoint)
  if not route then
    return nil, err
  end
  request.route, target.is_changed = route, true
  return request
end

--- The request as the first attempt would send it, but unsigned; in plain fields.
local function preview(context, op, params, options)
  local request, err = prepare(context, op, params, options)
  if request then
    request, err = message.write(request)
  end
  if not request then
    err.operation = op.name
    err.service = op.service.id
    return nil, err
  end
  local route = request.route
  return {
    method = route.method,
    url = route.url,
    path = route.path,
    query = route.query,
    headers = request.headers,
    body = request.body,
    signing = route.signing,
  }
end

--- A signed URL that makes the call, without a body; nothing is sent.
---@param context table
---@param op table
---@param params table|nil
---@param options { expires_in: integer, headers: table<string, string>|nil } headers: to be signed, and sent along
---@return string|nil url
---@return cloudjobs.Error|nil err
local function presign(context, op, params, options)
  local request, err = preview(context, op, params, { is_url = true })
  if not request then
    return nil, err
  end
  request, err = context.protocol.without_body(request)
  if not request then
    return nil, err
  end
  local identity
  identity, err = context.credentials:get()
  if not identity then
    return nil, err
  end
  request.headers["user-agent"] = nil -- the URL's user sends another
  for name, value in pairs(options.headers or {}) do
    request.headers[ascii.lower(name)] = value
  end
  return context.auth:presign(request, identity, context.transport:now(), options.expires_in)
end

return { prepare = prepare, readdress = readdress, preview = preview, presign = presign }
