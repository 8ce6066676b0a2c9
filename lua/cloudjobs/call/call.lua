--- One API call. Read this file first: every module it calls returns here,
--- and only the transport does I/O.
---
--- The context is put together by aws/init.lua or azure/init.lua: protocol, auth,
--- credentials, endpoint, retry, transport, network, and the client's own
--- settings; skew and log where there are such. `own_headers` names the header
--- fields whose values `annotate` and auth give each attempt: a string, nil for
--- none, true for a new UUID. `routes` keeps what is found out once a protocol's
--- route. `within(seconds, cancel, f)` runs f, and ends what it waits for in time.

local Canceller = require "cloudjobs.base.canceller"
local Error = require "cloudjobs.base.error"
local message = require "cloudjobs.http.message"

local function closed()
  return Error.new { kind = "transport", code = "closed", message = "this client was closed" }
end

local function out_of_time(cause)
  return Error.new {
    kind = "timeout",
    code = "timeout",
    message = "the call's total time is over",
    ambiguous = cause and cause.ambiguous,
    cause = cause,
  }
end

-- What parameters that become headers must not be: transports count, and auth
-- signs by its own.
local RESERVED = { "content-length", "authorization", "x-amz-date", "x-amz-security-token" }

-- Whether a caller's parameters have a word in where an operation's requests go.
local function is_own(op)
  return op.host_prefix or op.context
end

-- Where a request goes, and the header fields that all its attempts share.
-- Found once for all requests of which the protocol says the same.
local function find_route(context, op, params, request)
  local endpoint, err = context.endpoint:resolve(op, params or {})
  if not endpoint then
    return nil, err
  end
  local target = request.route or request
  local headers = {}
  for name, value in pairs(target.headers) do
    headers[name] = value
  end
  headers.host = endpoint.host
  headers["user-agent"] = context.user_agent
  for _, names in ipairs { RESERVED, context.own_headers } do
    for _, name in ipairs(names) do
      headers[name] = nil
    end
  end
  local path, signing = endpoint.path .. target.path, endpoint.signing
  local fields
  fields, err = message.fields(headers, context.own_headers, signing and {
    method = target.method, path = path, query = target.query or "", region = signing.region, service = signing.name,
  })
  if not fields then
    return nil, err
  end
  local route = {
    method = target.method,
    url = endpoint.origin .. path .. (target.query and "?" .. target.query or ""),
    origin = endpoint.origin,
    path = path,
    query = target.query,
    fields = fields,
    signing = signing,
    network = context.network.to[endpoint.origin] or nil,
    timeout = context.timeout.total,
    connect_timeout = context.timeout.connect,
  }
  if request.route and not is_own(op) then
    context.routes[target] = route
  end
  return route
end

--- Encodes `params` and addresses the request; nothing is signed or sent.
---@param context table
---@param op table
---@param params table|nil
---@param options table
---@return table|nil request
---@return cloudjobs.Error|nil err
local function prepare(context, op, params, options)
  if context.closed then
    return nil, closed()
  end
  if context.settle then
    local failed = context:settle()
    if failed then
      return nil, failed
    end
  end
  local request, err = context.protocol.encode(op, params, context, options)
  if not request then
    return nil, err
  end
  local route = request.route and not is_own(op) and context.routes[request.route]
  if not route then
    route, err = find_route(context, op, params, request)
    if not route then
      return nil, err
    end
    request.headers = nil -- they come out of its lines from now on
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

--- What a repeat could do twice is not repeated when nobody knows whether
--- the first one was carried out. `skew` is nil where nothing was signed.
local function judge(context, op, err, skew, offset)
  if err.kind == "service" then
    context.retry.classify(err, op.model:error(err.code))
    if skew then
      err.retryable = err.retryable or skew:explains(err, offset)
      err.hint = err.hint or skew:hint()
    end
    err.ambiguous = op.non_idempotent and (err.status >= 500 or err.status == 408) and not err.throttling or false
  elseif err.kind == "response" then
    err.ambiguous = not op.readonly
  elseif op.readonly then
    err.ambiguous = false
  end
  if op.non_idempotent and err.ambiguous then
    err.retryable = false
  end
