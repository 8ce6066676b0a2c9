local Error = require "cloudjobs.base.error"
local Quota = require "cloudjobs.aws.retry.quota"
local Standard = require "cloudjobs.aws.retry.standard"

local function always(value)
  return function()
    return value
  end
end

local function service_error(code, status, retry_after)
  return Error.new { kind = "service", code = code, status = status, retry_after = retry_after }
end

local function transport_error()
  return Error.new { kind = "transport", code = "closed", retryable = true }
end

describe("AWS's classification", function()
  local policy = Standard.new {}
  local cases = {
    { "ThrottlingException", 400, retryable = true, throttling = true },
    { "SlowDown", 503, retryable = true, throttling = true },
    { "RequestTimeout", 400, retryable = true },
    { "InternalServerException", 500, retryable = true },
    { "502", 502, retryable = true },
    { "AccessDeniedException", 400 },
    { "429", 429 }, -- botocore does not retry a bare 429
    { "501", 501 },
    { "Busy", 400, modeled = { retryable = true, throttling = false }, retryable = true },
    { "Slower", 400, modeled = { retryable = true, throttling = true }, retryable = true, throttling = true },
  }
  for _, case in ipairs(cases) do
    it("reads " .. case[1] .. " with status " .. case[2], function()
      local err = service_error(case[1], case[2])
      policy.classify(err, case.modeled)
      assert.same(
        { case.retryable or false, case.throttling or false },
        { err.retryable, err.throttling }
      )
    end)
  end
end)

describe("AWS's lists", function()
  local policy = Standard.new {}

  local THROTTLING = {
    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
    "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
    "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "RequestThrottled", "SlowDown",
    "PriorRequestNotComplete", "EC2ThrottledException",
  }
  for _, code in ipairs(THROTTLING) do
    it("have " .. code .. " as throttling", function()
      local err = service_error(code, 400)
      policy.classify(err)
      assert.same({ true, true }, { err.retryable, err.throttling })
    end)
  end

  for _, code in ipairs { "RequestTimeout", "RequestTimeoutException", "IDPCommunicationError" } do
    it("have " .. code .. " as passing", function()
      local err = service_error(code, 400)
      policy.classify(err)
      assert.same({ true, false }, { err.retryable, err.throttling })
    end)
  end

  for _, status in ipairs { 500, 502, 503, 504 } do
    it("have the status " .. status .. " as passing", function()
      local err = service_error(tostring(status), status)
      policy.classify(err)
      assert.same({ true, false }, { err.retryable, err.throttling })
    end)
  end
end)

