-- job:files() and cloudjobs.deliveries over the same sources; what these find is in the clouds' own specs.

local clients = require "spec.support.clients"
local cloudjobs = require "cloudjobs"

local ARN = "arn:aws:bcm-data-exports:us-east-1:111122223333:export/nightly-1"

-- Replaces a client's sources by one that reports what it was asked.
local function reporting(client)
  local asked = {}
  rawset(client, "delivery_source", function(_, ids, options)
    asked.ids, asked.options = ids, options
    return { list = function(_, filter)
      asked.filter = filter
      return { "a delivery" }
    end }
  end)
  return asked
end

describe("the files of a job", function()
  it("are those of its execution", function()
    local client = clients.bcm_data_exports()
    local asked, s3, canceller = reporting(client), {}, cloudjobs.canceller()
    local job = cloudjobs.jobs.export_execution(client, { ExportArn = ARN, ExecutionId = "e1" })
    assert.same({ "a delivery" }, assert(job:files { storage = s3, timeout = 5, cancel = canceller }))
    assert.same({ ExportArn = ARN }, asked.ids)
    assert.equal(s3, asked.options.storage)
    assert.same({ execution_id = "e1", timeout = 5, cancel = canceller }, asked.filter)
  end)

  it("are those of its run", function()
    local client = clients.azure()
    local asked = reporting(client)
    local job = cloudjobs.jobs.export_run(client, { exportName = "daily", run_id = "r1" })
    assert(job:files())
    assert.same({ exportName = "daily", scope = client:settings().scope }, asked.ids)
    assert.equal("r1", asked.filter.execution_id)
  end)

  it("are unknown for other kinds", function()
    local job = cloudjobs.jobs.maintenance_window_execution(clients.ssm(), { WindowExecutionId = "w1" })
    local list, err = job:files()
    assert.is_nil(list)
    assert.same({ "job", "unsupported", "maintenance_window_execution delivers no files that cloudjobs finds" },
      { err.kind, err.code, err.message })
  end)

  it("raise for unknown options", function()
    local job = cloudjobs.jobs.export_execution(clients.bcm_data_exports(), { ExportArn = ARN, ExecutionId = "e1" })
    assert.error_matches(function()
      job:files { timout = 1 }
    end, "files: unknown option timout %(did you mean timeout%?%)")
  end)
end)

describe("cloudjobs.deliveries", function()
  it("has the options apart", function()
    local client = clients.bcm_data_exports()
    local asked, s3 = reporting(client), {}
    assert(cloudjobs.deliveries(client, { ExportArn = ARN }, { period = "last", storage = s3, request_payer = true }))
    assert.same({ period = "last" }, asked.filter)
    assert.same({ storage = s3, request_payer = true }, asked.options)
  end)

  it("raises at the caller's line for another client, ids or options", function()
    local client = clients.bcm_data_exports()
    for message, arguments in pairs {
      ["expected a client of cloudjobs.aws.bcm_data_exports or cloudjobs.azure.cost_exports"] = { clients.ssm(), {} },
      ["unknown option perod %(did you mean period%?%)"] = { client, { ExportArn = ARN }, { perod = "last" } },
      ["unknown option ExportArm %(did you mean ExportArn%?%)"] = { client, { ExportArm = ARN } },
      ["option period: expected"] = { client, { ExportArn = ARN }, { period = "October" } },
    } do
      local is_fine, problem = pcall(function()
        local list = cloudjobs.deliveries(arguments[1], arguments[2], arguments[3])
        return list
      end)
      assert.is_false(is_fine)
      assert.matches("files_spec%.lua:%d+: cloudjobs.deliveries: " .. message, problem)
    end
  end)
end)
