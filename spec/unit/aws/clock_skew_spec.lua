local Error = require "cloudjobs.base.error"
local Skew = require "cloudjobs.aws.clock_skew"
local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"

local NOW = 1767225600 -- 2026-01-01T00:00:00Z

local function clock(time)
  return { now = function() return time end }
end

describe("the clock skew", function()
  -- sent and received by this machine, Date, Age; what is measured
  local CASES = {
    ["agreeing clocks"] = { 0, 2, 1, nil, 0 },
    ["the middle of the round trip"] = { 0, 10, 305, nil, 300 },
    ["a clock that is ahead"] = { 0, 2, -299, nil, -300 },
    ["a round trip of 15 minutes"] = { 0, 900, 450, nil, 0 },
    ["a longer one: not trusted"] = { 0, 901, 3600, nil, 0 },
    ["an answer of a cache: not trusted"] = { 0, 2, -17280, "17280", 0 },
  }
  for what, case in pairs(CASES) do
    it("is measured over " .. what, function()
      local skew = Skew.new()
      local headers = { date = core.http_date(NOW + case[3]), age = case[4] }
      skew:observe(headers, NOW + case[1], clock(NOW + case[2]))
      assert.equal(case[5], skew.offset)
    end)
  end

  it("is not measured without a Date that can be read, and be true", function()
    local skew = Skew.new()
    skew:observe({}, NOW, clock(NOW))
    local untrue = {
      "yesterday", "99999999999999", "Wed, 31 Dec 1969 23:59:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT",
    }
    for _, date in ipairs(untrue) do
      skew:observe({ date = date }, NOW, clock(NOW))
      assert.equal(0, skew.measured)
    end
  end)

  local function measured(seconds)
    local skew = Skew.new()
    skew:observe({ date = core.http_date(NOW + seconds) }, NOW, clock(NOW))
    return skew
  end

  -- skew, the offset signed with, code, message; whether it is the clock's fault
  local BLAMED = {
    { 240, 0, "AccessDeniedException", "", true },
    { -240, 0, "Whatever", "", true },
    { 239, 0, "RequestTimeTooSkewed", "", false },
    { 300, 300, "ValidationException", "", false },
    { 300, 299, "ValidationException", "", false },
    { 0, 0, "InvalidSignatureException", "Signature expired: 20260101T000000Z is now earlier than …", true },
    { 0, 0, "InvalidSignatureException", "The request signature does not match", false },
  }
  for i, case in ipairs(BLAMED) do
    it(("%s %s for %s s when signed with %s (%d)"):format(
      case[5] and "explains" or "does not explain", case[3], case[1], case[2], i
    ), function()
      local err = Error.new { kind = "service", code = case[3], message = case[4] }
      assert.equal(case[5], measured(case[1]):explains(err, case[2]))
    end)
  end
end)

describe("a client on a machine whose clock is wrong", function()
  -- A service that refuses what is signed more than five minutes off its clock.
  local function service(ahead, more)
    local stub = Stub.new({}, { time = NOW })
    function stub.send(self, request)
      self.requests[#self.requests + 1] = request.headers["x-amz-date"]
      local time = self.time + ahead
      local headers = { date = core.http_date(time) }
      local signed = core.epoch((request.headers["x-amz-date"]:gsub("^(....)(..)(...)(..)(..)", "%1-%2-%3%4:%5:")))
      if math.abs(signed - time) > 300 then
        return {
          status = 400, headers = headers,
          body = '{"__type":"RequestTimeTooSkewed","message":"off"}',
        }
      end
      return more and more(headers) or { status = 200, headers = headers, body = "{}" }
    end
    return stub
  end

  local function client(stub, env)
    return cloudjobs.aws.ssm {
      region = "eu-west-1", env = env or {}, transport = stub,
      credentials = { access_key_id = "AKID", secret_access_key = "hush" },
    }
  end

  it("signs by the service's clock after the first refusal, and keeps to it", function()
    for _, ahead in ipairs { 7200, -7200 } do
      local stub = service(ahead)
      local ssm = client(stub)
      assert(ssm:list_commands())
      assert(ssm:list_commands())
      assert.equal(3, #stub.requests)
      assert.equal(core.iso(NOW + ahead):gsub("[-:]", ""):sub(1, 11), stub.requests[3]:sub(1, 11))
    end
  end)

  it("reads the Date of successes once a second, also after its clock was set back", function()
    local stub = service(10)
    local looked = 0
    function stub.send(self)
      local answer = { status = 200, body = "{}" }
      return setmetatable(answer, { __index = function(_, name)
        if name == "headers" then
          looked = looked + 1
          return { date = core.http_date(self.time + 10) }
        end
      end })
    end
    local ssm = client(stub)
    for _, case in ipairs { { NOW, 1 }, { NOW + 0.9, 1 }, { NOW + 1, 2 }, { NOW + 1.5, 2 }, { NOW - 60, 3 } } do
      stub.time = case[1]
      assert(ssm:list_commands())
      assert.equal(case[2], looked)
    end
  end)

  it("repeats even what must not be carried out twice: it was refused", function()
    local stub = service(7200)
    local ssm = client(stub)
    assert(ssm:send_command { DocumentName = "AWS-RunShellScript" })
    assert.equal(2, #stub.requests)
  end)

  it("does not repeat other errors once it is corrected", function()
    local stub = service(7200, function(headers)
      return { status = 400, headers = headers, body = '{"__type":"ValidationException"}' }
    end)
    local _, err = client(stub):list_commands()
    assert.same({ "ValidationException", 2 }, { err.code, err.attempts })
  end)

  it("has a hint to set it, once and at once, where corrections are off", function()
    local stub = service(7200)
    local _, err = client(stub, { AWS_DISABLE_CLOCK_SKEW_CORRECTION = "true" }):list_commands()
    assert.same({ "RequestTimeTooSkewed", 1 }, { err.code, err.attempts })
    assert.equal("This machine's clock is 7200 s behind the service's: set it", err.hint)
  end)

  it("presigns by its own clock: a URL goes where it will", function()
    local stub = service(7200)
    local sts = cloudjobs.aws.sts {
      region = "eu-west-1", env = {}, transport = stub,
      credentials = { access_key_id = "AKID", secret_access_key = "hush" },
    }
    sts:get_caller_identity()
    assert.matches("X%-Amz%-Date=20260101T000000Z", assert(sts:presign("get_caller_identity")))
  end)
end)
