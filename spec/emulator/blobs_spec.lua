-- The emulator's Blob Storage: what its Azure exports deliver, and whatever is put there.

local Storage = require "cloudjobs.azure.storage"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"
local gzip = require "cloudjobs.base.gzip"
local sas = require "spec.support.sas"
local worlds = require "spec.support.world"

local FOREVER = "2099-01-01T00:00:00Z"

describe("the emulator's blobs", function()
  local world

  before_each(function()
    world = worlds.new { speed = 1 }
  end)

  local function client(options)
    local settings = { transport = world.stub, endpoint = "http://127.0.0.1/lakecosts01", env = {} }
    for name, value in pairs(options or { credentials = { token = "emulator-token" } }) do
      settings[name] = value
    end
    return cloudjobs.azure.blobs(settings)
  end

  -- Runs an export `count` times, a day apart; its deliveries.
  local function deliveries(properties, count, api_version, scope)
    local costs, ids = world:azure(), { exportName = "daily", scope = scope }
    local document = world.azure_export()
    for name, value in pairs(properties) do
      document.properties[name] = value
    end
    assert(costs:create_or_update({ exportName = "daily", scope = scope, export = document },
      { api_version = api_version }))
    for _ = 1, count or 1 do
      assert(costs:execute(ids, { api_version = api_version }))
      world.stub.time = world.stub.time + 86400
    end
    return assert(cloudjobs.deliveries(costs, ids))
  end

  local function text_of(delivery, i)
    local file, pieces = delivery.files[i], {}
    assert(delivery.storage:fetch(file.name, { etag = file.etag, size = file.size, sink = function(bytes)
      pieces[#pieces + 1] = bytes
    end }))
    return table.concat(pieces)
  end

  it("are found by an export's client alone, with the bytes that Azure writes", function()
    local list = deliveries { partitionData = true, compressionMode = "gzip" }
    assert.same({ 1, 2, true }, { #list, #list[1].files, list[1].complete })
    local rows = 0
    for i, file in ipairs(list[1].files) do
      assert.matches(("/part_%d_0001.csv.gz$"):format(i - 1), file.name)
      local csv = assert(gzip.decode(text_of(list[1], i), 10000))
      assert.matches("^\239\187\191BillingAccountId,Date,.-\r\n", csv)
      rows = rows + select(2, csv:gsub("\r\n", "")) - 1
      assert.equal(select(2, csv:gsub("\r\n", "")) - 1, file.rows)
    end
    assert.equal(3, rows)
  end)

  local function container()
    local names = {}
    for name in pairs(assert(Storage.new(client(), "costs")):list("").objects) do
      names[#names + 1] = name
    end
    return #names
  end

  it("keep each run of an export that creates new ones, of which the newest counts", function()
    local list = deliveries({ dataOverwriteBehavior = "CreateNewReport" }, 3)
    assert.same({ 1, "2026-11-01..2026-11-24" }, { #list, list[1].range })
    assert.equal(6, container())
  end)

  it("lose the earlier runs of a month to an export that overwrites", function()
    local list = deliveries({ dataOverwriteBehavior = "OverwritePreviousReport" }, 3)
    assert.same({ 1, "2026-11-01..2026-11-24" }, { #list, list[1].range })
    assert.equal(2, container())
  end)

  it("are one file without a manifest for an older api-version", function()
    local list = deliveries({}, 1, "2020-06-01")
    assert.same({ 1, 1, true }, { #list, #list[1].files, list[1].complete })
    assert.is_nil(list[1].manifest)
    assert.equal(1, container())
  end)

  it("have the older manifest where such a run is partitioned", function()
    local list = deliveries({ partitionData = true }, 1, "2021-10-01")
    assert.matches("/_manifest.json$", list[1].manifest.name)
    assert.same({ 2, true }, { #list[1].files, list[1].complete })
    assert.equal(core.base64_encode(core.checksum("md5"):update(text_of(list[1], 1)):digest()), list[1].files[1].md5)
  end)

  it("are Parquet where the export says so", function()
    local list = deliveries { format = "Parquet", compressionMode = "snappy", partitionData = true }
    assert.equal("parquet", list[1].files[1].format)
    assert.matches("^PAR1", text_of(list[1], 1))
  end)

  it("of recommendations are in no folder of days", function()
    local list = deliveries({
      definition = { type = "ReservationRecommendations", timeframe = "MonthToDate", dataSet = { configuration = {
        filters = { { name = "ReservationScope", value = "Single" }, { name = "ResourceType", value = "VirtualMachines" },
          { name = "LookBackPeriod", value = "Last7Days" } },
      } } },
    }, 1, nil, "providers/Microsoft.Billing/billingAccounts/123456")
    assert.matches("^demo/daily/202611220000/[%x-]+/part_0_0001.csv$", list[1].files[1].name)
    assert.same({ "2026-11", true }, { list[1].period, list[1].complete })
  end)

  it("are the files of a job", function()
    local costs = world:azure()
    assert(costs:create_or_update { exportName = "daily", export = world.azure_export() })
    local job = assert(cloudjobs.jobs.run_export(costs, { exportName = "daily" }))
    assert.equal("not_delivered", select(2, job:files()).code)
    assert(job:wait { timeout = 3600 })
    assert.same({ 1, job.id }, (function(list)
      return { #list, list[1].execution_id }
    end)(assert(job:files())))
  end)

  it("are put, read, headed and listed, whatever their names", function()
    local lake = client()
    assert.equal("ContainerNotFound", select(2, lake:list { container = "lake" }).code)
    local response = world.app {
      method = "PUT", path = "/lakecosts01/lake", query = "restype=container", body = "",
      headers = { ["x-ms-version"] = "2021-12-02", authorization = "Bearer emulator-token" },
    }
    assert.equal(201, response.status)
    local names = {
      "100%+", "a b", "a&<>b", "a/../b", "a/./b", "a//b", "a\1b", "a\\b", "a?b#c", "dot.", "e/\195\169/\240\159\152\128", "x%2Fy",
    }
    for _, name in ipairs(names) do
      local put = assert(lake:put { container = "lake", blob = name, body = name, contentType = "text/plain",
        metadata = { by = "us" } })
      local got = assert(lake:get { container = "lake", blob = name, ifMatch = put.etag })
      assert.same({ name, put.etag, "text/plain", "us", #name },
        { got.body, got.etag, got.contentType, got.metadata.by, got.contentLength })
      local head = assert(lake:head { container = "lake", blob = name })
      assert.same({ put.etag, #name, put.contentMD5 }, { head.etag, head.contentLength, head.contentMD5 })
    end
    table.sort(names)
    local listed = {}
    for blob in lake:items("list", { container = "lake", maxresults = 2 }) do
      listed[#listed + 1] = blob.name
      assert.same({ #blob.name, "Hot" }, { blob.contentLength, blob.accessTier })
    end
    assert.same(names, listed)
    local page = assert(lake:list { container = "lake", prefix = "a/", delimiter = "/" })
    assert.same({ "a/../", "a/./", "a//" }, page.prefixes)
    assert.equal(0, #page.blobs)
  end)

  it("keep their conditions", function()
    local lake = client()
    deliveries {}
    local put = assert(lake:put { container = "costs", blob = "x", body = "0123456789" })
    local cases = {
      { "put", { ifNoneMatch = "*" }, "BlobAlreadyExists" },
      { "put", { ifMatch = '"0"' }, "ConditionNotMet" },
      { "put", { contentMD5 = put.contentMD5, body = "other" }, "Md5Mismatch" },
      { "get", { ifMatch = '"0"' }, "ConditionNotMet" },
      { "get", { ifNoneMatch = put.etag }, "ConditionNotMet" },
      { "get", { range = "bytes=10-" }, "InvalidRange" },
      { "get", { blob = "y" }, "BlobNotFound" },
      { "list", { marker = "?" }, "InvalidQueryParameterValue" },
    }
    for _, case in ipairs(cases) do
      local params = { container = "costs", blob = case[1] ~= "list" and "x" or nil }
      for name, value in pairs(case[2]) do
        params[name] = value
      end
      local _, err = lake[case[1]](lake, params)
      assert.equal(case[3], err and err.code)
    end
    local got = assert(lake:get { container = "costs", blob = "x", range = "bytes=2-4" })
    assert.same({ "234", "bytes 2-4/10", put.contentMD5 }, { got.body, got.contentRange, got.blobContentMD5 })
    assert.is_nil(got.contentMD5)
    assert(lake:put { container = "costs", blob = "x", body = "0", accessTier = "Archive" })
    local _, err = lake:get { container = "costs", blob = "x" }
    assert.equal("BlobArchived", err.code)
    assert.matches("rehydrated", err.hint)
    assert.is_true(assert(Storage.new(lake, "costs")):list("x").objects[1].archived)
  end)

  it("are for tokens whose audience is storage", function()
    deliveries {}
    local authority = { authority = "http://127.0.0.1", tenant_id = "t", client_id = "00000000-0000-0000-0000-00000000c11e",
      client_secret = "emulator-secret" }
    assert(client({ credentials = authority }):list { container = "costs" })
    local cases = {
      ["storage-token"] = "ok", ["emulator-token"] = "ok", ["expired-token"] = "InvalidAuthenticationInfo",
      unknown = "InvalidAuthenticationInfo",
    }
    local arm = cloudjobs.azure.credentials { transport = world.stub, env = {}, authority = "http://127.0.0.1",
      tenant_id = "t", client_id = authority.client_id, client_secret = authority.client_secret }
    cases[assert(arm:get()).token] = "InvalidAuthenticationInfo"
    for token, expected in pairs(cases) do
      local _, err = client({ credentials = { token = token } }):list { container = "costs" }
      assert.equal(expected, err and err.code or "ok")
      assert.truthy(not err or err.hint:find("https://storage.azure.com/", 1, true))
    end
  end)

  it("are for signatures that are right, current and sufficient", function()
    deliveries {}
    assert(client():put { container = "costs", blob = "a b", body = "x" })
    local function result(text, operation, account)
      local lake = client { sas = text, endpoint = "http://127.0.0.1/" .. (account or "lakecosts01") }
      local _, err = lake[operation](lake, { container = "costs", blob = operation ~= "list" and "a b" or nil })
      return err and err.code or "ok"
    end
    local function of_account(fields)
      fields.se = fields.se or FOREVER
      return sas.of_account("lakecosts01", fields)
    end
    local cases = {
      { "ok", of_account { sp = "rl" }, "list" },
      { "ok", of_account { sp = "rl" }, "get" },
      { "ok", of_account { sp = "w" }, "put" },
      { "ok", sas.of_container("lakecosts01", "costs", nil, { sp = "rl", se = FOREVER }), "list" },
      { "ok", sas.of_container("lakecosts01", "costs", "a b", { sp = "r", se = FOREVER }), "head" },
      { "AuthenticationFailed", sas.of_container("lakecosts01", "costs", "other", { sp = "r", se = FOREVER }), "get" },
      { "AuthenticationFailed", of_account { sp = "rl" }, "get", "othercosts" },
      { "AuthenticationFailed", of_account({ sp = "rl" }):gsub("sp=rl", "sp=rlw"), "put" },
      { "AuthenticationFailed", of_account { sp = "rl", se = "2020-01-01T00:00:00Z" }, "list" },
      { "AuthenticationFailed", of_account { sp = "rl", st = "2090-01-01T00:00:00Z" }, "list" },
      { "AuthorizationPermissionMismatch", of_account { sp = "r" }, "list" },
      { "AuthorizationPermissionMismatch", of_account { sp = "rl" }, "put" },
      { "AuthorizationResourceTypeMismatch", of_account { sp = "rl", srt = "o" }, "list" },
      { "AuthorizationServiceMismatch", of_account { sp = "rl", ss = "f" }, "list" },
    }
    for i, case in ipairs(cases) do
      assert.equal(case[1], result(case[2], case[3], case[4]), ("case %d"):format(i))
    end
    world:control("POST", "suppose", { storage_account = "lakecosts01", shared_key = false })
    assert.equal("KeyBasedAuthenticationNotPermitted", result(of_account { sp = "rl" }, "list"))
  end)

  it("show no signature in the list of requests", function()
    deliveries {}
    client({ sas = sas.of_account("lakecosts01", { sp = "rl", se = FOREVER }) }):list { container = "costs" }
    local shown = world.app { method = "GET", path = "/_emulator/requests", headers = {}, body = "" }.body
    assert.matches("sig=%*%*%*%*%*", shown)
    assert.equal(0, select(2, shown:gsub("sig=[^*]", "")))
  end)

  describe("with a fault", function()
    local list, lake

    before_each(function()
      list, lake = deliveries {}, client()
    end)

    local function fetch(offset)
      local file, pieces = list[1].files[1], {}
      local info, err = list[1].storage:fetch(file.name, {
        etag = file.etag, size = file.size, offset = offset, sink = function(bytes)
          pieces[#pieces + 1] = bytes
        end,
      })
      return info and "whole" or err.code, table.concat(pieces)
    end

    it("are fetched on where the body was cut", function()
      local _, text = fetch()
      world:control("POST", "faults", { service = "azure_blobs", operation = "get", cut = 100, times = 2 })
      assert.same({ "whole", text }, { fetch() })
    end)

    it("are asked for again where the service is busy", function()
      world:control("POST", "faults", { service = "azure_blobs", status = 503, times = 2 })
      assert.equal("whole", fetch())
      world:control("POST", "faults", { service = "azure_blobs", times = 0, status = 503 })
      local _, err = lake:list { container = "costs" }
      assert.same({ "ServerBusy", 503, 4 }, { err.code, err.status, err.attempts })
    end)

    it("are not mixed with another version", function()
      world:control("POST", "faults", { service = "azure_blobs", operation = "get", changed = true })
      assert.same({ "ConditionNotMet", "" }, { fetch() })
      world:control("DELETE", "faults")
      list = deliveries {}
      world:control("POST", "faults", {
        { service = "azure_blobs", operation = "get", cut = 100 },
        { service = "azure_blobs", operation = "get", nth = 2, changed = true },
      })
      local code, text = fetch()
      assert.same({ "ConditionNotMet", 100 }, { code, #text })
    end)

    it("pass on nothing of the whole in place of a range", function()
      world:control("POST", "faults", { service = "azure_blobs", operation = "get", whole = true })
      assert.same({ "WholeObject", "" }, { fetch(10) })
    end)
  end)
end)

describe("the emulator's blobs over sockets", function()
  local emulator, lake, storage

  setup(function()
    emulator = assert(require("cloudjobs.emulator").start {})
  end)

  teardown(function()
    emulator:stop()
  end)

  for _, name in ipairs { "curl", "multi" } do
    describe("by the transport " .. name, function()
      before_each(function()
        lake = cloudjobs.azure.blobs {
          transport = cloudjobs.transport[name] {}, endpoint = emulator.url .. "/lakecosts01", env = {},
          credentials = { token = "emulator-token" },
        }
        lake:transport().sleep = function()
          return true
        end
        assert(cloudjobs.transport.curl {}:send {
          method = "PUT", url = emulator.url .. "/lakecosts01/lake?restype=container", headers = {
            ["x-ms-version"] = "2021-12-02", authorization = "Bearer emulator-token",
          }, body = "",
        })
        storage = assert(Storage.new(lake, "lake"))
      end)

      after_each(function()
        emulator:clear_faults()
        lake:transport():close()
      end)

      it("have their names as they are", function()
        for _, blob in ipairs { "a/../../b", "./a", "a//b/", "a\\b", "100%2F?#+", "\195\169. ./x." } do
          assert(lake:put { container = "lake", blob = blob, body = blob })
          assert.equal(blob, assert(lake:get { container = "lake", blob = blob }).body)
          assert.equal(blob, assert(storage:list(blob)).objects[1].name)
        end
      end)

      it("are put from a reader, and fetched on where the body was cut", function()
        local size, left = 300000, 300000
        assert(lake:put({ container = "lake", blob = "large" }, { body = { length = size, read = function()
          local n = math.min(left, 1000)
          left = left - n
          return n > 0 and ("%07d\n"):format(left):rep(n / 8) or nil
        end } }))
        local object = assert(storage:list "large").objects[1]
        local function fetch(offset)
          local pieces = {}
          local info, err = storage:fetch("large", { etag = object.etag, size = size, offset = offset,
            sink = function(bytes)
              pieces[#pieces + 1] = bytes
            end })
          return info and table.concat(pieces) or err.code, table.concat(pieces)
        end
        local text = fetch()
        assert.equal(size, #text)
        emulator:fault { service = "azure_blobs", operation = "get", cut = 70000, times = 3 }
        assert.equal(text, fetch())
        emulator:fault { service = "azure_blobs", operation = "get", cut = 10, times = 2 }
        assert.equal(text:sub(1001), fetch(1000))
        emulator:fault { service = "azure_blobs", operation = "get", whole = true }
        assert.same({ "WholeObject", "" }, { fetch(1000) })
      end)
    end)
  end
end)
