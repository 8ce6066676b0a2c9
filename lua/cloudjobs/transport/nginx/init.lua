--- The transport inside nginx: cosockets, which never hold a worker up. It
--- waits where nginx lets Lua wait, and says so where it does not.

local Canceller = require "cloudjobs.base.canceller"
local Connection = require "cloudjobs.transport.nginx.connection"
local Error = require "cloudjobs.base.error"
local Flight = require "cloudjobs.transport.nginx.flight"
local Phase = require "cloudjobs.transport.nginx.phase"
local Scheduler = require "cloudjobs.transport.nginx.scheduler"
local Store = require "cloudjobs.transport.nginx.store"
local core = require "cloudjobs.core"
local clock = require("cloudjobs.os").clock
local failure = require "cloudjobs.transport.failure"
local http1 = require "cloudjobs.http.reader"
local message = require "cloudjobs.http.message"
local option = require "cloudjobs.base.options"

local ngx = ngx

local OPTIONS = {
  dict = "string",
  env = "table",
  hosts = "table",
  idle = "number",
  max_body = "number",
  pool_size = "number",
  verify = "boolean",
}

local POOL_SIZE = 256 -- connections a worker keeps for each address
local IDLE = 55 -- seconds; AWS closes after 60
local TOTAL = 60 -- seconds, for a request that says nothing of its time
local SLICE = 1 -- seconds at most that a sleep does not look at its worker and its canceller
local READ_SLICE = 0.25 -- and that an answer's reader does not look at who may end it

local HINT = {
  resolve = "Give nginx a resolver (it does not read /etc/hosts), or the transport the address in its option hosts",
  connect = "Check the endpoint, and whether it is reached through a proxy",
  too_large = "A transport's limit is its option max_body",
}

local TRUST = "Name the authorities in lua_ssl_trusted_certificate, for instance /etc/ssl/certs/ca-certificates.crt, "
  .. "and allow chains with lua_ssl_verify_depth 5"

local PROBLEM = { too_large = "too_large", closed = "closed" }

---@class cloudjobs.transport.nginx: cloudjobs.Transport
local Nginx = {}
local nginx_mt = { __name = "cloudjobs.transport.nginx", __index = Nginx }

--- The client options this transport keeps. Trust and certificates are nginx's
--- own, by its directives, the same for all.
Nginx.honours = { proxy = true }

local function fail(request, code, problem, sent)
  local err = failure(request, code, problem, sent)
  err.hint = HINT[code] or err.hint
  if code == "tls" then
    err.hint = (problem:find("issuer", 1, true) or problem:find("chain", 1, true)) and TRUST or nil
  end
  return nil, err
end

-- Why a request is to wait no longer: its canceller or its group in
-- cloudjobs.parallel says so.
local function refusal(cancel, task)
  if cancel and cancel.cancelled then
    return Canceller.refusal(cancel)
  elseif task and task.group.over then
    return task.group:refusal()
  end
end

local function target_of(self, origin, proxy)
  local key = proxy and origin .. " " .. proxy or origin
  local known = self._targets[key]
  if known then
    return known
  end
  local made, code, problem = Connection.target(origin, proxy, self._options)
  self._targets[key] = made
  return made, code, problem
end

-- The request's bytes. A proxy that is to see it gets its whole address.
local function bytes_of(request, where, path)
  if path:byte() ~= 47 then -- "/"
    path = "/" .. path
  end
  local headers = request.headers
  local seen = where.proxy and not where.secure
  if seen or not headers.host then
    headers = {}
    for name, value in pairs(request.headers) do
      headers[name] = value
    end
    headers.host = headers.host or where.authority
  end
  if seen then
    path = "http://" .. where.authority .. path
    headers["proxy-authorization"] = where.proxy.authorization
  end
  return http1.write_request { method = request.method, target = path, headers = headers, body = request.body }
end

-- Where a request goes, and its bytes; nil, a code and what is wrong.
local function write_whole(self, request)
  local origin, path = request.url:match("^(%a+://[^/?#]*)(.*)$")
  local where, code, problem = target_of(self, origin or request.url, request.network and request.network.proxy)
  if not where then
    return nil, code, problem
  end
  local bytes
  bytes, problem = bytes_of(request, where, path)
  if not bytes then
    return nil, "request", problem
  end
  return where, bytes
