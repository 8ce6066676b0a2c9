local Limiter = require "cloudjobs.aws.retry.limiter"

-- When an attempt ended, whether it was throttled; then the rate, the measured
-- rate and the tokens as botocore 1.43's own limiter has them.
local LIFE = {
  { 100.0, false, 0.500000, 0.000000, 0.000000 },
  { 100.2, false, 0.500000, 0.000000, 0.100000 },
  { 100.4, false, 0.500000, 0.000000, 0.200000 },
  { 100.6, false, 0.500000, 6.400000, 0.300000 },
  { 100.9, false, 0.500000, 6.400000, 0.450000 },
  { 101.1, true, 3.136000, 4.480000, 0.550000 },
  { 101.3, false, 3.605706, 4.480000, 1.177200 },
  { 101.7, false, 4.190558, 4.096000, 2.619482 },
  { 102.2, false, 4.454825, 2.419200, 4.190558 },
  { 103.0, true, 0.898688, 1.283840, 1.000000 },
  { 103.4, false, 1.202741, 1.283840, 1.000000 },
  { 105.0, false, 1.699065, 1.056768, 1.202741 },
  { 109.0, false, 0.822707, 0.411354, 1.000000 },
  { 110.0, false, 1.764541, 0.882271, 1.000000 },
  { 110.1, false, 1.764541, 0.882271, 1.176454 },
  { 120.0, false, 0.672908, 0.336454, 1.000000 },
}

local function figures(...)
  return ("%.6f %.6f %.6f"):format(...)
end

describe("adaptive mode's limiter", function()
  it("follows the answers as botocore's does", function()
    local limiter, expected, seen = Limiter.new(), {}, {}
    for i, step in ipairs(LIFE) do
      limiter:observe(step[2], step[1])
      expected[i] = figures(step[3], step[4], step[5])
      seen[i] = figures(limiter.rate, limiter.measured, limiter._tokens)
    end
    assert.same(expected, seen)
  end)

  it("is off until the first throttling", function()
    local limiter = Limiter.new()
    for i = 1, 100 do
      assert.equal(0, limiter:acquire(i / 1000))
      limiter:observe(false, i / 1000)
    end
    limiter:observe(true, 0.2)
    assert.is_true(limiter:acquire(0.2) > 0)
  end)

  it("grants one send for each token, and returns the time to the next one", function()
    local limiter = Limiter.new()
    limiter:observe(true, 0)
    assert.equal(0.5, limiter.rate) -- the floor
    assert.equal(2, limiter:acquire(0))
    assert.equal(1, limiter:acquire(1))
    assert.equal(0, limiter:acquire(2))
    assert.equal(2, limiter:acquire(2))
  end)

  it("never names a wait that no clock can show", function()
    local limiter = Limiter.new()
    limiter:observe(true, 0)
    assert.equal(0.001, limiter:acquire(2 - 1e-9))
  end)
end)
