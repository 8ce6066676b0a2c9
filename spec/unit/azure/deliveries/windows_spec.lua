local Layout = require "cloudjobs.azure.deliveries.layout"
local Windows = require "cloudjobs.azure.deliveries.windows"

-- The names of the deliveries that are left of these: { name, first day, last day, time, complete }.
local function left(list, only_last)
  local windows = Windows.new()
  for _, entry in ipairs(list) do
    local window = entry[2]:find("^%d+%-%d+$") and { period = entry[2] } or Layout.window(entry[2], entry[3])
    windows:add({ name = entry[1], period = window.period, complete = entry[5] ~= false }, window, entry[4])
  end
  local names = {}
  for i, delivery in ipairs(windows:deliveries(only_last)) do
    names[i] = delivery.name
  end
  return table.concat(names, " ")
end

describe("windows of days", function()
  it("have the newest complete delivery", function()
    assert.equal("b", left { { "c", "2026-10-01", "2026-10-31", 3, false }, { "b", "2026-10-01", "2026-10-31", 2 },
      { "a", "2026-10-01", "2026-10-31", 1 } })
  end)

  it("have the newest one where none is complete", function()
    assert.equal("b", left { { "b", "2026-10-01", "2026-10-31", 2, false }, { "a", "2026-10-01", "2026-10-31", 1, false } })
  end)

  it("that overlap are the longer one, or the complete one", function()
    assert.equal("a", left { { "b", "2026-10-01", "2026-10-15", 2 }, { "a", "2026-10-01", "2026-10-31", 1 } })
    assert.equal("b", left { { "b", "2026-10-01", "2026-10-15", 2 }, { "a", "2026-10-01", "2026-10-31", 1, false } })
    assert.equal("a", left { { "b", "2026-10-10", "2026-10-12", 2 }, { "a", "2026-10", nil, 1 } })
  end)

  it("that do not overlap are all there, oldest first", function()
    local list = { { "c", "2026-11-01", "2026-11-07", 3 }, { "b", "2026-10-08", "2026-10-14", 2 },
      { "a", "2026-10-01", "2026-10-07", 1 } }
    assert.equal("a b c", left(list))
    assert.equal("c", left(list, true))
    assert.equal("", left({}, true))
  end)

  it("cover others when they are complete", function()
    local windows = Windows.new()
    windows:add({ complete = true }, Layout.window("2026-10-01", "2026-10-31"), 1)
    windows:add({ complete = false }, Layout.window("2026-11-01", "2026-11-30"), 1)
    assert.is_true(windows:covers(Layout.window("2026-10-05", "2026-10-31")))
    assert.is_false(windows:covers(Layout.window("2026-10-05", "2026-11-01")))
    assert.is_false(windows:covers(Layout.window("2026-11-01", "2026-11-30")))
    assert.is_false(windows:covers(nil))
  end)
end)