end

-- Seconds by which a timer that counts milliseconds may ring too early.
local TICK = 0.002

local function is_over(limits, transport)
  return limits.deadline and transport:clock() >= limits.deadline - TICK
end

-- What a call without a time of its own and without a canceller may take.
local NO_LIMITS = {}

-- Who signs. Keys may have to be fetched first: for all calls that share them,
-- but this one waits no longer than it may. Only what our transports wait for
-- can be ended, so a provider from outside takes its time.
local function identify(context, limits, cause)
  local credentials, transport = context.credentials, context.transport
  if limits == NO_LIMITS or not credentials.cached then
    return credentials:get()
  end
  local cached = credentials:cached()
  if cached then
    return cached
  end
  local left = limits.deadline and limits.deadline - transport:clock()
  local identity, err = context.within(left, limits.cancel, function()
    return credentials:get()
  end)
  if identity then
    return identity
  elseif limits.cancel and limits.cancel.cancelled then
    return nil, Canceller.refusal(limits.cancel, cause)
  elseif is_over(limits, transport) then
    return nil, out_of_time(cause)
  end
  return nil, err
end

-- One request, signed anew, and what came of it, with the identity that signed.
-- `call` knows what came of the attempt before this one; nil at the first.
local function attempt(context, op, request, number, limits, call)
  local before, cause = call and call.response, call and call.err
  local transport, skew, log = context.transport, context.skew, context.log
  local identity, signed, response, output, err
  if not op.unsigned then
    identity, err = identify(context, limits, cause)
    if not identity then
      return nil, err
    end
  end
  if limits.deadline then
    request.timeout = math.min(context.timeout.total, limits.deadline - transport:clock())
    if request.timeout <= 0 then
      return nil, out_of_time(cause)
    end
  elseif number > 1 then
    request.timeout = nil -- its route's, whatever somebody made of it
  end
  local now, offset = transport:now(), skew and skew.offset or 0
  local first, second = context.annotate(request, number, context, before)
  if identity then
    signed, err = context.auth:sign(request, identity, now + offset, first, second)
  else
    signed, err = message.write(request, first, second)
  end
  if not signed then
    return nil, err
  end
  if log then
    log:attempt(op, number, request, identity)
  end
  response, err = transport:send(request)
  if response then
    output, err = context.protocol.decode(op, response, context, request)
    if skew and (err or now - skew.looked >= 1 or now < skew.looked) then -- Date counts seconds
      skew:observe(response.headers, now, transport)
    end
  end
  if err then
    judge(context, op, err, skew, offset)
    if err.kind == "transport" and err.code == "timeout" and is_over(limits, transport) then
      err = out_of_time(err)
    end
  end
  if log then
    log:response(op, number, response, output, err)
  end
  return output, err, response, identity
end

-- As a call would first send it, but unsigned; in plain fields.
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
  local request, err = preview(context, op, params, options)
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
  request.headers["user-agent"] = nil -- whoever uses the URL has another
  for name, value in pairs(options.headers or {}) do
    request.headers[name:lower()] = value
  end
  return context.auth:presign(request, identity, context.transport:now(), options.expires_in)
end

--- What a call would make of this response.
---@return table|nil output
---@return cloudjobs.Error|nil err
local function decode(context, op, response)
  local output, err = context.protocol.decode(op, response, context)
  if output == nil then
    judge(context, op, err)
    err.operation = op.name
    err.service = op.service.id
  end
  return output, err
end

-- Keys or tokens that the service calls expired, or wants to see more claims
-- in, are let go of, once a call: the next attempt asks for others.
local EXPIRED = { ExpiredToken = true, ExpiredTokenException = true, ExpiredAuthenticationToken = true }

