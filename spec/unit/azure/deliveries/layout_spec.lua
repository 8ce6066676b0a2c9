local Layout = require "cloudjobs.azure.deliveries.layout"

local GUID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"

describe("the layout of an Azure cost export", function()
  it("has its folder below rootFolderPath, without slashes at its ends", function()
    assert.equal("daily/", Layout.root(nil, "daily"))
    assert.equal("daily/", Layout.root("/", "daily"))
    assert.equal("a/b/daily/", Layout.root("/a/b/", "daily"))
  end)

  for folder, expected in pairs {
    ["20261001-20261031"] = { "2026-10" }, ["20260201-20260228"] = { "2026-02" },
    ["20240201-20240228"] = { "2024-02", "2024-02-01..2024-02-28" },
    ["20261001-20261015"] = { "2026-10", "2026-10-01..2026-10-15" },
    ["20261015-20261114"] = { "2026-10", "2026-10-15..2026-11-14" },
    ["20261005-20261005"] = { "2026-10", "2026-10-05..2026-10-05" },
    ["202611050830"] = { "2026-11" },
    ["20261031-20261001"] = {}, ["20261301-20261331"] = {}, ["20260230-20260231"] = {}, ["2026-10"] = {},
    ["202613050830"] = {}, [GUID] = {},
  } do
    it("reads the folder " .. folder, function()
      local window = Layout.window_in("lake/daily/" .. folder .. "/x", "lake/daily/") or {}
      assert.same(expected, { window.period, window.range })
    end)
  end

  it("has runs by their manifests and lone files, newest first", function()
    local function object(name, time, size)
      return { name = name, last_modified = time, size = size or 1 }
    end
    local function other(n)
      return GUID:sub(1, -2) .. n
    end
    local root = "daily/20261001-20261031/"
    local runs = Layout.runs({
      object(root .. GUID .. "/part_0_0001.csv", 1), object(root .. GUID .. "/Manifest.json", 2),
      object(root .. GUID .. "/_manifest.json", 1), object(root .. "daily_" .. other(1) .. ".csv", 3),
      object(root .. "daily_" .. other(2) .. ".csv", 4, 0), object(root .. other(3) .. "/part_0_0001.csv", 5),
      object(root .. other(4) .. "/daily_" .. other(4) .. "_1.csv", 6),
    }, "daily/")
    local ids = {}
    for i, run in ipairs(runs) do
      ids[i] = run.run_id .. " " .. (run.manifest and "manifest" or "files")
    end
    assert.same({ other(1) .. " files", GUID .. " manifest" }, ids)
    assert.equal(2, runs[2].time)
  end)
end)
