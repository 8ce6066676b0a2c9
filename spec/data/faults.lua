--- Faults of a server: what it does in place of a proper response, by the group that each belongs to. A case is
---
---     { group, title, act, expected, accept = false, body = false, tls = nil, waits = false, flood = false,
---       proxy = false, method = "GET" }
---
--- `act(c)` runs on the server when the faulty request has been read (with `accept`, when the first connection has been
--- accepted; with `body`, when the head of a request with a large body has been read). `c` has `id` (the request's),
--- `good` (the response to it), `stray` (one to no request), `send(text)`, `sleep(seconds)`, `shut()` (end of sending)
--- and `flood(text)` (sends it again and again). `tls` is "raw" where the first connection has no TLS, or the certificate
--- of its handshake; with `waits` the client does not go on before all of the fault was sent; with `proxy` the fault is in
--- the response to CONNECT. When `act` returns "close" the connection is closed, else the next request is served.
---
--- `expected` lists what the faulty call may return, apart by "|": "own" (its own response), a status, or the code of an
--- error. The two calls after it always have to get their own responses.

local grammar = require "spec.data.http_grammar"

local CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
local HOLD = 5 -- seconds that a silent server holds the connection: longer than a client's time limit

local cases = {}

local function add(group, expected, title, act, options)
  local case = { group = group, title = title, act = act, expected = expected }
  for name, value in pairs(options or {}) do
    case[name] = value
  end
  cases[#cases + 1] = case
end

-- Framing: the cases of the grammar, as bytes on the wire.

for _, case in ipairs(grammar) do
  local title, bytes, expected = case[1], case[2], case[3]
  local ended = case.ended
  if type(expected) == "table" then
    expected = ("%d"):format(expected[1])
  elseif expected == "more" then
    expected = "timeout"
  end
  add("framing", expected, title, function(c)
    c.send(bytes)
    if not ended and expected == "timeout" then
      c.sleep(HOLD)
    end
    return (ended or expected == "timeout") and "close" or nil
  end, { method = case.method })
end

-- Timing: silence, drops, floods, and pauses that are allowed.

local function silent_after(title, text)
  add("timing", "timeout", title, function(c)
    c.send(text)
    c.sleep(HOLD)
    return "close"
  end)
end

silent_after("silence in place of a response", "")
silent_after("silence within the status line", "HTTP/1.1 2")
silent_after("silence after the status line", "HTTP/1.1 200 OK\r\n")
silent_after("silence within a header", "HTTP/1.1 200 OK\r\nContent-Le")
silent_after("silence after an interim response", "HTTP/1.1 100 Continue\r\n\r\n")
silent_after("silence after the head", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
silent_after("silence within the body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel")
silent_after("silence within a body without a length", "HTTP/1.1 200 OK\r\n\r\nhel")
silent_after("silence within a chunk's size", CHUNKED .. "5")
silent_after("silence within a chunk", CHUNKED .. "5\r\nhel")
silent_after("silence after a chunk", CHUNKED .. "5\r\nhello\r\n")
silent_after("silence before the end of the trailers", CHUNKED .. "0\r\nX-Sum: 1\r\n")

local function drip_text(c, head, piece)
  c.send(head)
  for _ = 1, HOLD / 0.02 do
    if not c.send(piece) then
      break
    end
    c.sleep(0.02)
  end
  return "close"
end

local function drip(title, head, piece)
  add("timing", "timeout", title, function(c)
    return drip_text(c, head, piece)
  end)
end

drip("a head a byte at a time, without an end", "HTTP/1.1 200 OK\r\nX-A: ", "a")
drip("headers one at a time, without an end", "HTTP/1.1 200 OK\r\n", "X-A: 1\r\n")
drip("interim responses one at a time, without an end", "", "HTTP/1.1 100 Continue\r\n\r\n")
drip("a body a byte at a time", "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", "a")
drip("a body without a length a byte at a time", "HTTP/1.1 200 OK\r\n\r\n", "a")
drip("chunks of a byte one at a time", CHUNKED, "1\r\na\r\n")
drip("trailers one at a time, without an end", CHUNKED .. "0\r\n", "X-A: 1\r\n")

local function flood(title, head, piece)
  add("timing", "too_large|timeout|protocol", title, function(c)
    c.send(head)
    c.flood(piece)
    return "close"
  end, { flood = true })
end

flood("a header without an end at full speed", "HTTP/1.1 200 OK\r\nX-A: ", ("a"):rep(65536))
flood("headers without an end at full speed", "HTTP/1.1 200 OK\r\n", ("X-A: 1\r\n"):rep(8192))
flood("interim responses without an end at full speed", "", ("HTTP/1.1 100 Continue\r\n\r\n"):rep(2048))
flood("a body without an end at full speed", "HTTP/1.1 200 OK\r\n\r\n", ("a"):rep(65536))
flood("chunks without an end at full speed", CHUNKED, ("10000\r\n" .. ("a"):rep(65536) .. "\r\n"))
flood("chunks of a byte without an end at full speed", CHUNKED, ("1\r\na\r\n"):rep(8192))
flood("an extension without an end at full speed", CHUNKED .. "1;", ("a"):rep(65536))
flood("trailers without an end at full speed", CHUNKED .. "0\r\n", ("X-A: 1\r\n"):rep(8192))

add("timing", "own", "a response a byte at a time", function(c)
  for byte in c.good:gmatch "." do
    c.send(byte)
  end
end)
add("timing", "own", "a pause between head and body", function(c)
  local head, body = c.good:match("^(.-\r\n\r\n)(.*)$")
  c.send(head)
  c.sleep(0.02)
  c.send(body)
end)
add("timing", "own", "a pause within a line end", function(c)
  local first, rest = c.good:match("^(.-\r)(.*)$")
  c.send(first)
  c.sleep(0.02)
  c.send(rest)
end)
add("timing", "own", "a pause after an interim response", function(c)
  c.send "HTTP/1.1 100 Continue\r\n\r\n"
  c.sleep(0.02)
  c.send(c.good)
end)
add("timing", "own", "an interim response in the same segment", function(c)
  c.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" .. c.good)
end)

-- Closing: too early, too late, with bytes left over.

local function closed_after(title, text, expected)
  add("closing", expected or "closed", title, function(c)
    c.send(text)
    return "close"
  end)
end

closed_after("closed in place of a response", "")
closed_after("closed within the status line", "HTTP/1.1 2")
closed_after("closed after the status line", "HTTP/1.1 200 OK\r\n")
closed_after("closed within a header", "HTTP/1.1 200 OK\r\nContent-Le")
closed_after("closed after an interim response", "HTTP/1.1 100 Continue\r\n\r\n")
closed_after("closed after the head", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
closed_after("closed within the body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel")
closed_after("closed within a chunk's size", CHUNKED .. "5")
closed_after("closed within a chunk", CHUNKED .. "5\r\nhel")
closed_after("closed before the last chunk", CHUNKED .. "5\r\nhello\r\n")
closed_after("closed before the end of the trailers", CHUNKED .. "0\r\nX-Sum: 1\r\n")

add("closing", "closed", "closed as soon as it is accepted", function()
  return "close"
end, { accept = true })
add("closing", "own", "closed after the response, unannounced", function(c)
  c.send(c.good)
  return "close"
end)
add("closing", "own", "closed a moment after the response, unannounced", function(c)
  c.send(c.good)
  c.sleep(0.005)
  return "close"
end)
add("closing", "own", "half closed after the response", function(c)
  c.send(c.good)
  c.shut()
  c.sleep(0.3)
  return "close"
end)
add("closing", "own", "closed although HTTP/1.0 announced keep-alive", function(c)
  c.send((c.good:gsub("1%.1 200 OK", "1.0 200 OK\r\nConnection: keep-alive")))
  return "close"
end)
add("closing", "own", "kept open although close was announced", function(c)
  c.send((c.good:gsub("200 OK", "200 OK\r\nConnection: close")))
end)
add("closing", "own", "kept open and more sent although close was announced", function(c)
  c.send((c.good:gsub("200 OK", "200 OK\r\nConnection: close")))
  c.sleep(0.002)
  c.send(c.stray)
end, { waits = true })

-- What is unread when a connection is closed resets it.
local function reset_after(title, text)
  add("closing", "closed", title, function(c)
    c.send(text)
    return "close"
  end, { body = true })
end

reset_after("reset in place of a response", "")
reset_after("reset within the head", "HTTP/1.1 200 OK\r\nContent-Le")
reset_after("reset within the body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel")

add("closing", "413|closed", "refused before the body was read, and closed", function(c)
  c.send "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
  c.sleep(0.05)
  return "close"
end, { body = true })
add("closing", "own", "a response before the body was read", function(c)
  c.send(c.good)
end, { body = true })

-- What arrives after the next request has gone out is beyond the reach of HTTP/1.1: the client waits until it was sent.
local function stray(title, text, pause, ends)
  add("closing", "own", title, function(c)
    local extra = text == "stray" and c.stray or text == "again" and c.good or text
    if pause then
      c.send(c.good)
      c.sleep(pause)
      c.send(extra)
    else
      c.send(c.good .. extra)
    end
    return ends
  end, { waits = pause ~= nil })
end

stray("another response in the same segment", "stray")
stray("another response in a segment of its own", "stray", 0)
stray("another response 1 ms later", "stray", 0.001)
stray("another response 5 ms later", "stray", 0.005)
stray("another response 5 ms later, and closed", "stray", 0.005, "close")
stray("the same response again", "again")
stray("the same response again in a segment of its own", "again", 0)
stray("half a response more", "HTTP/1.1 200 OK\r\nContent-Le")
stray("a byte more", "x")
stray("a line end more", "\r\n")
stray("a line end more in a segment of its own", "\r\n", 0)
stray("an interim response more", "HTTP/1.1 100 Continue\r\n\r\n")
stray("a status of 408 more, and closed", "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
  0.001, "close")
add("closing", "own", "another response behind one of 16 KiB", function(c)
  local head = ("HTTP/1.1 200 OK\r\nX-Id: %s\r\nContent-Length: "):format(c.id)
  local size = 16384 - #head - #"16000\r\n\r\n"
  c.send(head .. ("%d\r\n\r\n"):format(size) .. ("x"):rep(size) .. c.stray)
end, { waits = true })
add("closing", "own|stray|closed|protocol", "two responses, one of them before the request", function(c)
  c.send(c.stray)
end, { accept = true, waits = true })

-- TLS: the handshake and its certificates; `raw` connections are not under TLS.

local function handshake(expected, title, act)
  add("TLS", expected, title, act, { accept = true, tls = "raw" })
end

handshake("tls", "HTTP without TLS", function(c)
  c.send(c.stray)
  return "close"
end)
handshake("tls", "bytes that are no record", function(c)
  c.send(("\255"):rep(100))
  return "close"
end)
handshake("tls", "an alert", function(c)
  c.send "\21\3\3\0\2\2\40"
  c.sleep(0.01)
  return "close"
end)
handshake("tls|closed|connect", "closed before the handshake", function()
  return "close"
end)
handshake("tls|closed|connect", "closed within the handshake", function(c)
  c.send "\22\3\3\0\122\2\0\0\118\3\3"
  c.sleep(0.01)
  return "close"
end)
handshake("tls|timeout|connect", "silence before the handshake", function(c)
  c.sleep(HOLD)
  return "close"
end)
handshake("tls|timeout|connect", "silence within the handshake", function(c)
  c.send "\22\3\3\0\122\2\0\0\118\3\3"
  c.sleep(HOLD)
  return "close"
end)
handshake("tls|timeout|connect", "a handshake a byte at a time", function(c)
  return drip_text(c, "\22\3\3\64\0\2\0\63\252", "\0")
end)

for _, case in ipairs {
  { "a certificate of an unknown authority", "self" },
  { "a certificate for another name", "good" },
  { "a certificate that has expired", "late" },
} do
  add("TLS", "tls", case[1], function() end, { tls = case[2] })
end

-- Proxies: the response to CONNECT, on the first connection; later ones get their tunnel.

local function proxy(expected, title, act)
  add("proxies", expected, title, act, { proxy = true })
end

local function proxy_says(expected, title, text)
  proxy(expected, title, function(c)
    c.send(text)
    c.sleep(0.01)
    return "close"
  end)
end

proxy("timeout|connect|proxy|closed", "silence in place of a response", function(c)
  c.sleep(HOLD)
  return "close"
end)
proxy("timeout|connect|proxy|closed", "silence within the head", function(c)
  c.send "HTTP/1.1 200 OK\r\nX-A"
  c.sleep(HOLD)
  return "close"
end)
for _, case in ipairs {
  { "a head a byte at a time, without an end", "HTTP/1.1 200 OK\r\nX-A: ", "a" },
  { "headers one at a time, without an end", "HTTP/1.1 200 OK\r\n", "X-A: 1\r\n" },
  { "interim responses one at a time, without an end", "", "HTTP/1.1 100 Continue\r\n\r\n" },
  { "a refusal's body a byte at a time", "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 100000\r\n\r\n", "a" },
} do
  proxy("timeout|connect|proxy|closed", case[1], function(c)
    return drip_text(c, case[2], case[3])
  end)
end
for _, case in ipairs {
  { "a header without an end at full speed", "HTTP/1.1 200 OK\r\nX-A: ", ("a"):rep(65536) },
  { "interim responses without an end at full speed", "", ("HTTP/1.1 100 Continue\r\n\r\n"):rep(2048) },
} do
  proxy("timeout|connect|proxy|closed", case[1], function(c)
    c.send(case[2])
    c.flood(case[3])
    return "close"
  end)
end
proxy_says("proxy|connect|closed", "closed in place of a response", "")
proxy_says("proxy|connect|closed", "closed within the head", "HTTP/1.1 200 OK\r\nX-A")
proxy_says("proxy", "a refusal", "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nno")
proxy_says("proxy", "a refusal for want of credentials",
  "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")
proxy_says("proxy|connect|protocol|closed", "another protocol", "SSH-2.0-OpenSSH_9.2\r\n")
proxy_says("tls|connect|closed|proxy|protocol", "bytes behind the head", "HTTP/1.1 200 OK\r\n\r\nhello")

return cases
