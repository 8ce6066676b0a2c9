local when = require "cloudjobs.cli.when"

describe("times for people", function()
  local DURATIONS = {
    { 0, "0s" }, { 0.4, "0s" }, { 45, "45s" }, { 60, "1m" }, { 200, "3m 20s" }, { 7200, "2h" }, { 7201, "2h" },
    { 7260, "2h 1m" }, { 273600, "3d 4h" }, { 86400 * 400, "400d" }, { -5, "0s" },
  }
  for _, case in ipairs(DURATIONS) do
    it(("writes %g seconds as %s"):format(case[1], case[2]), function()
      assert.equal(case[2], when.duration(case[1]))
    end)
  end

  it("leaves an age's seconds out once it is minutes", function()
    assert.same({ "59s", "1m", "2h 3m" }, { when.age(59), when.age(119), when.age(7399) })
  end)

  it("writes moments in UTC when asked to", function()
    assert.equal("2026-11-22 00:00:00Z", when.moment(1795305600.9, true))
  end)

  local PARSED = { { "90", 90 }, { "0.5", 0.5 }, { "15m", 900 }, { "1h30m", 5400 }, { "1h 30m", 5400 }, { "7d", 604800 }, { "2w", 1209600 } }
  for _, case in ipairs(PARSED) do
    it("reads " .. case[1], function()
      assert.equal(case[2], when.parse_duration(case[1]))
    end)
  end

  for _, wrong in ipairs { "", "soon", "5x", "-1", "1h30" } do
    it("refuses '" .. wrong .. "'", function()
      assert.same({ nil, ("expected a duration such as 90s, 15m, 24h or 7d, got '%s'"):format(wrong) },
        { when.parse_duration(wrong) })
    end)
  end

  it("refuses a bare number as a moment", function()
    for _, text in ipairs { "5", "1795305600", "1.5" } do
      assert.matches("^expected a duration such as 24h, or a time such as ", (select(2, when.parse_since(text))))
    end
  end)

  it("reads moments as days, as times, and as so long ago", function()
    assert.equal(1795305600, when.parse_since "2026-11-22")
    assert.equal(1795309200, when.parse_since "2026-11-22T01:00:00Z")
    assert.equal(1795309200, when.parse_since "2026-11-22T01:00:00")
    assert.near(os.time() - 86400, when.parse_since "24h", 2)
  end)
end)