local function renews(context, err, call)
  local wanted = EXPIRED[err.code] or err.claims
  if not wanted or call.renewed or not (call.identity and context.credentials.expire) then
    return false
  end
  call.renewed = true
  context.credentials:expire(call.identity, err.claims)
  return true
end

-- Waits, unless the call is cancelled or its time would be over: then the
-- error that says so, caused by what made it wait.
local function pause(context, delay, limits, cause)
  local transport = context.transport
  if limits.cancel and limits.cancel.cancelled then
    return Canceller.refusal(limits.cancel, cause)
  elseif limits.deadline and transport:clock() + delay >= limits.deadline then
    return out_of_time(cause)
  end
  local _, ended = transport:sleep(delay, limits.cancel)
  if ended then
    ended.cause = cause
    ended.ambiguous = cause and cause.ambiguous
  end
  return ended
end

-- Waits until adaptive mode lets an attempt go. Gives the error that forbids
-- the attempt.
local function hold(context, limits, cause)
  if limits.cancel and limits.cancel.cancelled then
    return Canceller.refusal(limits.cancel, cause)
  end
  local limiter, transport = context.retry.limiter, context.transport
  local delay = limiter and limiter:take(transport:clock()) or 0
  while delay > 0 do
    local stop = pause(context, delay, limits, cause)
    if stop then
      return stop
    end
    delay = limiter:take(transport:clock())
  end
end

-- Waits for the next attempt, or gives the error to return when there is none.
local function wait(context, op, err, attempts, call, limits)
  local delay, last
  if renews(context, err, call) then
    delay = 0
  else
    delay, last = context.retry:after(err, attempts, call)
  end
  if not delay then
    return err
  end
  if context.log and not last then
    context.log:retry(op, attempts, err, delay)
  end
  return pause(context, delay, limits, err) or (last and err or nil)
end

local function fill(meta, started, context, attempts, response)
  meta.attempts = attempts
  meta.status = response and response.status
  meta.request_id = response and context.protocol.request_id(response)
  meta.date = response and message.field(response, "date")
  meta.elapsed = context.transport:clock() - started
end

local NO_OPTIONS = {}

--- Encodes `params` once, then signs and sends it until it succeeds or the
--- retry policy gives up.
---@param context table what a client is made of
---@param op table an operation of a model
---@param params table|nil
---@param options { timeout: number|nil, meta: table|nil, cancel: table|nil }|nil
--- timeout: seconds for all attempts together
---@return table|nil output
---@return cloudjobs.Error|nil err
local function run(context, op, params, options)
  options = options or NO_OPTIONS
  local transport = context.transport
  local started = (options.timeout or options.meta) and transport:clock()
  local limits = NO_LIMITS
  if options.timeout or options.cancel then
    limits = { deadline = options.timeout and started + options.timeout, cancel = options.cancel }
  end
  local attempts, call, output, response = 0, nil, nil, nil

  local request, err = prepare(context, op, params, options)
  local retry = context.retry
  if request and context.log then
    context.log:request(op, params, request)
  end
  while request do
    local stop = (limits.cancel or retry.limiter) and hold(context, limits, err)
    if stop then
      err = stop
      break
    end
    attempts = attempts + 1
    local identity
    output, err, response, identity = attempt(context, op, request, attempts, limits, call)
    if retry.limiter then
      retry.limiter:answered(err and err.throttling, transport:clock())
    end
    if not err then
      retry:succeeded(call)
      break
    end

    call = call or { operation = op.name }
    call.identity, call.response, call.err = identity, response, err
    stop = wait(context, op, err, attempts, call, limits)
    if stop then
      err = stop
      break
    end
  end

  if err then
    err.operation = op.name
    err.service = op.service.id
    err.attempts = attempts
  end
  if options.meta then
    fill(options.meta, started, context, attempts, response)
  end
  return output, err
end

return { run = run, preview = preview, presign = presign, decode = decode }
