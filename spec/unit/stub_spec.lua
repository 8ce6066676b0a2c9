local Error = require "cloudjobs.error"
local Stub = require "cloudjobs.stub"

describe("the stub transport", function()
  it("answers in order and keeps the requests", function()
    local stub = Stub.new { { body = { Exports = {} } }, { status = 503, body = "busy" } }
    assert.same({ status = 200, headers = {}, body = '{"Exports":{}}' }, stub:send { url = "a" })
    assert.same({ status = 503, headers = {}, body = "busy" }, stub:send { url = "b" })
    assert.same({ { url = "a" }, { url = "b" } }, stub.requests)
  end)

  it("answers with errors and functions", function()
    local failure = Error.new { kind = "transport", code = "timeout" }
    local stub = Stub.new {
      failure,
      function(request)
        return { status = 200, headers = {}, body = request.body }
      end,
    }
    local response, err = stub:send {}
    assert.is_nil(response)
    assert.equal(failure, err)
    assert.equal("echo", stub:send({ body = "echo" }).body)
  end)

  it("fails when it has no answer left", function()
    local response, err = Stub.new():send {}
    assert.is_nil(response)
    assert.equal("connect: the stub has no answer for request 1", tostring(err))
  end)

  it("sleeps by moving its clock", function()
    local stub = Stub.new({}, { time = 100 })
    stub:sleep(2.5)
    assert.same({ 102.5, 102.5, { 2.5 } }, { stub:now(), stub:clock(), stub.slept })
  end)
end)
