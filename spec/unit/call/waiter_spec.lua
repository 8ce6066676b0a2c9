local clients = require "spec.support.clients"
local cloudjobs = require "cloudjobs"
local Stub = require "cloudjobs.stub"

local PARAMS = { CommandId = "11111111-2222-3333-4444-555555555555", InstanceId = "i-0123456789abcdef0" }

local function invocation(status)
  return { body = { Status = status } }
end

local MISSING = clients.failure("InvocationDoesNotExist")

describe("a service's own waiter", function()
  it("waits through what is in progress, and what is not there yet", function()
    local ssm, stub = clients.ssm { MISSING, invocation "Pending", invocation "InProgress", invocation "Success" }
    local output = assert(ssm:wait("command_executed", PARAMS))
    assert.equal("Success", output.Status)
    assert.equal(3, #stub.slept)
  end)

  it("ends in failure by an acceptor of the model", function()
    local ssm = clients.ssm { invocation "Failed" }
    local output, err = ssm:wait("CommandExecuted", PARAMS)
    assert.is_nil(output)
    assert.same({ "job", "Failed", "Failed" }, { err.kind, err.code, err.output.Status })
  end)

  it("ends with an error that no acceptor speaks of", function()
    local ssm = clients.ssm { clients.failure "AccessDeniedException" }
    local _, err = ssm:wait("command_executed", PARAMS)
    assert.equal("AccessDeniedException", err.code)
  end)

  it("goes on through throttling", function()
    local busy = clients.failure "ThrottlingException"
    local ssm = clients.ssm { busy, busy, busy, invocation "Success" }
    assert.is_table(ssm:wait("command_executed", PARAMS))
  end)

  it("names the last poll's error when its time is over", function()
    local busy, answers = clients.failure "ThrottlingException", {}
    for i = 1, 40 do
      answers[i] = busy
    end
    local ssm = clients.ssm(answers)
    local _, err = ssm:wait("command_executed", PARAMS, { timeout = 20 })
    assert.same({ "timeout", "ThrottlingException" }, { err.kind, err.cause.code })
    assert.matches("not reached in the time given; the last poll failed: .*ThrottlingException", err.message)
  end)

  it("keeps the total time, the model's unless the caller gives one", function()
    local function spent(options)
      local answers = {}
      for i = 1, 100 do
        answers[i] = invocation "Pending"
      end
      local ssm, stub = clients.ssm(answers)
      local begun = stub.time
      local _, err = ssm:wait("command_executed", PARAMS, options)
      assert.equal("timeout", err.kind)
      return stub.time - begun
    end
    assert.equal(100, spent(nil)) -- 20 attempts, 5 seconds apart
    assert.equal(42, spent { timeout = 42 })
  end)

  it("can be cancelled", function()
    local canceller = cloudjobs.canceller()
    local ssm = clients.ssm { invocation "Pending" }
    local _, err = ssm:wait("command_executed", PARAMS, { cancel = canceller, on_poll = function()
      canceller:cancel("enough")
    end })
    assert.same({ "cancelled", "enough" }, { err.kind, err.message })
  end)

  it("raises at the caller's line for an unknown name", function()
    local ssm = clients.ssm {}
    local ok, message = pcall(function()
      local output = ssm:wait("command_execuetd", PARAMS)
      return output
    end)
    assert.is_false(ok)
    assert.matches("waiter_spec%.lua:%d+: SSM has no waiter command_execuetd %(did you mean command_executed%?%)", message)
  end)
end)

describe("every kind of acceptor", function()
  local function model(acceptors)
    return {
      version = "2.0",
      metadata = { apiVersion = "2026-01-01", endpointPrefix = "jobs", jsonVersion = "1.1", protocol = "json",
        serviceId = "Jobs", signatureVersion = "v4", targetPrefix = "Jobs", signingName = "jobs" },
      operations = { GetJob = { name = "GetJob", http = { method = "POST", requestUri = "/" },
        output = { shape = "Job" } } },
      shapes = {
        Job = { type = "structure", members = { State = { shape = "S" }, Steps = { shape = "Steps" } } },
        Steps = { type = "list", member = { shape = "S" } },
        S = { type = "string" },
      },
    }, { waiters = { Done = { operation = "GetJob", delay = 1, maxAttempts = 5, acceptors = acceptors } } }
  end

  local function wait(acceptors, answers)
    local description, waiters = model(acceptors)
    local stub = Stub.new(answers)
    local client = cloudjobs.aws.client {
      model = description, waiters = waiters, transport = stub, region = "us-east-1", env = {}, endpoint = "http://127.0.0.1",
      credentials = { access_key_id = "AKID", secret_access_key = "hush" },
    }
    local output, err = client:wait("done", {})
    return output and "success" or err.kind .. " " .. tostring(err.code), #stub.requests
  end

  local function success(matcher, expected, argument)
    return { state = "success", matcher = matcher, expected = expected, argument = argument }
  end

  local cases = {
    { "status", success("status", 200), { { body = "{}" } }, "success", 1 },
    { "error by code", success("error", "Gone"), { clients.failure "Gone" }, "success", 1 },
    { "error, any", success("error", true), { clients.failure "Whatever" }, "success", 1 },
    { "error, none", success("error", false), { { body = "{}" } }, "success", 1 },
    { "path", success("path", "on", "State"), { { body = '{"State":"off"}' }, { body = '{"State":"on"}' } }, "success", 2 },
    { "pathAll", success("pathAll", "on", "Steps[]"),
      { { body = '{"Steps":["on","off"]}' }, { body = '{"Steps":[]}' }, { body = '{"Steps":["on","on"]}' } },
      "success", 3 },
    { "pathAny", success("pathAny", "on", "Steps[]"),
      { { body = '{"Steps":["off"]}' }, { body = '{"Steps":["off","on"]}' } }, "success", 2 },
    { "failure", { state = "failure", matcher = "path", expected = "broken", argument = "State" },
      { { body = '{"State":"broken"}' } }, "job broken", 1 },
  }
  for _, case in ipairs(cases) do
    it("is understood: " .. case[1], function()
      assert.same({ case[4], case[5] }, { wait({ case[2] }, case[3]) })
    end)
  end
end)
