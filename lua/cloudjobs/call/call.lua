--- One API call. Read this file first: every module it calls returns here,
--- and only the transport does I/O. The last function, `run`, is the whole of
--- it: prepare, then attempt until one succeeds or the retry policy gives up.

local Canceller = require "cloudjobs.base.canceller"
local Error = require "cloudjobs.base.error"
local Request = require "cloudjobs.call.request"
local message = require "cloudjobs.http.message"

--- What a client is made of; aws/init.lua and azure/init.lua put it together.
---@class cloudjobs.Context
---@field model cloudjobs.Model
---@field protocol table encode, decode, request_id; without_body where URLs can be presigned
---@field auth table signs a request; presign where it can
---@field credentials cloudjobs.Provider
---@field endpoint table resolve(op, params) gives { origin, host, path, signing }
---@field retry table the policy: classify, after, succeeded; a limiter in adaptive mode
---@field transport cloudjobs.Transport
---@field network cloudjobs.Network proxies and trust by origin
---@field timeout { connect: number, total: number } seconds for each attempt
---@field user_agent string
---@field routes table<table, table> routes by their protocol's route, so that each is found once
---@field attempt_header_names string[] the header fields whose values differ between attempts: the id of the call, and
---   what `attempt_headers` or auth says of the attempt
---@field attempt_headers fun(request: table, attempt: integer, context: cloudjobs.Context, response: table|nil):
---   string|true, string|nil call_id (true for a new UUID) and attempt_info; `response` is of the attempt before
---@field frame_body (fun(context: cloudjobs.Context, op: table, params: table, headers: table,
---   source: cloudjobs.call.Source, endpoint: table): cloudjobs.Source|nil, cloudjobs.Error|nil)|nil sets the header
---   fields for a body in pieces; returns the source that is sent
---@field body_verifier (fun(op: table, params: table, response: table): table|nil)|nil what verifies the body that
---   comes in pieces: it has update(self, bytes) and verify(self)
---@field hooks table<table, table|false>|nil what an operation needs beyond its protocol: hooks[op] has parameters,
---   request, response and output, or is false
---@field within fun(seconds: number|nil, cancel: table|nil, f: fun(): any, any): any, any runs f, and ends it in time
---@field load_settings (fun(self: cloudjobs.Context): cloudjobs.Error|nil)|nil reads environment and files at the
---   first call
---@field skew table|nil the service's clock against this machine's
---@field log table|nil events for a logger
---@field closed boolean|nil

local function out_of_time(cause)
  return Error.new {
    kind = "timeout",
    code = "timeout",
    message = "the call's total time is over",
    ambiguous = cause and cause.ambiguous,
    cause = cause,
  }
end

--- Decides whether an error is retryable and whether its request may have been
--- carried out. An operation that is not idempotent is not repeated where that
--- is unknown. `skew` is nil where nothing was signed.
local function classify(context, op, err, skew, offset)
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

local TIMER_TOLERANCE = 0.002 -- seconds by which a timer that counts milliseconds may expire early

local function is_over(limits, transport)
  return limits.deadline and transport:clock() >= limits.deadline - TIMER_TOLERANCE
end

local NO_LIMITS = {} -- of a call without a timeout and without a canceller

-- The identity that signs. Where it has to be fetched first, for all calls that
-- share it, this one waits within its limits. A provider from outside cannot be
-- interrupted.
local function get_identity(context, limits, cause)
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

-- Seconds for the next attempt, within the call's limits; nil when none are left.
local function attempt_timeout(context, limits)
  local seconds = math.min(context.timeout.total, limits.deadline - context.transport:clock())
  return seconds > 0 and seconds or nil
end

-- Whether the service's clock should be compared again: its Date counts seconds.
local function is_due(skew, now, err)
  return err or now - skew.last_response_at >= 1 or now < skew.last_response_at
end

local MAX_DECOMPRESSED = 8 * 1024 * 1024 -- bytes; inflating blocks an nginx worker for some 20 ms at most

