local Canceller = require "cloudjobs.base.canceller"
local Deadline = require "cloudjobs.base.deadline"
local Stub = require "cloudjobs.stub"

describe("a deadline", function()
  it("gives requests what is left, and the last poll five seconds", function()
    local stub, canceller = Stub.new(), Canceller.new()
    local deadline = Deadline.new(stub, 10, canceller)
    for _, case in ipairs { { 0, 10, 10 }, { 7, 3, 5 }, { 4, 0, 5 } } do
      stub.time = stub.time + case[1]
      assert.same({ case[2], { timeout = case[2], cancel = canceller }, { timeout = case[3], cancel = canceller } },
        { deadline:left(), deadline:limits(), deadline:poll_limits() })
    end
  end)

  it("without a timeout limits nothing", function()
    local deadline = Deadline.new(Stub.new(), nil, nil)
    assert.same({ {}, {} }, { deadline:limits(), deadline:poll_limits() })
    assert.is_nil(deadline:left())
    assert.is_nil(deadline:refusal())
  end)

  it("does not sleep once it is cancelled", function()
    local stub, canceller = Stub.new(), Canceller.new()
    local deadline = Deadline.new(stub, nil, canceller)
    assert.is_true(deadline:sleep(2))
    canceller:cancel("enough")
    local ok, err = deadline:sleep(2)
    assert.is_nil(ok)
    assert.same({ "cancelled", "enough", { 2 } }, { err.kind, err.message, stub.slept })
    assert.equal("enough", deadline:refusal().message)
  end)
end)
