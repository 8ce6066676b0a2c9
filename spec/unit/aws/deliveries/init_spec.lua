-- What an AWS data export delivered, from a bucket in memory.

local Deliveries = require "cloudjobs.aws.deliveries"
local FakeStorage = require "spec.support.fake_storage"
local clients = require "spec.support.clients"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"

local ARN = "arn:aws:bcm-data-exports:us-east-1:111122223333:export/nightly-0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
local ONE, TWO = "9b6b32ef-0000-4000-8000-000000000001", "9b6b32ef-0000-4000-8000-000000000002"
local NOW = 1795000000

local function export(options)
  options = options or {}
  return { Export = {
    ExportArn = ARN, Name = "nightly", DataQuery = { QueryStatement = "SELECT a FROM B" },
    RefreshCadence = { Frequency = "SYNCHRONOUS" },
    DestinationConfigurations = { S3Destination = {
      S3Bucket = "costs", S3Prefix = options.prefix or "exports", S3Region = "eu-central-1",
      S3OutputConfigurations = {
        OutputType = "CUSTOM", Format = "TEXT_OR_CSV", Compression = "GZIP",
        Overwrite = options.keeps and "CREATE_NEW_REPORT" or "OVERWRITE_REPORT",
      },
    } },
  } }
end

local function manifest(execution, files, fields)
  local document = {
    executionId = execution, exportArn = ARN, columns = { { name = "BilledCost", type = "double" } },
    dataFiles = setmetatable(files, core.array_mt),
  }
  for name, value in pairs(fields or {}) do
    document[name] = value
  end
  return assert(core.json_encode(document))
end

