local Error = require "cloudjobs.base.error"
local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"

describe("the stub transport", function()
  it("answers in order and keeps the requests", function()
    local stub = Stub.new { { body = { Exports = {} } }, { status = 503, body = "busy" } }
    assert.same({ status = 200, headers = {}, body = '{"Exports":[]}' }, stub:send { url = "a" })
    assert.same({ status = 503, headers = {}, body = "busy" }, stub:send { url = "b" })
    assert.same({ { url = "a" }, { url = "b" } }, stub.requests)
  end)

  it("has an empty table inside an answer be an empty list", function()
    local stub = Stub.new { { body = { Exports = {} } }, { body = {} }, { body = { Executions = { { Tags = {} } } } } }
    local exports = cloudjobs.aws.bcm_data_exports {
      transport = stub, region = "us-east-1", env = {}, credentials = { access_key_id = "A", secret_access_key = "S" },
    }
    assert.same({ Exports = {} }, exports:list_exports())
    assert.equal("{}", stub:send({}).body)
    assert.equal('{"Executions":[{"Tags":[]}]}', stub:send({}).body)
  end)

  it("takes header names in any case", function()
    local stub = Stub.new { { headers = { ["Retry-After"] = "1" } } }
    assert.same({ ["retry-after"] = "1" }, stub:send({}).headers)
  end)

  local wrong = {
    { 1, "expected a response, an error object or a function, got number" },
    { { staus = 503 }, "unknown option staus (did you mean status?)" },
    { { status = "503" }, "option status: expected number, got string" },
    { { body = { 1, x = 2 } }, "body: expected a list, got a table with other keys" },
  }
  for _, case in ipairs(wrong) do
    it("refuses at the caller's line what is no answer: " .. case[2], function()
      local stub = Stub.new()
      local ways = {
        ["stub:push"] = function() stub:push(case[1]) end,
        ["stub.new: answer 2"] = function() Stub.new { {}, case[1] } end,
      }
      for what, way in pairs(ways) do
        local ok, message = pcall(way)
        assert.is_false(ok)
        assert.equal(what .. ": " .. case[2], message:match("^spec/unit/stub_spec%.lua:%d+: (.*)$"))
      end
    end)
  end

  it("refuses at the caller's line one answer in place of a list", function()
    for _, answers in ipairs { { body = "" }, Error.new { kind = "transport" }, print, { {}, nil, {} } } do
      local ok, message = pcall(function() Stub.new(answers) end)
      assert.is_false(ok)
      assert.matches("^spec/unit/stub_spec%.lua:%d+: stub%.new: answers, such as .*: expected a list", message)
    end
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
    assert.is_true(stub:sleep(2.5))
    assert.same({ 102.5, 102.5, { 2.5 } }, { stub:now(), stub:clock(), stub.slept })
  end)
end)
