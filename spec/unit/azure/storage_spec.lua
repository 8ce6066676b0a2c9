local Storage = require "cloudjobs.azure.storage"
local Stub = require "cloudjobs.stub"
local blobs = require "spec.support.blobs"
local cloudjobs = require "cloudjobs"

local PLACE = "https://lakecosts01.blob.core.windows.net/costs"
local SCOPE = "subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c"
local ETAG = '"0x8D1"'

local function storage(answers, options)
  local client, stub = blobs.client(answers, options)
  return assert(Storage.new(client, "costs")), stub
end

local function exports(stub, options)
  local settings = { transport = stub, env = {}, scope = SCOPE, credentials = { token = "hush-hush" } }
  for name, value in pairs(options or {}) do
    settings[name] = value
  end
  return cloudjobs.azure.cost_exports(settings)
end

local DESTINATION = {
  container = "costs",
  resourceId = "/" .. SCOPE .. "/resourceGroups/lake/providers/Microsoft.Storage/storageAccounts/LakeCosts01",
}

describe("a container's storage", function()
  it("is named by its URL", function()
    local found = storage()
    assert.equal(PLACE, found.place)
    assert.equal("cloudjobs.azure.storage: " .. PLACE, tostring(found))
    assert.equal("http://127.0.0.1:10000/devaccount1/costs",
      storage({}, { account = false, endpoint = "http://127.0.0.1:10000/devaccount1/" }).place)
  end)

  it("lists the blobs and folders of all pages", function()
    local found, stub = storage {
      { body = blobs.page({ blobs.element("daily/a.csv", 12, "<AccessTier>Hot</AccessTier>"),
        "<BlobPrefix><Name>daily/x/</Name></BlobPrefix>" }, "2!next&amp;") },
      { body = blobs.page {} },
      { body = "" },
    }
    stub:push { body = blobs.page { blobs.element("b", 0, "<AccessTier>Archive</AccessTier>") } }
    assert.same({
      objects = { { name = "daily/a.csv", size = 12, etag = ETAG, last_modified = 1795305600, storage_class = "Hot",
        archived = false } },
      prefixes = { "daily/x/" },
    }, found:list("daily/", { delimiter = "/", timeout = 10 }))
    for _, part in ipairs { "restype=container&comp=list&include=metadata", "&prefix=daily%2F", "&delimiter=%2F" } do
      assert.truthy(stub.requests[1].url:find(part, 1, true))
    end
    assert.matches("marker=2%%21next%%26", stub.requests[2].url)
    local _, err = found:list ""
    assert.equal("response", err.kind)
    assert.is_true(found:list("").objects[1].archived)
  end)

  it("refuses a listing whose markers repeat", function()
    local page = { body = blobs.page({}, "again") }
    local _, err = storage { page, page, page }:list ""
    assert.equal("repeated_token", err.code)
  end)

  it("reads a small blob, and none that is too large", function()
    local answer = { body = "hello", headers = { etag = ETAG, ["last-modified"] = "Sun, 22 Nov 2026 00:00:00 GMT" } }
    local found = storage { answer, answer, answer }
    local expected = { body = "hello", etag = ETAG, size = 5, last_modified = 1795305600 }
    assert.same(expected, found:read "a")
    assert.same(expected, found:read("a", { max = 5 }))
    local _, err = found:read("a", { max = 4 })
    assert.equal("too_large", err.code)
  end)

  local function fetch(answer, options)
    local found, stub = storage { answer }
    local pieces = {}
    options.etag, options.size = ETAG, 10
    options.sink = function(bytes)
      pieces[#pieces + 1] = bytes
    end
    local info, err = found:fetch("a", options)
    return info, err, table.concat(pieces), stub.requests[1]
  end

  it("streams a whole blob of one version", function()
    local info, _, text, request = fetch({
      body = "0123456789", headers = { etag = ETAG, ["content-length"] = "10", ["content-md5"] = "md5==" },
    }, {})
    assert.same({ size = 10, etag = ETAG, md5 = "md5==" }, info)
    assert.equal("0123456789", text)
    assert.same({ ETAG }, { request.headers["if-match"], request.headers.range })
  end)

  it("streams a range, with the MD5 of the whole", function()
    local info, _, text, request = fetch({
      status = 206, body = "345", headers = {
        etag = ETAG, ["content-range"] = "bytes 3-5/10", ["content-md5"] = "part==", ["x-ms-blob-content-md5"] = "md5==",
      },
    }, { offset = 3, length = 3 })
    assert.same({ size = 10, etag = ETAG, md5 = "md5==" }, info)
    assert.equal("345", text)
    assert.equal("bytes=3-5", request.headers.range)
  end)

  it("passes on no byte of a response that does not fit", function()
    local cases = {
      { "OtherVersion", { body = "0123456789", headers = { etag = '"0x8D2"' } }, {} },
      { "WholeObject", { body = "0123456789", headers = { etag = ETAG } }, { offset = 3 } },
      { "OtherRange", { status = 206, body = "45", headers = { etag = ETAG, ["content-range"] = "bytes 4-5/10" } },
        { offset = 3, length = 3 } },
      { "BlobArchived", blobs.failure(409, "BlobArchived"), {} },
      { "ConditionNotMet", blobs.failure(412, "ConditionNotMet"), {} },
    }
    for _, case in ipairs(cases) do
      local _, err, text = fetch(case[2], case[3])
      assert.same({ case[1], "service", "" }, { err.code, err.kind, text })
    end
  end)

  it("names what a manifest names, and nothing of other places", function()
    local found = storage()
    for _, name in ipairs { "a/b c.csv", "a/../b\\?#%+\195\169. ./x.", "%2F", "/a" } do
      assert.equal(name, found:holds(name))
      assert.equal(name, found:holds(found:url(name)))
    end
    assert.equal("a", found:holds(PLACE:upper():gsub("COSTS$", "costs") .. "/a?sv=1&sig=hush"))
    for _, entry in ipairs {
      "https://other.blob.core.windows.net/costs/a?sig=hush-hush", "https://lakecosts01.blob.core.windows.net/other/a",
      "https://lakecosts01.blob.core.windows.net/costs2/a", "s3://costs/a", PLACE, PLACE .. "/",
      "http://lakecosts01.blob.core.windows.net/costs/a", "https://user:hush@lakecosts01.blob.core.windows.net/costs/a",
    } do
      local name, message = found:holds(entry)
      assert.is_nil(name)
      assert.matches("expected a blob in " .. PLACE, message, 1, true)
      assert.is_nil(message:find("hush", 1, true))
    end
  end)

  it("is of a client of blobs alone", function()
    for _, client in ipairs { {}, exports(Stub.new()) } do
      assert.has_error(function()
        Storage.new(client, "costs")
      end)
    end
  end)
end)

describe("the storage of an export", function()
  it("is in its cloud, with tokens for storage", function()
    for cloud, host in pairs {
      public = "blob.core.windows.net", us_government = "blob.core.usgovcloudapi.net", china = "blob.core.chinacloudapi.cn",
    } do
      local asked = {}
      local provider = { get = function(_, scope)
        asked[#asked + 1] = scope
        return { token = "hush-hush" }
      end }
      local stub = Stub.new { { body = blobs.page {} } }
      local found = assert(Storage.from(exports(stub, { cloud = cloud, credentials = provider }), DESTINATION))
      assert.equal(("https://lakecosts01.%s/costs"):format(host), found.place)
      assert(found:list "")
      assert.same({ "https://storage.azure.com/.default" }, asked)
      assert.equal("Bearer hush-hush", stub.requests[1].headers.authorization)
      assert.equal("2021-12-02", stub.requests[1].headers["x-ms-version"])
    end
  end)

  it("is below the endpoint that the client has of its own", function()
    local client = exports(Stub.new(), { endpoint = "http://127.0.0.1:4599" })
    assert.equal("http://127.0.0.1:4599/lakecosts01/costs", assert(Storage.from(client, DESTINATION)).place)
  end)

  it("is where the addresses of a cloud say, and nowhere without them", function()
    local client = exports(Stub.new(), { cloud = { endpoint = "https://arm.local", blob_suffix = "blob.local" } })
    assert.equal("https://lakecosts01.blob.local/costs", assert(Storage.from(client, DESTINATION)).place)
    local found, err = Storage.from(exports(Stub.new(), { cloud = { endpoint = "https://arm.local" } }), DESTINATION)
    assert.is_nil(found)
    assert.matches("expected blob_suffix", tostring(err))
  end)

  it("is of a valid account alone", function()
    for _, destination in ipairs {
      {}, { container = "costs" }, { resourceId = "/a/evil.example%2F", container = "costs" },
      { storageAccount = "lakecosts01" }, { storageAccount = "a.b/c", container = "costs" },
    } do
      local found, err = Storage.from(exports(Stub.new()), destination)
      assert.is_nil(found)
      assert.equal("config", err.kind)
    end
    assert.equal(PLACE, assert(Storage.from(exports(Stub.new()), { storageAccount = "lakecosts01", container = "costs" })).place)
  end)

  it("logs its calls like its client, and ends with it", function()
    local events = {}
    local client = exports(Stub.new { { body = blobs.page { blobs.element("a", 1) } } }, { logger = function(event)
      events[#events + 1] = event
    end })
    local found = assert(Storage.from(client, DESTINATION))
    assert(found:list "")
    assert.equal("Azure Blob Storage", events[1].service)
    assert.equal("a", events[#events].output.blobs[1].name)
    client:close()
    local _, err = found:list ""
    assert.equal("closed", err.code)
  end)
end)
