local FakeStorage = require "spec.support.fake_storage"
local Manifest = require "cloudjobs.azure.deliveries.manifest"
local json = require "cloudjobs.base.json"

local function parse(text)
  local storage = FakeStorage.new "https://lake.blob.core.windows.net/costs"
  return Manifest.parse(assert(json.decode(text)), storage, "lake")
end

describe("the manifest of an Azure cost export", function()
  it("names its run, its days and its blobs", function()
    assert.same({
      run_id = "r1", count = 1, format = "parquet", compression = "snappy", submitted = "2026-11-01T00:00:00Z",
      window = { period = "2026-10", first = "2026-10-01", last = "2026-10-31" },
      blobs = { { name = "a/b.parquet", size = 5, rows = 2 } },
    }, parse [[{"blobCount":1,"deliveryConfig":{"fileFormat":"Parquet","compressionMode":"Snappy","containerUri":null},
      "runInfo":{"runId":"r1","startDate":"2026-10-01T00:00:00","endDate":"2026-10-31T00:00:00",
      "submittedTime":"2026-11-01T00:00:00Z"},"blobs":[{"blobName":"a/b.parquet","byteCount":5,"dataRowCount":2}]}]])
  end)

  it("has nothing of members that are absent, null or of another type", function()
    for _, text in ipairs {
      "{}", '{"blobCount":null,"blobs":null,"runInfo":null}', '{"blobCount":"1","runInfo":7,"deliveryConfig":[]}',
      '{"blobCount":-1,"dataFormat":"xml","runInfo":{"startDate":"x","endDate":"2026-10-31"}}',
    } do
      assert.same({ blobs = {} }, parse(text))
    end
  end)

  it("is another export's by its id alone, however that is written", function()
    local function is_other(id, named)
      return Manifest.is_other({ exportConfig = { resourceId = named } }, id)
    end
    assert.is_true(is_other("/subscriptions/a/exports/x", "/subscriptions/b/exports/x"))
    assert.is_false(is_other("/subscriptions/a/exports/x", "Subscriptions/A/exports/X/"))
    assert.is_false(is_other(nil, "/subscriptions/b"))
    assert.is_false(is_other("/subscriptions/a", nil))
    assert.is_false(is_other("/subscriptions/a", ""))
  end)
end)
