--- The transport inside nginx: cosockets, which never block a worker. It waits
--- where nginx lets Lua wait, and elsewhere returns an error.

local Child = require "cloudjobs.transport.nginx.child"
local Connection = require "cloudjobs.transport.nginx.connection"
local Endpoint = require "cloudjobs.transport.nginx.endpoint"
local Error = require "cloudjobs.base.error"
local Exchange = require "cloudjobs.transport.nginx.exchange"
local Flight = require "cloudjobs.transport.nginx.flight"
local Phase = require "cloudjobs.transport.nginx.phase"
local Scheduler = require "cloudjobs.transport.nginx.scheduler"
local Store = require "cloudjobs.transport.nginx.store"
local Tls = require "cloudjobs.transport.nginx.tls"
local ascii = require "cloudjobs.base.ascii"
local clock = require("cloudjobs.os").clock
local failure = require "cloudjobs.transport.failure"
local message = require "cloudjobs.http.message"
local option = require "cloudjobs.base.options"
local writer = require "cloudjobs.http.writer"

local ngx = ngx

--- The options of this transport, and of cloudjobs.nginx.setup.
local OPTIONS = {
  dict = "string",
  env = "table",
  hosts = "table",
  idle = "number",
  max_body = "number",
  pool_size = "number",
  thread_pool = "string",
  verify = "boolean",
}

local POOL_SIZE = 256 -- connections that a worker keeps for each address
local IDLE = 55 -- seconds; AWS closes after 60
local MAX_BODY = 64 * 1024 * 1024 -- bytes of a response
local TOTAL = 60 -- seconds, for a request without a timeout
local SLICE = 1 -- seconds at most of one sleep, between two checks of the worker and the canceller
local TICK = 0.001 -- seconds: nginx's timers count milliseconds

local HINT = {
  resolve = "Give nginx a resolver (it does not read /etc/hosts), or the transport the address in its option hosts",
  connect = "Check the endpoint, and whether it is reached through a proxy",
  too_large = "A transport's limit is its option max_body",
}

local TRUST = "Name the authorities in lua_ssl_trusted_certificate, for instance /etc/ssl/certs/ca-certificates.crt, "
  .. "and allow chains with lua_ssl_verify_depth 5"

local SETUP = "nginx hides the environment from its workers: call cloudjobs.nginx.setup in init_by_lua, "
  .. "or pass credentials"

---@class cloudjobs.transport.nginx: cloudjobs.Transport
local Nginx = {}
local nginx_mt = { __name = "cloudjobs.transport.nginx", __index = Nginx }

--- The client options that this transport supports; for one that nginx's module
--- is too old for, what it needs. Where no ca_bundle is given, nginx's directives
--- name the authorities, the same for all.
Nginx.honours = Tls.support()
Nginx.honours.proxy = true
Nginx.honours.streams = true

-- The hint for a peer that was refused: authorities are missing where the issuer
-- is unknown or the certificate signed itself.
local function tls_hint(problem)
  for _, word in ipairs { "issuer", "chain", "self" } do
    if problem:find(word, 1, true) then
      return TRUST
    end
  end
end

-- nil and the error object for a failed exchange.
local function fail(request, failed)
  if failed.err then
    failed.err.ambiguous = failed.sent or false
    return nil, failed.err
  end
  local err = failure(request, failed.code, failed.message, failed.sent)
  err.hint = HINT[failed.code] or err.hint
  if failed.code == "tls" then
    err.hint = tls_hint(failed.message)
  end
  return nil, err
end

local NO_NETWORK = {}

local function key_of(origin, network)
  local key = origin
  for _, name in ipairs { "proxy", "ca_bundle", "client_cert", "client_key" } do
    key = key .. " " .. (network[name] or "")
  end
  return key
end

local function endpoint_of(self, origin, network)
  network = network or NO_NETWORK
  local key = next(network) and key_of(origin, network) or origin
  local endpoint, failed = self._endpoints[key], nil
  if not endpoint then
    endpoint, failed = Endpoint.new(origin, network, self._options)
    self._endpoints[key] = endpoint
  end
  return endpoint, failed
end