-- A response whose body is not compressed. Some proxies compress what nothing
-- asked them to; no document of a service begins with gzip's first byte. Bytes
-- that were stored may.
local function decompress(op, response)
  if op.returns_bytes and response.status < 300 then
    return response
  end
  local body, from = rawget(response, "body"), rawget(response, "from")
  local first = body and body:byte() or from and response.lines:byte(from)
  local gzip = first == 31 and require "cloudjobs.base.gzip"
  if not gzip or not gzip.is_compressed(response.body) then
    return response
  end
  local text, problem = gzip.decode(response.body, MAX_DECOMPRESSED)
  if not text then
    problem = "the response is compressed by gzip, and " .. problem
    return nil, Error.new { kind = "response", code = "response", message = problem }
  end
  response.body, response.from = text, nil
  return response
end

-- The output of a response, or why there is none: by the protocol, and by the operation's hooks where it has some.
local function read(context, op, request, response)
  local hooks = rawget(request, "hooks")
  local err = hooks and hooks:response(response, op, request.params, rawget(request, "sink"))
  if err then
    return nil, err
  end
  local output
  output, err = context.protocol.decode(op, response, context, request)
  if output and hooks then
    output = hooks:output(output, op, request.params, response)
  end
  return output, err
end

-- One request, signed anew: its output or error, its response and the identity
-- that signed. `call` holds those of the attempt before; nil at the first.
local function attempt(context, op, params, request, number, limits, call, stream)
  local before, cause = call and call.response, call and call.err
  local transport, skew, log = context.transport, context.skew, context.log
  local identity, signed, response, output, err
  if not op.unsigned then
    identity, err = get_identity(context, limits, cause)
    if not identity then
      return nil, err
    end
  end
  if limits.deadline then
    local seconds = attempt_timeout(context, limits)
    if not seconds then
      return nil, out_of_time(cause)
    end
    request.timeout = seconds -- nil would be the route's
  elseif number > 1 then
    request.timeout = nil -- the route's again, if a transport changed it
  end
  if stream then
    stream:limit(request, context, limits.deadline and limits.deadline - transport:clock())
  end
  local now, offset = transport:now(), skew and skew.offset or 0
  local call_id, attempt_info = context.attempt_headers(request, number, context, before)
  if identity then
    signed, err = context.auth:sign(request, identity, now + offset, call_id, attempt_info)
  else
    signed, err = message.write(request, call_id, attempt_info)
  end
  if not signed then
    return nil, err
  end
  if log then
    log:attempt(op, number, request, identity)
  end
  response, err = transport:send(request)
  if response then
    response, err = decompress(op, response)
  end
  if response then
    output, err = read(context, op, request, response)
    if stream and not err then
      output, err = stream:finish(op, output)
    end
    if err then
      require("cloudjobs.call.secrets").hide(err, op, params, identity, rawget(request, "params"))
    end
    if skew and is_due(skew, now, err) then
      skew:observe(response.headers, now, transport)
    end
  end
  if err then
    classify(context, op, err, skew, offset)
    if err.kind == "transport" and err.code == "timeout" and is_over(limits, transport) then
      err = out_of_time(err)
    end
  end
  if log then
    log:response(op, number, response, output, err)
  end
  return output, err, response, identity
end

--- What a call would return for this response.
---@return table|nil output
---@return cloudjobs.Error|nil err
local function decode(context, op, response)
  local output, err
  response, err = decompress(op, response)
  if response then
    output, err = read(context, op, { hooks = context.hooks and context.hooks[op], params = {} }, response)
  end
  if output == nil then
    classify(context, op, err)
    err.operation = op.name
    err.service = op.service.id
  end
  return output, err
end

-- Error codes of credentials that have expired.
local EXPIRED = { ExpiredToken = true, ExpiredTokenException = true, ExpiredAuthenticationToken = true }

-- Drops credentials that the service calls expired or asks more claims of, once
-- a call: the next attempt gets others. Whether it did.
local function refresh_credentials(context, err, call)
  local is_rejected = EXPIRED[err.code] or err.claims
  if not is_rejected or call.refreshed or not (call.identity and context.credentials.expire) then
    return false
  end
  call.refreshed = true
  context.credentials:expire(call.identity, err.claims)
  return true
end

