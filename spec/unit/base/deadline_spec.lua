local Canceller = require "cloudjobs.base.canceller"
local Deadline = require "cloudjobs.base.deadline"
local Stub = require "cloudjobs.stub"

describe("a deadline", function()
  it("gives requests what is left, and the last poll a tenth of the time within five seconds", function()
    local stub, canceller = Stub.new(), Canceller.new()
    local deadline = Deadline.new(stub, 40, canceller)
    for _, case in ipairs { { 0, 40, 40 }, { 37, 3, 4 }, { 4, 0, 4 } } do
      stub.time = stub.time + case[1]
      assert.same({ case[2], { timeout = case[2], cancel = canceller }, { timeout = case[3], cancel = canceller } },
        { deadline:left(), deadline:limits(), deadline:poll_limits() })
    end
  end)

  it("gives the last poll one second at least and five at most", function()
    for timeout, seconds in pairs { [0] = 1, [2] = 1, [30] = 3, [7200] = 5 } do
      local stub = Stub.new()
      local deadline = Deadline.new(stub, timeout)
      stub.time = stub.time + timeout
      assert.equal(seconds, deadline:poll_limits().timeout)
    end
  end)

  it("gives the pages of a listing one time for all", function()
    local stub = Stub.new()
    local deadline = Deadline.new(stub, 40)
    local ends = stub.time + 40
    stub.time = stub.time + 10
    assert.same({ { deadline = ends }, { deadline = ends } }, { deadline:page_limits(), deadline:poll_page_limits() })
    stub.time = ends
    assert.same({ deadline = ends + 4 }, deadline:poll_page_limits())
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