end

-- What is found out about a route once: where it leads, and how its requests
-- begin; false where they are to be written as a whole.
local function way_of(self, route)
  local way = self._ways[route]
  if way == nil then
    local target = route.url:sub(#route.origin + 1)
    local start = target:find("^/") and http1.request_start(route.method, target)
    local where = start and not route.network and target_of(self, route.origin)
    way = where and { where = where, start = start .. "content-length: " } or false
    self._ways[route] = way
  end
  return way
end

-- The same out of the lines of a request that a client prepared, and nobody
-- changed.
local function write(self, request)
  local route, headers = message.parts(request)
  local body = request.body
  local way = type(headers) == "string" and route ~= request and body and way_of(self, route)
  if not way then
    return write_whole(self, request)
  end
  return way.where, { way.start, #body, "\r\n", headers, "\r\n", body }
end

-- The next bytes of the answer. Who can be told to end listens in between.
local function receive(sock, cancel, task, deadline)
  local longest = (cancel or task) and READ_SLICE * 1000 or math.huge
  while true do
    local now = clock()
    if now >= deadline then
      return nil, "timeout"
    elseif refusal(cancel, task) then
      return nil, "ended"
    end
    sock:settimeout(math.min(Connection.left(deadline, now), longest))
    local bytes, err = sock:receiveany(Connection.CHUNK)
    if bytes or err ~= "timeout" then
      return bytes, err
    end
  end
end

-- An answer that came as a whole, as most do. Any other is for a reader. A
-- client reads the body where it lies.
local function take(data, request, method, max_body)
  if not data or method == "HEAD" then
    return nil
  end
  local status, from = core.whole_response(data)
  if status and #data - from < max_body then
    local body = not request.route and data:sub(from) or nil
    return message.new { status = status, lines = data, from = from, body = body }
  end
end

-- Sends the bytes and reads the answer: the message and whether the connection
-- is good for another, or nil, a code, what is wrong, and whether it ended
-- without one byte of an answer.
local function exchange(self, sock, request, task, bytes, deadline)
  local ok, err = sock:send(bytes)
  if not ok then
    local late = err == "timeout"
    return nil, late and "timeout" or "closed", "sending the request: " .. err, not late
  end
  local method, cancel, max_body = request.method, request.cancel, self._options.max_body
  local reader, silent = nil, true
  while true do
    local data
    data, err = receive(sock, cancel, task, deadline)
    if err == "timeout" then
      return nil, "timeout", "no answer in the time given"
    elseif err == "ended" then
      return nil, "ended"
    elseif not data and err ~= "closed" then
      return nil, "closed", "reading the answer: " .. err, silent
    end
    if not reader then
      local answer = take(data, request, method, max_body)
      if answer then
        return answer, true
      end
      reader = http1.reader { role = "client", max_body = max_body }
      reader:expect(method)
    end
    silent = silent and not data
    reader:feed(data)
    local answer, problem = reader:message()
    if problem then
      return nil, PROBLEM[problem.code] or "protocol", problem.message
    elseif answer and answer.type == "closed" then
      return nil, "closed", "the connection was closed without an answer", true
    elseif answer then
      return answer, answer.keep_alive and reader:buffered() == 0
    end
  end
end

-- One attempt over one connection: the answer, or nil, a code, what is wrong,
-- whether the request was sent, and whether it was sent to a connection out of
-- the pool that was dead.
local function attempt(self, request, task, where, bytes, deadline)
  local now = clock()
  local connected_by = math.min(deadline, now + (request.connect_timeout or TOTAL))
  local sock, code, problem = Connection.open(where, now, connected_by, deadline)
  if not sock then
    return nil, code, problem, false
  end
  local pooled = code
  local answer, silent
  answer, code, problem, silent = exchange(self, sock, request, task, bytes, deadline)
  if answer and code then
    sock:setkeepalive(self._options.idle * 1000, self._options.pool_size)
  else
    sock:close()
  end
  return answer, code, problem, true, pooled and silent
end

--- Sends one request and waits for its whole answer, while nginx goes on with
--- others. Redirects come back as answers.
---@param request table a client's (see message.lua), or method, url, headers (lower-case name to value), body or nil;
---   timeout and connect_timeout in seconds; network: { proxy } or nil; non_idempotent: a repeat may do it twice;
---   cancel: a canceller
---@return { status: integer, headers: table<string, string>, body: string }|nil
---@return cloudjobs.Error|nil err
function Nginx:send(request)
  if self._closed then
    return nil, Error.new { kind = "transport", code = "closed", message = "this transport was closed" }
  elseif not Phase.may_wait() then
    return nil, Phase.refusal()
  end
  local task = Scheduler.current()
  local ended = refusal(request.cancel, task)
  if ended then
    return nil, ended
  end
  local deadline = clock() + (request.timeout or TOTAL)
  local where, bytes, problem = write(self, request)
  if not where then
    return fail(request, bytes, problem)
  end
  local answer, code, sent, stale
  answer, code, problem, sent, stale = attempt(self, request, task, where, bytes, deadline)
  if stale and not request.non_idempotent then
    answer, code, problem, sent = attempt(self, request, task, where, bytes, deadline)
  end
  if answer then
    return answer
  elseif code == "ended" then
    local err = refusal(request.cancel, task)
    err.ambiguous = sent
    return nil, err
  end
  return fail(request, code, problem, sent)
end

--- Waits, a second at a time: a worker that is to end does not stay for it,
--- and a canceller is heard.
---@param seconds number
---@param cancel table|nil a canceller
---@return true|nil
---@return cloudjobs.Error|nil err what ended it before its time; code "exiting" for the worker's end
function Nginx:sleep(seconds, cancel) -- luacheck: ignore 212
  if not Phase.may_wait() then
    return nil, Phase.refusal()
  end
  local task = Scheduler.current()
  local wake = clock() + seconds
  while seconds > 0 and not refusal(cancel, task) do
    if seconds > SLICE and ngx.worker.exiting() then
      return nil, Error.new { kind = "cancelled", code = "exiting", message = "this nginx worker is shutting down" }
    end
    local slice = math.min(seconds, SLICE)
    if task then
      task:park(slice)
    else
      ngx.sleep(slice)
    end
    seconds = wake - clock()
  end
  local err = refusal(cancel, task)
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

--- Seconds on a clock that nobody sets.
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

--- Why no child process can be started here, or nil. nginx collects the ends of
--- all children itself, and waiting for one would hold the worker up.
---@return string|nil
function Nginx:no_children() -- luacheck: ignore 212
  return ngx.get_phase() ~= "init" and "cannot be run in an nginx worker" or nil
end

--- What is sent afterwards fails. Idle connections are nginx's to close.
function Nginx:close()
  self._closed = true
end

--- A transport to share between clients.
---@param options table|nil dict: a lua_shared_dict to share credentials, tokens and retry quotas in with the other
---   workers; env: stands for the process's environment; hosts: name to address, before the resolver; idle: seconds a
---   connection is kept (55); max_body: bytes an answer may have, 64 MiB unless given; pool_size: connections kept for
---   each address and worker; verify: false trusts every certificate
local function new(options)
  options = option.check(options, OPTIONS, "cloudjobs.transport.nginx")
  if not ngx then
    option.mistake("cloudjobs.transport.nginx: this is not nginx")
  end
  local hosts = { localhost = "127.0.0.1" }
  for name, address in pairs(options.hosts or {}) do
    hosts[name:lower()] = address
  end
  if options.dict and not ngx.shared[options.dict] then
    option.mistake("cloudjobs.transport.nginx: option dict: nginx has no lua_shared_dict " .. options.dict)
  end
  return setmetatable({
    env = options.env,
    store = options.dict and Store.new(ngx.shared[options.dict]),
    _options = {
      hosts = hosts,
      idle = options.idle or IDLE,
      max_body = options.max_body or http1.MAX_BODY,
      pool_size = options.pool_size or POOL_SIZE,
      verify = options.verify ~= false,
    },
    _targets = {},
    _ways = setmetatable({}, { __mode = "k" }), -- by their routes
    _flights = {},
  }, nginx_mt)
end

return { new = new }
