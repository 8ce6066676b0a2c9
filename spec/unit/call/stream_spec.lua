--- Bodies that stream through a call, over each transport of this Lua; spec/nginx/stream_body_spec.lua has nginx's.

local Error = require "cloudjobs.base.error"
local Server = require "spec.support.server"
local Store = require "spec.support.store"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"
local files = require "spec.support.files"
local parallel = require "cloudjobs.transport.parallel"
local process = require "spec.support.process"
local transports = require "cloudjobs.transport"

-- A script for the server, as the value of a header.
local function script(text)
  return (text:gsub("%s*\n%s*", " "))
end

local SIZE = 1000000

-- Answers with SIZE bytes, of which the first response sends a part.
local BROKEN = script [[
  local from = tonumber(head:lower():match("range: bytes=(%d+)%-"))
  local tag = count.tag or '"one"'
  if from then
    count.asked = head:match("[Ii]f%-[Mm]atch: ([^\r]*)")
    return s:write(("HTTP/1.1 206 Part\r\nETag: %s\r\nContent-Range: bytes %d-999999/1000000\r\n"):format(AGAIN, from),
      ("Content-Length: %d\r\n\r\n"):format(1000000 - from), ("y"):rep(1000000 - from)) and nil
  end
  s:write("HTTP/1.1 200 OK\r\nETag: \"one\"\r\nAccept-Ranges: RANGES\r\nContent-Length: 1000000\r\n\r\n", ("x"):rep(600000))
  s:flush()
  sleep(0.05)
  return "close"
]]

local function broken(again, ranges)
  return (BROKEN:gsub("AGAIN", again or '[["one"]]'):gsub("RANGES", ranges or "bytes"))
end

-- Echoes the size of a body, and fields of its head.
local ECHO = script [[
  local size, text = 0, nil
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
  answer(('{"Got":"%d %s %s"}'):format(size, head:match("x%-amz%-content%-sha256: (%S+)") or "-",
    head:lower():match("\ncontent%-length: (%d+)") or head:lower():match("\ntransfer%-encoding: (%a+)")))
]]

