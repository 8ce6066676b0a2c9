--- Bodies that stream through nginx's transport; spec/unit/call/stream_spec.lua has those on libcurl, and more cases of
--- what does not depend on the transport.

local Nginx = require "spec.support.nginx"
local Server = require "spec.support.server"
local files = require "spec.support.files"
local process = require "cloudjobs.os"

-- In a worker: a client of the service in spec/support/store.lua, and what its specs share.
local HTTP = [[
  lua_socket_log_errors off;
  init_by_lua_block {
    package.path = "%s/?.lua;" .. package.path
    local Store = require "spec.support.store"
    transport = require("cloudjobs.transport.nginx").new()
    transport.sleep = function() return true end -- between two attempts
    function client(options)
      return Store.client("%s", transport, options or { timeout = { connect = 5, total = 5 } })
    end
    function gather()
      local pieces = {}
      return function(bytes) pieces[#pieces + 1] = bytes end, function() return table.concat(pieces) end
    end
    function reader(size, extra)
      local left = size
      local made = { length = size }
      function made.read()
        if left == 0 then return nil end
        local n = math.min(left, 1000)
        left = left - n
        return ("z"):rep(n)
      end
      function made.rewind() left = size end
      for name, value in pairs(extra or {}) do made[name] = value or nil end
      return made
    end
    -- What a program would see of an output or an error.
    function seen(output, err)
      return output or { kind = err.kind, code = err.code, message = err.message, hint = err.hint,
        attempts = err.attempts }
    end
  }
]]

local ECHO = [[
  local size = 0
  if head:lower():find("\ntransfer%-encoding: chunked") then
    repeat
      local n = tonumber(s:read("*l"), 16)
      size = size + (n > 0 and #s:read(n) or 0)
      s:read("*l")
    until n == 0
  else
    local left = tonumber(head:lower():match("\ncontent%-length: (%d+)")) or 0
    while left > 0 do
      local piece = s:read(-math.min(left, 65536))
      if not piece then return "close" end
      left, size = left - #piece, size + #piece
    end
  end
  answer(('{"Got":"%d %s"}'):format(size,
    head:lower():match("\ncontent%-length: (%d+)") or head:lower():match("\ntransfer%-encoding: (%a+)")))
]]

local BROKEN = [[
  local from = tonumber(head:lower():match("range: bytes=(%d+)%-"))
  if from then
    s:write(("HTTP/1.1 206 Part\r\nETag: \"one\"\r\nContent-Range: bytes %d-999999/1000000\r\n"):format(from),
      ("Content-Length: %d\r\n\r\n"):format(1000000 - from), ("y"):rep(1000000 - from))
    return
  end
  s:write("HTTP/1.1 200 OK\r\nETag: \"one\"\r\nAccept-Ranges: bytes\r\nContent-Length: 1000000\r\n\r\n", ("x"):rep(600000))
  s:flush()
  sleep(0.05)
  return "close"
]]

Nginx.on_each(describe, setup, "a body that streams through nginx", function()
  local server, nginx, folder, http

  setup(function()
    server = Server.start()
    folder = files.temporary()
    os.execute("chmod 777 " .. folder) -- nginx's workers run as another user
    http = HTTP:format(Nginx.tree(), server:url(""))
    nginx = Nginx.start {
      http = http,
      main = Nginx.has_threads() and "thread_pool default threads=2;" or "",
    }
  end)

  teardown(function()
    nginx:stop()
    server:stop()
    files.remove(folder)
  end)

  -- Runs Lua in a worker; $NAME in it is the text of that name, on one line and in quotes.
  local function run(text, texts, one)
    texts = texts or {}
    texts.ECHO, texts.BROKEN, texts.FOLDER = texts.ECHO or ECHO, BROKEN, folder
    texts.URL = server:url("/")
    return (one or nginx):run((text:gsub("%$(%u+)", function(name)
      return (("%q"):format((texts[name]:gsub("%s*\n%s*", " "))))
    end)))
  end

  it("comes in pieces, and errors do not", function()
    local got = run([[
      local sink, all = gather()
      local output = assert(client():get_thing({ Key = "a", Script = $LONG }, { sink = sink }))
      local refused = seen(client():get_thing({ Key = "a", Script = $NONE }, { sink = error }))
      return { kind = output.Kind, body = output.Body, size = #all(), refused = refused }
    ]], {
      LONG = [[s:write("HTTP/1.1 200 OK\r\nX-Kind: text\r\nContent-Length: 1000000\r\n\r\n", ("x"):rep(1000000))]],
      NONE = [[s:write("HTTP/1.1 404 Nope\r\nx-amzn-errortype: NoSuchThing\r\nContent-Length: 2\r\n\r\n{}")]],
    })
    assert.same({ "text", 1000000, "NoSuchThing" }, { got.kind, got.size, got.refused.code })
    assert.is_nil(got.body)
  end)

  it("ends with what the sink raises or returns", function()
    local got = run([[
      local raised = seen(client():get_thing({ Key = "a", Script = $TEXT }, { sink = function() error("boom", 0) end }))
      local full = seen(client():get_thing({ Key = "a", Script = $TEXT }, { sink = function() return nil, "full" end }))
      return { raised.message, full.message, full.code }
    ]], { TEXT = "answer(('x'):rep(1000))" })
    assert.same({ "the sink raised: boom", "the sink refused the body: full", "sink" }, got)
  end)

  it("goes on by a range where it broke off", function()
    local got = run [[
      local sink, all = gather()
      local meta = {}
      assert(client():get_thing({ Key = "a", Script = $BROKEN }, { sink = sink, meta = meta }))
      return { #all(), all():find("^x+y+$") ~= nil, meta.attempts }
    ]]
    assert.same({ 1000000, true, 2 }, got)
  end)

  it("is sent in pieces, by its length or in chunks, and again from its start", function()
    local got = run([[
      local output = assert(client():put_thing { Key = "a", Script = $ECHO, Body = reader(100000) })
      local chunked = assert(client():put_thing { Key = "a", Script = $ECHO, Body = reader(100000, { length = false }) })
      local again = assert(client():put_thing { Key = "a", Script = $TWICE, Body = reader(300000) })
      return { output.Got, chunked.Got, again.Got }
    ]], { TWICE = [[count.tries = (count.tries or 0) + 1 if count.tries == 1 then
      s:write("HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n") s:flush() return "close" end ]] .. ECHO })
    assert.same({ "100000 100000", "100000 chunked", "300000 300000" }, got)
  end)

  it("is held to its length", function()
    local got = run [[
      local short = seen(client():put_thing { Key = "a", Script = $ECHO, Body = reader(1000, { length = 2000 }) })
      local long = seen(client():put_thing { Key = "a", Script = $ECHO, Body = reader(1000, { length = 500 }) })
      return { short.code, short.message, long.message }
    ]]
    assert.same({ "body", "the body is shorter than its length of 2000 bytes: it ended after 1000",
      "the body is longer than its length of 500 bytes" }, got)
  end)

  it("waits for a 100 Continue where it expects one", function()
    local got = run([[
      local reads = 0
      local function send(script)
        local source = reader(5000, { expects_continue = true })
        local next_piece = source.read
        source.read = function()
          reads = reads + 1
          return next_piece()
        end
        return assert(transport:send {
          method = "PUT", url = $URL, idle = 5, timeout = 5, body = source,
          headers = { expect = "100-continue", ["x-script"] = script },
        })
      end
      local body, count = send($YES).body, reads
      reads = 0
      return { body, count, send($NO).status, reads }
    ]], {
      YES = [[sleep(0.02) local early = s:pending() s:write("HTTP/1.1 100 Continue\r\n\r\n") s:flush()
        answer(early .. " " .. #s:read(5000))]],
      NO = [[s:write("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n") s:flush() return "close"]],
    })
    assert.same({ "0 5000", 6, 403, 0 }, got)
  end)

  it("waits in its reader and its sink", function()
    local got = run [[
      local sink, all = gather()
      assert(client():turn_thing({ Key = "a", Script = $ECHO, Body = reader(3, { read = coroutine.wrap(function()
        for _ = 1, 2 do -- for the hash, and to be sent
          for byte in ("abc"):gmatch "." do
            ngx.sleep(0.001)
            coroutine.yield(byte)
          end
          coroutine.yield(nil)
        end
      end) }) }, { sink = function(bytes)
        ngx.sleep(0.001)
        sink(bytes)
      end }))
      return all()
    ]]
    assert.equal('{"Got":"3 3"}', got)
  end)

  it("is limited by the time without progress, and by the call's own time", function()
    local got = run([[
      local quick = client { timeout = { connect = 5, total = 0.2 }, retry = { max_attempts = 1 } }
      local sink, all = gather()
      assert(quick:get_thing({ Key = "a", Script = $DRIP }, { sink = sink }))
      local late = seen(quick:get_thing({ Key = "a", Script = $DRIP }, { sink = sink, timeout = 0.25 }))
      local silent = seen(quick:get_thing({ Key = "a", Script = $SILENT }, { sink = sink }))
      return { late.kind, silent.kind, silent.code, silent.message }
    ]], {
      DRIP = [[s:write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
        for i = 1, 10 do s:write("x") s:flush() sleep(0.05) end]],
      SILENT = [[s:write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx") s:flush() sleep(2) return "close"]],
    })
    assert.same({ "timeout", "transport", "timeout" }, { got[1], got[2], got[3] })
    assert.is_truthy(got[4]:find("nothing was sent or received within 0.2 seconds", 1, true), got[4])
  end)

  it("becomes a file where a thread can write it, and is refused elsewhere", function()
    local got = run([[
      local path = $FOLDER .. "/thing"
      local output, err = client():get_thing({ Key = "a", Script = $LONG }, { sink = path })
      local other = require("cloudjobs.transport.nginx").new { thread_pool = "none" }
      local refused = seen(require("spec.support.store").client("http://127.0.0.1:1", other):get_thing(
        { Key = "a" }, { sink = path }))
      return { has_thread = ngx.run_worker_thread ~= nil, done = output ~= nil, err = err and seen(nil, err),
        refused = refused }
    ]], { LONG = "answer(('x'):rep(1000000))" })
    local sentence = "in nginx a sink is a function: a path works only where ngx.run_worker_thread and a thread_pool exist"
    assert.same({ "config", sentence }, { got.refused.kind, got.refused.message })
    if got.has_thread then
      assert.is_true(got.done, got.err and got.err.message)
      assert.equal(("x"):rep(1000000), files.read(folder .. "/thing"))
    else
      assert.same({ "config", sentence }, { got.err.kind, got.err.message })
    end
  end)

  it("holds up no neighbour while a slow disk gets it", function()
    if not Nginx.has_threads() then
      return pending "this nginx has no threads"
    end
    local library = folder .. "/slow_disk.so"
    local built = process.run { "cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", library, "spec/support/slow_disk.c",
      "-ldl" }
    assert.equal(0, built.status, built.stderr)
    local slow = Nginx.start {
      http = http, main = "thread_pool default threads=2;",
      env = { PATH = os.getenv "PATH", LD_PRELOAD = library },
    }
    finally(function()
      slow:stop()
    end)
    local gap
    for _ = 1, 5 do -- another process may have the processor
      local got = run([[
        local clock = require("cloudjobs.os").clock
        local over, longest, started = false, 0, clock()
        local neighbour = ngx.thread.spawn(function()
          local before = clock()
          while not over do
            ngx.sleep(0.001)
            longest = math.max(longest, clock() - before)
            before = clock()
          end
        end)
        assert(client():get_thing({ Key = "a", Script = $LONG }, { sink = $FOLDER .. "/slow" }))
        over = true
        ngx.thread.wait(neighbour)
        return { longest = longest, elapsed = clock() - started }
      ]], { LONG = "answer(('x'):rep(1000000))" }, slow)
      assert.is_true(got.elapsed > 0.5, got.elapsed)
      gap = math.min(gap or got.longest, got.longest)
      if gap <= 0.02 then
        break
      end
    end
    assert.is_true(gap <= 0.02, gap)
  end)
end)
