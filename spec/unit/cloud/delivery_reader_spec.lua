local Deadline = require "cloudjobs.base.deadline"
local FakeStorage = require "spec.support.fake_storage"
local Reader = require "cloudjobs.cloud.delivery_reader"
local Stub = require "cloudjobs.stub"

local function reader(objects)
  local storage = FakeStorage.new("s3://costs", objects)
  return Reader.new(storage, Deadline.new(Stub.new())), storage
end

describe("a reader of deliveries", function()
  it("finds objects by one listing of the folder that they share", function()
    local read, storage = reader { ["a/b/1"] = "x", ["a/b/c/2"] = "x", ["a/d"] = "x" }
    local found = assert(read:objects { "a/b/1", "a/b/c/2", "a/b/3" })
    assert.truthy(found["a/b/1"] and found["a/b/c/2"])
    assert.is_nil(found["a/b/3"])
    assert.same({ "list a/b/" }, storage.requests)
    assert.same({}, assert(read:objects {}))
  end)

  it("reads a manifest with a byte order mark", function()
    local read = reader { ["m.json"] = '\239\187\191{"a":1}' }
    local document, _, manifest = read:read { name = "m.json" }
    assert.same({ a = 1 }, document)
    assert.equal("m.json", manifest.name)
  end)

  it("returns the storage's own error", function()
    local read, storage = reader {}
    storage.on_request = function()
      return "refused"
    end
    assert.equal("refused", select(2, read:list("a/")))
    assert.equal("refused", select(2, read:read { name = "m.json" }))
    assert.equal("refused", select(2, read:has("m.json", '"1"')))
  end)

  for name, expected in pairs {
    ["a/b.csv"] = false, ["a..b/c...csv"] = false, ["../a"] = "a segment . or ..", ["a/./b"] = "a segment . or ..",
    ["a/.."] = "a segment . or ..", ["a\127"] = "a control character", ["a\0b"] = "a control character",
    ["a/"] = "the name of a folder", [""] = "the name of a folder",
  } do
    it(("calls %q unsafe: %s"):format(name, tostring(expected)), function()
      assert.equal(expected or nil, Reader.unsafe(name))
    end)
  end
end)
