local Error = require "cloudjobs.base.error"
local Multi = require "cloudjobs.transport.multi"
local Server = require "spec.support.server"
local cancel = require "cloudjobs.base.canceller"
local curl = require "cloudjobs.curl"
local files = require "spec.support.files"
local haunted = require "spec.support.haunted"
local parallel = require "cloudjobs.transport.parallel"
local unresolved = require "spec.support.unresolved"

local unpack = table.unpack or unpack -- luacheck: ignore 143 113

local function ours(options)
  return Multi.new(options)
end

-- With gzip libcurl is the driver.
local function by_libcurl(options)
  options = options or {}
  options.gzip = true
  return Multi.new(options)
end

local function promises(new)
  local server, transport

  Server.with_transport(new, function(started, made)
    server, transport = started, made
  end)

  local function ask(script, extra)
    local request = { method = "GET", url = server:url("/"), headers = { ["x-script"] = (script:gsub("\n%s*", " ")) }, timeout = 10 }
    for name, value in pairs(extra or {}) do
      request[name] = value
    end
    local response, err = transport:send(request)
    if not response then
      return nil, err
    end
    return response.body
  end

  local function values(results)
    local list = {}
    for i = 1, results.n do
      list[i] = results[i].ok and results[i].value or results[i].err.code
    end
    return list
  end

  it("waits for many responses at the same time, in any order", function()
    local functions = {
      function() return ask [[ sleep(0.2) answer "slow" ]] end,
      function() return ask [[ sleep(0.1) answer "quick" ]] end,
      function() return ask [[ s:shutdown() ]] end,
    }
    for i = 4, 20 do
      functions[i] = function() return ask [[ sleep(0.2) answer "slow too" ]] end
    end
    local started = curl.clock()
    local results = parallel(functions)
    local took = curl.clock() - started
    assert.same({ "slow", "quick", "closed", "slow too" }, { unpack(values(results), 1, 4) })
    assert.is_true(took < 3, took) -- one after the other it were 3.7
  end)

  it("never yields out of a coroutine that is no task", function()
    local generator = coroutine.wrap(function()
      coroutine.yield(ask [[ answer "first" ]])
      coroutine.yield(ask [[ answer "second" ]])
    end)
    assert.same({ "first", "second" }, { generator(), generator() })
    -- In a task, too, where it blocks while the network serves the others.
    local results = parallel {
      function()
        local inner = coroutine.wrap(function()
          transport:sleep(0.05)
          coroutine.yield(ask [[ sleep(0.05) answer "inner" ]])
        end)
        return inner()
      end,
      function() return ask([[ sleep(0.05) answer "beside" ]], { timeout = 0.5 }) end,
    }
    assert.same({ "inner", "beside" }, values(results))
  end)

  it("blocks where Lua cannot yield", function()
    local results = parallel { function()
      return (("x"):gsub("x", function()
        return ask [[ answer "from gsub" ]]
      end))
    end }
    if coroutine.isyieldable then -- luacheck: ignore 143
      assert.same({ "from gsub" }, values(results))
    end
  end)

  it("lets tasks sleep at the same time", function()
    local order = {}
    local function nap(name, seconds)
      return function()
        assert.is_true(transport:sleep(seconds))
        order[#order + 1] = name
      end
    end
    parallel { nap("d", 0.08), nap("a", 0.02), nap("c", 0.06), nap("b", 0.04), nap("zero", 0) }
    assert.same({ "zero", "a", "b", "c", "d" }, order)
  end)

  it("wakes sleeping tasks in the order of time, however many they are", function()
    local functions, order, seed = {}, {}, 1
    for i = 1, 300 do
      seed = (seed * 16807) % 2147483647
      local milliseconds = seed % 200
      functions[i] = function()
        local wake = transport:clock() + milliseconds / 1000
        transport:sleep(milliseconds / 1000)
        order[#order + 1] = wake
      end
    end
    parallel(functions, { concurrency = 300 })
    assert.equal(300, #order)
    local inversions = 0 -- half of all where the order were another; a busy machine pauses a task before it sleeps
    for i = 2, #order do
      inversions = inversions + (order[i - 1] > order[i] + 0.02 and 1 or 0)
    end
    assert.is_true(inversions < 30, inversions)
  end)

  it("refuses limits that would admit no request", function()
    for _, name in ipairs { "max_body", "max_connections", "max_per_host" } do
      for _, n in ipairs { 0, -1, 0.5, 1e300, math.huge } do
        local ok, message = pcall(function()
          return (new { [name] = n })
        end)
        assert.is_false(ok)
        assert.matches("option " .. name .. ": expected a whole number from 1, got", message, 1, true)
      end
      assert.has_error(function()
        new { [name] = 0 / 0 }
      end)
    end
  end)

  it("keeps to its number of transfers, and queues the others", function()
    transport = new { max_connections = 3 }
    local functions = {}
    for i = 1, 12 do
      functions[i] = function()
        return ask [[ count.open = (count.open or 0) + 1 count.most = math.max(count.most or 0, count.open) sleep(0.01)
          count.open = count.open - 1 answer(tostring(count.most)) ]]
      end
    end
    local most = 0
    for _, value in ipairs(values(parallel(functions))) do
      most = math.max(most, tonumber(value))
    end
    assert.equal(3, most)
  end)

  it("counts the time in the queue as the attempt's", function()
    transport = new { max_connections = 1 }
    local results = parallel {
      function() return ask [[ sleep(0.3) answer "first" ]] end,
      function() return ask([[ answer "late" ]], { timeout = 0.1 }) end,
      function() return ask([[ sleep(0.3) answer "cut" ]], { timeout = 0.5 }) end,
    }
    assert.same({ "first", "timeout", "timeout" }, values(results))
    assert.same({ false, true }, { results[2].err.ambiguous, results[3].err.ambiguous })
  end)

  -- Runs a program with finalizers that knows the server.
  local function haunted_here(program)
    return haunted(([[
      local URL = %q
      local function new() return require("cloudjobs.transport.multi").new { gzip = %s } end
      local transport = new()
      local function ask(script)
        local request = { method = "GET", url = URL, headers = { ["x-script"] = script }, timeout = 10 }
        local response, err = transport:send(request)
        return response and response.body, err and err.code
      end
      %s]]):format(server:url("/"), new == by_libcurl, program))
  end

  it("returns each response to its request, though finalizers send requests during any allocation", function()
    assert.matches("^finalizers: %d%d%d+\n$", haunted_here [[
      local inner, within, over = 0, false, false
      haunt(function()
        if not within and not over then
          within = true
          inner = inner + (ask 'answer(("i"):rep(60))' == ("i"):rep(60) and 1 or 0)
          within = false
        end
        return over
      end)
      for i = 1, 200 do
        local expected = ("%060d"):format(i)
        assert(ask(("answer %q"):format(expected)) == expected)
      end
      over = true
      print("finalizers: " .. inner)
    ]])
  end)

  it("returns a response that has arrived, though a finalizer closes the transport meanwhile", function()
    assert.equal("closed\n", haunted_here [[
      local closed
      for i = 1, 100 do
        transport, closed = new(), false
        haunt(function()
          transport:close()
          closed = true
          return true
        end)
        repeat
          local expected = ("%060d"):format(i)
          local answer, code = ask(("answer %q"):format(expected))
          assert(answer == expected or code == "closed")
        until closed
      end
      print(select(2, ask ""))
    ]])
  end)

  it("returns a response or an error to every task when a finalizer closes the transport meanwhile", function()
    assert.equal("closed while an answer was taken: 50\n", haunted_here [[
      local parallel = require "cloudjobs.transport.parallel"
      local while_taken = 0
      for i = 1, 50 do
        transport = new()
        local multi, is_taken, closed = transport._multi, false, false
        transport._multi = setmetatable({ next = function()
          is_taken = true
          local id, status, lines, body, sent = multi:next()
          is_taken = false
          return id, status, lines, body, sent
        end }, { __index = function(_, name)
          return function(_, ...) return multi[name](multi, ...) end
        end })
        haunt(function()
          if is_taken then
            transport:close()
            closed = true
            while_taken = while_taken + 1
          end
          return closed
        end)
        repeat
          local results = parallel {
            function() return ask(("answer(%q)"):format((i .. "a"):rep(300))) end,
            function() return ask "sleep(0.02) answer 'b'" end,
          }
          for k, expected in ipairs { (i .. "a"):rep(300), "b" } do
            assert(results[k].value == expected or results[k].err == "closed")
          end
        until closed
      end
      print("closed while an answer was taken: " .. while_taken)
    ]])
  end)

  it("returns the response that is being read, though a finalizer cancels it and begins another request", function()
    assert.equal("ended\n", haunted_here [[
      local multi = require("cloudjobs.curl").multi()
      local function add(text, count)
        return multi:add("GET", URL, { ["x-script"] = ("answer((%q):rep(%d))"):format(text, count) }, nil, 10)
      end
      local id, other, others, is_taken, over = nil, nil, 0, false, false
      haunt(function()
        if is_taken and not other then
          multi:cancel(id)
          other, others = add("z", 3000), others + 1
        end
        return over
      end)
      for i = 1, 300 do -- each another text, or it would need no memory
        id = add(i .. "x", 300)
        local got, status, lines, body
        repeat
          multi:step(1)
          is_taken = true
          got, status, lines, body = multi:next()
          is_taken = false
          other = got ~= other and other or nil
        until got == id
        assert(status == 200 and body == (i .. "x"):rep(300))
      end
      over = true
      multi:close()
      print(others > 10 and "ended" or others)
    ]])
  end)

  describe("serves later requests though its slots are held by", function()
    local function answer(text)
      return function() return ask(("answer %q"):format(text), { timeout = 5 }) end
    end

    -- Both slots and the queue are in use afterwards, by responses that come after `seconds`.
    local function give_up(wait, seconds)
      local function slow()
        return ask(([[ sleep(%s) answer "slow" ]]):format(seconds or 0.3), { timeout = 10 })
      end
      transport = new { max_connections = 2 }
      local co = coroutine.create(function()
        return parallel({ slow, slow, slow, slow }, { wait = wait })
      end)
      return co, coroutine.resume(co)
    end

    it("tasks whose wait raised, which are ended at once", function()
      for _ = 1, 3 do
        local _, ok, problem = give_up(function() error("the loop has ended", 0) end, 60)
        assert.same({ false, "the loop has ended" }, { ok, problem })
        assert.same({ "a", "b", "c" }, values(parallel { answer "a", answer "b", answer "c" }))
      end
    end)

    it("tasks of a coroutine that is never resumed", function()
      local co = give_up(coroutine.yield)
      assert.same({ "a", "b", "c" }, values(parallel { answer "a", answer "b", answer "c" }))
      assert.equal("suspended", coroutine.status(co))
    end)

    it("tasks of a coroutine that was collected, which are ended at once", function()
      give_up(coroutine.yield, 60)
      collectgarbage()
      collectgarbage()
      assert.same({ "a", "b", "c" }, values(parallel { answer "a", answer "b", answer "c" }))
    end)

    it("tasks of a coroutine that is resumed later", function()
      local co = give_up(function(pollable)
        pollable.timeout = nil
        coroutine.yield()
      end)
      assert.same({ "a", "b", "c" }, values(parallel { answer "a", answer "b", answer "c" }))
      local results
      repeat
        curl.sleep(0.01)
        local _, returned = coroutine.resume(co)
        results = returned
      until coroutine.status(co) == "dead"
      assert.same({ "slow", "slow", "slow", "slow" }, values(results))
    end)
  end)

  it("removes its listener from the canceller of a request that raised", function()
    local canceller = cancel.new()
    local results = parallel {
      function()
        pcall(ask, "", { cancel = canceller, network = { proxy = 1 } })
        return ask [[ sleep(0.1) answer "untouched" ]]
      end,
      function()
        transport:sleep(0.05)
        canceller:cancel()
      end,
    }
    assert.equal("untouched", results[1].value)
  end)

  it("frees the slot of a request that raises, sent directly, from the queue or from another coroutine", function()
    transport = new { max_connections = 1 }
    local function wrong()
      local _, problem = pcall(ask, "", { network = { proxy = 1 } })
      return problem:match("proxy: expected string, got number")
    end
    local raised = "proxy: expected string, got number"
    assert.same({ raised, raised }, values(parallel { wrong, wrong }))
    local results = parallel {
      function() return ask [[ sleep(0.05) answer "first" ]] end,
      wrong,
      function() return ask [[ answer "last" ]] end,
      function() return coroutine.wrap(wrong)() end,
    }
    assert.same({ "first", raised, "last", raised }, values(results))
    assert.same({ "still" }, values(parallel { function() return ask [[ answer "still" ]] end }))
  end)

  it("reports a cancelled request as ambiguous, though its response arrived meanwhile", function()
    local canceller = cancel.new()
    parallel { function() return ask [[ answer "" ]] end } -- opens a connection
    local results = parallel {
      function() return ask([[ answer "late" ]], { cancel = canceller }) end,
      function()
        curl.sleep(0.1)
        canceller:cancel()
        coroutine.wrap(ask)([[ answer "beside" ]]) -- serves the network before the first has its turn
      end,
    }
    assert.same({ "cancelled", true }, { results[1].err.code, results[1].err.ambiguous })
  end)

  it("keeps to its number of connections to a host", function()
    transport = new { max_per_host = 2 }
    local before = tonumber(ask [[ answer(tostring(count.connections)) ]])
    local functions = {}
    for i = 1, 8 do
      functions[i] = function() return ask [[ sleep(0.01) answer "" ]] end
    end
    parallel(functions)
    assert.is_true(tonumber(ask [[ answer(tostring(count.connections)) ]]) - before <= 2)
  end)

  it("shares its connections between runs", function()
    local count = [[ answer(tostring(count.connections)) ]]
    local first = values(parallel { function() return ask(count) end })
    for _ = 1, 3 do
      assert.same(first, values(parallel { function() return ask(count) end }))
    end
  end)

  it("ends a request or a sleep when it is cancelled", function()
    local canceller = cancel.new()
    local started = curl.clock()
    local results = parallel {
      function() return ask([[ sleep(60) ]], { cancel = canceller }) end,
      function()
        transport:sleep(60, canceller)
        return "awake"
      end,
      function()
        transport:sleep(0.05)
        canceller:cancel "enough"
        return "done"
      end,
      function() return ask [[ sleep(0.1) answer "untouched" ]] end,
      function()
        transport:sleep(0.1)
        return ask("", { cancel = canceller })
      end,
    }
    assert.same({ "cancelled", "awake", "done", "untouched", "cancelled" }, values(results))
    assert.same({ "cancelled", "enough", true }, { results[1].err.kind, results[1].err.message, results[1].err.ambiguous })
    assert.is_false(results[5].err.ambiguous)
    assert.is_true(curl.clock() - started < 5)
  end)

  it("ends the look-up of a name when it is cancelled or its time is over", function()
    local said = unresolved(([[
      local cancel = require("cloudjobs.base.canceller").new()
      local transport = require("cloudjobs.transport.multi").new { gzip = %s }
      local function ask(timeout)
        return transport:send { method = "GET", url = "http://a.name.example/", headers = {}, timeout = timeout,
          cancel = cancel }
      end
      local started = transport:clock()
      local results = require("cloudjobs.transport.parallel") {
        function() return ask(60) end,
        function() return ask(0.05) end,
        function()
          transport:sleep(0.1)
          cancel:cancel()
        end,
      }
      transport:close()
      print(results[1].err.code, results[2].err.code, transport:clock() - started < 4)
    ]]):format(new == by_libcurl))
    if not said then
      pending("this machine grants no namespace, has no port 53 to give, or a libcurl before 7.87")
    else
      assert.equal("cancelled\ttimeout\ttrue\n", said)
    end
  end)

  it("frees slots, descriptors and memory when a thousand calls are cancelled midway", function()
    transport = new { max_connections = 50 }
    local function held()
      collectgarbage()
      collectgarbage()
      return #files.list("/proc/self/fd/", ""), collectgarbage("count")
    end
    local canceller
    local functions = {}
    for i = 1, 1000 do
      functions[i] = function() return ask([[ sleep(60) ]], { cancel = canceller }) end
    end
    functions[1001] = function()
      transport:sleep(0.1)
      canceller:cancel()
    end
    local function cancelled()
      canceller = cancel.new()
      local results = parallel(functions, { concurrency = 1001 })
      for i = 1, 1000 do
        assert.equal("cancelled", results[i].err.code)
      end
      assert.same({ "ok" }, values(parallel { function() return ask [[ answer "ok" ]] end }))
    end
    cancelled()
    local descriptors, memory = held()
    cancelled()
    local descriptors_now, memory_now = held()
    assert.is_true(descriptors_now <= descriptors, descriptors_now - descriptors)
    assert.is_true(memory_now - memory < 200, memory_now - memory)
  end)

  it("fails running and queued requests when it is closed", function()
    transport = new { max_connections = 1 }
    local results = parallel {
      function() return ask [[ sleep(60) ]] end,
      function() return ask [[ sleep(60) ]] end,
      function() transport:sleep(0.05) transport:close() return "closed it" end,
    }
    assert.same({ "closed", "closed", "closed it" }, values(results))
    assert.same({ true, false }, { results[1].err.ambiguous, results[2].err.ambiguous })
    local _, err = ask ""
    assert.equal("closed", err.code)
  end)

  it("sleeps without polling when it is closed", function()
    local started = os.clock()
    parallel { function()
      ask [[ answer "" ]]
      transport:close()
      transport:sleep(0.3)
    end }
    assert.is_true(os.clock() - started < 0.2)
  end)

  it("resumes tasks that yield by themselves", function()
    local results = parallel {
      function()
        for _ = 1, 100 do
          coroutine.yield("whatever")
        end
        return "yielded"
      end,
      function() return ask [[ sleep(0.05) answer "answered" ]] end,
    }
    assert.same({ "yielded", "answered" }, values(results))
  end)

  describe("single", function()
    local runs
    before_each(function()
      runs = 0
    end)

    local function slowly()
      runs = runs + 1
      local body, err = ask [[ sleep(0.05) answer "shared" ]]
      return body, err
    end

    it("runs once for all tasks that wait, and again for later ones", function()
      local functions = {}
      for i = 1, 20 do
        functions[i] = function() return transport:single("key", slowly) end
      end
      for _, value in ipairs(values(parallel(functions))) do
        assert.equal("shared", value)
      end
      assert.equal(1, runs)
      parallel(functions)
      assert.equal(2, runs)
      transport:single("key", slowly)
      assert.equal(3, runs)
    end)

    it("keeps keys apart", function()
      parallel {
        function() return transport:single("a", slowly) end,
        function() return transport:single("b", slowly) end,
      }
      assert.equal(2, runs)
    end)

    it("shares a failure", function()
      local function failing()
        runs = runs + 1
        transport:sleep(0.02)
        return nil, Error.new { kind = "credentials", code = "none" }
      end
      local function call() return transport:single("key", failing) end
      assert.same({ "none", "none" }, values(parallel { call, call }))
      assert.equal(1, runs)
    end)

    it("returns a raised error and a cancellation to their own caller alone", function()
      local function first_raises()
        runs = runs + 1
        transport:sleep(0.02)
        if runs == 1 then
          error("mine", 0)
        end
        return "fine"
      end
      local function call() return transport:single("key", first_raises) end
      local results = parallel { call, call, call }
      assert.same({ ok = false, err = "mine" }, results[1])
      assert.same({ "fine", "fine", 2 }, { results[2].value, results[3].value, runs })

      local canceller = cancel.new()
      results = parallel {
        function()
          return transport:single("key", function()
            return ask([[ sleep(60) ]], { cancel = canceller })
          end)
        end,
        function() return transport:single("key", slowly) end,
        function() transport:sleep(0.02) canceller:cancel() return "" end,
      }
      assert.same({ "cancelled", "shared", "" }, values(results))
    end)
  end)
end

describe("cloudjobs.transport.multi", function()
  promises(ours)
end)

describe("cloudjobs.transport.multi, by libcurl:", function()
  promises(by_libcurl)
end)
