--- A cosocket to an endpoint: out of the pool, or connected anew, through its
--- proxy, with TLS.

local Canceller = require "cloudjobs.base.canceller"
local PendingInput = require "cloudjobs.transport.nginx.pending_input"
local Tls = require "cloudjobs.transport.nginx.tls"
local clock = require("cloudjobs.os").clock
local core = require "cloudjobs.core"
local writer = require "cloudjobs.http.writer"

local ngx = ngx

local CHUNK = 64 * 1024 -- bytes of one read
local SMALL = 16 * 1024 -- bytes that a socket takes at once
local TOO_SLOW = "the request could not be sent in the time given"
local POLL = 0.25 -- seconds between two checks of a canceller or group that may end the wait

--- What ends an exchange early.
---@class cloudjobs.nginx.Limits
---@field deadline number by the clock
---@field ends number|nil by the clock, of an exchange that streams, whose deadline moves
---@field idle number|nil its seconds without progress
---@field cancel cloudjobs.Canceller|nil
---@field task table|nil of cloudjobs.parallel

---@class cloudjobs.nginx.Failure
---@field code string
---@field message string|nil
---@field err cloudjobs.Error|nil of a canceller or group
---@field sent boolean|nil the request may have reached the server
---@field is_silent boolean|nil the connection ended before any byte of a response

local Connection = {}
local connection_mt = { __name = "cloudjobs.nginx.connection", __index = Connection }

--- The error of a canceller or group that has ended the wait.
---@param limits { cancel: table|nil, task: table|nil }
---@return cloudjobs.Error|nil
local function refusal(limits)
  local cancel, task = limits.cancel, limits.task
  if cancel and cancel.cancelled then
    return Canceller.refusal(cancel)
  elseif task and task.group.over then
    return task.group:refusal()
  end
end

local MAX_MILLISECONDS = 2 ^ 31 - 1

-- Milliseconds from `now` until `deadline`, as sockets count. To them 0 is no limit.
local function left(deadline, now)
  return math.min(math.max(1, math.ceil((deadline - now) * 1000)), MAX_MILLISECONDS)
end

--- The next bytes, within the limits however slowly they come.
---@param limits cloudjobs.nginx.Limits
---@return string|nil bytes nil and nil at the end of the connection
---@return cloudjobs.nginx.Failure|nil failure
function Connection:receive(limits)
  local socket = self.socket
  local longest = (limits.cancel or limits.task) and POLL * 1000 or MAX_MILLISECONDS
  while true do
    local now = clock()
    local err = refusal(limits)
    if err then
      return nil, { code = "ended", err = err }
    elseif now >= limits.deadline then
      return nil, { code = "timeout", message = "no response in the time given" }
    end
    socket:settimeout(math.min(left(limits.deadline, now), longest))
    local bytes
    bytes, err = socket:receiveany(CHUNK)
    if bytes or err == "closed" then
      self.last_size = bytes and #bytes or 0
      return bytes
    elseif err ~= "timeout" then
      return nil, { code = "closed", message = "reading the response: " .. err }
    end
  end
end

-- Sends in a light thread of its own, so that this one can end it.
local function send_watched(self, bytes, limits)
  local done, result = require("ngx.semaphore").new(), {}
  local thread = ngx.thread.spawn(function()
    result.ok, result.err = self.socket:send(bytes)
    done:post(1)
  end)
  while result.ok == nil and result.err == nil do
    local now, err = clock(), refusal(limits)
    if err or now >= limits.deadline then
      ngx.thread.kill(thread)
      return nil, err and { code = "ended", err = err } or { code = "timeout", message = TOO_SLOW }
    end
    done:wait(math.min(limits.deadline - now, POLL))
  end
  return result.ok, result.err
end

--- Sends bytes, within the limits however slowly they are read. The time that
--- nginx gives a send begins anew with each part that the other side reads, so
--- that many bytes need a watch.
---@param bytes string|table
---@param size integer of the request's body
---@param limits cloudjobs.nginx.Limits
---@return boolean|nil
---@return cloudjobs.nginx.Failure|nil failure
function Connection:send(bytes, size, limits)
  local ok, err
  if size > SMALL then
    ok, err = send_watched(self, bytes, limits)
  else
    ok, err = self.socket:send(bytes)
  end
  if ok then
    return true
  elseif type(err) == "table" then
    return nil, err
  elseif err == "timeout" then
    return nil, { code = "timeout", message = TOO_SLOW }
  end
  return nil, { code = "closed", message = "sending the request: " .. err, is_silent = true }
end

--- Sends bytes of a body in pieces. The time without progress is what nginx gives a send: it begins anew with each
--- part that the other side reads.
---@param bytes string|table
---@param limits cloudjobs.nginx.Limits
---@return boolean|nil
---@return cloudjobs.nginx.Failure|nil failure
function Connection:send_part(bytes, limits)
  self.socket:settimeout(left(limits.deadline, clock())) -- receiving at the same time may have set another
  local ok, err = self.socket:send(bytes)
  if ok then
    return true
  elseif err == "timeout" then
    return nil, { code = "timeout", message = TOO_SLOW }
  end
  return nil, { code = "closed", message = "sending the request: " .. err, is_silent = true }
