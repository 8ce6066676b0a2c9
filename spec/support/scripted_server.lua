--- A server on loopback whose requests script their responses, malformed ones
--- included: `lua5.4 spec/support/scripted_server.lua <folder>`. Prints one
--- line of `name=port`, writes its certificates into the folder.
---
--- The header `x-script` of a request holds the Lua that answers it. It sees
--- `s` (the connection), `sleep`, `head` (the request's text up to the blank
--- line), `body()` (reads the rest), `count` (connections and requests so far)
--- and `answer(text)`. A script that returns "close" ends the connection, by a
--- reset if not all was read. Without a script the response is the request itself.

local Connection = require "spec.support.connection"
local altname = require "openssl.x509.altname"
local context = require "openssl.ssl.context"
local cqueues = require "cqueues"
local errno = require "cqueues.errno"
local extension = require "openssl.x509.extension"
local name = require "openssl.x509.name"
local pkey = require "openssl.pkey"
local socket = require "cqueues.socket"
local x509 = require "openssl.x509"

local PROXY_USER = "Basic dXNlcjpzZWNyZXQ=" -- user:secret

local folder = arg[1]
local count = { connections = 0, requests = 0 }
local loop = cqueues.new()

-- Certificates

local function write(path, text)
  local file = assert(io.open(folder .. "/" .. path, "wb"))
  file:write(text)
  file:close()
end

local function new_key()
  return pkey.new { type = "EC", curve = "prime256v1" }
end

local serial = 0

local function certificate(subject, key, issuer, options)
  local cert = x509.new()
  local dn = name.new()
  dn:add("CN", subject)
  serial = serial + 1
  cert:setVersion(3)
  cert:setSerial(serial)
  cert:setSubject(dn)
  cert:setIssuer(issuer and issuer.cert:getSubject() or dn)
  local now = os.time()
  cert:setLifetime(now - 7200, options.expired and now - 3600 or now + 86400)
  cert:setPublicKey(key)
  if options.authority then
    cert:addExtension(extension.new("basicConstraints", "critical,CA:TRUE"))
  end
  if options.host then
    local names = altname.new()
    names:add(options.host:match("^%d") and "IP" or "DNS", options.host)
    cert:setSubjectAlt(names)
  end
  cert:sign(issuer and issuer.key or key)
  return { cert = cert, key = key }
end

local authority = certificate("Authority of a spec", new_key(), nil, { authority = true })
local stranger = certificate("Somebody else", new_key(), nil, { authority = true })
write("ca.pem", tostring(authority.cert))

local client = certificate("A client", new_key(), authority, {})
write("client.pem", tostring(client.cert))
write("client.key", client.key:toPEM("private"))

local function tls(host, issuer, options)
  options = options or {}
  local leaf = certificate(host, new_key(), issuer, { host = host, expired = options.expired })
  local ctx = context.new("TLS", true)
  ctx:setCertificate(leaf.cert)
  ctx:setPrivateKey(leaf.key)
  if options.mutual then
    local store = require("openssl.x509.store").new()
    store:add(authority.cert)
    ctx:setStore(store)
    ctx:setVerify(context.VERIFY_PEER + context.VERIFY_FAIL_IF_NO_PEER_CERT)
  end
  return ctx
end

-- Requests

local function field(head, key)
  for name_text, value in head:gmatch("\n([^:\r]+): *([^\r]*)") do
    if name_text:lower() == key then
      return value
    end
  end
  return nil
end

local function ok(text)
  return ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"):format(#text, text)
end

local function serve(s)
  count.connections = count.connections + 1
  for head in function() return Connection.read_head(s) end do
    count.requests = count.requests + 1
    local function body()
      return s:read(tonumber(field(head, "content-length")) or 0) or ""
    end
    local function answer(text)
      s:write(ok(text))
    end
    local script = field(head, "x-script")
    if script then
      local env = { s = s, sleep = cqueues.sleep, head = head, body = body, count = count, answer = answer, ok = ok }
      if assert(load(script, "=x-script", "t", setmetatable(env, { __index = _G })))() == "close" then
        return
      end
    else
      answer(head .. body())
    end
    if not s:flush() then
      return
    end
  end
end

local function say(s, text)
  s:write(text)
  s:flush()
end

local function proxy(s)
  local head = Connection.read_head(s)
  if not head then
    return
  elseif field(head, "proxy-authorization") ~= PROXY_USER then
    return say(s, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
  end
  local host, port = head:match("^CONNECT ([%w.]+):(%d+)")
  if not host then -- the absolute form: show it
    return say(s, ok("proxied " .. head))
  end
  local target = socket.connect(host:find("%.test$") and "127.0.0.1" or host, tonumber(port))
  Connection.quiet(target)
  target:connect(5)
  say(s, "HTTP/1.1 200 Connection established\r\n\r\n")
  Connection.join(loop, s, target)
end

-- Ports

local function listen(handle, ctx)
  local server = assert(socket.listen("127.0.0.1", 0))
  server:listen()
  loop:wrap(function()
    for s in server:clients() do
      loop:wrap(function()
        Connection.quiet(s)
        if not ctx or s:starttls(ctx, 5) then
          handle(s)
        end
        s:close()
      end)
    end
  end)
  local _, _, port = server:localname()
  return port
end

local ports = {
  plain = listen(serve),
  tls = listen(serve, tls("127.0.0.1", authority)),
  stranger = listen(serve, tls("127.0.0.1", stranger)),
  other_name = listen(serve, tls("other.example", authority)),
  expired = listen(serve, tls("127.0.0.1", authority, { expired = true })),
  mutual = listen(serve, tls("127.0.0.1", authority, { mutual = true })),
  proxy = listen(proxy),
  mute = listen(function() cqueues.sleep(60) end),
  slam = listen(function() end),
  gruff = listen(function(s) say(s, "HTTP/1.1 400 Bad Request\r\n\r\n") end),
}

local list = {}
for which, port in pairs(ports) do
  list[#list + 1] = which .. "=" .. port
end
io.stdout:write(table.concat(list, " "), "\n")
io.stdout:flush()

-- Errors of a script are printed; a client that closes its connection is none.
for err in loop:errors() do
  if err ~= errno.EPIPE and err ~= errno.ECONNRESET and not tostring(err):find("unchecked error limit", 1, true) then
    io.stderr:write("scripted server: ", tostring(err), "\n")
  end
end
