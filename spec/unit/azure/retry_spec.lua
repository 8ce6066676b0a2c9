local Error = require "cloudjobs.base.error"
local Retry = require "cloudjobs.azure.retry"

local function always(value)
  return function()
    return value
  end
end

local function service_error(code, status)
  return Error.new { kind = "service", code = code, status = status }
end

local function transport_error()
  return Error.new { kind = "transport", code = "closed", retryable = true }
end

describe("Azure's policy", function()
  local policy = Retry.new { random = always(1) }

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
