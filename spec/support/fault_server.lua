--- A server on loopback that commits the faults of spec/data/faults.lua, each on ports of its own:
--- `lua5.4 spec/support/fault_server.lua <folder>`, where <folder> has the certificates of spec/support/certificates.lua.
--- Prints one line of ports, "plain:tls" for each case in order. It ends by itself after some minutes.
---
--- A request for /fault gets the fault, any other its own response: the header X-Id and the body repeat what is behind
--- "id=" in its target. The response to /sent waits until the fault of that id was sent whole.

local Connection = require "spec.support.connection"
local context = require "openssl.ssl.context"
local cqueues = require "cqueues"
local faults = require "spec.data.faults"
local pkey = require "openssl.pkey"
local socket = require "cqueues.socket"
local x509 = require "openssl.x509"

local LIFETIME = 300 -- seconds
local MAX_FLOOD = 256 * 1024 * 1024 -- bytes

local folder = arg[1]
local loop = cqueues.new()

local function read(path)
  local file = assert(io.open(folder .. "/" .. path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local contexts = setmetatable({}, { __index = function(all, name)
  local made = context.new("TLS", true)
  made:setCertificate(x509.new(read(name .. ".pem")))
  made:setPrivateKey(pkey.new(read(name .. ".key")))
  all[name] = made
  return made
end })

local function response(id)
  return ("HTTP/1.1 200 OK\r\nX-Id: %s\r\nContent-Length: %d\r\n\r\n%s"):format(id, #id, id)
end

-- A connection as a fault sees it.
local function controls(s, id)
  local function send(text)
    return text == "" or s:write(text) and s:flush()
  end
  return {
    id = id,
    good = response(id),
    stray = response "stray",
    send = send,
    sleep = cqueues.sleep,
    shut = function()
      s:shutdown("w")
    end,
    flood = function(text)
      for _ = 1, MAX_FLOOD / #text do
        if not send(text) then
          break
        end
      end
    end,
  }
end

local sent = {} -- the ids of the faults that were sent whole

local function inject(s, case, id)
  local ending = case.act(controls(s, id))
  sent[id] = true
  return ending
end

local function await_fault(id)
  local deadline = cqueues.monotime() + 5
  while not sent[id] and cqueues.monotime() < deadline do
    cqueues.sleep(0.001)
  end
end

local function serve(s, case)
  for head in function() return Connection.read_head(s) end do
    local id = head:match("id=([%w.]+)") or ""
    local length = tonumber(head:match("\n[Cc]ontent%-[Ll]ength: (%d+)") or 0)
    local is_faulty = head:find("^%u+ /fault")
    if is_faulty and case.body and inject(s, case, id) == "close" then
      return
    elseif head:find("^%u+ /sent") then
      await_fault(id)
    end
    if length > 0 then
      s:read(length)
    end
    if not is_faulty then
      s:write(response(id))
      s:flush()
    elseif not case.body and inject(s, case, id) == "close" then
      return
    end
  end
end

-- A proxy whose first response to CONNECT is faulty, and others are tunnels.
local function tunnel(s, case, is_first)
  local head = Connection.read_head(s)
  if not head or is_first and case.act(controls(s, "")) == "close" then
    return
  end
  local target = socket.connect("127.0.0.1", tonumber(head:match("^CONNECT localhost:(%d+)")))
  Connection.quiet(target)
  target:connect(5)
  s:write("HTTP/1.1 200 OK\r\n\r\n")
  s:flush()
  Connection.join(loop, s, target)
  target:close()
end

local function listen(case, tls)
  local listener = assert(socket.listen { host = "127.0.0.1", port = 0, nodelay = true })
  listener:listen()
  local accepted = 0
  loop:wrap(function()
    for s in listener:clients() do
      loop:wrap(function()
        Connection.quiet(s)
        accepted = accepted + 1
        local is_first = accepted == 1
        if case.proxy and not tls then
          tunnel(s, case, is_first)
          s:close()
          return
        end
        local is_raw = is_first and case.tls == "raw"
        local certificate = is_first and case.tls or "localhost"
        local ended
        if not tls or is_raw or s:starttls(contexts[certificate], 5) then
          ended = is_first and case.accept and case.act(controls(s, "")) == "close"
          if not ended then
            serve(s, case)
          end
        end
        s:close()
      end)
    end
  end)
  local _, _, port = listener:localname()
  return port
end

local ports = {}
for i, case in ipairs(faults) do
  ports[i] = ("%d:%d"):format(listen(case, false), listen(case, true))
end
io.stdout:write(table.concat(ports, " "), "\n")
io.stdout:flush()

loop:wrap(function()
  cqueues.sleep(LIFETIME)
  os.exit(1)
end)
for _ in loop:errors() do -- luacheck: ignore 542
  -- a client that goes away is no mistake
end
