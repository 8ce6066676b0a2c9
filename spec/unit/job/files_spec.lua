-- job:files() and cloudjobs.deliveries over the same sources; what these find is in the clouds' own specs.

local FakeStorage = require "spec.support.fake_storage"
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

-- The modules of the storages are replaced: what they read is in their own specs.
describe("the storage of deliveries", function()
  local CLOUDS = {
    aws = {
      module = "cloudjobs.aws.storage", ids = { ExportArn = ARN },
      client = function()
        return clients.bcm_data_exports { { body = { Export = {
          Name = "nightly", DataQuery = { QueryStatement = "SELECT a FROM B" },
          RefreshCadence = { Frequency = "SYNCHRONOUS" },
          DestinationConfigurations = { S3Destination = {
            S3Bucket = "costs", S3BucketOwner = "444455556666", S3Prefix = "", S3Region = "eu-central-1",
            S3OutputConfigurations = {
              OutputType = "CUSTOM", Format = "PARQUET", Compression = "PARQUET", Overwrite = "OVERWRITE_REPORT",
            },
          } },
        } } } }
      end,
      derived = { "costs", { request_payer = true } },
      given = { "costs", { request_payer = true, expected_owner = "444455556666" } },
    },
    azure = {
      module = "cloudjobs.azure.storage", ids = { exportName = "daily" },
      client = function()
        return clients.azure { { body = { name = "daily", properties = { deliveryInfo = { destination = {
          resourceId = "/x/storageAccounts/lakecosts01", container = "costs",
        } } } } } }
      end,
      derived = { "costs" }, given = { "costs" },
    },
  }

  for cloud, case in pairs(CLOUDS) do
    it("is made of the export's destination, or of the client that is given: " .. cloud, function()
      local before, calls = package.loaded[case.module], {}
      local function make(name)
        return function(client, destination, options)
          calls[#calls + 1] = { name, client, destination, options }
          return FakeStorage.new "s3://costs"
        end
      end
      package.loaded[case.module] = { from = make "from", new = make "new" }
      local client, other = case.client(), {}
      local derived, err = cloudjobs.deliveries(client, case.ids, { request_payer = true })
      local given = cloudjobs.deliveries(case.client(), case.ids, { request_payer = true, storage = other })
      package.loaded[case.module] = before
      assert.same({}, derived, err)
      assert.same({}, given)
      local destination = calls[1][3]
      assert.equal(client, calls[1][2])
      assert.same({ "from", case.derived[1], case.derived[2] },
        { calls[1][1], destination.S3Bucket or destination.container, calls[1][4] })
      assert.equal(other, calls[2][2])
      assert.same({ "new", case.given[1], case.given[2] }, { calls[2][1], calls[2][3], calls[2][4] })
    end)
  end
end)
