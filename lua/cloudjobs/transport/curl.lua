--- The blocking transport on libcurl. It keeps connections from call to call.

local Canceller = require "cloudjobs.base.canceller"
local Error = require "cloudjobs.base.error"
local curl = require "cloudjobs.curl"
local failure = require "cloudjobs.transport.failure"
local message = require "cloudjobs.http.message"
local option = require "cloudjobs.base.options"

local OPTIONS = { max_body = "number", gzip = "boolean" }

local CLOSED = "this transport was closed"
local SLICE = 1 -- seconds between two checks of a canceller: a signal may arrive just before a sleep

---@class cloudjobs.transport.curl: cloudjobs.Transport
local Curl = {}
local curl_mt = { __name = "cloudjobs.transport.curl", __index = Curl }

--- The client options that this transport supports.
Curl.honours = {
  proxy = true, no_proxy = true, ca_bundle = true, client_cert = true, client_key = true, streams = true,
}

-- Ends all streams, since their multi has failed.
local function fail(self, problem)
  self._multi:close()
  local streams = self._streams
  self._streams = {}
  for _, stream in pairs(streams) do
    stream.result = { err = Error.new {
      kind = "transport", code = "memory", message = "libcurl: " .. problem, ambiguous = true,
    } }
  end
end

-- Passes events to the running streams.
local function dispatch(self)
  local id, status, lines, body, sent = self._multi:next()
  while id do
    local stream = self._streams[id]
    if status == true then
      stream.has_event = true
    else
      self._streams[id] = nil
      stream.result = { status = status, lines = lines, body = body, sent = sent }
    end
    id, status, lines, body, sent = self._multi:next()
  end
end

-- Sends a request that streams, or any while another streams: its sink or body
-- may use the same transport.
local function send_streamed(self, request)
  local stream, err = require("cloudjobs.transport.stream").begin(self._multi, request, nil, function(begun)
    self._streams[begun.id] = begun
  end)
  if not stream then
    return nil, err
  end
  local response
  response, err = stream:run(function(seconds)
    if not self._multi then
      return nil, Error.new { kind = "transport", code = "closed", message = CLOSED, ambiguous = true }
    end
    local ok, problem = self._multi:step(math.min(seconds, SLICE))
    if ok then
      dispatch(self)
    else
      fail(self, problem)
    end
    return true
  end, function()
    self._streams[stream.id] = nil
  end)
  return response, err
end

--- Sends one request and waits for the whole response. Redirects are not
--- followed.
---@param request table a client's (see message.lua), or method, url, headers (lower-case name to value), body or nil;
---   timeout and connect_timeout in seconds; network: { proxy, no_proxy, ca_bundle, client_cert, client_key } or nil;
---   non_idempotent: it must not be sent twice; sink and a source as body, and idle, for one that streams (see
---   http/message.lua)
---@return { status: integer, headers: table<string, string>, body: string }|nil
---@return cloudjobs.Error|nil err
function Curl:send(request)
  local multi = self._multi
  if not multi then
    return nil, Error.new { kind = "transport", code = "closed", message = CLOSED }
  end
  local cancel = rawget(request, "cancel")
  if cancel and cancel.cancelled then
    return nil, Canceller.refusal(cancel)
  elseif rawget(request, "sink") or type(rawget(request, "body")) == "table" or next(self._streams) then
    return send_streamed(self, request)
  end
  local endpoint, headers = message.parts(request)
  local status, lines, body, sent = multi:perform(
    endpoint.method, endpoint.url, headers, request.body, request.timeout, endpoint.connect_timeout, endpoint.network,
    rawget(request, "non_idempotent"), cancel
  )
  if not status and lines == "cancelled" then
    local err = Canceller.refusal(cancel)
    err.ambiguous = sent
    return nil, err
  elseif not status then
    return nil, failure(request, lines, body, sent)
  end
  return message.new { status = status, lines = lines, body = body }
end

--- Waits. The handler of a signal may run Lua code meanwhile, and cancel.
---@param seconds number
---@param cancel table|nil a canceller
---@return true|nil
---@return cloudjobs.Error|nil err kind "cancelled"
function Curl:sleep(seconds, cancel)
  local wake = self:clock() + seconds
  while seconds > 0 and not (cancel and cancel.cancelled) do
    curl.sleep(math.min(seconds, SLICE)) -- a signal ends it early
    seconds = wake - self:clock()
  end
  if cancel and cancel.cancelled then
    return nil, Canceller.refusal(cancel)
  end
  return true
end

--- Wall time in epoch seconds, with a fraction.
---@return number
function Curl:now() -- luacheck: ignore 212
  return curl.now()
end

--- Seconds on the monotonic clock.
---@return number
function Curl:clock() -- luacheck: ignore 212
  return curl.clock()
end

--- Runs `f`. Only one call at a time can use this transport, so none waits for `key`.
function Curl:single(_, f) -- luacheck: ignore 212
  return f()
end

--- A new file that replaces `path` when it is complete: see transport/file.lua.
function Curl:create(path) -- luacheck: ignore 212
  return require("cloudjobs.transport.file").create(path)
end

--- Closes the connections. Later requests fail.
function Curl:close()
  if self._multi then
    self._multi:close()
    self._multi, self._streams = nil, {}
  end
end

--- A transport to share between clients.
---@param options { max_body: integer|nil, gzip: boolean|nil }|nil
---   max_body: the limit of a response's body in bytes, 64 MiB by default; gzip: request compressed responses
local function new(options)
  options = option.check(options, OPTIONS, "cloudjobs.transport.curl")
  option.check_count(options, "max_body", "cloudjobs.transport.curl")
  return setmetatable({ _multi = curl.multi(options), _streams = {} }, curl_mt)
end

return { new = new, honours = Curl.honours }
