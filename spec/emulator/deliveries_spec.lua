-- What the emulator delivers is found: its folder stands for the bucket and the container.

local AwsDeliveries = require "cloudjobs.aws.deliveries"
local AzureDeliveries = require "cloudjobs.azure.deliveries"
local FakeStorage = require "spec.support.fake_storage"
local files = require "spec.support.files"
local worlds = require "spec.support.world"

describe("what the emulator delivers", function()
  local folder, world

  before_each(function()
    folder = files.temporary()
    world = worlds.new { speed = 1, folder = folder }
  end)

  after_each(function()
    files.remove(folder)
  end)

  local function storage_of(place, name)
    local storage = FakeStorage.new(place)
    for _, path in ipairs(files.list(folder .. "/" .. name, "")) do
      storage:put(path:sub(#folder + #name + 3), { body = files.read(path), last_modified = world.stub.time })
    end
    return storage
  end

  -- The sizes of a delivery's files are those on disk.
  local function check_sizes(delivery, name)
    for _, file in ipairs(delivery.files) do
      assert.equal(#files.read(("%s/%s/%s"):format(folder, name, file.name)), file.size)
    end
  end

  for mode, count in pairs { OVERWRITE_REPORT = 1, CREATE_NEW_REPORT = 2 } do
    it("for an AWS export with " .. mode, function()
      local exports = world:aws "bcm_data_exports"
      local document = world.export "nightly"
      document.DestinationConfigurations.S3Destination.S3OutputConfigurations.Overwrite = mode
      local arn = assert(exports:create_export { Export = document }).ExportArn
      world.stub.time = world.stub.time + 86400
      local executions = assert(exports:all("list_executions", { ExportArn = arn }))
      local source = AwsDeliveries.new(exports, { ExportArn = arn }, function(destination)
        return storage_of("s3://" .. destination.S3Bucket, destination.S3Bucket)
      end)
      local list = assert(source:list())
      assert.same({ 1, true, "2026-11", "parquet" },
        { #list, list[1].complete, list[1].period, list[1].files[1].format })
      check_sizes(list[1], "bucket")

      local found = 0
      for _, execution in ipairs(executions) do
        local deliveries, err = source:list { execution_id = execution.ExecutionId }
        found = found + (deliveries and 1 or 0)
        assert.truthy(deliveries or err.code == "not_delivered")
      end
      assert.equal(math.min(count, #executions), found)
    end)
  end

  it("for an Azure export, of which the newest run counts", function()
    local costs = world:azure()
    assert(costs:create_or_update { exportName = "daily", export = world.azure_export() })
    local source = AzureDeliveries.new(costs, { exportName = "daily" }, function()
      return storage_of("https://lakecosts01.blob.core.windows.net/costs", "costs")
    end)
    for _ = 1, 2 do
      assert(costs:execute { exportName = "daily" })
      world.stub.time = world.stub.time + 86400
      assert(costs:get_execution_history { exportName = "daily" })
    end
    local list = assert(source:list())
    assert.same({ 1, true, "2026-11", "2026-11-01..2026-11-23" },
      { #list, list[1].complete, list[1].period, list[1].range })
    check_sizes(list[1], "costs")
    for _, record in ipairs(assert(costs:get_execution_history { exportName = "daily" }).value) do
      local id = record.id:match("[^/]*$")
      source = AzureDeliveries.new(costs, { exportName = "daily" }, function()
        return storage_of("https://lakecosts01.blob.core.windows.net/costs", "costs")
      end)
      assert.equal(id, assert(source:list { execution_id = id })[1].execution_id)
    end
  end)
end)
