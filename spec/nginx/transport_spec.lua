local Nginx = require "spec.support.nginx"
local Server = require "spec.support.server"
local files = require "spec.support.files"

local eventually = Nginx.eventually

-- In a worker: `send(request, options)` answers what a program would see.
local HTTP = [[
  lua_socket_log_errors off;
  init_by_lua_block {
    local Transport = require "cloudjobs.transport.nginx"
    local made = {}
    state = {} -- what one piece of a spec leaves for another
    send = function(request, options)
      local key = require("cloudjobs.core").json_encode(options or {})
      made[key] = made[key] or Transport.new(options)
      request.method = request.method or "GET"
      request.headers = request.headers or {}
      local response, err = made[key]:send(request)
      return response or { kind = err.kind, code = err.code, message = err.message, hint = err.hint,
        retryable = err.retryable, ambiguous = err.ambiguous }
    end
  }
]]

Nginx.on_each(describe, setup, "the nginx transport", function()
  local server, nginx

  setup(function()
    server = Server.start()
    nginx = Nginx.start { http = HTTP }
  end)

  teardown(function()
    nginx:stop()
    server:stop()
  end)

  local function quote(value)
    return ("%q"):format(value):gsub("\\\n", "\\n")
  end

  -- Sends a request whose answer is what `script` writes.
  local function scripted(script, more)
    return nginx:run(("return send { url = %s, headers = { ['x-script'] = %s }, %s }"):format(
      quote(server:url("/")), quote(script:gsub("\n%s*", " ")), more or "timeout = 5"))
  end

  local function said(bytes)
    return ("s:write(%s) s:flush() s:shutdown('rw')"):format(quote(bytes))
  end

  it("sends the request as it is given", function()
    local response = nginx:run(("return send { method = 'POST', url = %s, headers = { ['x-a'] = 'b' }, body = 'hello' }")
      :format(quote(server:url("/a/b?c=%20d"))))
    assert.equal(200, response.status)
    assert.equal(("POST /a/b?c=%%20d HTTP/1.1\r\ncontent-length: 5\r\nhost: 127.0.0.1:%d\r\nx-a: b\r\n\r\nhello"):format(
      server.ports.plain), response.body)
  end)

  it("reads every form of body, and passes informational answers over", function()
    local forms = {
      { "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc" },
      { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", "abc" },
      { "HTTP/1.1 200 OK\r\n\r\nabc", "abc" },
      { "HTTP/1.0 200 OK\r\n\r\nabc", "abc" },
      { "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nx: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc" },
      { "HTTP/1.1 204 No Content\r\n\r\n", "" },
    }
    for _, form in ipairs(forms) do
      assert.equal(form[2], scripted(said(form[1])).body)
    end
  end)

  it("keeps a connection for the next request", function()
    local script = "answer(tostring(count.connections))"
    assert.equal(scripted(script).body, scripted(script).body)
  end)

  it("lets go of a connection whose answer did not end cleanly", function()
    local function connections()
      return scripted("answer(tostring(count.connections))").body
    end
    local before = connections()
    scripted("s:write('HTTP/1.1 200 OK\\r\\nContent-Length: 1\\r\\n\\r\\nab') s:flush()")
    assert.not_equal(before, connections())
    before = connections()
    scripted("s:write('HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: 1\\r\\n\\r\\na') s:flush()")
    assert.not_equal(before, connections())
  end)

  local FAULTS = {
    { "a chunk's size that is none", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "protocol" },
    { "a chunk longer than its size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n", "protocol" },
    { "two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "protocol" },
    { "a blank before the colon", "HTTP/1.1 200 OK\r\na : b\r\n\r\n", "protocol" },
    { "another protocol", "SSH-2.0-OpenSSH\r\n", "protocol" },
    { "a gzip transfer-encoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "protocol" },
    { "an end inside the head", "HTTP/1.1 200 OK\r\nContent-", "closed" },
    { "an end inside the body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", "closed" },
    { "an end inside a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "closed" },
  }
  for _, fault in ipairs(FAULTS) do
    it("refuses " .. fault[1], function()
      local err = scripted(said(fault[2]))
      assert.same({ "transport", fault[3], true }, { err.kind, err.code, err.ambiguous })
    end)
  end

  it("reads what a user agent is to read, and keeps no connection whose end is in doubt", function()
    local function connections()
      return scripted("answer(tostring(count.connections))").body
    end
    local before = connections()
    for _, case in ipairs {
      { "HTTP/1.1 200 OK\r\na: b\r\n c\r\nContent-Length: 1\r\n\r\nx", true },
      { "HTTP/1.1 200 OK\nContent-Length: 1\n\nx", true },
      { "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", true },
      { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1 \r\nx\r\n0\r\n\r\n", true },
      { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n1\r\nx\r\n0\r\n\r\n", false },
    } do
      assert.equal("x", scripted(("s:write(%s) s:flush()"):format(quote(case[1]))).body)
      local after = connections()
      assert.equal(case[2], after == before, case[1])
      before = after
    end
  end)

  it("gives the whole answer or an error, wherever the server breaks off", function()
    local whole = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    local script = [[
      local codes = {}
      for n = 1, %d do
        local answer = send { url = %s, headers = { ["x-script"] = %s .. n .. "))" .. " s:flush() s:shutdown('rw')" } }
        codes[n] = answer.code or answer.body
      end
      return codes
    ]]
    local codes = nginx:run(script:format(#whole, quote(server:url("/")), quote(("s:write((%s):sub(1, "):format(quote(whole)))))
    for n = 1, #whole - 1 do
      assert.equal("closed", codes[n], "after " .. n .. " bytes")
    end
    assert.equal("abc", codes[#whole])
  end)

  it("gives up on a head without end", function()
    assert.equal("too_large", scripted("s:write('HTTP/1.1 200 OK\\r\\n') "
      .. "for n = 1, 20000 do if not s:write('x' .. n .. ': y\\r\\n') then break end end s:flush()").code)
  end)

  it("refuses a body over its limit, with a length or without", function()
    for _, head in ipairs { "Content-Length: 11\r\n", "" } do
      local err = nginx:run(("return send({ url = %s, headers = { ['x-script'] = %s } }, { max_body = 10 })"):format(
        quote(server:url("/")), quote(said("HTTP/1.1 200 OK\r\n" .. head .. "\r\n" .. ("x"):rep(11)))))
      assert.equal("too_large", err.code)
    end
  end)

  it("keeps the request's time, however slowly bytes come", function()
    local err = scripted("s:write('HTTP/1.1 200 OK\\r\\n') while s:write('a: b\\r\\n') and s:flush() do sleep(0.02) end",
      "timeout = 0.2")
    assert.same({ "timeout", true, true }, { err.code, err.retryable, err.ambiguous })
  end)

  it("tries a dead connection's request once more", function()
    -- The server ends the kept connection while the next request is on its way.
    local before = tonumber(scripted("answer(tostring(count.requests))").body)
    local script = "if not count.slammed then count.slammed = true s:shutdown('rw') else answer(tostring(count.requests)) end"
    assert.equal(tostring(before + 2), scripted(script).body)
  end)

  it("does not try again what a repeat could do twice", function()
    scripted("answer('')")
    local err = scripted("s:shutdown('rw')", "non_idempotent = true")
    assert.same({ "closed", true }, { err.code, err.ambiguous })
  end)

  it("does not try again on a new connection, nor when a byte of an answer came", function()
    scripted("count.tried = 0 answer('')")
    scripted("count.tried = count.tried + 1 s:write('H') s:flush() s:shutdown('rw')")
    assert.equal("1", scripted("answer(tostring(count.tried))").body)
  end)

  it("reports a refused connection, and that nothing was sent", function()
    local err = nginx:run "return send { url = 'http://127.0.0.1:1/' }"
    assert.same({ "connect", false, true }, { err.code, err.ambiguous, err.retryable })
  end)

  it("asks for a resolver where there is none", function()
    local err = nginx:run "return send { url = 'http://example.test/' }"
    assert.equal("resolve", err.code)
    assert.matches("Give nginx a resolver", err.hint)
  end)

  it("says so when names cannot be resolved", function()
    local other = Nginx.start { http = HTTP .. "resolver 127.0.0.1:1 ipv6=off; resolver_timeout 100ms;" }
    local err = other:run "return send { url = 'http://example.test/' }"
    other:stop()
    assert.same({ "resolve", true, false }, { err.code, err.retryable, err.ambiguous })
    assert.matches("example.test could not be resolved", err.message)
  end)

  it("gives up a kept connection whose other side went silently, and opens another", function()
    local before = scripted("answer(tostring(count.connections))").body
    assert.equal("timeout", scripted("sleep(30)", "timeout = 0.1").code)
    assert.not_equal(before, scripted("answer(tostring(count.connections))").body)
  end)

  it("keeps the time to connect through handshakes and proxies, too", function()
    for _, network in ipairs { "nil", ("{ proxy = '127.0.0.1:%d' }"):format(server.ports.mute) } do
      local err = nginx:run(("return send { url = %q, connect_timeout = 0.1, timeout = 20, network = %s }"):format(
        server:url("/", "mute"), network))
      assert.same({ "timeout", true, false }, { err.code, err.retryable, err.ambiguous })
    end
  end)

  it("finds a name in its hosts, and localhost without any", function()
    local url = ("http://localhost:%d/"):format(server.ports.plain)
    assert.equal(200, nginx:run(("return send { url = %q }"):format(url)).status)
    url = ("http://server.test:%d/"):format(server.ports.plain)
    assert.equal(200, nginx:run(("return send({ url = %q }, { hosts = { ['server.test'] = '127.0.0.1' } })"):format(url)).status)
  end)

  it("does not mix up two hosts of one name", function()
    local ask = "return send({ url = 'http://server.test:%d/' }, { hosts = { ['server.test'] = '%s' } })"
    assert.equal(200, nginx:run(ask:format(server.ports.plain, "127.0.0.1")).status)
    assert.equal("connect", nginx:run(ask:format(server.ports.plain, "127.0.0.2")).code)
  end)

  it("refuses a header that would break the request's lines", function()
    local err = nginx:run(("return send { url = %s, headers = { a = 'b\\r\\nc: d' } }"):format(quote(server:url("/"))))
    assert.same({ "validation", false }, { err.kind, err.ambiguous })
  end)

  it("reads no body after HEAD", function()
    local script = "s:write('HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\n')"
    assert.equal("", scripted(script, "method = 'HEAD'").body)
  end)

  it("goes through a proxy, in the clear with the whole address", function()
    local proxy = ("user:secret@127.0.0.1:%d"):format(server.ports.proxy)
    local response = nginx:run(("return send { url = 'http://service.test/a', network = { proxy = %q } }"):format(proxy))
    assert.matches("^proxied GET http://service.test/a HTTP/1.1\r\n", response.body)
  end)

  it("says what a proxy answered, and not with which password", function()
    local proxy = ("user:wrong@127.0.0.1:%d"):format(server.ports.proxy)
    local err = nginx:run(("return send { url = 'https://127.0.0.1:1/', network = { proxy = %q } }"):format(proxy))
    assert.same({ "proxy", "127.0.0.1:1: the proxy answered 407 to CONNECT", false }, { err.code, err.message, err.ambiguous })
    assert.is_nil(nginx:log():find("wrong", 1, true))
  end)

  it("says where nginx lets nothing wait", function()
    local other = Nginx.start {
      http = HTTP .. [[
        lua_shared_dict seen 1m;
        init_worker_by_lua_block {
          local answer = send { url = "http://127.0.0.1:1/" }
          ngx.shared.seen:set("init_worker", answer.message .. ". " .. answer.hint)
        }
      ]],
    }
    local text = other:run "return ngx.shared.seen:get('init_worker')"
    other:stop()
    assert.equal("nginx lets nothing wait in its phase init_worker. "
      .. "Call it in rewrite, access or content, or from ngx.timer.at", text)
  end)

  it("hears a canceller while it waits for an answer", function()
    local err = scripted("sleep(30)", [[cancel = (function()
      local cancel = require("cloudjobs").canceller()
      ngx.timer.at(0, function() cancel:cancel("enough") end)
      return cancel
    end)()]])
    assert.same({ "cancelled", "enough", true }, { err.kind, err.message, err.ambiguous })
  end)

  it("answers a static location while 200 calls are under way", function()
    scripted("count.held, count.go = 0, false answer('')")
    nginx:spawn(([[
      state.done = 0
      local function call()
        local answer = send { url = %s, headers = { ["x-script"] =
          "count.held = count.held + 1 while not count.go do sleep(0.01) end answer('ok')" } }
        state.done = state.done + (answer.body == "ok" and 1 or 0)
      end
      for _ = 1, 200 do ngx.thread.spawn(call) end
    ]]):format(quote(server:url("/"))))
    eventually("200 calls wait", function()
      return scripted("answer(tostring(count.held))").body == "200"
    end)
    assert.equal(200, nginx:get("/static"))
    assert.equal(0, nginx:run "return state.done")
    scripted("count.go = true answer('')")
    eventually("200 calls are answered", function()
      return nginx:run "return state.done" == 200
    end)
  end)

  it("maps one libcrypto and no libcurl, and leaves no global behind", function()
    local maps = files.read("/proc/" .. nginx:workers()[1] .. "/maps")
    local found = {}
    for path in maps:gmatch("%S+libcrypto%S*") do
      found[path] = true
    end
    assert.is_string(next(found))
    assert.is_nil(next(found, next(found)))
    assert.is_nil(maps:find("libcurl", 1, true))
    assert.is_nil(nginx:log():find("write guard", 1, true))
  end)
end)