describe("AWS's standard mode", function()
  it("doubles from 50 ms, times a random share", function()
    local policy = Standard.new { max_attempts = 5, random = always(0.5) }
    local call = {}
    local delays = {}
    for attempt = 1, 4 do
      delays[attempt] = policy:after(transport_error(), attempt, call)
    end
    assert.same({ 0.025, 0.05, 0.1, 0.2 }, delays)
  end)

  it("starts at a second for throttling and stops growing at 20 s", function()
    local policy = Standard.new { max_attempts = 10, random = always(1) }
    local err = Error.new { kind = "service", code = "Throttling", retryable = true, throttling = true }
    assert.same({ 1, 2, 16, 20 }, {
      policy:after(err, 1, {}), policy:after(err, 2, {}), policy:after(err, 5, {}), policy:after(err, 6, {}),
    })
  end)

  it("makes three attempts by default", function()
    local policy = Standard.new { random = always(0) }
    assert.equal(0, policy:after(transport_error(), 2, {}))
    assert.is_nil(policy:after(transport_error(), 3, {}))
  end)

  it("waits as the server asks, at most five seconds longer than by itself", function()
    local policy = Standard.new { random = always(1) }
    local function delay(hint)
      local err = Error.new { kind = "service", retryable = true, throttling = true, retry_after = hint }
      return policy:after(err, 1, {})
    end
    assert.same({ 1, 3, 6 }, { delay(0.2), delay(3), delay(60) })
  end)

  it("does not repeat what is not retryable", function()
    local policy = Standard.new {}
    assert.is_nil(policy:after(service_error("AccessDenied", 403), 1, {}))
  end)

  it("stops when the quota is spent and goes on when successes refilled it", function()
    local policy = Standard.new { max_attempts = 1000, random = always(0) }
    local made, call = 0, {}
    while policy:after(transport_error(), 1, call) do
      made = made + 1
    end
    assert.equal(math.floor(500 / 14), made)
    assert.equal(10, policy.quota.available)
    policy:succeeded { cost = 14 }
    assert.equal(0, policy:after(transport_error(), 1, {}))
  end)

  it("gives a success without retries one token back, never more than the quota holds", function()
    local policy = Standard.new { random = always(0) }
    policy:after(transport_error(), 1, {})
    for _ = 1, 100 do
      policy:succeeded()
    end
    assert.equal(500, policy.quota.available)
  end)

  it("names the spent quota in the error", function()
    local policy = Standard.new {}
    policy.quota.available = 13
    local err = transport_error()
    assert.is_nil(policy:after(err, 1, {}))
    assert.is_true(err.quota_reached)
    assert.matches("The client's retry quota is spent", tostring(err), 1, true)
  end)

  it("shares a quota that it was given", function()
    local quota = Quota.new()
    local one, other = Standard.new { quota = quota }, Standard.new { quota = quota }
    one:after(transport_error(), 1, {})
    assert.same({ 486, 486 }, { quota.available, other.quota.available })
    assert.equal(500, Standard.new({}).quota.available)
  end)

  local COSTS = {
    { "2026", { kind = "service", throttling = true }, 5 },
    { "2026", { kind = "service" }, 14 },
    { "2026", { kind = "transport", code = "timeout" }, 14 },
    { "former", { kind = "service", throttling = true }, 5 },
    { "former", { kind = "service" }, 5 },
    { "former", { kind = "transport", code = "closed" }, 5 },
    { "former", { kind = "transport", code = "timeout" }, 10 },
  }
  for i, case in ipairs(COSTS) do
    it(("pays %d in the numbers of %s, and gets it back (%d)"):format(case[3], case[1], i), function()
      local policy, call = Standard.new { generation = case[1] }, {}
      case[2].retryable = true
      policy:after(Error.new(case[2]), 1, call)
      assert.equal(500 - case[3], policy.quota.available)
      policy:succeeded(call)
      assert.equal(500, policy.quota.available)
    end)
  end

  it("doubles from a second in its former numbers, whatever the server asks", function()
    local policy = Standard.new { generation = "former", max_attempts = 10, random = always(1) }
    local err = transport_error()
    err.retry_after = 7
    local delays = {}
    for attempt = 1, 6 do
      delays[attempt] = policy:after(err, attempt, {})
    end
    assert.same({ 1, 2, 4, 8, 16, 20 }, delays)
  end)

  it("asks DynamoDB once more, and sooner", function()
    for _, service in ipairs { "DynamoDB", "DynamoDB Streams" } do
      local policy = Standard.new { service = service, random = always(1) }
      assert.same({ 0.025, 0.1 }, { policy:after(transport_error(), 1, {}), policy:after(transport_error(), 3, {}) })
      assert.is_nil(policy:after(transport_error(), 4, {}))
      assert.equal(2, Standard.new({ service = service, max_attempts = 2 }).max_attempts)
      assert.equal(3, Standard.new({ service = service, generation = "former" }).max_attempts)
    end
  end)

  local LONG_POLLS = {
    { "SQS", "ReceiveMessage", 1, true },
    { "SFN", "GetActivityTask", 1, true },
    { "SWF", "PollForActivityTask", 1, true },
    { "SWF", "PollForDecisionTask", 1, true },
    { "SQS", "SendMessage" },
    { "BCM Data Exports", "GetExport" },
  }
  for _, case in ipairs(LONG_POLLS) do
    local what = case[3] and "waits before it gives %s %s up" or "gives %s %s up at once"
    it(what:format(case[1], case[2]) .. " when the quota is spent", function()
      local policy = Standard.new { service = case[1], random = always(1) }
      policy.quota.available = 0
      local err = Error.new { kind = "service", retryable = true, throttling = true }
      assert.same({ case[3], case[4] }, { policy:after(err, 1, { operation = case[2] }) })
    end)
  end
end)
