local Error = require "cloudjobs.base.error"
local Stub = require "cloudjobs.stub"
local clients = require "spec.support.clients"
local cloudjobs = require "cloudjobs"

local EXPORT = "arn:aws:bcm-data-exports:us-east-1:111122223333:export/nightly-1"

local function client(answers, options)
  local stub = Stub.new(answers)
  local settings = {
    transport = stub,
    region = "us-east-1",
    env = {},
    credentials = { access_key_id = "AKID", secret_access_key = "hush-secret", session_token = "hush-token" },
  }
  for name, value in pairs(options or {}) do
    settings[name] = value
  end
  return cloudjobs.aws.bcm_data_exports(settings), stub
end

local function lost(ambiguous)
  return Error.new {
    kind = "transport", code = "closed", message = "closed", retryable = true, ambiguous = ambiguous,
  }
end

local BUSY = { status = 400, body = '{"__type":"ThrottlingException","message":"Rate exceeded"}' }
local BROKEN = { status = 500, body = '{"__type":"InternalServerException"}' }
local FOUND = { body = { Export = { Name = "nightly" } }, headers = { ["x-amzn-requestid"] = "r-9" } }

describe("a call", function()
  it("encodes, signs and sends once when all is well", function()
    local exports, stub = client { FOUND }
    local output, second = exports:get_export { ExportArn = EXPORT }
    assert.equal("nightly", output.Export.Name)
    assert.is_nil(second)
    assert.equal(1, #stub.requests)

    local request = stub.requests[1]
    assert.equal("POST", request.method)
    assert.equal("https://bcm-data-exports.us-east-1.api.aws/", request.url)
    assert.equal('{"ExportArn":"' .. EXPORT .. '"}', request.body)
    local headers = request.headers
    assert.equal("AWSBillingAndCostManagementDataExports.GetExport", headers["x-amz-target"])
    assert.equal("application/x-amz-json-1.1", headers["content-type"])
    assert.equal("20260101T000000Z", headers["x-amz-date"])
    assert.equal("hush-token", headers["x-amz-security-token"])
    assert.equal("attempt=1; max=3", headers["amz-sdk-request"])
    assert.matches("^AWS4%-HMAC%-SHA256 Credential=AKID/20260101/us%-east%-1/bcm%-data%-exports/aws4_request, ",
      headers.authorization)
    assert.same({ 60, 10 }, { request.timeout, request.connect_timeout })
  end)

  it("marks the request of an operation that is not idempotent", function()
    local exports, stub = client { FOUND }
    assert(exports:get_export { ExportArn = EXPORT })
    assert.is_falsy(stub.requests[1].non_idempotent)
    local costs
    costs, stub = clients.azure { { status = 200 } }
    assert(costs:execute { exportName = "nightly" })
    assert.is_true(stub.requests[1].non_idempotent)
  end)

  it("repeats the same body with a fresh date under one invocation id", function()
    local exports, stub = client { BUSY, BROKEN, FOUND }
    assert.is_table(exports:get_export { ExportArn = EXPORT })
    local first, third = stub.requests[1], stub.requests[3]
    assert.equal(first.body, third.body)
    assert.equal(first.headers["amz-sdk-invocation-id"], third.headers["amz-sdk-invocation-id"])
    assert.equal("attempt=3; max=3", third.headers["amz-sdk-request"])
    assert.equal(2, #stub.slept)
  end)

  it("signs each attempt with the time of that attempt", function()
    local exports, stub = client {
      function()
        return { status = 503, headers = { ["x-amz-retry-after"] = "5000" }, body = "" }
      end,
      FOUND,
    }
    assert.is_table(exports:get_export { ExportArn = EXPORT })
    local dates = { stub.requests[1].headers["x-amz-date"], stub.requests[2].headers["x-amz-date"] }
    assert.same({ "20260101T000000Z", "20260101T000005Z" }, dates)
    assert.not_equal(stub.requests[1].headers.authorization, stub.requests[2].headers.authorization)
  end)

  it("signs with the time at which it has the keys, however long these took", function()
    local stub
    local provider = {}
    function provider.get()
      stub:sleep(100)
      return { access_key_id = "AKID", secret_access_key = "hush" }
    end
    local exports
    exports, stub = client({ FOUND }, { credentials = provider })
    assert.is_table(exports:get_export { ExportArn = EXPORT })
    assert.equal("20260101T000140Z", stub.requests[1].headers["x-amz-date"])
  end)

  it("gives the last error when the attempts are used up", function()
    local exports, stub = client { BUSY, BUSY, BUSY, FOUND }
    local output, err = exports:get_export { ExportArn = EXPORT }
    assert.is_nil(output)
    assert.same(
      { "service", "ThrottlingException", 3, "GetExport", "BCM Data Exports", true },
      { err.kind, err.code, err.attempts, err.operation, err.service, err.throttling }
    )
    assert.equal(3, #stub.requests)
  end)

  it("makes as many attempts as the client is configured for", function()
    local exports, stub = client({ BUSY, FOUND }, { retry = { max_attempts = 1 } })
    assert.is_nil(exports:get_export { ExportArn = EXPORT })
    assert.equal(1, #stub.requests)
  end)

  it("does not repeat what the service refused", function()
    local exports, stub = client { { status = 400, body = '{"__type":"ValidationException"}' }, FOUND }
    local _, err = exports:get_export { ExportArn = EXPORT }
    assert.equal("ValidationException", err.code)
    assert.equal(1, #stub.requests)
  end)

  it("sends nothing that does not fit the model", function()
    local exports, stub = client {}
    local _, err = exports:get_export { ExportArn = "short" }
    assert.equal("BCM Data Exports GetExport: ExportArn: expected at least 20 characters, got 5", tostring(err))
    assert.same({ "validation", 0 }, { err.kind, err.attempts })
    assert.equal(0, #stub.requests)
  end)

  it("repeats a read whose response was lost, without ambiguity", function()
    local exports, stub = client { lost(true), lost(true), lost(true) }
    local _, err = exports:get_export { ExportArn = EXPORT }
    assert.same({ "transport", false, 3 }, { err.kind, err.ambiguous, #stub.requests })
  end)

  it("stops within the caller's total time", function()
    local exports, stub = client {
      function()
        return { status = 503, headers = { ["x-amz-retry-after"] = "4000" }, body = "" }
      end,
    }
    local _, err = exports:get_export({ ExportArn = EXPORT }, { timeout = 3 })
    assert.same({ "timeout", 1 }, { err.kind, err.attempts })
    assert.equal("service", err.cause.kind)
    assert.equal(3, stub.requests[1].timeout)
    assert.same({}, stub.slept)
  end)

  it("ends when it is cancelled between attempts", function()
    local canceller = cloudjobs.canceller()
    local exports, stub = client {
      function()
        canceller:cancel("shutting down")
        return { status = 503, headers = {}, body = "" }
      end,
    }
    local _, err = exports:get_export({ ExportArn = EXPORT }, { cancel = canceller })
    assert.same({ "cancelled", "shutting down", 1 }, { err.kind, err.message, #stub.requests })
  end)

  it("is not sent when it is cancelled before", function()
    local canceller = cloudjobs.canceller()
    canceller:cancel()
    local exports, stub = client {}
    local _, err = exports:get_export({ ExportArn = EXPORT }, { cancel = canceller })
    assert.same({ "cancelled", 0 }, { err.kind, #stub.requests })
  end)

  it("fills meta on success and on failure", function()
    local exports = client { BUSY, FOUND, { status = 404, headers = { ["x-amzn-requestid"] = "r-404" } } }
    local meta = {}
    assert.is_table(exports:get_export({ ExportArn = EXPORT }, { meta = meta }))
    assert.same({ "r-9", 200, 2 }, { meta.request_id, meta.status, meta.attempts })
    assert.is_true(meta.elapsed > 0)
    assert.is_nil(exports:get_export({ ExportArn = EXPORT }, { meta = meta }))
    assert.same({ "r-404", 404, 1, 0 }, { meta.request_id, meta.status, meta.attempts, meta.elapsed })
  end)

  it("gives the provider's error when there are no credentials", function()
    local exports, stub = client({}, { credentials = { get = function()
      return nil, Error.new { kind = "credentials", code = "env", message = "none" }
    end } })
    local _, err = exports:get_export { ExportArn = EXPORT }
    assert.same({ "credentials", 0 }, { err.kind, #stub.requests })
  end)
end)

describe("a call that must not be carried out twice", function()
  local params = {
    Export = {
      Name = "nightly",
      DataQuery = { QueryStatement = "SELECT a FROM T" },
      DestinationConfigurations = { S3Destination = {
        S3Bucket = "bucket", S3Prefix = "p", S3Region = "us-east-1",
        S3OutputConfigurations = { OutputType = "CUSTOM", Format = "PARQUET", Compression = "PARQUET",
          Overwrite = "OVERWRITE_REPORT" },
      } },
      RefreshCadence = { Frequency = "SYNCHRONOUS" },
    },
  }

  it("is not repeated when the response was lost, and is ambiguous", function()
    local exports, stub = client { lost(true), FOUND }
    local _, err = exports:create_export(params)
    assert.same({ "transport", true, 1 }, { err.kind, err.ambiguous, #stub.requests })
    assert.matches("it may have been carried out", tostring(err), 1, true)
  end)

  it("is not repeated after an internal error", function()
    local exports, stub = client { BROKEN, FOUND }
    local _, err = exports:create_export(params)
    assert.same({ "InternalServerException", true, 1 }, { err.code, err.ambiguous, #stub.requests })
  end)

  it("is repeated when it surely was not carried out", function()
    local exports, stub = client { lost(false), BUSY, { body = { ExportArn = EXPORT } } }
    assert.same({ ExportArn = EXPORT }, exports:create_export(params))
    assert.equal(3, #stub.requests)
  end)
end)

describe("where a call goes", function()
  local function shape(members)
    local made = { type = "structure", members = {} }
    for name, member in pairs(members) do
      made.members[name] = { shape = "Text" }
      for key, value in pairs(member) do
        made.members[name][key] = value
      end
    end
    return made
  end

  local function service(protocol, answers, input)
    local stub = Stub.new(answers)
    return cloudjobs.aws.client {
      env = {}, region = "us-east-1", transport = stub, validate = false,
      credentials = { access_key_id = "AKID", secret_access_key = "hush" },
      model = {
        metadata = {
          protocol = protocol, apiVersion = "2020-01-01", endpointPrefix = "thing", serviceId = "Thing",
          signatureVersion = "v4", targetPrefix = "Thing", jsonVersion = "1.1",
        },
        operations = {
          Plain = { name = "Plain", http = { method = "POST", requestUri = "/" }, input = { shape = "In" } },
          Prefixed = {
            name = "Prefixed", http = { method = "POST", requestUri = "/" }, input = { shape = "In" },
            endpoint = { hostPrefix = "data-" },
          },
          Labelled = {
            name = "Labelled", http = { method = "POST", requestUri = "/" }, input = { shape = "In" },
            endpoint = { hostPrefix = "{Account}." },
          },
        },
        shapes = { In = shape(input or { Account = {} }), Text = { type = "string" } },
      },
    }, stub
  end

  for _, protocol in ipairs { "json", "query", "rest-json" } do
    it("is each operation's own host, whichever was called before, with " .. protocol, function()
      local body = protocol == "query" and "<R/>" or "{}"
      local thing, stub = service(protocol, { { body = body }, { body = body }, { body = body }, { body = body } })
      for _, name in ipairs { "prefixed", "plain", "prefixed", "plain" } do
        assert(thing[name](thing))
      end
      for i, host in ipairs { "data-thing", "thing", "data-thing", "thing" } do
        host = host .. ".us-east-1.amazonaws.com"
        assert.equal("https://" .. host .. "/", stub.requests[i].url)
        assert.equal(host, stub.requests[i].headers.host)
      end
    end)
  end

  it("is refused where what names it is missing", function()
    local request, err = service("json"):request("labelled")
    assert.is_nil(request)
    assert.same({ "validation", "Account" }, { err.kind, err.problems[1].path })
  end)

  it("lets no parameter replace the client's own headers", function()
    local thing, stub = service("rest-json", { { body = "{}" } }, {
      Date = { location = "header", locationName = "X-Amz-Date" },
      Length = { location = "header", locationName = "Content-Length" },
      Id = { location = "header", locationName = "amz-sdk-invocation-id" },
      Other = { location = "header", locationName = "X-Other" },
    })
    assert(thing:plain { Date = "zzz", Length = "7", Id = "zzz", Other = "o" })
    local headers = stub.requests[1].headers
    assert.equal("o", headers["x-other"])
    assert.matches("^%d+T%d+Z$", headers["x-amz-date"])
    assert.matches("^%x+%-%x+%-4%x+%-%x+%-%x+$", headers["amz-sdk-invocation-id"])
    assert.is_nil(headers["content-length"])
  end)

  it("is refused where a header is too large to be sent", function()
    local request, err = service("rest-json", {}, { Big = { location = "header", locationName = "X-Big" } })
      :request("plain", { Big = ("b"):rep(2 ^ 20) })
    assert.is_nil(request)
    assert.same({ "validation", "the headers are too large", "Plain" }, { err.kind, err.message, err.operation })
  end)
end)

describe("a response that is compressed though nothing asked for it", function()
  local process = require "cloudjobs.os"

  local function compressed(text)
    return process.run({ "gzip", "-c" }, { stdin = text }).stdout
  end

  it("is decompressed, and one that is damaged is an error", function()
    local body = compressed '{"Exports":[]}'
    local exports = clients.bcm_data_exports {
      { body = body, headers = { ["content-encoding"] = "gzip" } }, { body = body }, { body = body:sub(1, 15) },
    }
    assert.same({ Exports = {} }, exports:list_exports())
    assert.same({ Exports = {} }, exports:list_exports())
    local output, err = exports:list_exports()
    assert.is_nil(output)
    assert.same({ "response", "the response is compressed by gzip, and it is cut off" }, { err.kind, err.message })
    assert.same({ Exports = {} }, exports:decode("list_exports", { status = 200, body = body }))
  end)

  it("may be an error of the service", function()
    local body = compressed '{"__type":"ValidationException","message":"no"}'
    local _, err = clients.bcm_data_exports({ { status = 400, body = body } }):list_exports()
    assert.equal("ValidationException", err.code)
  end)

  it("may begin with a byte order mark, compressed or not", function()
    local text = '\239\187\191{"Exports":[]}'
    local exports = clients.bcm_data_exports { { body = text }, { body = compressed(text) } }
    assert.same({ Exports = {} }, exports:list_exports())
    assert.same({ Exports = {} }, exports:list_exports())
    local costs = clients.azure { { body = '\239\187\191{"value":[]}' } }
    assert.same({ value = {} }, (costs:list()))
  end)
end)
