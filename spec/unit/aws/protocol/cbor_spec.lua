local Model = require "cloudjobs.model"
local bytes = require("spec.data.cbor").bytes
local cbor = require "cloudjobs.aws.protocol.cbor"
local core = require "cloudjobs.core"

local function model_of(query_compatible)
  return Model.new {
    service = {
      id = "Jobs", protocol = "smithy-rpc-v2-cbor", target = "JobService", signing = "jobs", endpoint = "jobs",
      query_compatible = query_compatible,
    },
    operations = {
      StartJob = "StartJobRequest -> StartJobResponse",
      StopJob = "Nothing -> Nothing",
      Ping = "- -> -",
    },
    errors = { JobFailed = "fault", Busy = "throttle" },
    shapes = {
      StartJobRequest = "Name string required\n Token string idempotency",
      StartJobResponse = "JobId string\n StartedAt time",
      Nothing = "",
      JobFailed = "Message string\n Step integer",
      Busy = "Message string",
    },
  }
end

local model = model_of()
local start = model:operation "start_job"

local HEADERS = { ["smithy-protocol"] = "rpc-v2-cbor", ["content-type"] = "application/cbor" }

describe("a CBOR request", function()
  it("names its service and operation in the path", function()
    assert.same({
      route = {
        method = "POST",
        path = "/service/JobService/operation/StartJob",
        headers = {
          ["smithy-protocol"] = "rpc-v2-cbor",
          accept = "application/cbor",
          ["content-type"] = "application/cbor",
        },
      },
      body = bytes "a2 64 4e616d65 61 6e 65 546f6b656e 61 74",
    }, cbor.encode(start, { Name = "n", Token = "t" }, {}))
  end)

  it("has a map without members where there are no parameters", function()
    local request = cbor.encode(model:operation "StopJob", nil, {})
    assert.equal("\160", request.body)
    assert.equal("application/cbor", request.route.headers["content-type"])
  end)

  it("has no body and no type where the operation has no input", function()
    local request = cbor.encode(model:operation "Ping", nil, {})
    assert.equal("", request.body)
    assert.same({ ["smithy-protocol"] = "rpc-v2-cbor", accept = "application/cbor" }, request.route.headers)
  end)

  it("shares the route of its operation", function()
    local function route(name)
      return cbor.encode(model:operation(name), { Name = "n" }, {}).route
    end
    assert.equal(route "start_job", route "StartJob")
    assert.not_equal(route "start_job", cbor.encode(model:operation "Ping", nil, {}).route)
  end)

  it("has a fresh idempotency token when none is given", function()
    local function token()
      local params = core.cbor_decode(cbor.encode(start, { Name = "n" }, {}).body)
      return params.Token
    end
    local first = token()
    assert.matches("^%x+%-%x+%-4%x+%-[89ab]%x+%-%x+$", first)
    assert.not_equal(first, token())
  end)

  it("asks a service that had the query protocol for its error codes", function()
    local operation = model_of(true):operation "Ping"
    assert.equal("true", cbor.encode(operation, nil, {}).route.headers["x-amzn-query-mode"])
  end)

  it("is refused with every problem", function()
    local request, err = cbor.encode(start, { Nmae = "n", Token = 5 }, {})
    assert.is_nil(request)
    assert.same({ "validation", 3 }, { err.kind, #err.problems })
  end)

  it("leaves what is required to the service on demand", function()
    assert.is_table(cbor.encode(start, { Token = "t" }, { validate = false }))
  end)
end)

local function response(status, hex, headers)
  return { status = status, headers = headers or HEADERS, body = bytes(hex) }
end

local STARTED = "bf 65 4a6f624964 61 6a 69 537461727465644174 c1 1a 6553f100 63 4e6577 81 a0 ff"

describe("a CBOR response", function()
  it("is the output", function()
    assert.same({ JobId = "j", StartedAt = 1700000000 }, cbor.decode(start, response(200, STARTED)))
  end)

  it("without a body is an output without members", function()
    assert.same({}, cbor.decode(start, response(200, "")))
  end)

  it("of an operation without output is an empty table", function()
    for _, body in ipairs { "", "bf ff", "ff" } do
      assert.same({}, cbor.decode(model:operation "Ping", response(200, body)))
    end
  end)

  it("is read out of the bytes behind its head", function()
    local lines = "HTTP/1.1 200 OK\r\n\r\n" .. bytes(STARTED)
    local output = cbor.decode(start, { status = 200, headers = HEADERS, lines = lines, from = 20 })
    assert.same({ JobId = "j", StartedAt = 1700000000 }, output)
  end)

  for _, body in ipairs { "a1", "ff", "f6", "80", "a1 65 4a6f624964 01", "a0 a0", "3c 68746d6c" } do
    it("that cannot be read is kind response: " .. body, function()
      local headers = { ["smithy-protocol"] = "rpc-v2-cbor", ["x-amzn-requestid"] = "r-1" }
      local output, err = cbor.decode(start, response(200, body, headers))
      assert.is_nil(output)
      assert.same({ "response", 200, "r-1" }, { err.kind, err.status, err.request_id })
    end)
  end

  it("names the byte and what was expected there", function()
    local _, err = cbor.decode(start, response(200, "a1 65 4a6f624964 01"))
    assert.equal("the response cannot be read: JobId: expected text, got integer at byte 8", err.message)
  end)

  local malformed = {
    { name = "no protocol", headers = { ["content-type"] = "application/cbor" } },
    { name = "another protocol", headers = { ["smithy-protocol"] = "rpc-v2-json" } },
    { name = "a page", headers = { ["content-type"] = "text/html" } },
  }
  for _, case in ipairs(malformed) do
    it("with " .. case.name .. " is malformed", function()
      for _, operation in ipairs { start, model:operation "Ping" } do
        local output, err = cbor.decode(operation, response(200, STARTED, case.headers))
        assert.is_nil(output)
        assert.equal("response", err.kind)
        assert.equal("the response cannot be read: expected smithy-protocol: rpc-v2-cbor", err.message)
      end
    end)

    it("with " .. case.name .. " is an error of its status alone", function()
      local _, err = cbor.decode(start, response(503, "a1 66 5f5f74797065 64 42757379", case.headers))
      assert.same({ "service", "503", 503, "" }, { err.kind, err.code, err.status, err.message })
      assert.matches("perhaps from a proxy or gateway", err.hint, 1, true)
    end)
  end

  it("that has neither a protocol nor a type is decoded", function()
    assert.same({ JobId = "j", StartedAt = 1700000000 }, cbor.decode(start, response(200, STARTED, {})))
    local _, err = cbor.decode(start, response(200, "3c 68746d6c", {}))
    assert.equal("response", err.kind)
  end)
end)

-- A map of __type and other members.
local function error_body(type_name, rest)
  return ("bf 66 5f5f74797065 78 %02x %s %s ff"):format(#type_name, type_name:gsub(".", function(c)
    return ("%02x"):format(c:byte())
  end), rest or "")
end

describe("an error in CBOR", function()
  local errors = {
    { name = "a type with its namespace", body = error_body("com.example#JobFailed", "67 6d657373616765 61 6d"),
      code = "JobFailed", message = "m" },
    { name = "a bare type", body = error_body("JobFailed", "67 4d657373616765 61 4d"), code = "JobFailed", message = "M" },
    { name = "a type and a code", body = error_body("ns#Busy", "64 636f6465 61 78 64 436f6465 61 79"), code = "Busy" },
    { name = "an unknown type", body = error_body "ns#New", code = "New" },
    { name = "a type of x-amzn-errortype alone", body = "a0", code = "400",
      headers = { ["smithy-protocol"] = "rpc-v2-cbor", ["x-amzn-errortype"] = "Busy" } },
    { name = "no type", body = "a1 67 6d657373616765 61 6d", code = "400", message = "m" },
    { name = "a type that is no text", body = "a1 66 5f5f74797065 01", code = "400" },
    { name = "a list", body = "80", code = "400" },
    { name = "half a map", body = "bf 66 5f5f74797065 64 42757379", code = "400" },
    { name = "nothing", body = "", code = "400" },
  }
  for _, case in ipairs(errors) do
    it("with " .. case.name .. " is of kind service", function()
      local output, err = cbor.decode(start, response(400, case.body, case.headers))
      assert.is_nil(output)
      assert.same({ "service", case.code, case.message or "", 400 }, { err.kind, err.code, err.message, err.status })
    end)
  end

  it("carries the members that its shape has", function()
    local _, err = cbor.decode(start, response(500, error_body("ns#JobFailed", "67 4d657373616765 61 4d 64 53746570 03")))
    assert.same({ Message = "M", Step = 3 }, err.fields)
  end)

  it("has the code of the query protocol where the service had that", function()
    local headers = { ["smithy-protocol"] = "rpc-v2-cbor", ["x-amzn-query-error"] = "Job.Failed;Sender" }
    local body = error_body("ns#JobFailed", "64 53746570 03")
    local _, err = cbor.decode(model_of(true):operation "Ping", response(400, body, headers))
    assert.same({ "Job.Failed", { Step = 3 } }, { err.code, err.fields })
    _, err = cbor.decode(start, response(400, body, headers))
    assert.equal("JobFailed", err.code)
  end)

  it("has a request id and a delay", function()
    local headers = { ["smithy-protocol"] = "rpc-v2-cbor", ["x-amzn-requestid"] = "r-1", ["retry-after"] = "3" }
    local _, err = cbor.decode(start, response(503, error_body "ns#Busy", headers))
    assert.same({ "r-1", 3 }, { err.request_id, err.retry_after })
  end)
end)
