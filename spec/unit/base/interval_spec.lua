local Interval = require "cloudjobs.base.interval"

local DEFAULTS = { start = 10, growth = 2, cap = 50, floor = 5 }

local function pauses(given, count, random)
  local interval = Interval.new(given, DEFAULTS, "wait", random or function()
    return 0
  end)
  local list, grown = {}, nil
  for i = 1, count do
    list[i], grown = interval:next(grown)
  end
  return list
end

describe("an interval", function()
  local cases = {
    { "grows from start to cap", nil, { 10, 20, 40, 50, 50 } },
    { "is steady when it is one number", 7, { 7, 7, 7 } },
    { "takes what is given and keeps the rest", { start = 30, growth = 1 }, { 30, 30, 30 } },
    { "never falls below the kind's floor", 1, { 5, 5 } },
    { "has a cap that is no less than its start", { start = 60, cap = 20 }, { 60, 60 } },
  }
  for _, case in ipairs(cases) do
    it(case[1], function()
      assert.same(case[3], pauses(case[2], #case[3]))
    end)
  end

  it("is spread by jitter, never beyond the pause itself", function()
    assert.same({ 9.5 }, pauses(nil, 1, function()
      return 0.5
    end))
    assert.same({ 5 }, pauses({ jitter = 1 }, 1, function()
      return 0.9
    end))
  end)

  it("refuses what makes no sense", function()
    assert.error_matches(function()
      pauses({ start = -1 }, 1)
    end, "wait: interval: start: expected a number from 0 on, got %-1")
    assert.error_matches(function()
      pauses({ grwoth = 1 }, 1)
    end, "unknown option grwoth %(did you mean growth%?%)")
  end)

  it("has its last poll at the end of the time, none sooner after another than the floor", function()
    local interval = Interval.new(nil, { start = 30, growth = 1, cap = 30, floor = 15 }, "wait")
    for _, case in ipairs { { 30, 100, 30 }, { 30, 45, 30 }, { 30, 44, 44 }, { 30, 15, 15 }, { 30, 14 }, { 30, 0 } } do
      assert.equal(case[3], interval:within(case[1], case[2]))
    end
  end)
end)
