local cancel = require "cloudjobs.base.canceller"

describe("a canceller", function()
  it("keeps its first reason", function()
    local canceller = cancel.new()
    canceller:cancel("enough")
    canceller:cancel("again")
    assert.same({ true, "enough" }, { canceller.cancelled, canceller.reason })
  end)

  it("has a text for a reason, whatever was given", function()
    local canceller = cancel.new()
    canceller:cancel(setmetatable({}, { __tostring = function() return "enough" end }))
    assert.equal("enough", canceller.reason)
  end)

  it("calls its listeners once, but not those that left", function()
    local canceller, heard = cancel.new(), {}
    canceller:listen(function(reason)
      heard[#heard + 1] = reason
    end)
    local leave = canceller:listen(function()
      heard[#heard + 1] = "left"
    end)
    leave()
    canceller:cancel()
    canceller:cancel()
    assert.same({ "cancelled" }, heard)
  end)
end)