-- The request's bytes. A proxy that reads it gets the whole URL.
local function bytes_of(request, endpoint, path)
  if path:byte() ~= 47 then -- "/"
    path = "/" .. path
  end
  local headers = request.headers
  local through_proxy = endpoint.proxy and not endpoint.is_secure
  if through_proxy or not headers.host then
    headers = {}
    for name, value in pairs(request.headers) do
      headers[name] = value
    end
    headers.host = headers.host or endpoint.authority
  end
  if through_proxy then
    path = "http://" .. endpoint.authority .. path
    headers["proxy-authorization"] = endpoint.proxy.authorization
  end
  return writer.request { method = request.method, target = path, headers = headers, body = request.body }
end

-- The endpoint of any request, and its bytes; nil and a failure.
local function write_whole(self, request)
  local origin, path = request.url:match("^(%a+://[^/?#]*)(.*)$")
  local endpoint, failed = endpoint_of(self, origin or request.url, request.network)
  if not endpoint then
    return nil, failed
  elseif path:find("#", 1, true) then
    return nil, { code = "request", message = "the URL has a fragment, which is not sent" }
  end
  local bytes, problem = bytes_of(request, endpoint, path)
  if not bytes then
    return nil, { code = "request", message = problem }
  end
  return endpoint, bytes
end

