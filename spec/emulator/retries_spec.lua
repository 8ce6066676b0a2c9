--- Retries against the emulator over real sockets: it checks every date and
--- signature, and counts what was carried out.

local Emulator = require "cloudjobs.emulator"
local World = require "spec.support.world"
local cloudjobs = require "cloudjobs"
local curl = require "cloudjobs.transport.curl"

describe("against the emulator", function()
  local emulator, transport

  setup(function()
    emulator = assert(Emulator.start())
  end)

  teardown(function()
    emulator:stop()
  end)

  before_each(function()
    transport = curl.new()
    function transport.sleep() end
    emulator:reset()
  end)

  after_each(function()
    transport:close()
  end)

  local function exports(options)
    local given = {
      transport = transport, endpoint = emulator.url, region = "us-east-1", env = {},
      credentials = { access_key_id = "AKIDEMULATOR", secret_access_key = "emulator-secret" },
    }
    for name, value in pairs(options or {}) do
      given[name] = value
    end
    return cloudjobs.aws.bcm_data_exports(given)
  end

  for what, seconds in pairs { ["an hour behind"] = -3600, ["a day ahead"] = 86400 } do
    it("a client whose clock is " .. what .. " is refused once, then signs by the service's clock", function()
      local now = transport.now
      function transport:now()
        return now(self) + seconds
      end
      local meta, client = {}, exports()
      assert(client:list_exports({}, { meta = meta }))
      assert.equal(2, meta.attempts)
      assert(client:list_exports({}, { meta = meta }))
      assert.equal(1, meta.attempts)
    end)
  end

  it("a call goes on through throttling and failures", function()
    emulator:fault { operation = "ListExports", throttle = true }
    emulator:fault { operation = "ListExports", nth = 2, status = 503 }
    local meta = {}
    assert(exports():list_exports({}, { meta = meta }))
    assert.equal(3, meta.attempts)
  end)

  -- What happens to the first CreateExport; it is carried out in the first case alone.
  local LOST = {
    ["was carried out and whose response came too late"] = { operation = "CreateExport", latency = 1 },
    ["was cut off before it was carried out"] = { operation = "CreateExport", drop = true },
    ["failed"] = { operation = "CreateExport", status = 500 },
  }
  for what, fault in pairs(LOST) do
    it("create_export_once makes one export of a request that " .. what, function()
      emulator:fault(fault)
      local client = exports { timeout = { total = 0.5 } }
      local created = assert(client:create_export_once { Export = World.new().export "nightly" })
      local list = assert(client:all("list_exports"))
      assert.same({ 1, created.ExportArn }, { #list, list[1].ExportArn })
    end)
  end
end)
