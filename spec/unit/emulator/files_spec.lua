local core = require "cloudjobs.core"
local emulated = require "spec.support.emulated"
local os_ = require "cloudjobs.os"

local STORAGE = "/subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c/resourceGroups/lake/providers/Microsoft.Storage/storageAccounts/costs"

describe("the emulator's delivered files", function()
  local folder, emulator
  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(os_.make_folder(folder))
    emulator = emulated.new { folder = folder }
  end)
  after_each(function()
    os_.run { "rm", "-r", folder }
  end)

  local function listing()
    local paths = {}
    for path in os_.run({ "find", folder, "-type", "f", "-printf", "%P\n" }).stdout:gmatch "[^\n]+" do
      paths[#paths + 1] = path
    end
    table.sort(paths)
    return paths
  end
  local function read(path)
    local file = assert(io.open(folder .. "/" .. path, "rb"))
    local bytes = file:read "*a"
    file:close()
    return bytes
  end
  local function unzip(path)
    return os_.run({ "gzip", "-dc", folder .. "/" .. path }).stdout
  end

  local function create(name, format, overwrite, query, prefix)
    return assert(emulator:aws("bcm_data_exports", "CreateExport", {
      Export = {
        Name = name,
        DataQuery = { QueryStatement = query or "SELECT line_item_line_item_type, line_item_unblended_cost, resource_tags.team AS team FROM COST_AND_USAGE_REPORT" },
        DestinationConfigurations = {
          S3Destination = {
            S3Bucket = "bucket",
            S3Prefix = prefix or "pre/fix",
            S3Region = "us-east-1",
            S3OutputConfigurations = {
              OutputType = "CUSTOM",
              Format = format,
              Compression = format == "PARQUET" and "PARQUET" or "GZIP",
              Overwrite = overwrite,
            },
          },
        },
        RefreshCadence = { Frequency = "SYNCHRONOUS" },
      },
    })).ExportArn
  end
  local function executions(arn)
    return emulator:aws("bcm_data_exports", "ListExecutions", { ExportArn = arn }).Executions
  end

  it("lie in one place when an export overwrites, under the last execution's manifest", function()
    local arn = create("cur", "TEXT_OR_CSV", "OVERWRITE_REPORT")
    emulator:pass(86400 + 400)
    local all = executions(arn)
    local data = "bucket/pre/fix/cur/data/BILLING_PERIOD=2026-11/cur-00001.csv.gz"
    local manifest = "bucket/pre/fix/cur/metadata/BILLING_PERIOD=2026-11/cur-Manifest.json"
    assert.same({ data, manifest }, listing())
    assert.same({
      executionId = all[1].ExecutionId,
      exportArn = arn,
      columns = {
        { name = "line_item_line_item_type", type = "string" },
        { name = "line_item_unblended_cost", type = "double" },
        { name = "team", type = "string" },
      },
      dataFiles = { "s3://" .. data },
      additionalOutputFiles = {},
    }, core.json_decode(read(manifest)))
    assert.equal('line_item_line_item_type,line_item_unblended_cost,team\nalpha,0.0,alpha\n"",6.123E-7,""\n,12.5,\n', unzip(data))
  end)

  it("lie beside each other when an export makes new ones, the newest manifest on top", function()
    local arn = create("cur", "PARQUET", "CREATE_NEW_REPORT", "SELECT BilledCost, ChargePeriodStart, Tags FROM FOCUS_1_0_AWS")
    emulator:pass(86400 + 400)
    local all = executions(arn)
    local function own(execution)
      return ("%s-%s"):format(core.iso(execution.ExecutionStatus.CreatedAt):gsub("Z$", ".000Z"), execution.ExecutionId)
    end
    local data, metadata = "bucket/pre/fix/cur/data/billing_period=2026-11/", "bucket/pre/fix/cur/metadata/billing_period=2026-11/"
    assert.same({
      data .. own(all[2]) .. "/cur-00001.snappy.parquet",
      data .. own(all[1]) .. "/cur-00001.snappy.parquet",
      metadata .. own(all[2]) .. "/cur-Manifest.json",
      metadata .. own(all[1]) .. "/cur-Manifest.json",
      metadata .. "cur-Manifest.json",
    }, listing())
    assert.equal(read(metadata .. own(all[1]) .. "/cur-Manifest.json"), read(metadata .. "cur-Manifest.json"))
    local bytes = read(data .. own(all[1]) .. "/cur-00001.snappy.parquet")
    assert.same({ "PAR1", "PAR1" }, { bytes:sub(1, 4), bytes:sub(-4) })
    assert.equal(#bytes - 12, bytes:byte(-8) + 256 * bytes:byte(-7))
  end)

  it("do not come from an execution that fails", function()
    emulator:control("POST", "outcomes", { kind = "export_execution", status = "DELIVERY_FAILURE" })
    create("cur", "TEXT_OR_CSV", "OVERWRITE_REPORT")
    emulator:pass(3600)
    assert.same({}, listing())
  end)

  local function put(name, properties, query)
    properties.definition = { type = "FocusCost", timeframe = "TheLastMonth", dataSet = { granularity = "Daily" } }
    properties.deliveryInfo = { destination = { container = "costs", resourceId = STORAGE, rootFolderPath = "root/sub" } }
    if query then
      properties.definition.type = "ActualCost"
    end
    assert.equal(201, (emulator:azure("PUT", ("/%s?%s"):format(name, query or "api-version=2025-03-01"), { properties = properties })))
    emulator:azure("POST", ("/%s/run?%s"):format(name, query or "api-version=2025-03-01"))
    emulator:pass(400)
    local _, history = emulator:azure("GET", ("/%s/runHistory?%s"):format(name, query or "api-version=2025-03-01"))
    return history.value[1]
  end

  it("of Azure have the paths that the run names, with a manifest", function()
    local run = put("focus", { compressionMode = "gzip", partitionData = true })
    local data, manifest = "costs/" .. run.properties.fileName, "costs/" .. run.properties.manifestFile
    assert.equal("costs/root/sub/focus/20261001-20261031/202611220000/" .. run.name .. "/part_0_0001.csv.gz", data)
    assert.same({ manifest, data, (data:gsub("part_0", "part_1")) }, listing())
    local told = core.json_decode(read(manifest))
    assert.same({ 2, run.properties.fileName, #read(data), run.name, "OnDemand", "2026-10-01T00:00:00" }, {
      told.blobCount, told.blobs[1].blobName, told.blobs[1].byteCount, told.runInfo.runId, told.runInfo.executionType, told.runInfo.startDate,
    })
    assert.truthy(unzip(data):find "^\239\187\191BilledCost,")
  end)

  it("of Azure's older api-versions are one file", function()
    local run = put("old", {}, "api-version=2020-06-01")
    assert.same({ "costs/root/sub/old/20261001-20261031/old_" .. run.name .. ".csv" }, listing())
  end)

  it("never leave their folder", function()
    local query = "SELECT BilledCost FROM FOCUS_1_0_AWS"
    create("one", "TEXT_OR_CSV", "OVERWRITE_REPORT", query, "../a/../..")
    emulator:pass(400)
    assert.same({
      "bucket/%2E/a/%2E/%2E/one/data/billing_period=2026-11/one-00001.csv.gz",
      "bucket/%2E/a/%2E/%2E/one/metadata/billing_period=2026-11/one-Manifest.json",
    }, listing())
  end)
end)
