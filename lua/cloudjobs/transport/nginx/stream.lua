--- One exchange over an open connection whose bodies pass through in pieces. The
--- response is read while the request is sent: a service may refuse a body before
--- its end, and some wait with it for a 100 Continue.

local clock = require("cloudjobs.os").clock
local http1 = require "cloudjobs.http.reader"
local message = require "cloudjobs.http.message"

local ngx = ngx

local CODES = { too_large = "too_large", closed = "closed" } -- of the reader's problems; others are "protocol"
local CONTINUE = 1 -- seconds to wait for a 100 Continue, as libcurl and botocore do
local POLL = 0.25 -- seconds between two checks of a canceller or group

--- Sets the time at which an exchange ends unless it makes progress.
---@param limits cloudjobs.nginx.Limits
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

-- Reads to the head of the final response. `answer` gets it, or the failure.
local function await_head(connection, reader, limits, answer)
  repeat
    local event, failure = next_event(connection, reader, limits)
    if event and event.type == "informational" then
      answer.continues = event.status == 100
    elseif event and event.type == "closed" then
      answer.failure = { code = "closed", message = "the connection was closed without a response", is_silent = true }
    else
      answer.head, answer.failure = event, failure
    end
    answer.arrived:post(1)
  until answer.head or answer.failure
end

-- A piece as it goes over the wire.
local function frame(piece, is_chunked)
  return is_chunked and { ("%x\r\n"):format(#piece), piece, "\r\n" } or piece
end

-- Sends the body until its end or the response's head. Gives whether it was sent whole; nil and a failure.
local function send_body(connection, source, limits, answer)
  local is_chunked = not source.length
  if source.expects_continue and not answer.continues then
    answer.arrived:wait(CONTINUE)
  end
  while not answer.head and not answer.failure do
    local piece, err = source:read()
    if err then
      return nil, { code = "ended", err = err }
    elseif not piece and not is_chunked then
      return true
    end
    renew(limits)
    local bytes = piece and frame(piece, is_chunked) or "0\r\n\r\n"
    local sent, failure = connection:send(bytes, math.huge, limits)
    if not sent then
      return nil, timed_out(limits, failure)
    elseif not piece then
      return true
    end
    renew(limits)
  end
  return false
end

-- Sends the body and waits for the response's head; gives it and whether the body was sent whole.
local function exchange_heads(connection, source, reader, limits)
  local answer = { arrived = require("ngx.semaphore").new() }
  if not source then
    await_head(connection, reader, limits, answer)
    return answer.head, answer.failure, true
  end
  local thread = ngx.thread.spawn(await_head, connection, reader, limits, answer)
  local is_whole, failure = send_body(connection, source, limits, answer)
  if failure and failure.code ~= "closed" then
    ngx.thread.kill(thread)
    return nil, failure
  end
  renew(limits)
  while not answer.head and not answer.failure do -- also where the service closed: it may have said why
    answer.arrived:wait(POLL)
  end
  return answer.head, answer.head == nil and (failure or answer.failure) or nil, is_whole == true
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
  local sent, failure = connection:send(head, math.huge, limits)
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

return { run = run, renew = renew }
