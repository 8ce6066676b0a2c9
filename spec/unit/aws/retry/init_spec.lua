local Error = require "cloudjobs.base.error"
local Home = require "spec.support.home"
local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"

local KEYS = { access_key_id = "AKID", secret_access_key = "hush" }
local BUSY = { status = 400, body = '{"__type":"ThrottlingException","message":"Rate exceeded"}' }
local BROKEN = { status = 500, body = "" }
local FINE = { body = "{}" }

local function client(answers, retry, env)
  local stub = Stub.new(answers)
  return cloudjobs.aws.ssm {
    transport = stub, region = "eu-west-1", env = env or {}, credentials = KEYS, retry = retry,
  }, stub
end

-- What a client whose retries are asked for like this does: attempts, and what
-- the quota of 500 has left.
local function behaviour(answer, retry, env)
  local quota = cloudjobs.aws.retry_quota()
  local given = { quota = quota }
  for name, value in pairs(retry or {}) do
    given[name] = value
  end
  local ssm, stub = client({ answer, answer, answer, answer, answer, answer, answer }, given, env)
  local _, err = ssm:list_commands()
  return err.kind == "config" and tostring(err) or { #stub.requests, quota.available }
end

describe("an AWS client's retries", function()
  local CASES = {
    ["the numbers of 2026 by default"] = { {}, {}, { 3, 472 } },
    ["the former ones by option"] = { { generation = "former" }, {}, { 3, 490 } },
    ["the former ones by environment"] = { {}, { AWS_NEW_RETRIES_2026 = "false" }, { 3, 490 } },
    ["the option before the environment"] = {
      { generation = "2026", max_attempts = 2 }, { AWS_NEW_RETRIES_2026 = "false", AWS_MAX_ATTEMPTS = "5" }, { 2, 486 },
    },
    ["AWS_MAX_ATTEMPTS"] = { {}, { AWS_MAX_ATTEMPTS = "2" }, { 2, 486 } },
    ["AWS_RETRY_MODE"] = { {}, { AWS_RETRY_MODE = "adaptive" }, { 3, 472 } },
    ["legacy mode as the former numbers with its five attempts"] = { {}, { AWS_RETRY_MODE = "legacy" }, { 5, 480 } },
    ["legacy mode with attempts of its own"] = {
      {}, { AWS_RETRY_MODE = "legacy", AWS_MAX_ATTEMPTS = "2" }, { 2, 495 },
    },
    ["no mode that there is not"] = {
      {}, { AWS_RETRY_MODE = "eager" },
      'SSM ListCommands: config: AWS_RETRY_MODE: expected one of standard, adaptive, legacy, got "eager"',
    },
    ["no attempts that cannot be counted"] = {
      {}, { AWS_MAX_ATTEMPTS = "0" },
      'SSM ListCommands: config: AWS_MAX_ATTEMPTS: expected a whole number from 1, got "0"',
    },
  }
  for what, case in pairs(CASES) do
    it("have " .. what, function()
      assert.same(case[3], behaviour(BROKEN, case[1], case[2]))
    end)
  end

  it("follow the profile behind the environment", function()
    local home = Home.new { [".aws/config"] = "[default]\nretry_mode = legacy\nmax_attempts = 4\n" }
    finally(function()
      home:remove()
    end)
    assert.same({ 4, 485 }, behaviour(BROKEN, {}, { HOME = home.path }))
    assert.same({ 2, 495 }, behaviour(BROKEN, {}, { HOME = home.path, AWS_MAX_ATTEMPTS = "2" }))
    assert.same({ 2, 486 }, behaviour(BROKEN, {}, {
      HOME = home.path, AWS_MAX_ATTEMPTS = "2", AWS_RETRY_MODE = "standard",
    }))
  end)

  local MISTAKES = {
    { { mode = "legacy" }, 'expected standard or adaptive, got legacy; legacy mode\'s nearest is standard with '
      .. 'generation = "former"' },
    { { mode = "eager" }, "option mode: expected standard or adaptive, got eager" },
    { { generation = "2025" }, "option generation: expected 2026 or former, got 2025" },
    { { max_attempts = 0 }, "option max_attempts: expected a whole number from 1, got 0" },
    { { max_attempts = 1.5 }, "option max_attempts: expected a whole number from 1, got 1.5" },
    { { quota = {} }, "option quota: expected what cloudjobs.aws.retry_quota() gives" },
  }
  for _, case in ipairs(MISTAKES) do
    it("are refused at the caller's line: " .. case[2], function()
      local ok, message = pcall(function()
        local ssm = client({}, case[1])
        return ssm
      end)
      assert.is_false(ok)
      assert.matches("cloudjobs.aws.ssm: retry: ", message, 1, true)
      assert.matches(case[2], message, 1, true)
    end)
  end

  it("stop for all clients that share a spent quota", function()
    local quota = cloudjobs.aws.retry_quota()
    quota.available = 14
    local one = client({ BROKEN, FINE }, { quota = quota })
    local other, stub = client({ BROKEN, FINE }, { quota = quota })
    assert(one:list_commands() and quota:consume(14))
    local _, err = other:list_commands()
    assert.same({ 1, true }, { #stub.requests, err.quota_reached })
  end)
end)

describe("adaptive mode", function()
  it("sends freely until it is throttled, then at no more than twice the rate it measured", function()
    local answers = {}
    for i = 1, 30 do
      answers[i] = i == 20 and BUSY or FINE
    end
    local ssm, stub = client(answers, { mode = "adaptive", max_attempts = 1 })
    for _ = 1, 19 do
      assert(ssm:list_commands())
      stub.time = stub.time + 0.25 -- four a second
    end
    assert.same({}, stub.slept)
    assert.is_nil(ssm:list_commands())
    local started = stub.time
    for _ = 1, 6 do
      assert(ssm:list_commands())
    end
    local rate = 6 / (stub.time - started)
    assert.is_true(rate < 2 * 4, rate)
  end)

  it("keeps within the caller's time", function()
    local ssm, stub = client({ BUSY, FINE, FINE }, { mode = "adaptive", max_attempts = 1 })
    assert.is_nil(ssm:list_commands())
    local _, err = ssm:list_commands({}, { timeout = 1 })
    assert.same({ "timeout", 0, 1 }, { err.kind, err.attempts, #stub.requests })
  end)

  it("waits no longer when it is cancelled", function()
    local ssm, stub = client({ BUSY, FINE }, { mode = "adaptive", max_attempts = 1 })
    assert.is_nil(ssm:list_commands())
    local canceller = cloudjobs.canceller()
    function stub.sleep()
      canceller:cancel("enough")
      stub.time = stub.time + 0.1
    end
    local _, err = ssm:list_commands({}, { cancel = canceller })
    assert.same({ "cancelled", 1 }, { err.kind, #stub.requests })
  end)
end)

describe("a quota that workers share", function()
  it("is the one of a service, a place and an identity", function()
    local stub, names = Stub.new(), {}
    stub.store = { quota = function(_, name)
      names[#names + 1] = name
      return {}
    end }
    local function make(credentials)
      cloudjobs.aws.ssm { transport = stub, region = "us-east-1", env = {}, credentials = credentials }
    end
    for _, id in ipairs { "AKID1", "AKID2", "AKID1" } do
      make { access_key_id = id, secret_access_key = "hush" }
    end
    make(setmetatable({}, { __index = { get = function() end } })) -- whose, nobody can tell: it has its own
    assert.equal(3, #names)
    assert.equal(names[1], names[3])
    assert.not_equal(names[1], names[2])
    assert.not_matches("hush", table.concat(names), 1, true)
  end)
end)

describe("the header that numbers the attempts", function()
  local DATED = { status = 500, headers = { date = "Thu, 01 Jan 2026 00:10:00 GMT" }, body = "" }

  it("is no time to live where that has no end that can be written", function()
    local late = { status = 500, headers = { date = "Fri, 31 Dec 9999 23:59:59 GMT" }, body = "" }
    local ssm, stub = client { late, FINE }
    assert(ssm:list_commands())
    assert.equal("attempt=2; max=3", stub.requests[2].headers["amz-sdk-request"])
  end)

  it("is one id, the attempt of how many, and the time to live once the service's time is known", function()
    local ssm, stub = client { BROKEN, DATED, FINE }
    assert(ssm:list_commands())
    local seen, ids = {}, {}
    for i, request in ipairs(stub.requests) do
      seen[i] = request.headers["amz-sdk-request"]
      ids[request.headers["amz-sdk-invocation-id"]] = true
    end
    assert.same({ "attempt=1; max=3", "attempt=2; max=3", "ttl=20260101T001100Z; attempt=3; max=3" }, seen)
    local id, more = next(ids), next(ids, next(ids))
    assert.matches("^%x+%-%x+%-4%x+%-%x+%-%x+$", id)
    assert.is_nil(more)
  end)

  it("is an idempotency token of its own for each call, the same for its attempts", function()
    local ssm, stub = client { BROKEN, { body = '{"WindowId":"mw-0c50858d01EXAMPLE"}' }, {
      body = '{"WindowId":"mw-0c50858d02EXAMPLE"}' } }
    local window = { Name = "weekly", Schedule = "rate(1 day)", Duration = 2, Cutoff = 1, AllowUnassociatedTargets = false }
    assert(ssm:create_maintenance_window(window))
    assert(ssm:create_maintenance_window(window))
    local tokens = {}
    for i, request in ipairs(stub.requests) do
      tokens[i] = request.body:match('"ClientToken":"([^"]+)"')
    end
    assert.matches("^%x+%-%x+%-4%x+%-%x+%-%x+$", tokens[1])
    assert.equal(tokens[1], tokens[2])
    assert.not_equal(tokens[1], tokens[3])
    assert.is_nil(window.ClientToken)
  end)

  local APPS = {
    { { AWS_SDK_UA_APP_ID = "nightly" }, "app/nightly" },
    { { AWS_SDK_UA_APP_ID = "a b\r\nx: y" }, "app/a-b--x--y" },
  }
  for _, case in ipairs(APPS) do
    it("is " .. case[2] .. " in the user agent", function()
      local ssm, stub = client({ FINE }, nil, case[1])
      assert(ssm:list_commands())
      assert.matches("^cloudjobs/[%d.]+ lang/lua#[%d.]+ " .. case[2]:gsub("%-", "%%-") .. "$",
        stub.requests[1].headers["user-agent"])
    end)
  end
end)

describe("the wait a server asks for", function()
  local function slept(headers)
    local ssm, stub = client { { status = 503, headers = headers, body = "" }, FINE }
    assert(ssm:list_commands())
    return stub.slept[1]
  end

  -- headers; the wait in seconds, give or take what the client's own delay adds
  local CASES = {
    { { ["x-amz-retry-after"] = "3000" }, 3 },
    { { ["x-amz-retry-after"] = "60000" }, 5 },
    { { ["x-amz-retry-after"] = "-1" }, 0 },
    { { ["x-amz-retry-after"] = "1.5" }, 0 },
    { { ["retry-after"] = "4" }, 4 },
    { { ["retry-after"] = "soon" }, 0 },
    { { ["retry-after"] = "Thu, 01 Jan 2026 00:00:09 GMT", date = "Thu, 01 Jan 2026 00:00:06 GMT" }, 3 },
    { { ["retry-after"] = "Thu, 01 Jan 2026 00:00:09 GMT" }, 0 },
    { { ["retry-after"] = "Thu, 01 Jan 2026 00:00:01 GMT", date = "Thu, 01 Jan 2026 00:00:06 GMT" }, 0 },
  }
  for i, case in ipairs(CASES) do
    it(("is kept within bounds: %d s (%d)"):format(case[2], i), function()
      local seconds = slept(case[1])
      assert.is_true(seconds >= case[2] and seconds < case[2] + 0.051, seconds)
    end)
  end
end)

describe("an answer of DynamoDB", function()
  local DYNAMODB = {
    metadata = {
      serviceId = "DynamoDB", endpointPrefix = "dynamodb", jsonVersion = "1.0", protocol = "json",
      signatureVersion = "v4", targetPrefix = "DynamoDB_20120810", apiVersion = "2012-08-10", uid = "dynamodb-2012-08-10",
    },
    operations = { ListTables = { name = "ListTables", http = { method = "POST", requestUri = "/" } } },
    shapes = {},
  }
  local SUM = "2745614147" -- of "{}"

  -- headers of the first answer; how many requests it takes
  local CASES = {
    ["whose bytes come to what it says is taken"] = { { ["x-amz-crc32"] = SUM }, 1 },
    ["that says nothing of them is taken"] = { {}, 1 },
    ["that was packed is taken"] = { { ["x-amz-crc32"] = "1", ["content-encoding"] = "gzip" }, 1 },
    ["whose bytes come to something else is asked for again"] = { { ["x-amz-crc32"] = "1" }, 2 },
  }
  for what, case in pairs(CASES) do
    it(what, function()
      local stub = Stub.new { { body = "{}", headers = case[1] }, FINE }
      local dynamodb = cloudjobs.aws.client {
        model = DYNAMODB, transport = stub, region = "eu-west-1", env = {}, credentials = KEYS,
        endpoint = "https://dynamodb.eu-west-1.amazonaws.com",
      }
      assert(dynamodb:list_tables())
      assert.equal(case[2], #stub.requests)
    end)
  end
end)

describe("create_export_once", function()
  local ARN = "arn:aws:bcm-data-exports:us-east-1:111122223333:export/nightly-1"
  local NOW = 1767225600
  local CREATED = { body = { ExportArn = ARN } }
  local EXPORT = {
    Name = "nightly",
    DataQuery = { QueryStatement = "SELECT a FROM T" },
    DestinationConfigurations = { S3Destination = {
      S3Bucket = "bucket", S3Prefix = "p", S3Region = "us-east-1",
      S3OutputConfigurations = {
        OutputType = "CUSTOM", Format = "PARQUET", Compression = "PARQUET", Overwrite = "OVERWRITE_REPORT",
      },
    } },
    RefreshCadence = { Frequency = "SYNCHRONOUS" },
  }

  local function lost()
    return nil, Error.new {
      kind = "transport", code = "closed", message = "closed", retryable = true, ambiguous = true,
    }
  end

  local function listing(...)
    local exports = {}
    for i, export in ipairs { ... } do
      exports[i] = {
        ExportArn = ARN, ExportName = export[1],
        ExportStatus = { StatusCode = "HEALTHY", CreatedAt = cloudjobs.iso(export[2]) },
      }
    end
    return { body = cloudjobs.json.encode { Exports = #exports > 0 and exports or nil } }
  end

  local TAKEN = { status = 400, body = '{"__type":"ValidationException","message":"name is taken"}' }

  -- answers; what it gives (or the error's code and whether it is ambiguous), requests sent
  local CASES = {
    ["creates when all is well"] = { { CREATED }, ARN, 1 },
    ["gives a refusal at once"] = { { TAKEN }, "ValidationException", 1 },
    ["finds what an answer that was lost had made"] = { { lost, listing({ "other", NOW }, { "nightly", NOW }) }, ARN, 2 },
    ["finds it after an internal error, too"] = { { BROKEN, listing { "nightly", NOW } }, ARN, 2 },
    ["sends it again when it is not there"] = { { lost, listing(), CREATED }, ARN, 3 },
    ["finds what showed late"] = { { lost, listing(), TAKEN, listing { "nightly", NOW } }, ARN, 4 },
    ["believes a later refusal when it is still not there"] = {
      { lost, listing(), TAKEN, listing() }, "ValidationException", 4,
    },
    ["takes no older export for its own"] = { { lost, listing { "nightly", NOW - 86400 } }, "closed ambiguous", 2 },
    ["says that it could not search"] = {
      { lost, { status = 403, body = '{"__type":"AccessDeniedException"}' } }, "closed ambiguous", 2,
    },
    ["gives up in the end"] = { { lost, listing(), lost, listing(), lost, listing() }, "closed ambiguous", 6 },
  }
  for what, case in pairs(CASES) do
    it(what, function()
      local stub = Stub.new(case[1])
      local exports = cloudjobs.aws.bcm_data_exports {
        transport = stub, region = "us-east-1", env = {}, credentials = KEYS,
      }
      local created, err = exports:create_export_once { Export = EXPORT }
      local seen = created and created.ExportArn or err.code .. (err.ambiguous and " ambiguous" or "")
      assert.same({ case[2], case[3] }, { seen, #stub.requests })
    end)
  end

  it("keeps within the caller's time, and then leaves it unclear", function()
    local stub = Stub.new { lost, listing(), lost, listing() }
    local exports = cloudjobs.aws.bcm_data_exports {
      transport = stub, region = "us-east-1", env = {}, credentials = KEYS,
    }
    local _, err = exports:create_export_once({ Export = EXPORT }, { timeout = 3 })
    assert.same({ "closed", true }, { err.code, err.ambiguous })
    assert.same({ 3, 2 }, { #stub.requests, stub.time - NOW })
  end)

  it("names a mistake at the caller's line", function()
    local exports = cloudjobs.aws.bcm_data_exports { transport = Stub.new(), env = {}, credentials = KEYS }
    for _, arguments in ipairs { { 5 }, { {}, 5 }, { {}, { timeot = 1 } } } do
      local _, message = pcall(function()
        local created = exports:create_export_once(arguments[1], arguments[2])
        return created
      end)
      assert.matches("init_spec%.lua:%d+: create_export_once: ", message)
    end
  end)

  it("is for this service's clients alone", function()
    assert.error_matches(function()
      client({}):create_export_once {}
    end, "SSM has no operation create_export_once")
  end)
end)
