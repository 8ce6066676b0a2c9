-- What an Azure cost export delivered, from a container in memory.

local Deliveries = require "cloudjobs.azure.deliveries"
local FakeStorage = require "spec.support.fake_storage"
local clients = require "spec.support.clients"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"

local SCOPE = "subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c"
local ID = SCOPE .. "/providers/Microsoft.CostManagement/exports/daily"
local ACCOUNT = "/" .. SCOPE .. "/resourceGroups/lake/providers/Microsoft.Storage/storageAccounts/lakecosts01"
local PLACE = "https://lakecosts01.blob.core.windows.net/costs"
local NOW = 1795000000

local function run_id(n)
  return ("0a1b2c3d-4e5f-4a6b-8c7d-%012d"):format(n)
end

local function export()
  return {
    id = "/" .. ID, name = "daily",
    properties = {
      format = "Csv", dataOverwriteBehavior = "CreateNewReport",
      deliveryInfo = { destination = { resourceId = ACCOUNT, container = "costs", rootFolderPath = "lake/" } },
    },
  }
end

local function source(storage, answers)
  local queue = { { body = export() } }
  for _, answer in ipairs(answers or {}) do
    queue[#queue + 1] = answer
  end
  local client, stub = clients.azure(queue)
  return Deliveries.new(client, { exportName = "daily" }, function()
    return storage
  end), stub
end

local function container()
  return FakeStorage.new(PLACE, {}, NOW)
end

-- A run with parts and a manifest in `folder` below the export's.
local function put_run(storage, folder, id, parts, change, name)
  local root = ("lake/daily/%s%s/"):format(folder == "" and "" or folder .. "/", id)
  local blobs = setmetatable({}, core.array_mt)
  for i, part in ipairs(parts) do
    storage:put(root .. part, "rows of " .. part)
    blobs[i] = { blobName = root .. part, byteCount = #("rows of " .. part), dataRowCount = 10 * i }
  end
  local document = {
    blobCount = #parts, dataRowCount = 10, blobs = blobs,
    exportConfig = { exportName = "daily", resourceId = ID },
    deliveryConfig = { fileFormat = "Csv", compressionMode = "gzip", containerUri = ACCOUNT },
    runInfo = { runId = id, submittedTime = "2026-11-05T00:00:00Z" },
  }
  for member, value in pairs(change or {}) do
    document[member] = value
  end
  storage:put(root .. (name or "manifest.json"), assert(core.json_encode(document)))
  return root
end

local function brief(deliveries)
  local lines = {}
  for i, delivery in ipairs(deliveries) do
    local words = {
      delivery.range or delivery.period, (delivery.execution_id or "-"):sub(-2),
      delivery.complete and "complete" or delivery.reason,
    }
    for _, file in ipairs(delivery.files) do
      words[#words + 1] = file.name:match("[^/]*$")
    end
    lines[i] = table.concat(words, " ")
  end
  return lines
end

local MONTH = "20261001-20261031"

describe("deliveries of an Azure cost export", function()
  it("are what the newest manifests name, oldest period first", function()
    local storage = container()
    put_run(storage, "20261101-20261130/202611050000", run_id(2), { "part_0_0001.csv.gz" })
    local root = put_run(storage, MONTH .. "/202611010000", run_id(1), { "part_0_0001.csv.gz", "part_1_0001.csv.gz" })
    local list = assert(source(storage):list())
    assert.same({
      "2026-10 01 complete part_0_0001.csv.gz part_1_0001.csv.gz", "2026-11 02 complete part_0_0001.csv.gz",
    }, brief(list))
    local object = storage.objects[root .. "part_1_0001.csv.gz"]
    assert.same({
      name = object.name, url = PLACE .. "/" .. object.name, size = object.size, etag = object.etag, format = "csv",
      compression = "gzip", rows = 20, last_modified = object.last_modified, archived = false,
    }, list[1].files[2])
    assert.same({ "azure", "daily", root .. "manifest.json" }, { list[1].cloud, list[1].export, list[1].manifest.name })
  end)

  it("list a run's files after its manifest was read", function()
    local storage = container()
    local root = put_run(storage, MONTH .. "/202611010000", run_id(1), { "part_0_0001.csv" })
    assert(source(storage):list())
    assert.same({ "list lake/daily/", "read " .. root .. "manifest.json", "list " .. root }, storage.requests)
  end)

  it("need no folder of the run's time", function()
    local storage = container()
    put_run(storage, MONTH, run_id(1), { "part_0_0001.csv" })
    assert.same({ "2026-10 01 complete part_0_0001.csv" }, brief(assert(source(storage):list())))
  end)

  it("are snapshots of their month where no folder has days", function()
    local storage = container()
    put_run(storage, "202610050000", run_id(1), { "part_0_0001.csv" })
    put_run(storage, "202611050000", run_id(2), { "part_0_0001.csv" })
    put_run(storage, "202611060000", run_id(3), { "part_0_0001.csv" })
    assert.same({ "2026-10 01 complete part_0_0001.csv", "2026-11 03 complete part_0_0001.csv" },
      brief(assert(source(storage):list())))
  end)

  it("have the month of the run where its folder is all there is", function()
    local storage = container()
    put_run(storage, "", run_id(1), { "part_0_0001.csv" })
    assert.same({ "2026-11 01 complete part_0_0001.csv" }, brief(assert(source(storage):list())))
    assert.same({}, assert(source(storage):list { period = "2026-10" }))
    put_run(storage, "", run_id(2), { "part_0_0001.csv" },
      { runInfo = { startDate = "2026-09-01T00:00:00", endDate = "2026-09-30T00:00:00" } })
    assert.same({ "2026-09 02 complete part_0_0001.csv" }, brief(assert(source(storage):list { period = "2026-09" })))
  end)

  it("are the newest complete run of a window", function()
    local storage = container()
    put_run(storage, MONTH .. "/202611010000", run_id(1), { "part_0_0001.csv" })
    put_run(storage, MONTH .. "/202611020000", run_id(2), { "part_0_0001.csv" })
    local root = put_run(storage, MONTH .. "/202611030000", run_id(3), { "part_0_0001.csv" })
    storage:put("lake/daily/" .. MONTH .. "/202611040000/" .. run_id(4) .. "/part_0_0001.csv", "no manifest yet")
    assert.same({ "2026-10 03 complete part_0_0001.csv" }, brief(assert(source(storage):list())))
    storage.objects[root .. "part_0_0001.csv"] = nil
    assert.same({ "2026-10 02 complete part_0_0001.csv" }, brief(assert(source(storage):list())))
  end)

  it("are the newest run where none is complete", function()
    local storage = container()
    for i = 1, 2 do
      local root = put_run(storage, MONTH .. "/20261101000" .. i, run_id(i), { "part_0_0001.csv" })
      storage.objects[root .. "part_0_0001.csv"] = nil
    end
    local list = assert(source(storage):list())
    assert.same({ "2026-10 02 1 of the 1 files that the manifest names are missing" }, brief(list))
    assert.equal(1, #list[1].missing)
  end)

  it("leave out windows whose days a longer one has", function()
    local storage = container()
    put_run(storage, "20261101-20261102/202611030000", run_id(1), { "part_0_0001.csv" })
    put_run(storage, "20261101-20261103/202611040000", run_id(2), { "part_0_0001.csv" })
    put_run(storage, "20261002-20261004/202611050000", run_id(3), { "part_0_0001.csv" })
    put_run(storage, MONTH .. "/202611010000", run_id(4), { "part_0_0001.csv" })
    assert.same({ "2026-10 04 complete part_0_0001.csv", "2026-11-01..2026-11-03 02 complete part_0_0001.csv" },
      brief(assert(source(storage):list())))
  end)

  it("are several of one month where their days are different", function()
    local storage = container()
    put_run(storage, "20261005-20261011", run_id(1), { "part_0_0001.csv" })
    put_run(storage, "20261012-20261018", run_id(2), { "part_0_0001.csv" })
    local list = assert(source(storage):list { period = "2026-10" })
    assert.same({
      "2026-10-05..2026-10-11 01 complete part_0_0001.csv", "2026-10-12..2026-10-18 02 complete part_0_0001.csv",
    }, brief(list))
    assert.equal("2026-10", list[2].period)
  end)

  describe("of the older forms", function()
    it("have an _manifest.json with MD5s", function()
      local storage = container()
      local root = "lake/daily/" .. MONTH .. "/" .. run_id(1) .. "/"
      storage:put(root .. "0001.csv", "rows")
      storage:put(root .. "_manifest.json", assert(core.json_encode {
        manifestVersion = "2021-01-01", dataFormat = "csv", blobCount = 1, byteCount = 4, dataRowCount = 1,
        blobs = { {
          blobName = root .. "0001.csv", byteCount = 4, dataRowCount = 1, headerRowCount = 1,
          contentMD5 = "1B2M2Y8AsgTpgAmY7PhCfg==",
        } },
      }))
      local list = assert(source(storage):list())
      assert.same({ "2026-10 01 complete 0001.csv" }, brief(list))
      assert.same({ "1B2M2Y8AsgTpgAmY7PhCfg==", 1 }, { list[1].files[1].md5, list[1].files[1].rows })
    end)

    it("are a lone file, of which the newest counts", function()
      local storage = container()
      local folder = "lake/daily/" .. MONTH .. "/"
      storage:put(folder .. "daily_" .. run_id(1) .. ".csv", "rows")
      storage:put(folder .. "daily_" .. run_id(2) .. ".csv", "more rows")
      storage:put(folder .. "daily_" .. run_id(3) .. ".csv", "")
      storage:put(folder .. "notes.txt", "x")
      local deliveries = source(storage)
      local list = assert(deliveries:list())
      assert.same({ "2026-10 02 complete daily_" .. run_id(2) .. ".csv" }, brief(list))
      assert.is_nil(list[1].manifest)
      assert.is_true(deliveries:unchanged(list[1]))
      storage:put(list[1].files[1].name, "others")
      assert.is_false(deliveries:unchanged(list[1]))
    end)
  end)

  describe("with counts", function()
    local function reason(parts, change)
      local storage = container()
      put_run(storage, MONTH, run_id(1), parts, change)
      return brief(assert(source(storage):list()))[1]:gsub("^2026%-10 01 ", "")
    end

    local ONE = { "part_0_0001.csv" }

    it("of null, 0 or none are complete without files", function()
      for _, change in ipairs {
        { blobs = core.null, blobCount = core.null }, { blobCount = 0 }, { blobCount = core.null }, { blobs = core.null },
      } do
        assert.equal("complete", (reason({}, change)))
      end
    end)

    it("that are absent or null are not compared", function()
      assert.equal("complete part_0_0001.csv", (reason(ONE, { blobCount = core.null })))
      local root = ("lake/daily/%s/%s/"):format(MONTH, run_id(1))
      assert.equal("complete part_0_0001.csv", (reason(ONE, { blobs = { {
        blobName = root .. "part_0_0001.csv", byteCount = core.null, dataRowCount = "many",
      } } })))
    end)

    it("that differ from what is there are not complete", function()
      assert.equal("the manifest counts 2 files and names 1 part_0_0001.csv", (reason(ONE, { blobCount = 2 })))
      local root = ("lake/daily/%s/%s/"):format(MONTH, run_id(1))
      for _, size in ipairs { 3, -1, 0.5, 1e300, "23" } do
        assert.matches("has 23 bytes, its manifest says ", (reason(ONE, { blobs = { {
          blobName = root .. "part_0_0001.csv", byteCount = size,
        } } })))
      end
    end)

    it("of bytes are not compared for a compressed file, since it is not documented what they count", function()
      local root = ("lake/daily/%s/%s/"):format(MONTH, run_id(1))
      assert.equal("complete part_0_0001.csv.gz", (reason({ "part_0_0001.csv.gz" }, { blobs = { {
        blobName = root .. "part_0_0001.csv.gz", byteCount = 1000,
      } } })))
    end)

    it("name a file twice and have it once", function()
      local root = ("lake/daily/%s/%s/"):format(MONTH, run_id(1))
      local blob = { blobName = root .. "part_0_0001.csv" }
      assert.equal("complete part_0_0001.csv", (reason(ONE, { blobs = { blob, blob } })))
    end)
  end)

  it("pass over runs of another export in the same folder", function()
    local storage = container()
    put_run(storage, MONTH, run_id(1), { "part_0_0001.csv" })
    put_run(storage, MONTH, run_id(2), { "part_0_0001.csv" },
      { exportConfig = { resourceId = ID:gsub("5f0c", "6f0c") } })
    put_run(storage, MONTH, run_id(3), { "part_0_0001.csv" }, { exportConfig = { resourceId = "/" .. ID:upper() } })
    assert.same({ "2026-10 03 complete part_0_0001.csv" }, brief(assert(source(storage):list())))
  end)

  describe("by a filter", function()
    local storage

    before_each(function()
      storage = container()
      put_run(storage, "20260901-20260930", run_id(1), { "part_0_0001.csv" })
      put_run(storage, MONTH, run_id(2), { "part_0_0001.csv" })
      put_run(storage, "20261101-20261105", run_id(3), { "part_0_0001.csv" })
    end)

    it("are those of a period, whose folders alone are listed", function()
      assert.same({ "2026-10 02 complete part_0_0001.csv" }, brief(assert(source(storage):list { period = "2026-10" })))
      assert.same({ "list lake/daily/", "list lake/daily/" .. MONTH .. "/" }, { storage.requests[1], storage.requests[2] })
      assert.same({}, assert(source(storage):list { period = "2025-10" }))
    end)

    it("are the last one, without reading older ones", function()
      assert.same({ "2026-11-01..2026-11-05 03 complete part_0_0001.csv" },
        brief(assert(source(storage):list { period = "last" })))
      assert.equal(3, #storage.requests)
    end)

    it("are those delivered since a time", function()
      local name = ("lake/daily/%s/%s/manifest.json"):format(MONTH, run_id(2))
      assert.equal(2, #assert(source(storage):list { since = storage.objects[name].last_modified }))
    end)
  end)

  describe("of one run", function()
    local function history(fields, id)
      fields = fields or {}
      fields.status = fields.status or "Completed"
      return { body = { value = { { id = ID .. "/Run/" .. (id or run_id(1)), properties = fields } } } }
    end

    it("are where its manifestFile says", function()
      local storage = container()
      local root = put_run(storage, MONTH, run_id(1), { "part_0_0001.csv" })
      put_run(storage, MONTH, run_id(2), { "part_0_0001.csv" })
      for _, name in ipairs { root .. "manifest.json", PLACE .. "/" .. root .. "manifest.json" } do
        storage.requests = {}
        local deliveries = source(storage, { history { manifestFile = name } })
        assert.same({ "2026-10 01 complete part_0_0001.csv" },
          brief(assert(deliveries:list { execution_id = run_id(1) })))
        assert.equal(3, #storage.requests)
      end
    end)

    it("are where its fileName says", function()
      local storage = container()
      local name = ("lake/daily/%s/daily_%s.csv"):format(MONTH, run_id(1))
      storage:put(name, "rows")
      local deliveries = source(storage, { history { fileName = name } })
      assert.same({ "2026-10 01 complete " .. name:match("[^/]*$") },
        brief(assert(deliveries:list { execution_id = run_id(1) })))
    end)

    it("are all files of its folder where no manifest is beside its fileName", function()
      local storage = container()
      local folder = ("lake/daily/%s/%s/"):format(MONTH, run_id(1))
      storage:put(folder .. "1.csv", "rows")
      storage:put(folder .. "2.csv", "rows")
      local deliveries = source(storage, { history { fileName = folder .. "1.csv" } })
      assert.same({ "2026-10 01 complete 1.csv 2.csv" }, brief(assert(deliveries:list { execution_id = run_id(1) })))
    end)

    it("are found in the container where the history does not know it", function()
      local storage = container()
      put_run(storage, MONTH, run_id(1), { "part_0_0001.csv" })
      put_run(storage, MONTH, run_id(2), { "part_0_0001.csv" })
      local deliveries = source(storage, { history({}, run_id(3)) })
      assert.same({ "2026-10 01 complete part_0_0001.csv" },
        brief(assert(deliveries:list { execution_id = run_id(1) })))
    end)

    it("are an error where there are none", function()
      for answer, message in pairs {
        [history({}, run_id(3))] = "no files were found", [history { status = "InProgress" }] = "is \"InProgress\"",
        [history { status = "NewDataNotAvailable" }] = "has no files", [{ body = { value = { 1, {}, "x" } } }] = "no files",
        [history { fileName = "x.csv" }] = "no files", [history { fileName = 7 }] = "no files",
      } do
        local _, err = source(container(), { answer }):list { execution_id = run_id(1) }
        assert.same({ "job", "not_delivered" }, { err.kind, err.code })
        assert.matches(message, err.message)
      end
    end)

    it("are refused in another container", function()
      local deliveries = source(container(), { history { manifestFile = "https://other.blob.core.windows.net/x/manifest.json" } })
      local _, err = deliveries:list { execution_id = run_id(1) }
      assert.matches("properties.manifestFile: expected a file in https://lakecosts01", err.message)
    end)
  end)

  describe("end in an error", function()
    local function failure(change)
      local storage = container()
      put_run(storage, MONTH, run_id(1), { "part_0_0001.csv" }, change)
      local list, err = source(storage):list()
      assert.is_nil(list)
      assert.same({ "response", "manifest" }, { err.kind, err.code })
      return err.message:match('^the manifest "[^"]*": (.*)$')
    end

    local function blob(name)
      return { blobs = { { blobName = name } } }
    end

    local ROOT = ("lake/daily/%s/%s/"):format(MONTH, run_id(1))

    for what, case in pairs {
      ["names another account"] = { { deliveryConfig = { containerUri = ACCOUNT .. "x" } },
        'names the storage account "lakecosts01x", the export\'s is "lakecosts01"' },
      ["names another account by its URL"] = { { deliveryConfig = { containerUri = "https://other.blob.core.windows.net/costs" } },
        'names the storage account "other"' },
      ["names a blob of another container"] = { blob "https://lakecosts01.blob.core.windows.net/other/x.csv",
        "^blobs%[1%].blobName: expected a file in" },
      ["names a blob above the folder"] = { blob(ROOT .. "../../x.csv"), "has a segment %. or %.%.$" },
      ["names a blob with a control character"] = { blob(ROOT .. "a\nb.csv"), "has a control character$" },
      ["names a blob elsewhere"] = { blob "lake/other/x.csv", "is not in the export's folder" },
      ["names no blob"] = { blob(7), "^blobs%[1%].blobName: expected a string$" },
      ["has a number among the blobs"] = { { blobs = { 1 } }, "^blobs%[1%].blobName: expected a string$" },
      ["has an object for the blobs"] = { { blobs = { a = 1 } }, "^blobs: expected a list$" },
      ["has a text for the blobs"] = { { blobs = "x" }, "^blobs: expected a list$" },
    } do
      it("where the manifest " .. what, function()
        assert.matches(case[2], failure(case[1]))
      end)
    end

    it("where the manifest is cut off", function()
      local storage = container()
      local root = put_run(storage, MONTH, run_id(1), { "part_0_0001.csv" })
      storage:put(root .. "manifest.json", '{"blobs":[')
      local _, err = source(storage):list()
      assert.matches("manifest%.json\": .*byte", err.message)
    end)

    it("where the export names no container", function()
      local document = export()
      document.properties.deliveryInfo.destination.container = core.null
      local _, err = Deliveries.new(clients.azure { { body = document } }, { exportName = "daily" }, error):list()
      assert.matches("names no storage account or no container", err.message)
    end)

    it("when the time is over, or a canceller ends it", function()
      local storage, canceller = container(), cloudjobs.canceller()
      put_run(storage, MONTH, run_id(1), { "part_0_0001.csv" })
      local deliveries, stub = source(storage)
      storage.on_request = function()
        stub.time = stub.time + 3
      end
      local _, err = deliveries:list { timeout = 5 }
      assert.same({ "timeout", 2 }, { err.kind, #storage.requests })
      canceller:cancel("enough")
      _, err = deliveries:list { cancel = canceller }
      assert.equal("cancelled", err.kind)
    end)
  end)

  it("raise for mistakes of the caller", function()
    local client = clients.azure {}
    for ids, message in pairs {
      [{}] = "expected exportName", [{ exportNam = "x" }] = "unknown option exportNam %(did you mean exportName%?%)",
    } do
      assert.error_matches(function()
        Deliveries.new(client, ids, error)
      end, "cloudjobs.deliveries: " .. message)
    end
  end)
end)
