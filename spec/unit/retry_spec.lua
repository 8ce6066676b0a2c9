local Error = require "cloudjobs.error"
local Retry = require "cloudjobs.retry"

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
  local policy = Retry.standard {}
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

describe("AWS's standard mode", function()
  it("doubles from 50 ms, times a random share", function()
    local policy = Retry.standard { max_attempts = 5, random = always(0.5) }
    local call = {}
    local delays = {}
    for attempt = 1, 4 do
      delays[attempt] = policy:after(transport_error(), attempt, call)
    end
    assert.same({ 0.025, 0.05, 0.1, 0.2 }, delays)
  end)

  it("starts at a second for throttling and stops growing at 20 s", function()
    local policy = Retry.standard { max_attempts = 10, random = always(1) }
    local err = Error.new { kind = "service", code = "Throttling", retryable = true, throttling = true }
    assert.same({ 1, 2, 16, 20 }, {
      policy:after(err, 1, {}), policy:after(err, 2, {}), policy:after(err, 5, {}), policy:after(err, 6, {}),
    })
  end)

  it("makes three attempts unless told otherwise", function()
    local policy = Retry.standard { random = always(0) }
    assert.equal(0, policy:after(transport_error(), 2, {}))
    assert.is_nil(policy:after(transport_error(), 3, {}))
  end)

  it("waits as the server asks, at most five seconds longer than by itself", function()
    local policy = Retry.standard { random = always(1) }
    local function delay(hint)
      local err = Error.new { kind = "service", retryable = true, throttling = true, retry_after = hint }
      return policy:after(err, 1, {})
    end
    assert.same({ 1, 3, 6 }, { delay(0.2), delay(3), delay(60) })
  end)

  it("does not repeat what is not retryable", function()
    local policy = Retry.standard {}
    assert.is_nil(policy:after(service_error("AccessDenied", 403), 1, {}))
  end)

  it("stops when the quota is spent and goes on when successes refilled it", function()
    local policy = Retry.standard { max_attempts = 1000, random = always(0) }
    local made, call = 0, {}
    while policy:after(transport_error(), 1, call) do
      made = made + 1
    end
    assert.equal(math.floor(500 / 14), made)
    assert.is_true(call.quota_reached)
    policy:succeeded { cost = 14 }
    assert.equal(0, policy:after(transport_error(), 1, {}))
  end)

  it("gives a success without retries one token back, never more than the quota holds", function()
    local policy = Retry.standard { random = always(0) }
    policy:after(transport_error(), 1, {})
    for _ = 1, 100 do
      policy:succeeded()
    end
    assert.equal(500, policy.quota)
  end)
end)

describe("Azure's policy", function()
  local policy = Retry.azure { random = always(1) }

  it("classifies by status", function()
    local seen = {}
    for _, status in ipairs { 400, 401, 404, 408, 429, 500, 501, 502, 503, 505 } do
      local err = service_error(tostring(status), status)
      policy.classify(err)
      seen[#seen + 1] = status .. (err.retryable and " again" or "")
    end
    assert.same(
      { "400", "401", "404", "408 again", "429 again", "500 again", "501", "502 again", "503 again", "505" },
      seen
    )
  end)

  it("waits as long as the service asks", function()
    local err = Error.new { kind = "service", retryable = true, throttling = true, retry_after = 75 }
    assert.equal(75, policy:after(err, 1))
  end)

  it("treats a wait of nothing as a short one", function()
    local err = Error.new { kind = "service", retryable = true, throttling = true, retry_after = 0 }
    assert.equal(0.5, policy:after(err, 1))
  end)

  it("doubles from one second otherwise, and makes four attempts", function()
    local err = transport_error()
    assert.same({ 1, 2, 4 }, { policy:after(err, 1), policy:after(err, 2), policy:after(err, 3) })
    assert.is_nil(policy:after(err, 4))
  end)
end)
