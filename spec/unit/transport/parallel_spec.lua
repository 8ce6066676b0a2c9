local Error = require "cloudjobs.base.error"
local Multi = require "cloudjobs.transport.multi"
local Server = require "spec.support.server"
local cancel = require "cloudjobs.base.canceller"
local curl = require "cloudjobs.curl"
local files = require "spec.support.files"
local lua = require("spec.support.process").lua
local parallel = require "cloudjobs.transport.parallel"

describe("cloudjobs.parallel", function()
  local server, transport

  Server.with_transport(Multi.new, function(started, made)
    server, transport = started, made
  end)

  local function ask(script, over)
    local response, err = (over or transport):send {
      method = "GET", url = server:url("/"), headers = { ["x-script"] = script }, timeout = 10,
    }
    return response and response.body, err
  end

  local function nap(seconds, value)
    return function()
      transport:sleep(seconds)
      return value
    end
  end

  -- Counts how many of its functions run at the same time.
  local function overlap()
    local counts = { now = 0, most = 0 }
    return counts, function(act)
      return function()
        counts.now = counts.now + 1
        counts.most = math.max(counts.most, counts.now)
        local value, err = act()
        counts.now = counts.now - 1
        return value, err
      end
    end
  end

  local function values(results)
    local list = {}
    for i = 1, results.n do
      list[i] = results[i].ok and results[i].value or tostring(results[i].err)
    end
    return list
  end

  it("gives the results in the functions' order, failures and raised errors apart", function()
    local object = Error.new { kind = "job", code = "x" }
    local results = parallel {
      nap(0.02, "first"),
      function() return nil, object end,
      function() error("oops", 0) end,
      function() error(object) end,
      function() end,
      function() return false end,
      function() return "one", "two" end,
    }
    assert.same({
      n = 7,
      { ok = true, value = "first" },
      { ok = false, err = object },
      { ok = false, err = "oops" },
      { ok = false, err = object },
      { ok = true },
      { ok = true, value = false },
      { ok = true, value = "one" },
    }, results)
    assert.same({ n = 0 }, parallel {})
  end)

  it("runs as many at once as it may", function()
    for _, case in ipairs { { 1, 1 }, { 3, 3 }, { 2.9, 2 }, { 50, 20 }, { 1000000, 20 } } do
      local now, most, functions = 0, 0, {}
      for i = 1, 20 do
        functions[i] = function()
          now = now + 1
          most = math.max(most, now)
          transport:sleep(0.001)
          now = now - 1
          return i
        end
      end
      local results = parallel(functions, { concurrency = case[1] })
      assert.same({ case[2], 20 }, { most, results[20].value })
    end
  end)

  it("refuses what is no list of functions, and a concurrency of none, at the caller's line", function()
    local CASES = {
      { { "f" }, nil, "cloudjobs.parallel: function 1: expected function, got string" },
      { 5, nil, "cloudjobs.parallel: expected a list of functions, got number" },
      { {}, { concurrency = 0 }, "cloudjobs.parallel: option concurrency: expected 1 or more" },
      { {}, { concurrency = -1 }, "cloudjobs.parallel: option concurrency: expected 1 or more" },
      { {}, { concurrency = 0 / 0 }, "cloudjobs.parallel: option concurrency: expected number, got nan" },
      { {}, { speed = 1 }, "cloudjobs.parallel: unknown option speed" },
    }
    for _, case in ipairs(CASES) do
      local ok, message = pcall(function()
        local results = parallel(case[1], case[2])
        return results
      end)
      assert.is_false(ok)
      assert.is_truthy(message:find("parallel_spec.lua:%d+: "), message)
      assert.is_truthy(message:find(case[3], 1, true), message)
    end
  end)

  it("may be used inside of itself, each with its own width", function()
    local counts, counted = overlap()
    local results = parallel {
      function()
        return values(parallel({
          counted(nap(0.05, "a")), counted(nap(0.05, "b")), function() error("c", 0) end,
        }, { concurrency = 1 }))
      end,
      function()
        return values(parallel {
          counted(function() return ask [[ sleep(0.1) answer "d" ]] end), counted(nap(0.1, "e")),
        })
      end,
      counted(nap(0.1, "f")),
    }
    assert.same({ { "a", "b", "c" }, { "d", "e" }, "f" }, values(results))
    assert.equal(4, counts.most)
  end)

  it("goes on with transports of more than one kind of options", function()
    local other = Multi.new()
    local counts, counted = overlap()
    local results = parallel {
      counted(function() return ask [[ sleep(0.1) answer "mine" ]] end),
      counted(function() return ask([[ sleep(0.1) answer "other's" ]], other) end),
      counted(nap(0.1, "asleep")),
    }
    assert.same({ "mine", "other's", "asleep" }, values(results))
    assert.equal(3, counts.most)
    other:close()
  end)

  it("ends at its deadline, whatever the functions do", function()
    local started = curl.clock()
    local inner
    local results = parallel({
      function() return "in time" end,
      function() return ask [[ sleep(60) ]] end,
      function()
        while true do
          coroutine.yield()
        end
      end,
      function()
        inner = parallel { function() return ask [[ sleep(60) ]] end, function() return "inner" end }
        return nil, inner[1].err
      end,
      function()
        transport:sleep(60)
        return ask "" -- nothing waits any more
      end,
      function() return "never begun" end,
    }, { timeout = 0.1, concurrency = 5 })
    assert.is_true(curl.clock() - started < 2)
    local codes = {}
    for i = 1, results.n do
      codes[i] = results[i].ok and results[i].value or results[i].err.kind
    end
    assert.same({ "in time", "timeout", "timeout", "timeout", "timeout", "never begun" }, codes)
    assert.equal("inner", inner[2].value)
    assert.is_true(results[2].err.ambiguous)
    -- What was left behind has left the transport too.
    assert.equal("still fine", (ask [[ answer "still fine" ]]))
  end)

  it("begins nothing more, and ends what waits, when it is cancelled", function()
    local canceller = cancel.new()
    local begun = 0
    local functions = {}
    for i = 1, 100 do
      functions[i] = function()
        begun = begun + 1
        if i == 10 then
          canceller:cancel "enough"
        end
        return ask [[ sleep(60) ]]
      end
    end
    local results = parallel(functions, { concurrency = 10, cancel = canceller })
    assert.equal(10, begun)
    for i = 1, 100 do
      assert.same({ "cancelled", "enough" }, { results[i].err.kind, results[i].err.message })
    end
    results = parallel(functions, { cancel = canceller })
    assert.same({ "cancelled", 10 }, { results[1].err.kind, begun })
  end)

  it("leaves nothing behind when a run is over: descriptors, memory", function()
    local function descriptors()
      return #files.list("/proc/self/fd/", "")
    end
    local function many()
      local functions = {}
      for i = 1, 200 do
        functions[i] = function()
          if i % 3 == 0 then
            return ask [[ s:shutdown() ]]
          elseif i % 3 == 1 then
            error "mine"
          end
          return ask [[ answer "fine" ]]
        end
      end
      local own = transport
      transport = Multi.new()
      parallel(functions, { timeout = 20 })
      transport:close()
      transport = own
    end
    many()
    collectgarbage()
    collectgarbage()
    local before, memory = descriptors(), collectgarbage("count")
    for _ = 1, 3 do
      many()
    end
    collectgarbage()
    collectgarbage()
    assert.is_true(descriptors() <= before)
    assert.is_true(collectgarbage("count") - memory < 200, collectgarbage("count") - memory)
  end)

  it("runs ten thousand functions in a process of 40 MB", function()
    local _, out, err = lua(([[
      local parallel = require "cloudjobs.transport.parallel"
      local transport = require("cloudjobs.transport.multi").new()
      local functions = {}
      for i = 1, 10000 do
        functions[i] = function()
          local response, err = transport:send {
            method = "GET", url = %q, headers = { ["x-script"] = "answer '" .. i .. "'" }, timeout = 60,
          }
          return response and response.body, err
        end
      end
      local results, good = parallel(functions), 0
      for i = 1, results.n do
        good = good + (results[i].value == tostring(i) and 1 or 0)
      end
      print(good, io.open("/proc/self/status"):read("*a"):match("VmHWM:%%s+(%%d+)"))
    ]]):format(server:url("/")))
    local good, kilobytes = out:match("(%d+)\t(%d+)")
    assert.equal("10000", good, err)
    if not os.getenv("LSAN_OPTIONS") then -- a sanitizer needs its own
      assert.is_true(tonumber(kilobytes) < 40 * 1024, kilobytes)
    end
  end)
end)

