--- What an AWS export delivered, in a bucket of moto's server.

local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"
local os_module = require "cloudjobs.os"

local ARN = "arn:aws:bcm-data-exports:us-east-1:111122223333:export/nightly-1"
local FOLDER = "reports/nightly"

local function present()
  local result = os_module.run { "python3", "-c", "import moto.server, flask, boto3" }
  return result and result.status == 0
end

describe("moto", function()
  if not present() then
    pending "has the files of an export (install python3 with moto[server] and boto3)"
    return
  end

  local child, s3, keys

  setup(function()
    -- moto's check of signatures refuses requests of boto3 for such keys, too.
    child = assert(os_module.spawn { "python3", "spec/support/moto_server.py", "open" })
    local world = assert(core.json_decode(assert(child:line(60))))
    keys = { access_key_id = world.access_key_id, secret_access_key = world.secret_access_key }
    local options = { endpoint = world.url, region = "us-east-1", credentials = keys, env = { HOME = os.getenv "HOME" } }
    s3 = cloudjobs.aws.s3(options)
    options.service = "s3"
    assert(cloudjobs.aws.client(options):create_bucket { Bucket = "costs" })
  end)

  teardown(function()
    child:stop()
  end)

  local function put(name, body)
    assert(s3:put_object { Bucket = "costs", Key = FOLDER .. name, Body = body })
  end

  local function deliveries()
    local export = { Name = "nightly", DataQuery = { QueryStatement = "SELECT a FROM B" },
      RefreshCadence = { Frequency = "SYNCHRONOUS" }, DestinationConfigurations = { S3Destination = {
        S3Bucket = "costs", S3Prefix = "reports", S3Region = "us-east-1", S3OutputConfigurations = {
          OutputType = "CUSTOM", Format = "TEXT_OR_CSV", Compression = "GZIP", Overwrite = "OVERWRITE_REPORT",
        } } } }
    local exports = cloudjobs.aws.bcm_data_exports {
      transport = Stub.new { { body = { Export = export } } }, region = "us-east-1", credentials = keys,
    }
    return assert(cloudjobs.deliveries(exports, { ExportArn = ARN }, { storage = s3 }))
  end

  it("has the files that the manifests name, whatever their names, and no others", function()
    for i, month in ipairs { "BILLING_PERIOD=2026-09", "billing_period=2026-10" } do
      local data, uris = "/data/" .. month .. "/", {}
      for part = 1, i do
        put(("%snightly a+b%%-%05d.csv.gz"):format(data, part), ("x"):rep(part))
        uris[part] = ("s3://costs/%s%snightly a+b%%-%05d.csv.gz"):format(FOLDER, data, part)
      end
      put(data .. "nightly-00009.csv.gz", "of an earlier refresh")
      put("/metadata/" .. month .. "/nightly-Manifest.json", core.json_encode { executionId = "e" .. i, dataFiles = uris })
    end
    local found = {}
    for i, delivery in ipairs(deliveries()) do
      found[i] = tostring(delivery)
    end
    assert.same({ "nightly 2026-09: 1 file, 1 byte, complete", "nightly 2026-10: 2 files, 3 bytes, complete" }, found)
  end)

  it("has a period of more files than a page of its listing", function()
    local uris = {}
    local functions = {}
    for i = 1, 1100 do
      local name = ("/data/BILLING_PERIOD=2026-11/nightly-%05d.csv.gz"):format(i)
      uris[i] = "s3://costs/" .. FOLDER .. name
      functions[i] = function()
        put(name, "x")
      end
    end
    cloudjobs.parallel(functions, { concurrency = 20 })
    put("/metadata/BILLING_PERIOD=2026-11/nightly-Manifest.json", core.json_encode { executionId = "e3", dataFiles = uris })
    local found = deliveries()
    assert.equal("nightly 2026-11: 1100 files, 1100 bytes, complete", tostring(found[#found]))
  end)
end)
