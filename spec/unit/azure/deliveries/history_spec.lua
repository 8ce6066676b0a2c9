local Deadline = require "cloudjobs.base.deadline"
local FakeStorage = require "spec.support.fake_storage"
local Reader = require "cloudjobs.cloud.delivery_reader"
local clients = require "spec.support.clients"
local history = require "cloudjobs.azure.deliveries.history"

local function run(objects, records)
  local client, stub = clients.azure { { body = { value = records } } }
  local reader = Reader.new(FakeStorage.new("https://lake.blob.core.windows.net/costs", objects), Deadline.new(stub))
  return history.run(client, { exportName = "daily" }, "r1", "daily/", reader, Deadline.new(stub))
end

local function record(fields)
  return { id = "/exports/daily/Run/r1", properties = fields }
end

describe("the history of an Azure cost export", function()
  it("has a run's manifest, and its days where the path has none", function()
    local found = assert(run({ ["other/r1/manifest.json"] = "{}" }, {
      { id = "/Run/r2", properties = { manifestFile = "x/manifest.json" } },
      record { status = "Completed", manifestFile = "other/r1/manifest.json", startDate = "2026-10-01T00:00:00Z",
        endDate = "2026-10-31T00:00:00Z" },
    }))
    assert.same({ "other/r1/manifest.json", "2026-10", "r1" }, { found.manifest.name, found.window.period, found.run_id })
  end)

  it("has a run by its name where the record has no id", function()
    local found = assert(run({ ["daily/x/a_r1.csv"] = "rows" }, { { name = "r1", properties = { fileName = "daily/x/a_r1.csv" } } }))
    assert.equal("daily/x/a_r1.csv", found.files[1].name)
  end)

  it("names no files of a run that has not completed", function()
    local _, err = run({}, { record { status = "Failed", fileName = "daily/x/a_r1.csv" } })
    assert.equal("job not_delivered", err.kind .. " " .. err.code)
  end)

  it("names nothing outside of a folder, and no unsafe name", function()
    assert.same({ n = 0 }, { n = select("#", (run({}, { record { fileName = "a.csv" } }))) - 1 })
    local found, err = run({}, { record { fileName = "daily/../../a.csv" } })
    assert.is_nil(found)
    assert.matches("properties.fileName: a segment", err.message)
  end)
end)
