local Filter = require "cloudjobs.cloud.delivery_filter"

describe("a filter of deliveries", function()
  for text, expected in pairs {
    ["2026-10"] = true, ["2026-10-05"] = true, ["2026-00"] = false, ["2026-13"] = false, ["2026-10-32"] = false,
    ["2026-1"] = false, ["2026-10-"] = false, ["last"] = false, [""] = false, ["2026-10\n"] = false,
  } do
    it(("takes %q for a period: %s"):format(text, tostring(expected)), function()
      assert.equal(expected, Filter.is_period(text))
    end)
  end

  it("accepts all, a month, the days of a month, or a day", function()
    local function accepts(option, period)
      return Filter.new({ period = option }, "f"):accepts(period)
    end
    assert.is_true(accepts(nil, "2026-10"))
    assert.is_true(accepts("last", "2026-10"))
    assert.is_true(accepts("2026-10", "2026-10"))
    assert.is_true(accepts("2026-10", "2026-10-05"))
    assert.is_false(accepts("2026-10", "2026-11-05"))
    assert.is_false(accepts("2026-10-05", "2026-10"))
  end)

  it("accepts a time from then on", function()
    local filter = Filter.new({ since = "2026-11-22T00:00:00Z" }, "f")
    assert.is_true(filter:accepts_time(1795305600))
    assert.is_false(filter:accepts_time(1795305599))
    assert.is_true(Filter.new({}, "f"):accepts_time(0))
  end)
end)
