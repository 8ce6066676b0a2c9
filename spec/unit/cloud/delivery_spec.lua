local Delivery = require "cloudjobs.cloud.delivery"

describe("a delivered file", function()
  for name, expected in pairs {
    ["a-00001.csv.gz"] = { "csv", "gzip" }, ["A.CSV.GZ"] = { "csv", "gzip" }, ["part_0_0001.csv"] = { "csv", "none" },
    ["a.snappy.parquet"] = { "parquet", "snappy" }, ["a.parquet"] = { "parquet", "snappy" },
    ["a.csv.zip"] = { "csv", "zip" }, ["a.zip"] = { "csv", "zip" }, ["a.txt"] = {}, [""] = {}, ["csv"] = {},
  } do
    it(("named %q has its format and compression"):format(name), function()
      assert.same(expected, { Delivery.format_of(name) })
    end)
  end
end)

describe("a delivery", function()
  it("says in one line what it is, whatever its export is called", function()
    local delivery = Delivery.new({ export = "a\nb", period = "2026-10", range = "2026-10-01..2026-10-15", complete = false,
      reason = "1 of the 2 files are missing", files = { { size = 1 } } }, { place = "s3://costs" })
    assert.equal("a b 2026-10-01..2026-10-15: 1 file, 1 byte, not complete: 1 of the 2 files are missing",
      tostring(delivery))
  end)

  it("has its storage, which pairs does not show", function()
    local storage = { place = "s3://costs" }
    local delivery = Delivery.new({ files = {} }, storage)
    assert.equal(storage, delivery.storage)
    assert.is_nil(rawget(delivery, "storage"))
  end)
end)