local function gather()
  local pieces = {}
  return function(bytes)
    pieces[#pieces + 1] = bytes
  end, function()
    return table.concat(pieces)
  end
end

-- A reader of `size` bytes in pieces of 1000, with what it may have beside.
local function reader(size, extra)
  local left = size
  local made = { length = size }
  function made.read()
    if left == 0 then
      return nil
    end
    local n = math.min(left, 1000)
    left = left - n
    return ("z"):rep(n)
  end
  function made.rewind()
    left = size
    made.rewinds = (made.rewinds or 0) + 1
  end
  for name, value in pairs(extra or {}) do
    made[name] = value or nil
  end
  return made
end

local function run_here(f)
  return f()
end

local function run_in_task(f)
  local result = parallel({ function()
    f()
    return true
  end })[1]
  if not result.ok then
    error(result.err, 0)
  end
end

for _, way in ipairs {
  { "curl", transports.curl, run_here },
  { "multi", transports.multi, run_here },
  { "multi in parallel", transports.multi, run_in_task },
} do
  describe("a call that streams over " .. way[1], function()
    local server, transport, client, folder
    local run = way[3]

    Server.with_transport(way[2], function(started, made)
      server, transport = started, made
    end)

    before_each(function()
      folder = files.temporary()
      transport.sleep = function() -- between two attempts
        return true
      end
      client = Store.client(server:url(""), transport, { timeout = { connect = 5, total = 5 } })
    end)

    after_each(function()
      files.remove(folder)
    end)

    local function entries()
      local list = assert(io.popen("ls -A " .. folder)):read("*a")
      return list
    end

    describe("gives a sink", function()
      it("the body, and leaves the member out of the output", function()
        run(function()
          local sink, all = gather()
          local output = assert(client:get_thing({ Key = "a", Script = script [[
            s:write("HTTP/1.1 200 OK\r\nX-Kind: text\r\nContent-Length: 1000000\r\n\r\n", ("x"):rep(1000000))
          ]] }, { sink = sink }))
          assert.same({ Kind = "text" }, output)
          assert.equal(("x"):rep(1000000), all())
        end)
      end)

      it("the pieces of a body without a length", function()
        run(function()
          local sink, all = gather()
          assert(client:get_thing({ Key = "a", Script = script [[
            s:write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
          ]] }, { sink = sink }))
          assert.equal("hello world", all())
        end)
      end)

      it("the bytes as they are stored, although they are compressed", function()
        run(function()
          local sink, all = gather()
          assert(client:get_thing({ Key = "a", Script = script [[
            s:write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\31\139\8\0")
          ]] }, { sink = sink }))
          assert.equal("\31\139\8\0", all())
        end)
      end)

      it("the head of the response first, which it may refuse", function()
        run(function()
          local heads, got = {}, {}
          local sink = {
            start = function(_, response)
              heads[#heads + 1] = { response.status, response.headers["x-kind"] }
              if #heads == 2 then
                return nil, "not this one"
              end
            end,
            write = function(_, bytes)
              got[#got + 1] = bytes
            end,
          }
          local call = { Key = "a", Script = script [[
            s:write("HTTP/1.1 200 OK\r\nX-Kind: text\r\nContent-Length: 5\r\n\r\nhello")
          ]] }
          assert(client:get_thing(call, { sink = sink }))
          local _, err = client:get_thing(call, { sink = sink })
          assert.same({ { { 200, "text" }, { 200, "text" } }, "hello" }, { heads, table.concat(got) })
          assert.same({ "sink", "not this one", 1 }, { err.code, err.cause, err.attempts })
        end)
      end)

      it("no byte of an error, whose text is read", function()
        run(function()
          local output, err = client:get_thing({ Key = "a", Script = script [[
            local text = '{"message":"no such thing"}'
            s:write("HTTP/1.1 404 Nope\r\nx-amzn-errortype: NoSuchThing\r\nContent-Type: application/json\r\n",
              "Content-Length: ", #text, "\r\n\r\n", text)
          ]] }, { sink = error })
          assert.is_nil(output)
          assert.same({ "service", "NoSuchThing", "no such thing" }, { err.kind, err.code, err.message })
        end)
      end)

      it("nothing where the body is empty", function()
        run(function()
          for _, head in ipairs { "204 None\r\n", "200 OK\r\nContent-Length: 0\r\n" } do
            local given = 0
            assert(client:get_thing({ Key = "a", Script = ("s:write(%q)"):format("HTTP/1.1 " .. head .. "\r\n")
              :gsub("\\\n", "\\n"):gsub("\\r", "\\r"):gsub("\\13", "\\r") }, { sink = function()
              given = given + 1
            end }))
            assert.equal(0, given)
          end
        end)
      end)

      it("at most max_body bytes", function()
        run(function()
          local sink = gather()
          local output, err = client:get_thing({ Key = "a", Script = 'answer(("x"):rep(1001))' },
            { sink = sink, max_body = 1000 })
          assert.is_nil(output)
          assert.same({ "transport", "too_large", "the response's body has 1001 bytes, more than max_body allows" },
            { err.kind, err.code, err.message })
          output, err = client:get_thing({ Key = "a", Script = script [[
            s:write("HTTP/1.1 200 OK\r\n\r\n", ("x"):rep(1001)) s:flush() return "close"
          ]] }, { sink = sink, max_body = 1000 })
          assert.is_nil(output)
          assert.same({ "too_large", "the response's body is larger than max_body, 1000 bytes" }, { err.code, err.message })
          assert(client:get_thing({ Key = "a", Script = 'answer(("x"):rep(1000))' }, { sink = sink, max_body = 1000 }))
        end)
      end)

      it("more than the transport holds in memory", function()
        local small = way[2] { max_body = 1000 }
        finally(function()
          small:close()
        end)
        run(function()
          local sink, all = gather()
          local other = Store.client(server:url(""), small)
          assert(other:get_thing({ Key = "a", Script = 'answer(("x"):rep(5000))' }, { sink = sink }))
          assert.equal(5000, #all())
          local output, err = other:get_thing({ Key = "a", Script = script [[
            s:write("HTTP/1.1 400 No\r\nContent-Length: 5000\r\n\r\n", ("x"):rep(5000))
          ]] }, { sink = sink })
          assert.is_nil(output)
          assert.equal("too_large", err.code)
        end)
      end)
    end)

    describe("ends with what a sink", function()
      it("raises or returns, and closes the connection", function()
        run(function()
          local marked = setmetatable({}, { __tostring = function() return "marked" end })
          for _, case in ipairs {
            { function() error("boom", 0) end, "the sink raised: boom", "boom" },
            { function() error(marked) end, "the sink raised: marked", marked },
            { function() return nil, "full" end, "the sink refused the body: full", "full" },
            { function() return false end, "the sink refused the body: it returned false" },
          } do
            local output, err = client:get_thing({ Key = "a", Script = 'answer(("x"):rep(10))' }, { sink = case[1] })
            assert.is_nil(output)
            assert.same({ "transport", "sink", case[2], 1 }, { err.kind, err.code, err.message, err.attempts })
            assert.equal(case[3], err.cause)
          end
          local own = Error.new { kind = "cancelled", code = "mine", message = "enough" }
          local _, err = client:get_thing({ Key = "a", Script = 'answer(("x"):rep(10))' },
            { sink = function() return nil, own end })
          assert.equal(own, err)
          local long = client:get_thing({ Key = "a", Script = script [[
            s:write("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
            local piece = ("x"):rep(65536)
            for _ = 1, 1000 do
              if not s:write(piece) or not s:flush() then break end
              count.sent = (count.sent or 0) + 1
            end
            return "close"
          ]] }, { sink = function() return nil, "full" end })
          assert.is_nil(long)
          local sink, all = gather()
          assert(client:get_thing({ Key = "a", Script = "sleep(0.02) answer(tostring(count.sent or 0))" }, { sink = sink }))
          assert.is_true(tonumber(all()) < 500, all())
        end)
      end)
    end)

    describe("with a path", function()
      it("puts the whole file there, for its owner alone", function()
        run(function()
          local path = folder .. "/thing"
          files.write(path, "old")
          assert(os.execute("chmod 644 " .. path))
          assert(client:get_thing({ Key = "a", Script = 'answer(("x"):rep(100000))' }, { sink = path }))
          assert.equal(("x"):rep(100000), files.read(path))
          assert.equal("-rw-------", assert(io.popen("ls -l " .. path)):read("*l"):sub(1, 10))
          assert.equal("thing\n", entries())
        end)
      end)

      it("may have a name as long as names of files are", function()
        run(function()
          local name = ("n"):rep(255)
          assert(client:get_thing({ Key = "a", Script = "answer 'x'" }, { sink = folder .. "/" .. name }))
          assert.equal("x", files.read(folder .. "/" .. name))
          assert.equal(name .. "\n", entries())
        end)
      end)

      it("makes an empty file of an empty body", function()
        run(function()
          assert(client:get_thing({ Key = "a", Script = 'answer ""' }, { sink = folder .. "/thing" }))
          assert.equal("", files.read(folder .. "/thing"))
        end)
      end)

      it("leaves the old file, and nothing else, where the call fails", function()
        run(function()
          local path = folder .. "/thing"
          files.write(path, "old")
          for _, text in ipairs {
            's:write("HTTP/1.1 500 No\\r\\nContent-Length: 0\\r\\n\\r\\n")',
            's:write("HTTP/1.1 200 OK\\r\\nContent-Length: 100\\r\\n\\r\\nhello") s:flush() sleep(0.02) return "close"',
            's:write("HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n5\\r\\nhello\\r\\nx\\r\\n")',
          } do
            local quick = Store.client(server:url(""), transport, { retry = { max_attempts = 1 } })
            local output, err = quick:get_thing({ Key = "a", Script = text }, { sink = path })
            assert.is_nil(output)
            assert.is_truthy(err)
            assert.equal("old", files.read(path))
            assert.equal("thing\n", entries())
          end
        end)
      end)

      it("reports a file that cannot be written, before anything is sent", function()
        run(function()
          local output, err = client:get_thing({ Key = "a", Script = "answer 'x'" }, { sink = folder .. "/none/thing" })
          assert.is_nil(output)
          assert.same({ "transport", "file" }, { err.kind, err.code })
          assert.equal(folder .. "/none/thing cannot be written: No such file or directory", err.message)
          _, err = client:get_thing({ Key = "a", Script = "answer 'x'" }, { sink = "" })
          assert.equal('"" cannot be written: No such file or directory', err.message)
          _, err = client:get_thing({ Key = "a", Script = "answer 'x'" }, { sink = folder })
          assert.equal(folder .. " cannot be written: not a plain file", err.message)
        end)
      end)
    end)

    describe("whose body breaks off", function()
      it("goes on by a range of the same content", function()
        run(function()
          local sink, all = gather()
          local meta = {}
          assert(client:get_thing({ Key = "a", Script = broken() }, { sink = sink, meta = meta }))
          assert.equal(SIZE, #all())
          assert.is_truthy(all():find("^x+y+$"))
          assert.same({ 2, 206 }, { meta.attempts, meta.status })
        end)
      end)

      it("fails where the content has changed, or the range is another", function()
        run(function()
          for again, message in pairs {
            ['[["two"]]'] = "another entity tag: the content has changed",
            ['[["one"]], from - 1'] = "in place of the one that was asked for",
          } do
            local given = 0
            local output, err = client:get_thing({ Key = "a", Script = broken(again) }, { sink = function(bytes)
              given = given + #bytes
            end })
            assert.is_nil(output)
            assert.same({ "range", 2 }, { err.code, err.attempts })
            assert.is_truthy(err.message:find(message, 1, true), err.message)
            assert.is_true(given > 0 and given <= 600000, given)
          end
        end)
      end)

      it("fails where the range ends before the content, whose length was not in the first response", function()
        run(function()
          local output, err = client:get_thing({ Key = "a", Script = script [[
            local from = tonumber(head:lower():match("range: bytes=(%d+)%-"))
            if from then
              s:write("HTTP/1.1 206 Part\r\nETag: \"one\"\r\nContent-Length: 1\r\n",
                ("Content-Range: bytes %d-%d/1000000\r\n\r\nz"):format(from, from))
              return
            end
            s:write("HTTP/1.1 200 OK\r\nETag: \"one\"\r\nAccept-Ranges: bytes\r\nTransfer-Encoding: chunked\r\n\r\n")
            s:write("5\r\nhello\r\n")
            s:flush()
            sleep(0.05)
            return "close"
          ]] }, { sink = folder .. "/thing" })
          assert.is_nil(output)
          assert.equal("range", err.code)
          assert.equal("", entries())
        end)
      end)

      it("begins again where the sink can, and no ranges are offered", function()
        run(function()
          local got, rewinds = {}, 0
          local sink = setmetatable({
            rewind = function()
              got, rewinds = {}, rewinds + 1
            end,
          }, { __call = function(_, bytes)
            got[#got + 1] = bytes
          end })
          assert(client:get_thing({ Key = "a", Script = script [[
            count.tries = (count.tries or 0) + 1
            s:write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            s:write(("x"):rep(count.tries % 2 == 1 and 600000 or 1000000))
            s:flush()
            sleep(0.02)
            if count.tries % 2 == 1 then return "close" end
          ]] }, { sink = sink }))
          assert.same({ ("x"):rep(SIZE), 1 }, { table.concat(got), rewinds })
        end)
      end)

      it("fails where neither is possible, and gives no byte twice", function()
        run(function()
          local given = 0
          local output, err = client:get_thing({ Key = "a", Script = broken(nil, "none") }, { sink = function(bytes)
            given = given + #bytes
          end })
          assert.is_nil(output)
          assert.same({ "transport", "closed", 1, false }, { err.kind, err.code, err.attempts, err.retryable })
          assert.equal(("It was not sent again: the sink has %d bytes already; it has no method rewind, and the service "
            .. "offers no ranges of the same content"):format(given), err.hint)
        end)
      end)

      it("writes a file on", function()
        run(function()
          assert(client:get_thing({ Key = "a", Script = broken() }, { sink = folder .. "/thing" }))
          assert.is_truthy(files.read(folder .. "/thing"):find("^x+y+$"))
          assert.equal(SIZE, #files.read(folder .. "/thing"))
        end)
      end)
    end)

    describe("sends a body", function()
      it("of a file, from where it stands", function()
        run(function()
          local path = folder .. "/thing"
          files.write(path, ("x"):rep(200005))
          local file = assert(io.open(path, "rb"))
          file:read(5)
          local output = assert(client:put_thing { Key = "a", Script = ECHO, Body = file })
          local hash = core.sha256(("x"):rep(200000))
          assert.equal(("200000 %s 200000"):format(hash), output.Got)
          file:close()
        end)
      end)

      it("that is an option, of text, a function or an object", function()
        run(function()
          assert.equal("5 - 5", assert(client:put_thing({ Key = "a", Script = ECHO }, { body = "hello" })).Got)
          local object = reader(10000)
          assert.equal("10000 " .. core.sha256(("z"):rep(10000)) .. " 10000",
            assert(client:put_thing({ Key = "a", Script = ECHO }, { body = object })).Got)
          object = reader(10000, { length = false })
          assert.equal("10000 " .. core.sha256(("z"):rep(10000)) .. " chunked",
            assert(client:put_thing({ Key = "a", Script = ECHO }, { body = object })).Got)
        end)
      end)

      it("and a sink gets the response", function()
        run(function()
          local sink, all = gather()
          assert(client:turn_thing({ Key = "a", Script = ECHO }, { body = reader(5000), sink = sink }))
          assert.is_truthy(all():find('^{"Got":"5000 '))
        end)
      end)

      it("never short of its length or beyond it", function()
        run(function()
          for message, change in pairs {
            ["the body is shorter than its length of 2000 bytes: it ended after 1000"] = { length = 2000 },
            ["the body is longer than its length of 500 bytes"] = { length = 500 },
            ["the body is longer than its length of 0 bytes"] = { length = 0 },
          } do
            local output, err = client:put_thing({ Key = "a", Script = ECHO }, { body = reader(1000, change) })
            assert.is_nil(output)
            assert.same({ "body", message }, { err.code, err.message })
          end
        end)
      end)

      it("that fails to be read", function()
        run(function()
          for message, read in pairs {
            ["the body cannot be read: no disk"] = function() return nil, "no disk" end,
            ["the body cannot be read: its reader returned a number"] = function() return 1 end,
            ["the body cannot be read: its reader returned 1000 empty texts in a row"] = function() return "" end,
            ["the reader of the body raised: boom"] = function() error("boom", 0) end,
          } do
            local output, err = client:put_thing({ Key = "a", Script = ECHO }, { body = reader(5, { read = read }) })
            assert.is_nil(output)
            assert.same({ "transport", "body", message }, { err.kind, err.code, err.message })
          end
        end)
      end)

      it("again from its start", function()
        run(function()
          local object = reader(100000)
          local twice = "count.tries = (count.tries or 0) + 1 if count.tries % 2 == 1 then s:write('HTTP/1.1 503 No\\r\\n"
            .. "Connection: close\\r\\nContent-Length: 0\\r\\n\\r\\n') s:flush() return 'close' end "
          local meta = {}
          local output = assert(client:put_thing({ Key = "a", Script = twice .. ECHO }, { body = object, meta = meta }))
          assert.is_truthy(output.Got:find "^100000 ", output.Got)
          assert.equal(2, meta.attempts)
          assert.is_true(object.rewinds >= 1) -- after the hash, and for the second attempt if it was begun
        end)
      end)
    end)

    it("waits for a 100 Continue where it expects one", function()
      run(function()
        local reads = 0
        local function send(text)
          local source = reader(5000, { expects_continue = true })
          local next_piece = source.read
          source.read = function()
            reads = reads + 1
            return next_piece()
          end
          return transport:send {
            method = "PUT", url = server:url("/"), idle = 5, timeout = 5, body = source,
            headers = { expect = "100-continue", ["x-script"] = script(text) },
          }
        end
        local response = assert(send [[
          sleep(0.02)
          local early = s:pending()
          s:write("HTTP/1.1 100 Continue\r\n\r\n") s:flush()
          answer(early .. " " .. #s:read(5000))
        ]])
        assert.same({ "0 5000", 6 }, { response.body, reads })
        reads = 0
        response = assert(send [[s:write("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n") s:flush() return "close"]])
        assert.same({ 403, 0 }, { response.status, reads })
      end)
    end)

    it("is not cut off by the limit of an attempt while bytes move, but by the call's own", function()
      run(function()
        local quick = Store.client(server:url(""), transport, { timeout = { connect = 5, total = 0.2 } })
        local drip = script [[
          s:write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
          for i = 1, 10 do s:write("x") s:flush() sleep(0.05) end
        ]]
        local sink, all = gather()
        assert(quick:get_thing({ Key = "a", Script = drip }, { sink = sink }))
        assert.equal(("x"):rep(10), all())
        local output, err = quick:get_thing({ Key = "a", Script = drip }, { sink = sink, timeout = 0.25 })
        assert.is_nil(output)
        assert.same({ "timeout", "timeout" }, { err.kind, err.code })
      end)
    end)

    it("ends without progress for the limit of an attempt", function()
      run(function()
        local quick = Store.client(server:url(""), transport,
          { timeout = { connect = 5, total = 0.1 }, retry = { max_attempts = 1 } })
        local output, err = quick:get_thing({ Key = "a", Script = script [[
          s:write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx") s:flush() sleep(2) return "close"
        ]] }, { sink = function() end })
        assert.is_nil(output)
        assert.same({ "transport", "timeout" }, { err.kind, err.code })
        assert.is_truthy(err.message:find("nothing was sent or received within 0.1 seconds", 1, true), err.message)
      end)
    end)

    it("ends when it is cancelled by its sink", function()
      run(function()
        local canceller = cloudjobs.canceller()
        local output, err = client:get_thing({ Key = "a", Script = script [[
          s:write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx") s:flush() sleep(2) return "close"
        ]] }, { cancel = canceller, sink = function()
          canceller:cancel "enough"
        end })
        assert.is_nil(output)
        assert.same({ "cancelled", "enough" }, { err.kind, err.message })
      end)
    end)

    it("lets its sink and its reader call by the same transport", function()
      run(function()
        local inner = {}
        assert(client:get_thing({ Key = "a", Script = 'answer(("x"):rep(500000))' }, { sink = function(bytes)
          local got = assert(client:list_things { Script = "answer [[{\"Got\":\"yes\"}]]" })
          inner[#inner + 1] = got.Got .. #bytes
        end }))
        assert.is_truthy(inner[1]:find "^yes%d+$")
        local got, all = gather()
        local left = 3
        local output = assert(client:put_thing({ Key = "a", Script = ECHO }, { body = {
          rewind = function() left = 3 end,
          read = function()
            left = left - 1
            if left >= 0 then
              assert(client:get_thing({ Key = "a", Script = 'answer "hello"' }, { sink = got }))
              return "hello"
            end
          end,
        } }))
        assert.is_truthy(output.Got:find "^15 ")
        assert.equal(("hello"):rep(6), all())
      end)
    end)

    it("raises a caller's mistake at the caller's line", function()
      local here = "^spec/unit/call/stream_spec.lua:%d+: "
      for _, case in ipairs {
        { "list_things", {}, { sink = print }, "list_things: option sink: the operation's response has no member" },
        { "list_things", {}, { body = "x" }, "list_things: option body: the operation's request has no member" },
        { "get_thing", { Key = "a" }, { max_body = 1 }, "get_thing: option max_body: it limits what a sink gets" },
        { "get_thing", { Key = "a" }, { sink = {} }, "get_thing: option sink: neither a path nor a function" },
        { "get_thing", { Key = "a" }, { sink = 1 }, "get_thing: option sink: expected string or function or table" },
        { "put_thing", { Key = "a", Body = {} }, nil, "put_thing: Body: neither text nor a file" },
        { "put_thing", { Key = "a", Body = "x" }, { body = "y" }, "put_thing: option body: the parameter Body is given" },
        { "put_thing", { Key = "a" }, { body = { read = print, length = -1 } }, "its length is not a number of bytes" },
      } do
        local ok, message = pcall(function()
          local output = client[case[1]](client, case[2], case[3])
          return output
        end)
        assert.is_false(ok)
        assert.is_truthy(message:find(here) and message:find(case[4], 1, true), message)
      end
    end)
  end)
end

describe("streams at the same time", function()
  local server, transport

  Server.with_transport(transports.multi, function(started, made)
    server, transport = started, made
  end)

  it("wait for their own sinks alone", function()
    local client = Store.client(server:url(""), transport)
    local slow, order = true, {}
    local results = parallel {
      function()
        local size = 0
        assert(client:get_thing({ Key = "slow", Script = 'answer(("x"):rep(5000000))' }, { sink = function(bytes)
          size = size + #bytes
          while slow do
            transport:sleep(0.005)
          end
        end }))
        order[#order + 1] = "slow"
        return size
      end,
      function()
        local size = 0
        assert(client:get_thing({ Key = "quick", Script = 'answer(("x"):rep(5000000))' }, { sink = function(bytes)
          size = size + #bytes
        end }))
        order[#order + 1] = "quick"
        slow = false
        return size
      end,
    }
    assert.same({ 5000000, 5000000 }, { results[1].value, results[2].value })
    assert.same({ "quick", "slow" }, order)
  end)
end)

describe("a file that a sink fills", function()
  it("is a clear error where the disk is full, and is removed", function()
    local folder = files.temporary()
    finally(function()
      files.remove(folder)
    end)
    local program = [[
      local Store = require "spec.support.store"
      local stub = require("cloudjobs.stub").new { { body = ("x"):rep(100000) } }
      local output, err = Store.client("http://127.0.0.1:1", stub):get_thing({ Key = "a" }, { sink = "FOLDER/thing" })
      print(output, err.code, err.message)
    ]]
    files.write(folder .. "/program.lua", (program:gsub("FOLDER", folder)))
    local shell = ("trap '' XFSZ; ulimit -f 16; exec %s %s/program.lua"):format(process.program, folder)
    local status, out, err = process.shell(shell)
    assert.equal(0, status, err)
    assert.equal(("nil\tfile\t%s/thing cannot be written: File too large\n"):format(folder), out)
    assert.equal("program.lua\n", assert(io.popen("ls -A " .. folder)):read("*a"))
  end)
end)

describe("a call that streams over the stub", function()
  it("receives and sends whole bodies", function()
    local stub = require("cloudjobs.stub").new { { body = "hello" }, { body = "{}" }, { body = "{}" } }
    local client = Store.client("http://127.0.0.1:1", stub)
    local folder = files.temporary()
    finally(function()
      files.remove(folder)
    end)
    assert.same({}, client:get_thing({ Key = "a" }, { sink = folder .. "/thing" }))
    assert.equal("hello", files.read(folder .. "/thing"))
    assert(client:put_thing { Key = "a", Body = reader(2500) })
    assert.equal(("z"):rep(2500), stub.requests[2].body)
    local _, err = client:put_thing { Key = "a", Body = reader(2500, { length = 2501 }) }
    assert.equal("body", err.code)
  end)
end)
