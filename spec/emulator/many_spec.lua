local cloudjobs = require "cloudjobs"
local emulator = require "cloudjobs.emulator"

describe("The emulator, two hundred requests in flight", function()
  local server, exports

  setup(function()
    server = assert(emulator.start {})
    exports = cloudjobs.aws.bcm_data_exports {
      region = "us-east-1",
      endpoint = server.url,
      env = {},
      credentials = { access_key_id = "AKIDEMULATOR", secret_access_key = "emulator-secret" },
      transport = cloudjobs.transport.multi(),
    }
  end)

  teardown(function()
    server:stop()
  end)

  it("gives each caller its own response", function()
    local functions = {}
    for i = 1, 1000 do
      local name = i % 2 == 0 and "COST_AND_USAGE_REPORT" or "FOCUS_1_0_AWS"
      functions[i] = function()
        local found, err = exports:get_table { TableName = name }
        return found and found.TableName == name, err
      end
    end
    local results = cloudjobs.parallel(functions, { concurrency = 200 })
    for i = 1, results.n do
      assert.same({ ok = true, value = true }, results[i], tostring(results[i].err))
    end
  end)

  it("refuses each caller by itself", function()
    local functions = {}
    for i = 1, 200 do
      functions[i] = function()
        return exports:get_export { ExportArn = ("arn:aws:bcm-data-exports:us-east-1:111122223333:export/no-%d"):format(i) }
      end
    end
    local results = cloudjobs.parallel(functions, { concurrency = 200 })
    for i = 1, results.n do
      assert.equal("ResourceNotFoundException", results[i].err.code)
    end
  end)
end)
