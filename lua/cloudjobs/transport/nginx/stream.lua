--- One exchange over an open connection that streams its bodies. The response is
--- read while the request is sent: a service may refuse a body before its end, and
--- a body may have to wait for a 100 Continue.

local Connection = require "cloudjobs.transport.nginx.connection"
local clock = require("cloudjobs.os").clock
local http1 = require "cloudjobs.http.reader"
local message = require "cloudjobs.http.message"

local ngx = ngx

local CODES = { too_large = "too_large", closed = "closed" } -- of the reader's problems; others are "protocol"
local CONTINUE = 1 -- seconds to wait for a 100 Continue, as libcurl and botocore do
local POLL = 0.25 -- seconds between two checks of a canceller or group
local FAREWELL = 0.5 -- seconds for a response from before the connection was closed: some versions wake nothing then

-- Sets the time at which an exchange ends unless it makes progress.
local function renew(limits)
  limits.deadline = math.min(limits.ends, clock() + limits.idle)
end

-- The failure of a limit that has run out.
local function timed_out(limits, failure)
  if failure.code == "timeout" and clock() < limits.ends then
    failure.message = ("nothing was sent or received within %g seconds"):format(limits.idle)
  end
  return failure
end

local function failure_of(problem)
  return { code = CODES[problem.code] or "protocol", message = problem.message }
end

-- The next event of the response.
local function next_event(connection, reader, limits)
  while true do
    local event, problem = reader:next()
    if problem then
      return nil, failure_of(problem)
    elseif event then
      return event
    end
    local bytes, failure = connection:receive(limits)
    if failure then
      return nil, timed_out(limits, failure)
    end
    renew(limits)
    reader:feed(bytes)
  end
end

-- Reads to the head of the final response, and sets `head` or `failure` of the state.
local function await_head(connection, reader, limits, state)
  repeat
    local event, failure = next_event(connection, reader, limits)
    if event and event.type == "informational" then
      state.continues = event.status == 100
    elseif event and event.type == "closed" then
      state.failure = { code = "closed", message = "the connection was closed without a response", is_silent = true }
    else
      state.head, state.failure = event, failure
    end
    state.arrived:post(1)
  until state.head or state.failure
end

-- A piece as it goes over the wire.
local function frame(piece, is_chunked)
  return is_chunked and { ("%x\r\n"):format(#piece), piece, "\r\n" } or piece
end

-- The next piece. While the source is at work the time without progress does not count.
local function read(source, limits)
  limits.deadline = limits.ends
  local piece, err = source:read()
  renew(limits)
  return piece, err
end

-- Sends the body until its end or the response's head, in a thread of its own. Sets `is_whole` or
-- `send_failure` of the state.
local function send_body(connection, source, limits, state)
  local is_chunked = not source.length
  if source.expects_continue and not state.continues then
    state.arrived:wait(CONTINUE)
  end
  local is_last
  while not (is_last or state.send_failure) and not (state.head and state.head.status >= 300) do
    local piece, err = read(source, limits)
    is_last = not piece
    local bytes = piece and frame(piece, is_chunked) or is_chunked and "0\r\n\r\n"
    if err then
      state.send_failure = { code = "ended", err = err }
    elseif bytes then
      local _
      _, state.send_failure = connection:send_part(bytes, limits)
      renew(limits)
      state.farewell_by = state.send_failure and clock() + FAREWELL
    end
  end
  state.is_whole = is_last and not state.send_failure
  state.arrived:post(1)
end

-- Whether the exchange of heads has ended.
local function is_over(state)
  local failed = state.send_failure
  return state.failure
    or failed and (failed.code ~= "closed" or clock() >= state.farewell_by) -- the response may have the reason
    or state.head and (state.head.status >= 300 or state.is_whole or failed)
end

-- Sends the body and waits for the response's head; gives it and whether the body was sent whole.
local function exchange_heads(connection, source, reader, limits)
  local state = { arrived = require("ngx.semaphore").new() }
  if not source then
    await_head(connection, reader, limits, state)
    return state.head, state.failure, true
  end
  local receiver = ngx.thread.spawn(await_head, connection, reader, limits, state)
  local sender = ngx.thread.spawn(send_body, connection, source, limits, state)
  while not is_over(state) do
    local err = Connection.refusal(limits)
    if err then
      state.failure = { code = "ended", err = err }
    elseif clock() >= limits.deadline then
      state.failure = timed_out(limits, { code = "timeout", message = "no response in the time given" })
    else
      state.arrived:wait(POLL)
    end
  end
  ngx.thread.kill(receiver)
  ngx.thread.kill(sender)
  local failed = state.send_failure
  if failed and (failed.code ~= "closed" or not state.head) then
    return nil, failed.code ~= "closed" and failed or state.failure or failed
  end
  return state.head, state.failure, state.is_whole
end

local function give(sink, name, value, limits)
  local ok, err = sink[name](sink, value)
  renew(limits)
  if not ok then
    return { code = "ended", err = err }
  end
end

-- Reads the body into the sink.
local function read_into(connection, reader, sink, response, limits)
  local failure = give(sink, "start", response, limits)
  while not failure do
    local event
    event, failure = next_event(connection, reader, limits)
    if event and event.type == "data" then
      failure = give(sink, "write", event.data, limits)
    elseif event then
      return response
    end
  end
  return nil, failure
end

-- Reads the body into memory.
local function read_whole(connection, reader, response, limits, max_body)
  local pieces, size = {}, 0
  while true do
    local event, failure = next_event(connection, reader, limits)
    if not event then
      return nil, failure
    elseif event.type ~= "data" then
      response.body = table.concat(pieces)
      return response
    end
    size = size + #event.data
    if size > max_body then
      local text = "the response is larger than the limit of %.0f bytes"
      return nil, { code = "too_large", message = text:format(max_body) }
    end
    pieces[#pieces + 1] = event.data
  end
end

--- Sends a request and reads its response. Sets the connection's `is_reusable`
--- where it can carry another.
---@param connection table
---@param request cloudjobs.Request
---@param head string the request's bytes but for a body in pieces
---@param limits cloudjobs.nginx.Limits with `ends`, by the clock, and `idle`, in seconds
---@param max_body integer of a response without a sink, or with another status than 2xx
---@return cloudjobs.Response|nil
---@return cloudjobs.nginx.Failure|nil failure
local function run(connection, request, head, limits, max_body)
  local source = type(request.body) == "table" and request.body or nil
  local sent, failure = connection:send_part(head, limits)
  if not sent then
    return nil, timed_out(limits, failure)
  end
  local reader = http1.reader { role = "client", max_body = math.huge }
  reader:expect(request.method)
  local event, is_whole
  event, failure, is_whole = exchange_heads(connection, source, reader, limits)
  if not event then
    return nil, failure
  end
  local response, sink = message.new { status = event.status, headers = event.headers, body = "" }, request.sink
  if sink and event.status >= 200 and event.status <= 299 then
    response, failure = read_into(connection, reader, sink, response, limits)
  else
    response, failure = read_whole(connection, reader, response, limits, max_body)
  end
  connection.is_reusable = response and is_whole and event.keep_alive and reader:buffered() == 0
  return response, failure
end

return { run = run }
