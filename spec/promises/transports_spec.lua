local Curl = require "cloudjobs.transport.curl"
local Error = require "cloudjobs.base.error"
local Multi = require "cloudjobs.transport.multi"
local Server = require "spec.support.server"
local curl = require "cloudjobs.curl"
local files = require "spec.support.files"
local parallel = require "cloudjobs.transport.parallel"
local process = require "cloudjobs.os"

if rawget(_G, "jit") then
  require("ffi").cdef [[
    int fork(void); int waitpid(int pid, int *status, int options); void _exit(int status);
    int pause(void); int kill(int pid, int signal);
  ]]
end

-- A name that no resolver is asked for: its one label is too long.
local UNKNOWN = ("x"):rep(64)

-- A server in whose way small segments and a small buffer are: a request does
-- not fit in. `act` is the Perl that reads from C and writes to it.
local function slow_server(act)
  local reader = io.popen(([[exec perl -e '
    use Socket qw(:all); $| = 1;
    socket(L, PF_INET, SOCK_STREAM, 0);
    setsockopt(L, IPPROTO_TCP, TCP_MAXSEG, pack("l", 536));
    setsockopt(L, SOL_SOCKET, SO_RCVBUF, pack("l", 4096));
    bind(L, sockaddr_in(0, INADDR_LOOPBACK)); listen(L, 1);
    print((sockaddr_in(getsockname(L)))[0], "\n");
    accept(C, L); select(undef, undef, undef, 0.05);
    %s
    syswrite(C, "HTTP/1.1 $status X\r\nConnection: close\r\nContent-Length: " . length($body) . "\r\n\r\n$body");']])
    :format(act))
  return reader, reader:read("*l")
end

-- Answers with the body's size.
local READS_ALL = [[
  while (sysread(C, $_, 65536)) { $all .= $_; last if substr($_, -1) eq "!" }
  $body = length($all) - index($all, "\r\n\r\n") - 4; $status = 200;]]
local READS_LITTLE = [[sysread(C, $_, 300); $body = "no"; $status = 413;]]

local function directly(f)
  return f()
end

-- Beside another function, so that there are others to see to.
local function in_a_task(f)
  local result = parallel({ function() end, f })[2]
  if result.ok then
    return result.value
  elseif Error.is(result.err) then
    return nil, result.err
  end
  error(result.err, 0)
end

local function as_they_are(headers)
  return headers
end

-- As a client's requests have them.
local function as_lines(headers)
  local lines = {}
  for name, value in pairs(headers) do
    lines[#lines + 1] = ("%s: %s\r\n"):format(name, value)
  end
  table.sort(lines)
  return table.concat(lines)
end

-- Compressed answers are libcurl's affair: it speaks HTTP then, else we do.
local function by_libcurl(new)
  return function(options)
    options = options or {}
    options.gzip = true
    return new(options)
  end
end

-- What every transport on libcurl promises, on real sockets. `written` gives a
-- request its headers, as a table or as lines; `is_ours` says who speaks HTTP.
local function contract(new, run, written, is_ours)
  local server, transport

  Server.with_transport(new, function(started, made)
    server, transport = started, made
  end)

  --- Sends `request` (GET / to the plain port unless it says otherwise). `script` is the Lua by which the server
  --- answers; without one it answers with the request itself.
  local function send(script, request)
    request = request or {}
    local headers = { ["x-script"] = script and script:gsub("\n%s*", " ") }
    for name, value in pairs(request.headers or {}) do
      headers[name] = value
    end
    local whole = {
      method = request.method or "GET",
      url = request.url or server:url("/"),
      headers = (request.written or written)(headers),
      body = request.body,
      timeout = request.timeout or 5,
      connect_timeout = request.connect_timeout,
      network = request.network,
      non_idempotent = request.non_idempotent,
    }
    return run(function()
      return transport:send(whole)
    end)
  end

  -- What went wrong, as one line to compare.
  local function failure(response, err)
    if response then
      return "answered " .. response.status
    end
    assert.is_true(Error.is(err))
    return ("%s%s%s"):format(err.code, err.retryable and " retryable" or "", err.ambiguous and " ambiguous" or "")
  end

  local function echo(request)
    local response = assert(send(nil, request))
    return (response.body:gsub("Host: 127.0.0.1:%d+\r\n", ""):gsub("[ \t]+\r\n", "\r\n")
      :gsub("Accept%-Encoding: gzip\r\n", ""))
  end

  describe("requests", function()
    local CASES = {
      ["a GET with nothing added"] = { {}, "GET / HTTP/1.1\r\n\r\n" },
      ["a POST with a body"] = {
        { method = "POST", body = "hello", headers = { ["content-type"] = "application/json" } },
        "POST / HTTP/1.1\r\ncontent-type: application/json\r\nContent-Length: 5\r\n\r\nhello",
      },
      ["a POST without one"] = { { method = "POST" }, "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n" },
      ["a PUT without one"] = { { method = "PUT" }, "PUT / HTTP/1.1\r\nContent-Length: 0\r\n\r\n" },
      ["a DELETE without one"] = { { method = "DELETE" }, "DELETE / HTTP/1.1\r\n\r\n" },
      ["any method"] = { { method = "M-SEARCH", body = "x" }, "M-SEARCH / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx" },
      ["a body with every byte"] = {
        { method = "POST", body = "\0\r\n\255" }, "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n\0\r\n\255",
      },
      ["an empty header and one of blanks"] = {
        { headers = { ["x-a"] = "" } }, "GET / HTTP/1.1\r\nx-a:\r\n\r\n",
      },
      ["a header of blanks alone"] = { { headers = { ["x-a"] = " \t" } }, "GET / HTTP/1.1\r\nx-a:\r\n\r\n" },
      ["a content-length of the caller's is counted anew"] = {
        { method = "POST", body = "four", headers = { ["content-length"] = "5", expect = "100-continue" } },
        "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nfour",
      },
    }
    for what, case in pairs(CASES) do
      it("send " .. what, function()
        assert.equal(case[2], echo(case[1]))
      end)
    end

    it("keep the path and query as they were signed", function()
      -- In a path, libcurl writes the escapes in capitals from 8.20 on, as clients do before they sign.
      local path = "/a/../b/%2E%2E//c/%E2%82%AC;x='1'?q=%c3&a=/../"
      assert.equal("GET " .. path .. " HTTP/1.1\r\n\r\n", echo { url = server:url(path) })
    end)

    it("send the host that was signed", function()
      local response = assert(send(nil, { headers = { host = "example.com" } }))
      assert.equal("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", (response.body:gsub("host", "Host"):gsub("Accept[^\r]*\r\n", "")))
    end)

    it("send a large body without waiting for a 100 Continue", function()
      local body = ("x"):rep(3000000)
      assert.equal("POST / HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n" .. body, echo { method = "POST", body = body })
    end)

    it("do not carry anything over to the next one", function()
      send(nil, { method = "HEAD" })
      assert.equal("POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", echo { method = "POST", body = "x" })
      assert.equal("GET / HTTP/1.1\r\n\r\n", echo())
      send [[ s:write("HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n") ]]
      assert.equal("GET / HTTP/1.1\r\n\r\n", echo())
    end)

    local REFUSED = {
      { { headers = { ["x-a"] = "1\r\nx-b: 2" } }, "the header x-a holds a line break or a NUL" },
      { { headers = { ["x-a"] = "1\n" } }, "the header x-a holds a line break or a NUL" },
      { { headers = { ["x-a"] = "1\0" } }, "the header x-a holds a line break or a NUL" },
      { { headers = { ["x-a: b\r\nx"] = "1" } }, "a header's name holds more than a token may" },
      { { headers = { [""] = "1" } }, "a header's name holds more than a token may" },
      { { headers = { ["transfer-encoding"] = "chunked" } }, "transfer-encoding is the transport's own" },
      { { headers = { ["Transfer-Encoding"] = "chunked" } }, "transfer-encoding is the transport's own" },
      { { headers = { ["x-a"] = ("a"):rep(200000) } }, "the request's headers are too long" },
      { { method = "GET / HTTP/1.1\r\nx:" }, "the method is not a token" },
      { { method = "" }, "the method is not a token" },
      { { method = "HEAD", body = "x" }, "a HEAD request has no body" },
      { { method = ("M"):rep(2000000) }, "the method is longer than" },
      { { url = "http://127.0.0.1:1/" .. ("a"):rep(2000000) }, "the URL is longer than" },
      { { url = "http://127.0.0.1:1/a b" }, "URL" },
      { { url = "http://127.0.0.1:1/\r\n" }, "URL" },
      { { url = "http://127.0.0.1:1/\0x" }, "URL" },
      { { url = "http://user:secret@127.0.0.1/" }, "127.0.0.1" },
      { { url = "ftp://127.0.0.1/" }, "ftp" },
      { { url = "file:///etc/passwd" }, "file" },
    }
    for i, case in ipairs(REFUSED) do
      it(("are refused before the wire (%d): %s"):format(i, case[2]), function()
        case[1].written = as_they_are -- among lines a break is no mistake to see
        local response, err = send(nil, case[1])
        assert.is_nil(response)
        assert.same({ "validation", "request", false, false }, { err.kind, err.code, err.ambiguous, err.retryable })
        assert.is_truthy(err.message:find(case[2], 1, true), err.message)
        assert.is_nil(tostring(err):find("secret", 1, true))
      end)
    end

    it("may come as lines, which are held to be lines", function()
      local request = {
        method = "GET", url = server:url("/"), headers = "X-A: 1\r\nX-B: \r\nContent-Length: 9\r\n", timeout = 5,
      }
      local response = run(function()
        return transport:send(request)
      end)
      assert.equal("GET / HTTP/1.1\r\nX-A: 1\r\nX-B:\r\n\r\n", (response.body:gsub("Host: [^\r]*\r\n", ""):gsub(" \r", "\r")
        :gsub("Accept[^\r]*\r\n", "")))
      for _, lines in ipairs {
        "X-A: 1", "X-A:1\r\n", "Transfer-Encoding: chunked\r\n", "X-A 1\r\n", "X-A: 1\nX-B: 2\r\n", "X-A: \0\r\n",
        "X-A: 1\r",
      } do
        request.headers = lines
        local answered, err = run(function()
          return transport:send(request)
        end)
        assert.is_nil(answered)
        assert.same({ "validation", "request" }, { err.kind, err.code })
      end
    end)

    it("raise for what no caller may pass", function()
      assert.has_error(function()
        send(nil, { headers = { ["x-a"] = 1 }, written = as_they_are })
      end, "headers: expected strings, got string = number")
      assert.has_error(function()
        send(nil, { timeout = "5" })
      end, "timeout: expected number, got string")
      assert.has_error(function()
        send(nil, { network = { proxy = 1 } })
      end, "proxy: expected string, got number")
      assert.equal("GET / HTTP/1.1\r\n\r\n", echo())
    end)
  end)

  describe("answers", function()
    it("come with status, headers in lower case and body", function()
      local response = send [[ s:write("HTTP/1.1 418 Teapot\r\nX-A:  1\t\r\nx-b:\r\nX-A: 2\r\nContent-Length: 2\r\n\r\nhi") ]]
      assert.same({ 418, "hi" }, { response.status, response.body })
      assert.same({ ["x-a"] = "1, 2", ["x-b"] = "", ["content-length"] = "2" }, response.headers)
    end)

    it("may be chunked, with trailers that are no headers", function()
      local response = send [[ s:write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
        .. "0\r\nX-Late: 1\r\n\r\n") ]]
      assert.same({ "abc", nil }, { response.body, response.headers["x-late"] })
    end)

    it("may follow interim answers, whose headers are dropped", function()
      local response = send [[ s:write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nx-a: 1\r\n\r\n" .. ok "b") ]]
      assert.same({ 200, "b" }, { response.status, response.body })
      assert.same({ ["content-length"] = "1" }, response.headers)
    end)

    it("may have folded headers", function()
      local response = send [[ s:write("HTTP/1.1 200 OK\r\nx-a: 1\r\n  2\r\n\t3\r\nContent-Length: 0\r\n\r\n") ]]
      assert.equal("1 2 3", (response.headers["x-a"]:gsub("%s+", " ")))
    end)

    if not is_ours then
      it("that give two lengths are read by the first, as libcurl does", function()
        for _, lengths in ipairs { "2, 2", "2\\r\\nContent-Length: 2" } do
          local script = ([[ s:write("HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\nhi") ]]):format(lengths)
          assert.equal("hi", send(script).body)
        end
      end)
    end

    if is_ours then
      it("may give their length twice, if it is the same", function()
        assert.equal("hi", send([[ s:write("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nhi") ]]).body)
        for _, lengths in ipairs { "2, 3", "2\\r\\nContent-Length: 3", "2x", "-2", "" } do
          local script = ([[ s:write("HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\nhi") ]]):format(lengths)
          assert.equal("protocol ambiguous", failure(send(script)), lengths)
        end
        local endless = [[ s:write("HTTP/1.1 200 OK\r\nContent-Length: " .. ("9"):rep(40) .. "\r\n\r\nhi") ]]
        assert.equal("too_large ambiguous", failure(send(endless)))
      end)
    end

    it("may end with the connection", function()
      assert.equal("all of it", send([[ s:write("HTTP/1.0 200 OK\r\n\r\nall of it") s:flush() s:shutdown() ]]).body)
    end)

    it("to a HEAD may describe a body of any size", function()
      local response = send([[ s:write("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n") ]], { method = "HEAD" })
      assert.same({ 200, "1000000000", "" }, { response.status, response.headers["content-length"], response.body })
    end)

    it("are never followed elsewhere", function()
      local response = send [[ s:write("HTTP/1.1 307 T\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n") ]]
      assert.same({ 307, "/elsewhere" }, { response.status, response.headers.location })
    end)

    it("are unpacked when asked for compressed, and only then", function()
      local packed = "\\31\\139\\8\\0\\0\\0\\0\\0\\0\\3\\203H\\205\\201\\201\\7\\0\\134\\166\\16\\54\\5\\0\\0\\0"
      local script = ([[ local p = "%s" if not head:lower():find("accept%%-encoding: gzip") then answer "plain" else
        s:write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " .. #p .. "\r\n\r\n" .. p) end ]])
        :format(packed)
      assert.equal(is_ours and "plain" or "hello", send(script).body)
      transport = new { gzip = true }
      assert.equal("hello", send(script).body)
    end)
  end)

  describe("a server", function()
    local CASES = {
      ["that refuses"] = { "connect retryable", nil, { url = "http://127.0.0.1:1/" } },
      ["whose name is unknown"] = { "resolve retryable", nil, { url = "http://" .. UNKNOWN .. "/" } },
      ["that stalls before the first byte"] = { "timeout retryable ambiguous", [[ sleep(60) ]], { timeout = 0.1 } },
      ["that stalls in the head"] = {
        "timeout retryable ambiguous", [[ s:write("HTTP/1.1 200 OK\r\nx-a") s:flush() sleep(60) ]], { timeout = 0.1 },
      },
      ["that drips"] = {
        "timeout retryable ambiguous",
        [[ s:write("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
          for _ = 1, 9999 do s:write("x") s:flush() sleep(0.01) end ]],
        { timeout = 0.1 },
      },
      ["that hangs up at once"] = { "closed retryable ambiguous", [[ s:shutdown() ]] },
      ["that hangs up in the body"] = {
        "closed retryable ambiguous",
        [[ s:write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour") s:flush() s:shutdown() ]],
      },
      ["that hangs up in a chunk"] = {
        "closed retryable ambiguous",
        [[ s:write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nfour") s:flush() s:shutdown() ]],
      },
      ["that never sends the last chunk"] = {
        "closed retryable ambiguous",
        [[ s:write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n") s:flush() s:shutdown() ]],
      },
      ["that promises 1 GB"] = {
        "too_large ambiguous", [[ s:write("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n") s:flush() sleep(60) ]],
      },
      ["that never ends its headers"] = {
        "too_large ambiguous",
        [[ s:write("HTTP/1.1 200 OK\r\n") while s:write("x-a: ", ("b"):rep(1000), "\r\n") do end ]],
      },
      ["that never ends its interim answers"] = {
        "too_large ambiguous", [[ while s:write("HTTP/1.1 102 Processing\r\n\r\n") do end ]],
      },
      ["that speaks something else"] = { "protocol ambiguous", [[ s:write("SSH-2.0-OpenSSH_9.2\r\n") s:flush() s:shutdown() ]] },
      ["that speaks TLS where none is expected"] = { "closed retryable ambiguous", nil, { port = "tls", scheme = "http" } },
      ["that speaks no TLS where it is expected"] = { "tls", nil, { port = "gruff" } },
      ["that accepts and says no TLS"] = { "timeout retryable", nil, { port = "mute", timeout = 0.1 } },
      ["that is cut off in the TLS handshake"] = { "connect retryable", nil, { port = "slam" } },
      ["whose certificate is a stranger's"] = { "tls", nil, { port = "stranger" } },
      ["whose certificate is unknown to the system"] = { "tls", nil, { port = "tls", system = true } },
      ["whose certificate has another name"] = { "tls", nil, { port = "other_name" } },
      ["whose certificate has expired"] = { "tls", nil, { port = "expired" } },
    }
    for what, case in pairs(CASES) do
      it(what .. " is " .. case[1], function()
        local request = case[3] or {}
        if request.port then
          request.url = server:url("/", request.port):gsub("^%a+", request.scheme or "https")
          request.network = not request.system and { ca_bundle = server.folder .. "/ca.pem" } or nil
        end
        assert.equal(case[1], failure(send(case[2], request)))
      end)
    end

    -- A server that has not read all that was sent resets the connection when it closes it.
    local UNREAD = ("x"):rep(60000)
    local WAYS = {
      ["hangs up"] = { "s:shutdown()", { closed = true, protocol = true } },
      ["resets the connection"] = { "return 'close'", { closed = true, protocol = true }, { method = "POST", body = UNREAD } },
      ["stalls"] = { "sleep(5)", { timeout = true }, { timeout = 0.02 } },
    }
    -- Each with how much may be missing at its end: to libcurl the CR of the last chunk's line is all.
    local ANSWERS = {
      { "HTTP/1.1 200 OK\r\nx-a: 1\r\nContent-Length: 9\r\n\r\n{\"a\": 1}\n", 0 },
      { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"a\": 1}\n\r\n0\r\n\r\n", 1 },
    }
    local function literal(text)
      return (("%q"):format(text):gsub("\r", "\\r"):gsub("\\\n", "\\n"))
    end
    for way, case in pairs(WAYS) do
      it("that " .. way .. " at any byte of the answer is never taken for one that answered", function()
        for _, one in ipairs(ANSWERS) do
          local answer = one[1]
          for n = 0, #answer - 1 - one[2] do
            local response, err = send(("s:write(%s) s:flush() %s"):format(literal(answer:sub(1, n)), case[1]), case[3])
            assert.is_nil(response)
            assert.is_true(case[2][err.code], ("%d: %s"):format(n, err.code))
            assert.is_true(err.ambiguous or err.code == "timeout") -- which is short, and may come first of all
          end
        end
        assert.equal("GET / HTTP/1.1\r\n\r\n", echo())
      end)
    end

    it("may send its answer byte by byte", function()
      for _, one in ipairs(ANSWERS) do
        local response = assert(send(("for c in (%s):gmatch('.') do s:write(c) s:flush() sleep(0) end"):format(literal(one[1]))))
        assert.same({ 200, "{\"a\": 1}\n" }, { response.status, response.body })
      end
    end)

    it("may be slow where the total time allows it", function()
      assert.equal("at last", send([[ sleep(0.1) answer "at last" ]], { timeout = 5, connect_timeout = 0.05 }).body)
    end)

    it("is given up when connecting takes too long, and nothing was sent", function()
      -- TLS belongs to connecting.
      local _, err = send(nil, { url = server:url("/", "mute"), timeout = 60, connect_timeout = 0.1 })
      assert.same({ "timeout", false }, { err.code, err.ambiguous })
    end)
  end)

  describe("limits", function()
    it("are named in the error", function()
      local _, err = send [[ s:write("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n") s:flush() sleep(60) ]]
      assert.is_truthy(err.message:find("the response is larger than the limit of 67108864 bytes", 1, true))
      assert.equal("A transport's limit is its option max_body", err.hint)
      transport = new { max_body = 100 }
      _, err = send [[ s:write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n80\r\n" .. ("x"):rep(128)) ]]
      assert.is_truthy(err.message:find("larger than the limit of 100 bytes", 1, true), err.message)
      _, err = send [[ s:write("HTTP/1.1 200 OK\r\nx-a: " .. ("x"):rep(65536) .. "\r\n\r\n") ]]
      assert.is_truthy(err.message:find("headers are larger than 65536 bytes", 1, true), err.message)
    end)

    it("of time hold against a server that sends faster than it is read", function()
      local flood = [[ s:write "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        local block = ("1;" .. ("e"):rep(4000) .. "\r\nx\r\n"):rep(200)
        while s:write(block) do end ]]
      local started = transport:clock()
      assert.equal("timeout retryable ambiguous", failure(send(flood, { timeout = 0.2 })))
      assert.is_true(transport:clock() - started < 5)
    end)

    it("hold to the byte, however the length is given, also for a reused buffer", function()
      transport = new { max_body = 100 }
      local chunked = [[ s:write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n"
        .. ("x"):rep(%d) .. "\r\n0\r\n\r\n") ]]
      for _ = 1, 2 do
        assert.equal(100, #send([[ answer(("x"):rep(100)) ]]).body)
        assert.equal("too_large ambiguous", failure(send [[ answer(("x"):rep(101)) ]]))
        assert.equal(100, #send(chunked:format(100, 100)).body)
        assert.equal("too_large ambiguous", failure(send(chunked:format(101, 101))))
      end
    end)

    it("hold for what was compressed", function()
      -- 1 MB of zeros
      local script = [[ local p = io.popen("head -c 1000000 /dev/zero | gzip -c") local z = p:read("a") p:close()
        s:write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " .. #z .. "\r\n\r\n" .. z) ]]
      transport = new { max_body = 100000, gzip = true }
      assert.equal("too_large ambiguous", failure(send(script)))
    end)
  end)

  describe("connections", function()
    local function connections()
      return tonumber(send([[ answer(tostring(count.connections)) ]]).body)
    end

    it("are kept from call to call, from GET to POST, after errors of the service", function()
      local first = connections()
      send(nil, { method = "POST", body = "x" })
      send [[ s:write("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n") ]]
      assert.equal(first, connections())
    end)

    it("are made anew when the server has closed the kept one", function()
      local first = connections()
      assert.equal(200, send([[ answer "bye" s:flush() s:shutdown() ]]).status)
      assert.equal(first + 1, connections())
    end)

    it("are made anew when the kept one is lost before the answer begins, but for what must not be sent twice", function()
      local script = [[ count.%s = (count.%s or 0) + 1
        if count.%s == 1 then return "close" end
        answer(tostring(count.%s)) ]]
      local name = "lost" .. tostring(transport):match("%x+$")
      for i, non_idempotent in ipairs { false, true } do
        send()
        local asked = script:gsub("%%s", name .. i)
        local response, err = send(asked, { method = "POST", body = "x", non_idempotent = non_idempotent })
        if non_idempotent then
          assert.equal("closed retryable ambiguous", failure(response, err))
          assert.equal("2", send(asked).body)
        else
          assert.equal("2", response.body)
        end
      end
    end)

    it("that break off in an answer are no reason to send once more", function()
      send()
      local before = tonumber(send([[ answer(tostring(count.requests)) ]]).body)
      assert.equal("closed retryable ambiguous", failure(send [[ s:write("HTTP/1.1 200 OK\r\n") s:flush() s:shutdown() ]]))
      assert.equal(before + 2, tonumber(send([[ answer(tostring(count.requests)) ]]).body))
    end)

    it("are given up behind an answer that says so, or that has something behind it", function()
      for _, answer in ipairs {
        ([[ s:write("HTTP/1.1 200 OK\r\nConnection: %s\r\nContent-Length: 2\r\n\r\nhi") ]])
          :format(is_ours and "x, Close" or "Close"), -- libcurl 8.13 to 8.19 reads no list
        [[ s:write("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi") ]],
        is_ours and [[ s:write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi" .. ok "stray") ]] or nil,
      } do
        local first = connections()
        assert.equal("hi", send(answer).body)
        assert.equal(first + 1, connections())
      end
      local first = connections()
      assert.equal(204, send([[ s:write("HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n") ]]).status)
      assert.equal(first + (is_ours and 1 or 0), connections()) -- libcurl keeps it
    end)

    it("are closed when the server sends more than was requested", function()
      local first = connections()
      assert.equal("requested", send([[ answer "requested" s:flush() sleep(0.05) s:write(ok "stray") ]]).body)
      transport:sleep(0.1)
      assert.equal(first + 1, connections())
    end)

    -- A stray response that follows a response directly, so that both arrive before the next request: in one segment,
    -- where the first fills a read buffer to the byte; in a segment of its own; and in a TLS record of its own.
    local STRAY = {
      ["fills a read buffer"] = [[ local text = ("x"):rep(16384 - #ok(("x"):rep(16000)) + 16000)
        s:write(ok(text) .. ok "stray") ]],
      ["ends a segment"] = [[ answer "first" s:flush() s:write(ok "stray") ]],
    }
    for what, script in pairs(STRAY) do
      for _, port in ipairs { "plain", "tls" } do
        it(("never return a stray response behind one that %s, on port %s"):format(what, port), function()
          local extra = { url = server:url("/", port), network = { ca_bundle = server.folder .. "/ca.pem" } }
          local swapped = 0
          for i = 1, 3 do
            send(script, extra)
            curl.sleep(0.06) -- the server's kernel may delay it for the acknowledgement of the first segment
            swapped = swapped + (send(("answer '%d'"):format(i), extra).body == tostring(i) and 0 or 1)
          end
          assert.equal(0, swapped)
        end)
      end
    end

    if is_ours and rawget(_G, "jit") then
      it("are gone when they are closed, though a child that was forked holds them", function()
        local multi, ffi = curl.multi(), require "ffi"
        assert.equal(200, (multi:perform("GET", server:url("/"), "", nil, 5)))
        local pid = ffi.C.fork()
        if pid == 0 then
          ffi.C.pause()
        end
        local closing = 'x-script: s:write("HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: 0\\r\\n\\r\\n") '
          .. 's:flush() return "close"\r\n'
        assert.equal(200, (multi:perform("GET", server:url("/"), closing, nil, 5)))
        local ended = curl.clock() + 0.2
        local steps = 0
        while curl.clock() < ended do
          multi:step(0.2)
          steps = steps + 1
        end
        ffi.C.kill(pid, 9)
        ffi.C.waitpid(pid, nil, 0)
        multi:close()
        assert.is_true(steps < 20, steps)
      end)
    end

    for what, case in pairs {
      ["carry what is more than a socket takes at once"] = { READS_ALL, 200, "60001" },
      ["bring an answer that comes before all was sent"] = { READS_LITTLE, 413, "no" },
    } do
      it(what, function()
        local reader, port = slow_server(case[1])
        if not port then
          return pending("there is no perl")
        end
        local headers = {}
        for i = 1, 100 do
          headers["x-" .. i] = ("a"):rep(1000)
        end
        local response = send(nil, {
          method = "POST", url = "http://127.0.0.1:" .. port .. "/", headers = headers, body = ("b"):rep(60000) .. "!",
        })
        reader:close()
        assert.same({ case[2], case[3] }, { response.status, response.body })
      end)
    end

    it("are not shared between transports, and end with theirs", function()
      local first = connections()
      transport:close()
      local response, err = send()
      assert.same({ nil, "closed" }, { response, err.code })
      transport:close()
      transport = new()
      assert.equal(first + 1, connections())
    end)

    it("end with a forgotten transport, and leave no descriptor", function()
      -- Asked of the kernel from inside: a child that counts sees its own pipe, or does not.
      local function descriptors()
        local count = 0
        for n = 0, 255 do
          local info = io.open("/proc/self/fdinfo/" .. n)
          if info then
            info:close()
            count = count + 1
          end
        end
        return count
      end
      collectgarbage()
      collectgarbage()
      local before = descriptors()
      local function open()
        local opened = new()
        assert(run(function()
          return opened:send { method = "GET", url = server:url("/"), headers = {} }
        end))
        return opened
      end
      local closed = open()
      local each = descriptors() - before
      closed:close()
      assert.equal(before, descriptors())
      local function forget_some()
        for _ = 1, 20 do
          open()
        end
      end
      forget_some()
      collectgarbage()
      collectgarbage()
      assert.is_true(descriptors() <= before + each) -- one that a stack still holds is not forgotten
    end)

    it("hold no more memory than the last answer needed", function()
      if os.getenv("LSAN_OPTIONS") then
        return pending("a sanitizer keeps freed memory")
      end
      local function resident()
        return tonumber(files.read("/proc/self/status"):match("VmRSS:%s+(%d+)"))
      end
      local function collected()
        send()
        collectgarbage()
        collectgarbage()
        return resident()
      end
      local before = collected()
      send [[ answer(("x"):rep(60000000)) ]]
      assert.is_true(collected() - before < 40000, resident() - before)
    end)
  end)

  describe("TLS", function()
    local function ca(name)
      return { ca_bundle = server.folder .. "/" .. name }
    end

    it("trusts a bundle, and a directory with hashed names", function()
      assert.equal(200, send(nil, { url = server:url("/", "tls"), network = ca "ca.pem" }).status)
      assert(process.make_folder(server.folder .. "/certs"))
      files.write(server.folder .. "/certs/ca.pem", files.read(server.folder .. "/ca.pem"))
      process.run { "openssl", "rehash", server.folder .. "/certs" }
      transport = new()
      assert.equal(200, send(nil, { url = server:url("/", "tls"), network = ca "certs" }).status)
    end)

    it("keeps a connection, and takes what is more than a record of it", function()
      local request = { url = server:url("/", "tls"), network = ca "ca.pem" }
      local first = send([[ answer(count.connections .. ("x"):rep(100000)) ]], request).body
      transport:sleep(0.02)
      assert.equal(100000, #first:match("x*$"))
      assert.equal(first, send([[ sleep(0.02) answer(count.connections .. ("x"):rep(100000)) ]], request).body)
    end)

    it("does not reuse a connection that was made with other authorities", function()
      assert.equal(200, send(nil, { url = server:url("/", "tls"), network = ca "ca.pem" }).status)
      assert.equal("tls", failure(send(nil, { url = server:url("/", "tls") })))
      assert.equal(200, send(nil, { url = server:url("/", "tls"), network = ca "ca.pem" }).status)
    end)

    it("says what is wrong with a bundle", function()
      local _, err = send(nil, { url = server:url("/", "tls"), network = { ca_bundle = "/nowhere/none.pem" } })
      assert.equal("tls", err.code)
      assert.is_truthy(err.message:find("none.pem", 1, true), err.message)
    end)

    it("hints at ca_bundle for an unknown authority, and only for that", function()
      local _, err = send(nil, { url = server:url("/", "tls") })
      assert.equal("A certificate authority that this machine does not know is named by ca_bundle", err.hint)
      _, err = send(nil, { url = server:url("/", "expired"), network = ca "ca.pem" })
      assert.is_nil(err.hint)
    end)

    it("shows a client certificate", function()
      local network = ca "ca.pem"
      network.client_cert = server.folder .. "/client.pem"
      network.client_key = server.folder .. "/client.key"
      assert.equal(200, send(nil, { url = server:url("/", "mutual"), network = network }).status)
      local response = send(nil, { url = server:url("/", "mutual"), network = ca "ca.pem" })
      assert.is_nil(response)
    end)
  end)

  describe("a proxy", function()
    local function through(userinfo, extra)
      local network = { proxy = server:url("", "proxy"):gsub("//", "//" .. userinfo), ca_bundle = server.folder .. "/ca.pem" }
      for name, value in pairs(extra or {}) do
        network[name] = value
      end
      return network
    end

    it("is given the whole address, and its user and password", function()
      local response = send(nil, { network = through "user:secret@" })
      assert.equal(("proxied GET %s HTTP/1.1"):format(server:url("/")), response.body:match("^[^\r]*"))
    end)

    it("tunnels TLS, which is still verified", function()
      local response = assert(send(nil, { url = server:url("/a", "tls"), network = through "user:secret@" }))
      assert.equal("GET /a HTTP/1.1", response.body:match("^[^\r]*"))
      assert.is_nil(response.body:lower():find("proxy", 1, true))
      assert.equal("tls", failure(send(nil, { url = server:url("/", "stranger"), network = through "user:secret@" })))
    end)

    it("that refuses is a proxy error, with nothing sent and no password in the error", function()
      local _, err = send(nil, { url = server:url("/", "tls"), network = through "user:wrong@" })
      assert.same({ "proxy", false, false }, { err.code, err.retryable, err.ambiguous })
      assert.is_truthy(err.message:find("the proxy answered 407 to CONNECT", 1, true))
      for _, proxy in ipairs { "foo://user:hidden@127.0.0.1:1", "http://user:hid den@:::1", "http://user:hidden@" .. UNKNOWN } do
        local _, refused = send(nil, { network = { proxy = proxy } })
        assert.equal("proxy", refused.code)
        assert.is_nil(tostring(refused):find("hid", 1, true))
      end
    end)

    it("is passed by for the hosts of no_proxy", function()
      local response = send(nil, { network = through("user:secret@", { no_proxy = "example.com,127.0.0.1" }) })
      assert.equal("GET / HTTP/1.1", response.body:match("^[^\r]*"))
    end)
  end)

  if rawget(_G, "jit") then
    local ffi = require "ffi"

    it("never uses a connection of the process it was forked from", function()
      local ask = [[ answer(tostring(count.connections)) ]]
      local before = tonumber(send(ask).body)
      local pid = ffi.C.fork()
      if pid == 0 then
        local done, count = pcall(function()
          return tonumber(send(ask).body)
        end)
        transport:close()
        ffi.C._exit(done and count == before + 1 and 0 or 1)
      end
      local status = ffi.new("int[1]")
      ffi.C.waitpid(pid, status, 0)
      assert.equal(0, status[0])
      -- The child's goodbye did not end ours.
      assert.equal(before + 1, tonumber(send(ask).body))
    end)
  end
end

describe("cloudjobs.transport.curl", function()
  contract(Curl.new, directly, as_lines, true)
end)

describe("cloudjobs.transport.curl by libcurl", function()
  contract(by_libcurl(Curl.new), directly, as_lines, false)
end)

describe("cloudjobs.transport.multi, headers as a table:", function()
  contract(Multi.new, directly, as_they_are, true)
end)

describe("cloudjobs.transport.multi in a task", function()
  contract(Multi.new, in_a_task, as_lines, true)
end)

describe("cloudjobs.transport.multi in a task by libcurl", function()
  contract(by_libcurl(Multi.new), in_a_task, as_lines, false)
end)
