--- One exchange on libcurl that streams its bodies. Its owner passes the events of
--- cloudjobs.curl to it, and waits for them.

local Canceller = require "cloudjobs.base.canceller"
local curl = require "cloudjobs.curl"
local failure = require "cloudjobs.transport.failure"
local message = require "cloudjobs.http.message"

---@class cloudjobs.Stream
---@field id integer of the exchange
---@field request cloudjobs.Request
---@field has_event boolean there are bytes to consume, or a piece to provide
---@field result table|nil the end of the exchange: { status, lines, body, sent }, or { err = … }
local Stream = {}
local stream_mt = { __name = "cloudjobs.stream", __index = Stream }

-- Starts the sink, once; true, or nil and its error.
function Stream:_start(status, lines)
  if self._is_started then
    return true
  end
  self._is_started = true
  return self._sink:start(message.new { status = status, lines = lines, body = "" })
end

-- Writes the received bytes to the sink.
function Stream:_consume()
  local bytes = self._multi:consume(self.id)
  if not bytes then
    return true
  end
  local ok, err = true, nil
  if not self._is_started then
    ok, err = self:_start(self._multi:head(self.id))
  end
  if ok then
    ok, err = self._sink:write(bytes)
  end
  return ok, err
end

-- Gives the request its next piece.
function Stream:_provide()
  local piece, err = self._source:read()
  if err then
    return nil, err
  elseif not self.result then -- another may have ended it while the source was at work
    self._multi:provide(self.id, piece or "")
  end
  return true
end

-- Serves an event.
function Stream:_serve()
  local ok, err = true, nil
  if self._sink then
    ok, err = self:_consume()
  end
  if ok and self._source and not self.result and self._multi:wants(self.id) then
    ok, err = self:_provide()
  end
  return ok, err
end

-- The response of an exchange that has ended, or its error.
function Stream:_finish()
  local result = self.result
  local status, lines, body = result.status, result.lines, result.body
  if not status then
    return nil, result.err or failure(self.request, lines, body, result.sent)
  elseif not self._sink or status < 200 or status > 299 then
    return message.new { status = status, lines = lines, body = body }
  end
  local ok, err = self:_start(status, lines)
  if ok and body ~= "" then
    ok, err = self._sink:write(body)
  end
  if not ok then
    return nil, err
  end
  return message.new { status = status, lines = lines, body = "" }
end

-- The seconds that are left of its time; nil and the error where none are.
function Stream:_left()
  local cancel = self.request.cancel
  if cancel and cancel.cancelled then
    local err = Canceller.refusal(cancel)
    err.ambiguous = true
    return nil, err
  elseif not self._deadline then
    return math.huge
  end
  local left = self._deadline - curl.clock()
  if left > 0 then
    return left
  end
  return nil, failure(self.request, "timeout", "the time given is over", true)
end

local function run(self, wait)
  while not self.result do
    local left, err = self:_left()
    local ok = left ~= nil
    if left and self.has_event then
      self.has_event = false
      ok, err = self:_serve()
    elseif left then
      ok, err = wait(left)
    end
    if not ok then
      return nil, err
    end
  end
  return self:_finish()
end

--- Runs it to its end. Where it ends early, its connection is closed.
---@param wait fun(seconds: number): true|nil, cloudjobs.Error|nil waits until `has_event` or `result` is set or the
---   time is over; the error ends the exchange
---@param forget fun() the owner's, for a stream without a result
---@return cloudjobs.Response|nil
---@return cloudjobs.Error|nil err
function Stream:run(wait, forget)
  local ok, response, err = pcall(run, self, wait)
  if not self.result then
    self._multi:cancel(self.id)
    forget()
  end
  if not ok then
    error(response, 0)
  end
  return response, err
end

--- Begins an exchange; raises for a malformed request.
---@param multi userdata of cloudjobs.curl
---@param request cloudjobs.Request
---@param timeout number|nil seconds for all of it, in place of the request's
---@param register fun(stream: cloudjobs.Stream) adds it to the owner's list; where it raises, the exchange ends
---@return cloudjobs.Stream|nil
---@return cloudjobs.Error|nil err
local function begin(multi, request, timeout, register)
  local endpoint, headers = message.parts(request)
  local body, source = request.body, nil
  if type(body) == "table" then
    source, body = body, body.length or true
  end
  timeout = timeout or request.timeout
  local stream = setmetatable({
    id = 0, request = request, has_event = false,
    _multi = multi, _source = source, _sink = rawget(request, "sink"),
    _deadline = timeout and timeout < math.huge and curl.clock() + timeout or nil,
  }, stream_mt)
  local id, code, problem, sent = multi:add(
    endpoint.method, endpoint.url, headers, body, nil, endpoint.connect_timeout, endpoint.network,
    rawget(request, "non_idempotent"), rawget(request, "idle") or math.huge
  )
  if not id then
    return nil, failure(request, code, problem, sent)
  end
  stream.id = id
  local ok, raised = pcall(register, stream)
  if not ok then
    multi:cancel(id)
    error(raised, 0)
  end
  return stream
end

return { begin = begin }
