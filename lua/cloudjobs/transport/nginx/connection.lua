--- A cosocket to where a request goes: out of the pool, or connected anew,
--- through its proxy, with TLS verified by name.

local clock = require("cloudjobs.os").clock
local core = require "cloudjobs.core"
local http1 = require "cloudjobs.http.reader"
local url = require "cloudjobs.http.url"

local ngx = ngx

local CHUNK = 64 * 1024 -- bytes asked for at a time
local MAX_PROXY_HEAD = 16 * 1024

-- A proxy as the option has it: [http://][user:password@]host:port.
local function parse_proxy(text)
  local scheme, rest = text:match("^(%a+)://(.*)$")
  if scheme and scheme:lower() ~= "http" then
    return nil, "nginx reaches proxies over http alone"
  end
  local userinfo, address = (rest or text):match("^([^@]*)@(.*)$")
  local parts = url.parse("http://" .. (address or rest or text))
  if not parts then
    return nil, "the proxy's address is not host:port"
  end
  parts.authorization = userinfo and "Basic " .. core.base64_encode((userinfo:gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end)))
  return parts
end

--- Where requests to `origin` go, and the name of their pool: connections that
--- differ in any of this are never taken for each other, since nobody verifies
--- a pooled one again.
---@param origin string scheme and authority
---@param proxy string|nil
---@param options { hosts: table<string, string>, verify: boolean, pool_size: integer }
---@return table|nil target
---@return string|nil code
---@return string|nil message
local function target(origin, proxy, options)
  local parts, message = url.parse(origin)
  if not parts then
    return nil, "request", message
  end
  if proxy then
    parts.proxy, message = parse_proxy(proxy)
    if not parts.proxy then
      return nil, "proxy", message
    end
  end
  parts.secure = parts.scheme == "https"
  parts.verify = options.verify
  local first = parts.proxy or parts
  parts.address, parts.first_port = options.hosts[first.host] or first.host, first.port
  local pool = ("cloudjobs %s://%s:%d at %s %s %s"):format(
    parts.scheme, parts.host, parts.port, parts.address, options.verify and "verified" or "trusted",
    proxy and core.sha256(proxy) or "direct"
  )
  parts.pooling = { pool = pool, pool_size = options.pool_size }
  return parts
end

local function connect_failure(where, message)
  if message == "timeout" then
    return nil, "timeout", "connecting took too long"
  elseif message:find("resolve", 1, true) then
    return nil, where.proxy and "proxy" or "resolve", message
  end
  return nil, "connect", message
end

-- CONNECT, and the proxy's answer up to its blank line.
local function tunnel(sock, where)
  local authority = ("%s:%d"):format(where.host, where.port)
  local bytes = http1.write_request {
    method = "CONNECT",
    target = authority,
    headers = { host = authority, ["proxy-authorization"] = where.proxy.authorization },
  }
  local ok, err = sock:send(bytes)
  local reader = http1.reader { role = "client", max_head = MAX_PROXY_HEAD }
  local head, problem
  while ok and not head and not problem do
    ok, err = sock:receiveany(CHUNK)
    reader:feed(ok)
    head, problem = reader:next()
    if head and head.type == "informational" then
      head = nil
    end
  end
  if err == "timeout" then
    return nil, "timeout", "the proxy did not answer in time"
  elseif not head or head.type ~= "head" then
    return nil, "proxy", problem and problem.message or "the proxy closed the connection"
  elseif head.status < 200 or head.status > 299 then
    return nil, "proxy", ("the proxy answered %d to CONNECT"):format(head.status)
  elseif reader:buffered() > 0 then
    return nil, "proxy", "the proxy spoke before its turn"
  end
  return true
end

--- What is left from `now` until `deadline`, in the milliseconds that sockets count. To them 0 is no limit.
---@param deadline number of the clock
---@param now number|nil of the clock, which is asked unless it is given
---@return integer milliseconds
local function left(deadline, now)
  return math.max(1, math.ceil((deadline - (now or clock())) * 1000))
end

-- nginx raises for some certificates that it refuses: always in a pcall.
local function secure(sock, where)
  local name = where.host:gsub("^%[(.*)%]$", "%1")
  local ran, session, err = pcall(sock.sslhandshake, sock, nil, name, where.verify)
  if ran and session then
    return true
  elseif err == "timeout" then
    return nil, "timeout", "the TLS handshake took too long"
  end
  return nil, "tls", ran and err or "the certificate was refused, as nginx does with one for another name"
end

local function prepare(sock, where, deadline)
  local ok, code, message = true, nil, nil
  if where.secure and where.proxy then
    sock:settimeout(left(deadline))
    ok, code, message = tunnel(sock, where)
  end
  if ok and where.secure then
    sock:settimeout(left(deadline))
    ok, code, message = secure(sock, where)
  end
  return ok, code, message
end

--- An open connection, whose sends and reads take until `deadline` at most.
---@param where table from `target`
---@param now number of the clock
---@param connected_by number of the clock: by then it is open
---@param deadline number of the clock
---@return table|nil socket
---@return string|boolean|nil code true with a socket that was in use before
---@return string|nil message
local function open(where, now, connected_by, deadline)
  local sock, total = ngx.socket.tcp(), left(deadline, now)
  sock:settimeouts(left(connected_by, now), total, total)
  local ok, message = sock:connect(where.address, where.first_port, where.pooling)
  if not ok then
    return connect_failure(where, message)
  elseif sock:getreusedtimes() > 0 then
    return sock, true
  end
  local code
  ok, code, message = prepare(sock, where, connected_by)
  if not ok then
    sock:close()
    return nil, code, message
  end
  sock:settimeout(left(deadline))
  return sock
end

return { target = target, open = open, left = left, CHUNK = CHUNK }