describe("cloudjobs.parallel in another event loop", function()
  local server

  Server.for_specs(function(started)
    server = started
  end)

  local function requests(transport, n, seconds)
    local functions = {}
    for i = 1, n do
      functions[i] = function()
        local response, err = transport:send {
          method = "GET", url = server:url("/"), timeout = 10,
          headers = { ["x-script"] = ("sleep(%s) answer '%d'"):format(seconds, i) },
        }
        transport:sleep(seconds)
        return response and response.body, err
      end
    end
    return functions
  end

  local function check(results, n)
    assert.equal(n, results.n)
    for i = 1, n do
      assert.equal(tostring(i), results[i].value, tostring(results[i].err))
    end
  end

  it("lets cqueues' other coroutines go on", function()
    local cqueues = require "cqueues"
    local transport = Multi.new()
    local loop, ticks, runs = cqueues.new(), 0, 0
    local started = curl.clock()
    for _ = 1, 2 do -- two runs share the transport
      loop:wrap(function()
        check(parallel(requests(transport, 20, 0.05), { wait = cqueues.poll }), 20)
        runs = runs + 1
      end)
    end
    loop:wrap(function()
      while runs < 2 do
        cqueues.sleep(0.005)
        ticks = ticks + 1
      end
    end)
    assert(loop:loop())
    local took = curl.clock() - started
    assert.equal(2, runs)
    assert.is_true(took < 2, took) -- one after the other it were 4
    assert.is_true(ticks >= 10, ticks)
    transport:close()
  end)

  it("lets luv's other handles go on, with one uv_poll and one timer", function()
    local uv = require "luv"
    local transport = Multi.new()
    local ticks, runs = 0, 0

    local function wait(pollable)
      local thread = coroutine.running()
      local poll, timer = uv.new_poll(pollable.pollfd), uv.new_timer()
      local function go_on()
        poll:close()
        timer:close()
        assert(coroutine.resume(thread))
      end
      poll:start("r", go_on)
      timer:start(math.ceil(pollable.timeout * 1000), 0, go_on)
      coroutine.yield()
    end

    for _ = 1, 2 do
      coroutine.wrap(function()
        check(parallel(requests(transport, 20, 0.05), { wait = wait }), 20)
        runs = runs + 1
      end)()
    end
    local ticker = uv.new_timer()
    ticker:start(5, 5, function()
      ticks = ticks + 1
      if runs == 2 then
        ticker:close()
      end
    end)
    local started = curl.clock()
    uv.run()
    assert.equal(2, runs)
    assert.is_true(curl.clock() - started < 2)
    assert.is_true(ticks >= 10, ticks)
    transport:close()
  end)
end)
