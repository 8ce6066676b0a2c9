local Canceller = require "cloudjobs.base.canceller"
local Deadline = require "cloudjobs.base.deadline"
local Interval = require "cloudjobs.base.interval"
local Stub = require "cloudjobs.stub"
local poll = require "cloudjobs.base.poll"

-- Polls every `pause` seconds, each poll taking `cost`; what came out, the limits of each poll, and the pauses.
local function run(options)
  local stub, limits = Stub.new(), {}
  local deadline = Deadline.new(stub, options.timeout, options.cancel)
  local value, err = poll(deadline, Interval.new(options.pause, { floor = options.floor or 0 }, "spec"), function(given)
    limits[#limits + 1] = given.timeout
    stub.time = stub.time + (options.cost or 0)
    return options.attempt(#limits)
  end, function()
    return "expired"
  end)
  return { value, err, limits, stub.slept }
end

local function never()
  return false
end

describe("polling", function()
  it("ends with the first result", function()
    assert.same({ "it", nil, { 100, 70 }, { 30 } }, run { pause = 30, timeout = 100, attempt = function(n)
      return n == 2, "it"
    end })
  end)

  it("ends with the first error that is a result", function()
    assert.same({ nil, "refused", { 100 }, {} }, run { pause = 30, timeout = 100, attempt = function()
      return true, nil, "refused"
    end })
  end)

  it("has its last attempt on the deadline", function()
    assert.same({ nil, "expired", { 100, 70, 40, 10, 5 }, { 30, 30, 30, 10 } },
      run { pause = 30, timeout = 100, attempt = never })
  end)

  it("ends when an attempt took all of the time", function()
    assert.same({ nil, "expired", { 20 }, {} }, run { pause = 30, timeout = 20, cost = 20, attempt = never })
  end)

  it("keeps the floor, even for the last attempt", function()
    assert.same({ nil, "expired", { 40, 25 }, { 15, 25 } }, (function()
      local result = run { pause = 1, floor = 15, timeout = 40, attempt = never }
      result[3][3] = nil -- the last one, which has five seconds
      return result
    end)())
  end)

  it("ends when it is cancelled, whatever time is left", function()
    for _, timeout in ipairs { 100, 0 } do
      local cancel = Canceller.new()
      local result = run { pause = 30, timeout = timeout, cancel = cancel, attempt = function()
        cancel:cancel("enough")
        return false
      end }
      assert.same({ "cancelled", "enough", {} }, { result[2].kind, result[2].message, result[4] })
    end
  end)
end)
