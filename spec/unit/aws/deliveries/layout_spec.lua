local Layout = require "cloudjobs.aws.deliveries.layout"

describe("the layout of an AWS data export", function()
  it("has its folder by prefix and name, and with the prefix's slashes where it has any", function()
    assert.same({ "a/b/nightly" }, Layout.roots("a/b", "nightly"))
    assert.same({ "nightly", "/nightly" }, Layout.roots("", "nightly"))
    assert.same({ "a/nightly", "/a//nightly" }, Layout.roots("/a/", "nightly"))
  end)

  for folder, expected in pairs {
    ["m/BILLING_PERIOD=2026-10/"] = { "2026-10", false }, ["m/date=2026-10-05/"] = { "2026-10-05", false },
    ["m/model_version=2026-10/"] = { nil, true }, ["m/x=y/"] = { nil, true }, ["m/2026-10/"] = { nil, false },
    ["m/=2026-10/"] = { nil, false },
  } do
    it("reads the folder " .. folder, function()
      local period, is_level = Layout.partition_of(folder)
      assert.same({ expected[1], expected[2] }, { period, is_level })
    end)
  end

  it("has the newest manifest right under a folder", function()
    local function object(name, time)
      return { name = name, last_modified = time }
    end
    local newest = object("m/p/nightly-Manifest.json", 2)
    assert.equal(newest, Layout.manifest_in({
      object("m/p/Manifest.json", 1), newest, object("m/p/run/nightly-Manifest.json", 3),
      object("m/p/nightly-Manifest.json.bak", 4), object("m/q/nightly-Manifest.json", 5),
    }, "m/p/"))
    assert.is_nil(Layout.manifest_in({}, "m/p/"))
  end)

  it("has an execution's folder by the whole of its id", function()
    local prefixes = { "m/p/2026-10-31T23:48:02.356Z-one/", "m/p/2026-10-31T23:48:02.356Z-two/" }
    assert.equal(prefixes[2], Layout.refresh_of(prefixes, "two"))
    assert.is_nil(Layout.refresh_of(prefixes, "wo"))
    assert.is_nil(Layout.refresh_of(prefixes, "..."))
  end)
end)