-- A source over the storage, and the client's stub.
local function source(storage, options)
  local client, stub = clients.bcm_data_exports { { body = export(options) } }
  stub.time = NOW + 1000
  local opened = {}
  return Deliveries.new(client, { ExportArn = ARN }, function(destination)
    opened[#opened + 1] = destination.S3Bucket .. " in " .. destination.S3Region
    return storage
  end), stub, opened
end

local function bucket()
  return FakeStorage.new("s3://costs", {}, NOW)
end

-- An overwritten month: files, then the manifest.
local function put_month(storage, folder, execution, names, root)
  root = root or "exports/nightly"
  local uris = {}
  for i, name in ipairs(names) do
    local key = ("%s/data/%s/%s"):format(root, folder, name)
    storage:put(key, "bytes of " .. name)
    uris[i] = "s3://costs/" .. key
  end
  storage:put(("%s/metadata/%s/nightly-Manifest.json"):format(root, folder), manifest(execution, uris))
end

local function brief(deliveries)
  local lines = {}
  for i, delivery in ipairs(deliveries) do
    local words = {
      delivery.period, delivery.execution_id or "-", delivery.complete and "complete" or delivery.reason,
    }
    for _, file in ipairs(delivery.files) do
      words[#words + 1] = file.name:match("[^/]*$")
    end
    lines[i] = table.concat(words, " ")
  end
  return lines
end

describe("deliveries of an AWS data export", function()
  it("are what the manifests name, oldest period first", function()
    local storage = bucket()
    put_month(storage, "BILLING_PERIOD=2026-11", TWO, { "nightly-00001.csv.gz", "nightly-00002.csv.gz" })
    put_month(storage, "BILLING_PERIOD=2026-10", ONE, { "nightly-00001.csv.gz" })
    local deliveries, _, opened = source(storage)
    local list = assert(deliveries:list())
    assert.same({
      "2026-10 " .. ONE .. " complete nightly-00001.csv.gz",
      "2026-11 " .. TWO .. " complete nightly-00001.csv.gz nightly-00002.csv.gz",
    }, brief(list))
    local key = "exports/nightly/data/BILLING_PERIOD=2026-10/nightly-00001.csv.gz"
    local object = storage.objects[key]
    assert.same({
      name = key, url = "s3://costs/" .. key, size = object.size, etag = object.etag, format = "csv",
      compression = "gzip", last_modified = object.last_modified, archived = false,
    }, list[1].files[1])
    assert.same({ "costs in eu-central-1" }, opened)
    assert.same({ { name = "BilledCost", type = "double" } }, list[1].columns)
    assert.equal("nightly", list[1].export)
    assert.equal("aws", list[1].cloud)
    assert.equal("exports/nightly/metadata/BILLING_PERIOD=2026-10/nightly-Manifest.json", list[1].manifest.name)
  end)

  it("keep their storage out of what prints and encodes them", function()
    local storage = bucket()
    put_month(storage, "BILLING_PERIOD=2026-11", ONE, { "nightly-00001.csv.gz" })
    local delivery = assert(source(storage):list())[1]
    assert.equal(storage, delivery.storage)
    assert.equal("s3://costs", delivery.place)
    assert.is_nil(assert(core.json_encode(delivery)):find("requests", 1, true))
    assert.matches("^nightly 2026%-11: 1 file, %d+ bytes, complete$", tostring(delivery))
  end)

  it("leave out files that the manifest does not name", function()
    local storage = bucket()
    put_month(storage, "billing_period=2026-11", ONE, { "nightly-00001.csv.gz" })
    storage:put("exports/nightly/data/billing_period=2026-11/nightly-00002.csv.gz", "")
    storage:put("exports/nightly/data/billing_period=2026-11/nightly-00003.csv.gz", "header only")
    assert.same({ "2026-11 " .. ONE .. " complete nightly-00001.csv.gz" }, brief(assert(source(storage):list())))
  end)

  it("are read by one listing of the files after the manifest", function()
    local storage = bucket()
    put_month(storage, "billing_period=2026-11", ONE, { "nightly-00001.csv.gz", "nightly-00002.csv.gz" })
    assert(source(storage):list())
    assert.same({
      "list exports/nightly/metadata/",
      "list exports/nightly/metadata/billing_period=2026-11/",
      "read exports/nightly/metadata/billing_period=2026-11/nightly-Manifest.json",
      "list exports/nightly/data/billing_period=2026-11/",
    }, storage.requests)
  end)

  for _, case in ipairs {
    { "BILLING_PERIOD=2026-10", "2026-10" },
    { "billing_period=2026-10", "2026-10" },
    { "date=2026-10-05", "2026-10-05" },
    { "model_version=3.0/usage_period=2026-10", "2026-10" },
    { "carbon_model_version=v3/usage_period=2026-10", "2026-10" },
  } do
    it("have the period of the partition " .. case[1], function()
      local storage = bucket()
      put_month(storage, case[1], ONE, { "nightly-00001.snappy.parquet" })
      local delivery = assert(source(storage):list())[1]
      assert.same({ case[2], true, "parquet", "snappy" }, {
        delivery.period, delivery.complete, delivery.files[1].format, delivery.files[1].compression,
      })
    end)
  end

  it("pass over folders that are no periods", function()
    local storage = bucket()
    for _, folder in ipairs { "billing_period=2026-13", "billing_period=", "other", "a=b/c=d/billing_period=2026-10", "=" } do
      put_month(storage, folder, ONE, { "nightly-00001.csv.gz" })
    end
    assert.same({}, assert(source(storage):list()))
  end)

  for prefix, root in pairs {
    [""] = "nightly", ["a/b"] = "a/b/nightly", ["a/b/"] = "a/b/nightly", ["/a"] = "a/nightly", ["/"] = "nightly",
    ["a "] = "a /nightly",
  } do
    it(("are below the prefix %q"):format(prefix), function()
      local storage = bucket()
      put_month(storage, "billing_period=2026-10", ONE, { "nightly-00001.csv.gz" }, root)
      assert.equal(1, #assert(source(storage, { prefix = prefix }):list()))
    end)
  end

  for prefix, root in pairs { [""] = "/nightly", ["/a"] = "/a/nightly", ["a/"] = "a//nightly" } do
    it(("are below the prefix %q where the service kept its slashes"):format(prefix), function()
      local storage = bucket()
      put_month(storage, "billing_period=2026-10", ONE, { "nightly-00001.csv.gz" }, root)
      assert.equal(1, #assert(source(storage, { prefix = prefix }):list()))
    end)
  end

  it("have names as they are, with percent signs, plus signs and blanks", function()
    local storage, names = bucket(), { "a%2Fb-00001.csv.gz", "a+b-00002.csv.gz", "a b-00003.csv.gz" }
    put_month(storage, "billing_period=2026-10", ONE, names)
    local found = {}
    for i, file in ipairs(assert(source(storage):list())[1].files) do
      found[i] = file.name:match("[^/]*$")
    end
    assert.same(names, found)
  end)

  it("take entries that are keys, and objects with s3Uri or key, each file once", function()
    local storage = bucket()
    local folder = "exports/nightly/data/billing_period=2026-10/"
    local entries = {
      folder .. "1.csv.gz", "s3://costs/" .. folder .. "1.csv.gz", { s3Uri = "s3://costs/" .. folder .. "2.csv.gz" },
      { key = folder .. "3.csv.gz" }, folder .. "3.csv.gz",
    }
    for i = 1, 3 do
      storage:put(folder .. i .. ".csv.gz", "x")
    end
    storage:put("exports/nightly/metadata/billing_period=2026-10/Manifest.json", manifest(ONE, entries))
    assert.same({ "2026-10 " .. ONE .. " complete 1.csv.gz 2.csv.gz 3.csv.gz" }, brief(assert(source(storage):list())))
  end)

  it("are not complete while a named file is missing", function()
    local storage = bucket()
    put_month(storage, "billing_period=2026-10", ONE, { "1.csv.gz", "2.csv.gz" })
    local name = "exports/nightly/data/billing_period=2026-10/2.csv.gz"
    storage.objects[name] = nil
    local delivery = assert(source(storage):list())[1]
    assert.is_false(delivery.complete)
    assert.same({ name }, delivery.missing)
    assert.equal("1 of the 2 files that the manifest names are missing", delivery.reason)
  end)

  it("are not complete while a later delivery overwrites their files", function()
    local storage = bucket()
    put_month(storage, "billing_period=2026-10", ONE, { "1.csv.gz", "2.csv.gz" })
    local name = "exports/nightly/data/billing_period=2026-10/1.csv.gz"
    storage:put(name, "of the next one")
    local deliveries, stub = source(storage)
    local delivery = assert(deliveries:list())[1]
    assert.same({ name }, delivery.rewritten)
    assert.equal("1 of 2 files are newer than the manifest", delivery.reason)
    -- A copy of a bucket has times of its own; no delivery takes a day.
    stub.time = storage.objects[name].last_modified + 86400
    assert.is_true(assert(deliveries:list())[1].complete)
  end)

  it("are those of a manifest that was replaced while its files were listed", function()
    local storage = bucket()
    put_month(storage, "billing_period=2026-10", ONE, { "1.csv.gz" })
    storage.on_request = function(what, name)
      if what == "list" and name:find("/data/", 1, true) then
        storage.on_request = nil
        put_month(storage, "billing_period=2026-10", TWO, { "1.csv.gz", "2.csv.gz" })
      end
    end
    assert.same({ "2026-10 " .. TWO .. " complete 1.csv.gz 2.csv.gz" }, brief(assert(source(storage):list())))
  end)

  it("are complete without files where the manifest names none", function()
    local storage = bucket()
    put_month(storage, "billing_period=2026-10", ONE, {})
    assert.same({ "2026-10 " .. ONE .. " complete" }, brief(assert(source(storage):list())))
  end)

  it("say which files are archived", function()
    local storage = bucket()
    put_month(storage, "billing_period=2026-10", ONE, { "1.csv.gz" })
    storage.objects["exports/nightly/data/billing_period=2026-10/1.csv.gz"].archived = true
    assert.is_true(assert(source(storage):list())[1].files[1].archived)
  end)

  it("count a period once where two folders have it", function()
    local storage = bucket()
    put_month(storage, "billing_period=2026-10", ONE, { "1.csv.gz" })
    put_month(storage, "BILLING_PERIOD=2026-10", TWO, { "1.csv.gz" })
    assert.same({ "2026-10 " .. TWO .. " complete 1.csv.gz" }, brief(assert(source(storage):list())))
  end)

  it("are none where nothing was delivered", function()
    local storage = bucket()
    assert.same({}, assert(source(storage):list()))
    storage:put("exports/nightly/data/billing_period=2026-10/1.csv.gz", "x")
    assert.same({}, assert(source(storage):list { period = "last" }))
  end)

  describe("that are kept side by side", function()
    local function put_refresh(storage, month, stamp, execution, is_newest)
      local folder = ("billing_period=%s/%s-%s"):format(month, stamp, execution)
      put_month(storage, folder, execution, { "1.csv.gz" })
      if is_newest then
        local root = "exports/nightly/metadata/"
        storage:put(root .. "billing_period=" .. month .. "/nightly-Manifest.json",
          storage.objects[root .. folder .. "/nightly-Manifest.json"].body)
      end
    end

    local function put_two(storage, is_newest)
      put_refresh(storage, "2026-10", "2026-10-31T23:48:02.356Z", ONE, is_newest)
      put_refresh(storage, "2026-10", "2026-11-01T23:48:02.356Z", TWO, is_newest)
    end

    it("are the newest refresh, of whose folder alone the files are listed", function()
      local storage = bucket()
      put_two(storage, true)
      assert.same({ "2026-10 " .. TWO .. " complete 1.csv.gz" }, brief(assert(source(storage, { keeps = true }):list())))
      assert.equal("list exports/nightly/data/billing_period=2026-10/2026-11-01T23:48:02.356Z-" .. TWO .. "/",
        storage.requests[#storage.requests])
    end)

    it("are the newest refresh also where the manifest of the period is absent", function()
      local storage = bucket()
      put_two(storage, false)
      assert.same({ "2026-10 " .. TWO .. " complete 1.csv.gz" }, brief(assert(source(storage, { keeps = true }):list())))
    end)

    it("are an older execution's by its id", function()
      local storage = bucket()
      put_two(storage, true)
      assert.same({ "2026-10 " .. ONE .. " complete 1.csv.gz" },
        brief(assert(source(storage, { keeps = true }):list { execution_id = ONE })))
      local _, err = source(storage, { keeps = true }):list { execution_id = "9b6b32ef" }
      assert.same({ "job", "not_delivered" }, { err.kind, err.code })
      assert.matches("no manifest names it", err.message)
    end)
  end)

  it("are an execution's while the manifest is its own", function()
    local storage = bucket()
    put_month(storage, "billing_period=2026-09", ONE, { "1.csv.gz" })
    put_month(storage, "billing_period=2026-10", TWO, { "1.csv.gz" })
    put_month(storage, "billing_period=2026-11", TWO, { "1.csv.gz" })
    assert.same({ "2026-10 " .. TWO .. " complete 1.csv.gz", "2026-11 " .. TWO .. " complete 1.csv.gz" },
      brief(assert(source(storage):list { execution_id = TWO })))
    local _, err = source(storage):list { execution_id = "other" }
    assert.same({ "job", "not_delivered" }, { err.kind, err.code })
    assert.matches("only the newest one of each period can be found", err.message)
  end)

  describe("by a filter", function()
    local storage

    before_each(function()
      storage = bucket()
      for _, month in ipairs { "2026-09", "2026-10", "2026-11" } do
        put_month(storage, "billing_period=" .. month, ONE, { "1.csv.gz" })
      end
    end)

    local function periods(filter)
      local found = {}
      for i, delivery in ipairs(assert(source(storage):list(filter))) do
        found[i] = delivery.period
      end
      return found
    end

    it("are those of a period", function()
      assert.same({ "2026-10" }, periods { period = "2026-10" })
      assert.same({}, periods { period = "2025-10" })
      assert.same({ "2026-09", "2026-10", "2026-11" }, periods { period = "all" })
    end)

    it("are the days of a month", function()
      put_month(storage, "date=2026-10-05", ONE, { "1.csv.gz" })
      assert.same({ "2026-10", "2026-10-05" }, periods { period = "2026-10" })
      assert.same({ "2026-10-05" }, periods { period = "2026-10-05" })
    end)

    it("are the last one that was delivered", function()
      storage:put("exports/nightly/metadata/billing_period=2026-12/started", "")
      assert.same({ "2026-11" }, periods { period = "last" })
      assert.equal(5, #storage.requests) -- the older ones are not read
    end)

    it("are those delivered since a time", function()
      local time = storage.objects["exports/nightly/metadata/billing_period=2026-10/nightly-Manifest.json"].last_modified
      assert.same({ "2026-10", "2026-11" }, periods { since = time })
      assert.same({ "2026-11" }, periods { since = core.iso(time + 1) })
    end)
  end)

  describe("know whether a manifest is", function()
    local storage, deliveries, delivery

    before_each(function()
      storage = bucket()
      put_month(storage, "billing_period=2026-10", ONE, { "1.csv.gz" })
      deliveries = source(storage)
      delivery = assert(deliveries:list())[1]
    end)

    it("still the same", function()
      assert.is_true(deliveries:unchanged(delivery))
    end)

    it("another one", function()
      put_month(storage, "billing_period=2026-10", TWO, { "1.csv.gz" })
      assert.is_false(deliveries:unchanged(delivery))
    end)

    it("gone", function()
      storage.objects[delivery.manifest.name] = nil
      assert.is_false(deliveries:unchanged(delivery))
    end)
  end)

  describe("end in an error", function()
    local NAME = "exports/nightly/metadata/billing_period=2026-10/nightly-Manifest.json"
    local FOLDER = "exports/nightly/data/billing_period=2026-10/"

    local function failure(body, size)
      local storage = bucket()
      storage:put(NAME, { body = body, size = size })
      local list, err = source(storage):list()
      assert.is_nil(list)
      assert.same({ "response", "manifest" }, { err.kind, err.code })
      assert.matches('^the manifest "exports/nightly/metadata/[^"]*": ', err.message)
      return err.message:match('^the manifest "[^"]*": (.*)$')
    end

    for what, case in pairs {
      ["is cut off"] = { '{"executionId":"x","dataFiles":["s3://', "byte" },
      ["is empty"] = { "", "byte" },
      ["is a list"] = { "[]", "^expected a JSON object$" },
      ["is a number"] = { "1", "^expected a JSON object$" },
      ["is no UTF-8"] = { '{"dataFiles":["\255"]}', "byte" },
      ["has no files"] = { "{}", "^dataFiles: expected a list$" },
      ["has null for files"] = { '{"dataFiles":null}', "^dataFiles: expected a list$" },
      ["has an object for files"] = { '{"dataFiles":{"a":1}}', "^dataFiles: expected a list$" },
      ["has a text for files"] = { '{"dataFiles":"s3://costs/x"}', "^dataFiles: expected a list$" },
      ["has a number among the files"] = { '{"dataFiles":[1]}', "^dataFiles%[1%]: expected a URI, a key, or an object" },
      ["has null among the files"] = { '{"dataFiles":[null]}', "^dataFiles%[1%]: expected a URI" },
      ["has an empty object among the files"] = { '{"dataFiles":[{}]}', "^dataFiles%[1%]: expected a URI" },
      ["names another bucket"] = { '{"dataFiles":["s3://other/' .. FOLDER .. '1.csv.gz"]}',
        "^dataFiles%[1%]: expected a file in s3://costs, got one in s3://other$" },
      ["names another period"] = { '{"dataFiles":["exports/nightly/data/billing_period=2026-09/1.csv.gz"]}',
        "is not in the partition's folder" },
      ["names a file above the folder"] = { '{"dataFiles":["' .. FOLDER .. '../../x.csv.gz"]}', "a segment %. or %.%.$" },
      ["names a file with a control character"] = { '{"dataFiles":["' .. FOLDER .. 'a\\u0000b"]}', "a control character$" },
      ["names the folder"] = { '{"dataFiles":["' .. FOLDER .. '"]}', "the name of a folder$" },
      ["names the manifest"] = { '{"dataFiles":["' .. NAME .. '"]}', "is not in the partition's folder" },
    } do
      it("where the manifest " .. what, function()
        assert.matches(case[2], failure(case[1]))
      end)
    end

    it("where the manifest is too large, without reading it", function()
      assert.matches("^expected at most 16777216 bytes, it has 104857600$", failure("{}", 100 * 1024 * 1024))
    end)

    it("where the manifest is larger than its listing says", function()
      assert.matches("^expected at most 16777216 bytes$", failure(("x"):rep(16 * 1024 * 1024 + 1), 2))
    end)

    for what, change in pairs {
      ["no name"] = { name = false }, ["another name"] = { name = "elsewhere" }, ["a negative size"] = { size = -1 },
      ["half a byte"] = { size = 0.5 }, ["an absurd size"] = { size = 1e300 }, ["no number for a size"] = { size = 0 / 0 },
      ["a size as text"] = { size = "12" }, ["no entity tag"] = { etag = "" }, ["no time"] = { last_modified = false },
    } do
      it("where a listing has an object with " .. what, function()
        local storage = bucket()
        put_month(storage, "billing_period=2026-10", ONE, { "1.csv.gz" })
        local list = storage.list
        function storage.list(...)
          local listing, err = list(...)
          for name, value in pairs(change) do
            if listing.objects[1] then
              listing.objects[1][name] = value or nil
            end
          end
          return listing, err
        end
        local _, err = source(storage):list()
        assert.same({ "response", "listing" }, { err.kind, err.code })
      end)
    end

    it("where a listing has a folder that is not below it", function()
      local storage = bucket()
      function storage.list()
        return { objects = {}, prefixes = { "../../billing_period=2026-10/" } }
      end
      local _, err = source(storage):list()
      assert.same({ "response", "listing" }, { err.kind, err.code })
    end)

    it("where GetExport names no bucket", function()
      local client = clients.bcm_data_exports { { body = { Export = { Name = "nightly" } } } }
      local _, err = Deliveries.new(client, { ExportArn = ARN }, error):list()
      assert.matches("GetExport names no bucket", err.message)
    end)

    it("that GetExport answered", function()
      local client = clients.bcm_data_exports { clients.failure "ResourceNotFoundException" }
      local _, err = Deliveries.new(client, { ExportArn = ARN }, error):list()
      assert.equal("ResourceNotFoundException", err.code)
    end)

    it("when the time is over, which all requests share", function()
      local storage = bucket()
      put_month(storage, "billing_period=2026-10", ONE, { "1.csv.gz" })
      local deliveries, stub = source(storage)
      storage.on_request = function()
        stub.time = stub.time + 2
      end
      local list, err = deliveries:list { timeout = 5 }
      assert.is_nil(list)
      assert.equal("timeout", err.kind)
      assert.same({ 5, 3, 1 }, { storage.limits[1].timeout, storage.limits[2].timeout, storage.limits[3].timeout })
      assert.equal(3, #storage.requests)
    end)

    it("when a canceller ends it", function()
      local storage, canceller = bucket(), cloudjobs.canceller()
      put_month(storage, "billing_period=2026-10", ONE, { "1.csv.gz" })
      storage.on_request = function()
        canceller:cancel("enough")
      end
      local _, err = source(storage):list { cancel = canceller }
      assert.same({ "cancelled", "enough" }, { err.kind, err.message })
      assert.equal(1, #storage.requests)
      assert.equal(canceller, storage.limits[1].cancel)
    end)
  end)

  it("raise for mistakes of the caller", function()
    local deliveries = source(bucket())
    for option, message in pairs {
      [{ perod = "last" }] = "unknown option perod %(did you mean period%?%)",
      [{ period = "2026" }] = 'option period: expected "YYYY%-MM", "last" or "all", got "2026"',
      [{ period = "2026-13" }] = "option period: expected",
      [{ period = 202610 }] = "option period: expected string, got number",
      [{ since = "yesterday" }] = "option since: ",
      [{ execution_id = "" }] = "option execution_id: expected an id, got none",
      [{ timeout = "1" }] = "option timeout: expected number",
    } do
      local is_fine, problem = pcall(deliveries.list, deliveries, option)
      assert.is_false(is_fine)
      assert.matches("cloudjobs.deliveries: " .. message, problem)
    end
    assert.has_error(function()
      Deliveries.new(clients.bcm_data_exports {}, { exportArn = ARN }, error)
    end)
    assert.error_matches(function()
      Deliveries.new(clients.bcm_data_exports {}, {}, error)
    end, "expected ExportArn")
  end)
end)