-- Waits for `delay` seconds. Gives the error that ends the call instead, where
-- it is cancelled or its time would be over; `cause` is the reason for waiting.
local function sleep_until_retry(context, delay, limits, cause)
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

-- Waits until the rate limit of adaptive mode allows an attempt. Gives the
-- error that ends the call instead.
local function await_rate_limit(context, limits, cause)
  if limits.cancel and limits.cancel.cancelled then
    return Canceller.refusal(limits.cancel, cause)
  end
  local limiter, transport = context.retry.limiter, context.transport
  local delay = limiter and limiter:acquire(transport:clock()) or 0
  while delay > 0 do
    local stop = sleep_until_retry(context, delay, limits, cause)
    if stop then
      return stop
    end
    delay = limiter:acquire(transport:clock())
  end
end

-- Waits for the next attempt. Gives the error to return when there is none.
local function before_retry(context, op, err, attempts, call, limits, again)
  local delay, last
  if refresh_credentials(context, err, call) then
    delay = 0
  else
    delay, last = context.retry:after(err, attempts, call)
  end
  if not delay then
    return err
  end
  if again and not last then
    local problem = again()
    if problem then
      return require("cloudjobs.call.stream").give_up(err, problem)
    end
  end
  if context.log and not last then
    context.log:retry(op, attempts, err, delay)
  end
  return sleep_until_retry(context, delay, limits, err) or (last and err or nil)
end

local function fill_meta(meta, started, context, attempts, response)
  meta.attempts = attempts
  meta.status = response and response.status
  meta.request_id = response and context.protocol.request_id(response)
  meta.date = response and message.field(response, "date")
  meta.elapsed = context.transport:clock() - started
end

local NO_OPTIONS = {}

--- Encodes `params` once, then signs and sends it until it succeeds or the
--- retry policy gives up.
---@param context cloudjobs.Context
---@param op table an operation of a model
---@param params table|nil
---@param options { timeout: number|nil, meta: table|nil, cancel: table|nil }|nil timeout: seconds for all attempts
---   together
---@param stream cloudjobs.call.Stream|nil
---@return table|nil output
---@return cloudjobs.Error|nil err
local function perform(context, op, params, options, stream)
  local transport = context.transport
  local started = (options.timeout or options.meta) and transport:clock()
  local limits = NO_LIMITS
  if options.timeout or options.cancel then
    limits = { deadline = options.timeout and started + options.timeout, cancel = options.cancel }
  end
  local attempts, call, output, response = 0, nil, nil, nil

  local request, err = Request.prepare(context, op, params, options, stream)
  local retry = context.retry
  local again = stream and function() -- returns a message where it is not possible
    local headers, problem = stream:again(request.method)
    if headers then
      local _, refused = Request.readdress(context, request, headers)
      problem = refused and refused.message
    end
    return problem
  end
  if request and context.log then
    context.log:request(op, params, request)
  end
  while request do
    local stop = (limits.cancel or retry.limiter) and await_rate_limit(context, limits, err)
    if stop then
      err = stop
      break
    end
    attempts = attempts + 1
    local identity
    output, err, response, identity = attempt(context, op, params, request, attempts, limits, call, stream)
    if retry.limiter then
      retry.limiter:observe(err and err.throttling, transport:clock())
    end
    if not err then
      retry:succeeded(call)
      break
    end

    call = call or { operation = op.name }
    call.identity, call.response, call.err = identity, response, err
    stop = before_retry(context, op, err, attempts, call, limits, again)
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
    fill_meta(options.meta, started, context, attempts, response)
  end
  return output, err
end

--- Makes a call.
---@param context cloudjobs.Context
---@param op table
---@param params table|nil
---@param options table|nil see `perform`; sink, body and max_body for one that streams
---@return table|nil output
---@return cloudjobs.Error|nil err
local function run(context, op, params, options)
  options = options or NO_OPTIONS
  if op.has_payload or options.sink ~= nil or options.body ~= nil or options.max_body then
    local Stream = require "cloudjobs.call.stream"
    if Stream.is_needed(op, params, options) then
      return Stream.run(perform, context, op, params, options)
    end
  end
  return perform(context, op, params, options)
end

return { run = run, decode = decode }
