-- job:files() and cloudjobs.deliveries over the same sources; what these find is in the clouds' own specs.

local FakeStorage = require "spec.support.fake_storage"
local Stub = require "cloudjobs.stub"
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

local EXPORT = { body = { Export = {
  Name = "nightly", DataQuery = { QueryStatement = "SELECT a FROM B" }, RefreshCadence = { Frequency = "SYNCHRONOUS" },
  DestinationConfigurations = { S3Destination = {
    S3Bucket = "costs", S3BucketOwner = "444455556666", S3Prefix = "", S3Region = "eu-central-1",
    S3OutputConfigurations = {
      OutputType = "CUSTOM", Format = "PARQUET", Compression = "PARQUET", Overwrite = "OVERWRITE_REPORT",
    },
  } },
} } }
local EMPTY = { body = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>" }

describe("the storage of an AWS export's deliveries", function()
  it("is its bucket, with the client's credentials, in the bucket's region", function()
    local client, stub = clients.bcm_data_exports { EXPORT, EMPTY, EMPTY, EMPTY }
    assert.same({}, assert(cloudjobs.deliveries(client, { ExportArn = ARN }, { request_payer = true })))
    local request = stub.requests[2]
    assert.matches("^https://costs%.s3%.eu%-central%-1%.amazonaws%.com/", request.url)
    assert.matches("Credential=AKID[^/]*/%d+/eu%-central%-1/s3/", request.headers.authorization)
    assert.same({ "444455556666", "requester" },
      { request.headers["x-amz-expected-bucket-owner"], request.headers["x-amz-request-payer"] })
  end)

  it("is read by the client of S3 that is given", function()
    local client = clients.bcm_data_exports { EXPORT }
    local other = Stub.new { EMPTY, EMPTY, EMPTY }
    local s3 = cloudjobs.aws.s3 {
      transport = other, region = "us-west-2", credentials = { access_key_id = "AKIDOTHER", secret_access_key = "s" },
    }
    assert.same({}, assert(cloudjobs.deliveries(client, { ExportArn = ARN }, { storage = s3 })))
    assert.matches("Credential=AKIDOTHER/%d+/us%-west%-2/s3/", other.requests[1].headers.authorization)
  end)
end)

-- The module of the storage is replaced: what it reads is in its own spec.
describe("the storage of an Azure export's deliveries", function()
  it("is made of the export's destination, or of the client that is given", function()
    local function client()
      return clients.azure { { body = { name = "daily", properties = { deliveryInfo = { destination = {
        resourceId = "/x/storageAccounts/lakecosts01", container = "costs",
      } } } } } }
    end
    local module, calls = "cloudjobs.azure.storage", {}
    local before = package.loaded[module]
    local function make(name)
      return function(of, destination, options)
        calls[#calls + 1] = { name, of, destination, options }
        return FakeStorage.new "https://lakecosts01.blob.core.windows.net/costs"
      end
    end
    package.loaded[module] = { from = make "from", new = make "new" }
    local own, other = client(), {}
    local derived, err = cloudjobs.deliveries(own, { exportName = "daily" })
    local given = cloudjobs.deliveries(client(), { exportName = "daily" }, { storage = other })
    package.loaded[module] = before
    assert.same({}, derived, err)
    assert.same({}, given)
    assert.equal(own, calls[1][2])
    assert.same({ "from", "costs" }, { calls[1][1], calls[1][3].container })
    assert.equal(other, calls[2][2])
    assert.same({ "new", "costs" }, { calls[2][1], calls[2][3] })
  end)
end)
