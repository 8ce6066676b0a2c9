local Curl = require "cloudjobs.transport.curl"
local Server = require "spec.support.server"
local files = require "spec.support.files"
local lua = require("spec.support.process").lua
local process = require "cloudjobs.os"

describe("cloudjobs.transport.curl", function()
  it("takes a proxy from the request alone, never from the environment", function()
    local server = Server.start()
    finally(function()
      server:stop()
    end)
    local script = ([[
      local transport = require("cloudjobs.transport.curl").new()
      print(assert(transport:send { method = "GET", url = %q, headers = {} }).status)
    ]]):format(server:url("/"))
    local _, out, err = lua(script, {
      http_proxy = "http://127.0.0.1:1", https_proxy = "http://127.0.0.1:1", ALL_PROXY = "http://127.0.0.1:1",
    })
    assert.equal("200\n", out, err)
  end)

  describe("time", function()
    local transport = Curl.new()

    it("is the wall clock, and one that nobody sets", function()
      assert.is_true(math.abs(transport:now() - os.time()) < 2)
      local started = transport:clock()
      transport:sleep(0.02)
      local took = transport:clock() - started
      assert.is_true(took >= 0.02 and took < 1, took)
    end)

    it("is slept out even when signals come, but not beyond a cancellation", function()
      process.catch_interrupt()
      local pid = files.read("/proc/self/stat"):match("^%d+")
      local killer = process.spawn { "sh", "-c", "sleep 0.02; kill -INT " .. pid }
      local started = transport:clock()
      transport:sleep(0.1)
      assert.is_true(process.interrupted())
      assert.is_true(transport:clock() - started >= 0.1)
      killer:stop()
      process.restore_interrupt()
      transport:sleep(60, { cancelled = true })
    end)
  end)

  it("runs a single at once", function()
    assert.same({ "value" }, { Curl.new():single("key", function() return "value" end) })
  end)

  it("refuses an option it does not know", function()
    assert.has_error(function()
      Curl.new { max_bodies = 1 }
    end)
  end)
end)
