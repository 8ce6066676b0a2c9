local FakeStorage = require "spec.support.fake_storage"
local Manifest = require "cloudjobs.aws.deliveries.manifest"
local json = require "cloudjobs.base.json"

local FOLDER = "exports/nightly/data/billing_period=2026-10/"

local function parse(text)
  return Manifest.parse(assert(json.decode(text)), FakeStorage.new "s3://costs", FOLDER)
end

describe("the manifest of an AWS data export", function()
  it("names its execution, its columns and each file once", function()
    assert.same({
      execution_id = "e1", columns = { { name = "a", type = "double" }, { name = "b" } },
      names = { FOLDER .. "1.csv.gz", FOLDER .. "2.csv.gz" },
    }, parse(([[{"executionId":"e1","columns":[{"name":"a","type":"double"},{"name":"b","type":7}],
      "dataFiles":["s3://costs/%s1.csv.gz",{"key":"%s2.csv.gz"},"%s1.csv.gz"]}]]):gsub("%%s", FOLDER)))
  end)

  it("has no columns where they have another form, and no id of another type", function()
    for _, columns in ipairs { "7", "[]", "[1]", '[{"Name":"a"}]', "null", '{"a":1}' } do
      assert.same({ names = {} }, parse(('{"executionId":7,"columns":%s,"dataFiles":[]}'):format(columns)))
    end
  end)

  it("names files whose partition is spelled otherwise", function()
    local said = assert(parse(('{"dataFiles":["%s1.csv.gz"]}'):format((FOLDER:gsub("billing_period", "BILLING_PERIOD")))))
    assert.equal(1, #said.names)
  end)
end)