-- What the requests of one route have in common: their endpoint and their first
-- bytes. false where they are to be written as a whole.
local function start_of(self, route)
  local start = self._starts[route]
  if start == nil then
    local target = route.url:sub(#route.origin + 1)
    local line = target:find("^/[^#]*$") and writer.request_start(route.method, target)
    local has_proxy = route.network and route.network.proxy
    local endpoint = line and not has_proxy and endpoint_of(self, route.origin, route.network or nil)
    start = endpoint and { endpoint = endpoint, bytes = line .. "content-length: " } or false
    self._starts[route] = start
  end
  return start
end

-- The endpoint of a request, and its bytes; nil and a failure. A request that a
-- client prepared, and nothing changed, has its header lines already.
local function write(self, request)
  local route, headers = message.parts(request)
  local body = request.body
  local start = type(headers) == "string" and route ~= request and type(body) == "string" and start_of(self, route)
  if not start then
    return write_whole(self, request)
  end
  return start.endpoint, { start.bytes, #body, "\r\n", headers, "\r\n", body }
end

-- Whether the bodies of a request pass through in pieces.
local function is_stream(request)
  return rawget(request, "sink") ~= nil or type(rawget(request, "body")) == "table"
end

-- The limits of a request that streams: its deadline moves.
local function limits_of_stream(request, now)
  local limits = {
    ends = now + (request.timeout or TOTAL), idle = rawget(request, "idle") or math.huge,
    cancel = request.cancel, task = Scheduler.current(),
  }
  limits.deadline = math.min(limits.ends, now + limits.idle)
  return limits
end

-- One attempt over one connection.
local function attempt(self, request, limits, now, endpoint, bytes)
  local connection, failed = Connection.open(endpoint, limits, now, request.connect_timeout or TOTAL)
  if not connection then
    return nil, failed
  end
  local response
  local run = limits.idle and require("cloudjobs.transport.nginx.stream").run or Exchange.run
  response, failed = run(connection, request, bytes, limits, self._options.max_body)
  connection:release(self._options.idle)
  if failed then
    failed.sent = true
    failed.is_stale = connection.is_reused and failed.is_silent
  end
  return response, failed
end

--- Sends one request and waits for its whole response, while nginx goes on with
--- others. Redirects are not followed.
---@param request cloudjobs.Request
---@return cloudjobs.Response|nil
---@return cloudjobs.Error|nil err
function Nginx:send(request)
  if self._closed then
    return nil, Error.new { kind = "transport", code = "closed", message = "this transport was closed" }
  elseif not Phase.may_wait() then
    return nil, Phase.refusal()
  end
  local now = clock()
  local limits
  if is_stream(request) then
    limits = limits_of_stream(request, now)
  else
    limits = { deadline = now + (request.timeout or TOTAL), cancel = request.cancel, task = Scheduler.current() }
  end
  local err = Connection.refusal(limits)
  if err then
    return nil, err
  end
  local endpoint, bytes = write(self, request)
  if not endpoint then
    return fail(request, bytes)
  end
  local response, failed = attempt(self, request, limits, now, endpoint, bytes)
  local can_repeat = not request.non_idempotent and type(request.body) ~= "table"
  if failed and failed.is_stale and can_repeat then -- the server had closed a pooled connection
    response, failed = attempt(self, request, limits, clock(), endpoint, bytes)
  end
  if failed then
    return fail(request, failed)
  end
  return response
end

--- Waits, a second at a time: a worker that shuts down ends the wait, and so
--- does a canceller.
---@param seconds number
---@param cancel cloudjobs.Canceller|nil
---@return true|nil
---@return cloudjobs.Error|nil err what ended it before its time; code "exiting" for the worker's end
function Nginx:sleep(seconds, cancel) -- luacheck: ignore 212
  if not Phase.may_wait() then
    return nil, Phase.refusal()
  end
  local limits = { cancel = cancel, task = Scheduler.current() }
  local wake = clock() + seconds
  while seconds > 0 and not Connection.refusal(limits) do
    if seconds > SLICE and ngx.worker.exiting() then
      return nil, Error.new { kind = "cancelled", code = "exiting", message = "this nginx worker is shutting down" }
    end
    local slice = math.max(math.min(seconds, SLICE), TICK) -- less than a tick would be no wait at all
    if limits.task then
      limits.task:park(slice)
    else
      ngx.sleep(slice)
    end
    seconds = wake - clock()
  end
  local err = Connection.refusal(limits)
  if err then
    return nil, err
  end
  return true
end

--- Wall time in epoch seconds, with a fraction.
---@return number
function Nginx:now() -- luacheck: ignore 212
  return ngx.now()
end

--- Monotonic time in seconds.
---@return number
function Nginx:clock() -- luacheck: ignore 212
  return clock()
end

--- One run of `f` for all in this worker that wait for `key`. `f` may outlive
--- its caller: see transport/nginx/flight.lua for what it may close over.
function Nginx:single(key, f)
  if not Phase.may_wait() then
    return f()
  end
  return Flight.join(self._flights, key, f, Scheduler.current())
end

--- Why no child process can be started here, or nil.
---@return string|nil
function Nginx:no_children() -- luacheck: ignore 212
  return Child.refusal()
end

--- Runs a child process; see transport/nginx/child.lua.
function Nginx:run(argv, options)
  return Child.run(argv, options, self.env)
end

--- A new file that replaces `path` when it is complete, where a thread can write it.
---@param path string
---@return cloudjobs.File|nil
---@return cloudjobs.Error|nil err
function Nginx:create(path)
  return require("cloudjobs.transport.nginx.thread").create(path, self._options.thread_pool)
end

--- Later requests fail. Idle connections are nginx's to close.
function Nginx:close()
  self._closed = true
end

local function check_hosts(given, what)
  local hosts = { localhost = "127.0.0.1" }
  for name, address in pairs(given or {}) do
    if type(name) ~= "string" or type(address) ~= "string" then
      option.mistake(("%s: option hosts: expected names and addresses that are strings, got %s = %s"):format(
        what, type(name), type(address)))
    end
    hosts[ascii.lower(name)] = address
  end
  return hosts
end

--- A transport to share between clients.
---@param options table|nil dict: a lua_shared_dict in which workers share credentials, tokens and retry quotas; env:
---   stands for the process's environment; hosts: name to address, asked before the resolver; idle: seconds to keep a
---   connection (55); max_body: bytes of the largest response (64 MiB); pool_size: connections to keep for each address
---   and worker (256); thread_pool: the one in which files of sinks are written ("default"); verify: false trusts every
---   certificate
---@param what string|nil the function that is called, for messages
local function new(options, what)
  what = what or "cloudjobs.transport.nginx"
  options = option.check(options, OPTIONS, what)
  option.check_count(options, "pool_size", what)
  option.check_count(options, "max_body", what)
  if options.idle and options.idle <= 0 then
    option.mistake(("%s: option idle: expected seconds above 0, got %s"):format(what, options.idle))
  elseif not ngx then
    option.mistake(what .. ": this is not nginx")
  elseif options.dict and not ngx.shared[options.dict] then
    option.mistake(("%s: option dict: nginx has no lua_shared_dict %s"):format(what, options.dict))
  end
  return setmetatable({
    env = options.env,
    setup_hint = not options.env and SETUP or nil,
    store = options.dict and Store.new(ngx.shared[options.dict]),
    _options = {
      hosts = check_hosts(options.hosts, what),
      idle = options.idle or IDLE,
      max_body = options.max_body or MAX_BODY,
      pool_size = options.pool_size or POOL_SIZE,
      thread_pool = options.thread_pool or "default",
      verify = options.verify ~= false,
    },
    _endpoints = {},
    _starts = setmetatable({}, { __mode = "k" }), -- by their routes
    _flights = {},
  }, nginx_mt)
end

return { new = new, OPTIONS = OPTIONS }