end

local BUFFER_UNIT = 1024 -- bytes, of which lua_socket_buffer_size is a multiple

-- Whether TLS may hold decrypted bytes behind the response, which neither nginx
-- nor poll() sees. It can only where the last read filled nginx's buffer.
local function may_hold_decrypted(self)
  return self.endpoint.is_secure and self.last_size % BUFFER_UNIT == 0
end

--- Keeps the connection for another request where `is_reusable` was set, or
--- closes it.
---@param idle number seconds to keep it
function Connection:release(idle)
  local is_kept = self.is_reusable and not may_hold_decrypted(self)
  if not (is_kept and self.socket:setkeepalive(idle * 1000, self.endpoint.pooling.pool_size)) then
    self.socket:close()
  end
end

-- The status of the proxy's final response to CONNECT.
local function read_tunnel_status(connection, limits)
  local parser = core.response_parser "CONNECT"
  while true do
    local bytes, failure = connection:receive(limits)
    if failure then
      failure.message = failure.code == "timeout" and "the proxy did not answer in time" or failure.message
      return nil, failure
    end
    local status, code, problem, _, is_followed = parser:feed(bytes)
    if status == nil then
      return nil, { code = "proxy", message = code == "closed" and "the proxy closed the connection" or problem }
    elseif status and status < 300 and is_followed then
      return nil, { code = "proxy", message = "the proxy sent bytes before the tunnel was open" }
    elseif status then
      return status
    end
  end
end

-- Has the proxy connect to the host.
local function open_tunnel(connection, limits)
  local endpoint = connection.endpoint
  local authority = ("%s:%d"):format(endpoint.host, endpoint.port)
  local ok, err = connection.socket:send(writer.request {
    method = "CONNECT",
    target = authority,
    headers = { host = authority, ["proxy-authorization"] = endpoint.proxy.authorization },
  })
  if not ok then
    return nil, { code = "proxy", message = err }
  end
  local status, failure = read_tunnel_status(connection, limits)
  if failure then
    return nil, failure
  elseif status > 299 then
    return nil, { code = "proxy", message = ("the proxy answered %d to CONNECT"):format(status) }
  end
  return true
end

-- Tunnel and TLS of a connection that is new.
local function prepare(connection, limits)
  local endpoint, ok, failure = connection.endpoint, true, nil
  if endpoint.is_secure and endpoint.proxy then
    ok, failure = open_tunnel(connection, limits)
  end
  if ok and endpoint.is_secure then
    connection.socket:settimeout(left(limits.deadline, clock()))
    ok, failure = Tls.handshake(connection.socket, endpoint)
  end
  return ok, failure
end

local function connect_failure(endpoint, message)
  if message == "timeout" then
    return { code = "timeout", message = "connecting took too long" }
  elseif message:find("resolve", 1, true) then
    return { code = endpoint.proxy and "proxy" or "resolve", message = message }
  end
  return { code = "connect", message = message }
end

-- A connection out of the pool, or a new one.
local function connect(endpoint, now, connected_by, deadline)
  while true do
    local socket = ngx.socket.tcp()
    local is_visible = PendingInput.is_visible(socket)
    if not is_visible then
      ngx.sleep(0.001) -- a turn of the event loop, in which nginx sees the input itself; of less, some make none
      now = clock()
    end
    local total = left(deadline, now)
    socket:settimeouts(left(connected_by, now), total, total)
    local ok, message = socket:connect(endpoint.address, endpoint.first_port, endpoint.pooling)
    if not ok then
      return nil, connect_failure(endpoint, message)
    end
    local is_reused = socket:getreusedtimes() > 0
    if not (is_reused and is_visible and PendingInput.has_input(socket)) then
      return setmetatable({ socket = socket, endpoint = endpoint, is_reused = is_reused }, connection_mt)
    end
    socket:close()
    now = clock()
  end
end

--- An open connection, whose sends take until the limits' deadline at most.
---@param endpoint cloudjobs.nginx.Endpoint
---@param limits cloudjobs.nginx.Limits
---@param now number by the clock
---@param connect_timeout number seconds until it is open
---@return table|nil connection
---@return cloudjobs.nginx.Failure|nil failure
local function open(endpoint, limits, now, connect_timeout)
  local connected_by = math.min(limits.deadline, now + connect_timeout)
  local connection, failure = connect(endpoint, now, connected_by, limits.deadline)
  if not connection then
    return nil, failure
  end
  if endpoint.is_secure and not connection.is_reused then
    local socket = connection.socket
    local ok
    ok, failure = prepare(connection, { deadline = connected_by, cancel = limits.cancel, task = limits.task })
    if not ok then
      socket:close()
      return nil, failure
    end
    socket:settimeout(left(limits.deadline, clock()))
  end
  return connection
end

return { open = open, refusal = refusal }
