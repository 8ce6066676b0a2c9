local Model = require "cloudjobs.model"
local json_rpc = require "cloudjobs.aws.protocol.json_rpc"

local model = Model.new {
  service = { id = "Jobs", protocol = "json-1.0", target = "JobService", signing = "jobs", endpoint = "jobs" },
  operations = {
    StartJob = "StartJobRequest -> StartJobResponse",
    StopJob = "StartJobRequest -> -",
    Ping = "- -> -",
  },
  errors = { JobFailed = "fault", Busy = "throttle" },
  shapes = {
    StartJobRequest = [[
      Name string required
      Token string idempotency
    ]],
    StartJobResponse = [[
      JobId string
      StartedAt time
    ]],
    JobFailed = [[
      Message string
      Step integer
    ]],
    Busy = [[
      Message string
    ]],
  },
}

local start = model:operation("start_job")

describe("a JSON request", function()
  it("names its operation in the target", function()
    assert.same({
      route = {
        method = "POST",
        path = "/",
        headers = { ["content-type"] = "application/x-amz-json-1.0", ["x-amz-target"] = "JobService.StartJob" },
      },
      body = '{"Name":"nightly","Token":"t-1"}',
    }, json_rpc.encode(start, { Name = "nightly", Token = "t-1" }, {}))
  end)

  it("goes the one way of its operation", function()
    local function route(name)
      return json_rpc.encode(model:operation(name), { Name = "nightly" }, {}).route
    end
    assert.equal(route "start_job", route "start_job")
    assert.not_equal(route "start_job", json_rpc.encode(model:operation("Ping"), nil, {}).route)
  end)

  it("has a fresh idempotency token when none is given", function()
    local function token()
      return json_rpc.encode(start, { Name = "nightly" }, {}).body:match('"Token":"(%x+%-%x+%-4%x+%-[89ab]%x+%-%x+)"')
    end
    local first = token()
    assert.is_string(first)
    assert.not_equal(first, token())
  end)

  it("is an empty object without parameters", function()
    assert.equal("{}", json_rpc.encode(model:operation("Ping"), nil, {}).body)
  end)

  it("is refused with every problem", function()
    local request, err = json_rpc.encode(start, { Nmae = "nightly", Token = 5 }, {})
    assert.is_nil(request)
    assert.equal("validation", err.kind)
    local seen = {}
    for _, problem in ipairs(err.problems) do
      seen[problem.path] = problem.message
    end
    assert.same({
      Name = "required",
      Nmae = "unknown parameter (did you mean Name?)",
      Token = "expected string, got number",
    }, seen)
  end)
end)

local function response(status, body, headers)
  return { status = status, headers = headers or {}, body = body }
end

describe("a JSON answer", function()
  it("is the output", function()
    assert.same({ JobId = "j-1", StartedAt = 1700000000 },
      json_rpc.decode(start, response(200, '{"JobId":"j-1","StartedAt":1.7e9,"New":[{}]}')))
  end)

  it("of an operation without output is an empty table", function()
    assert.same({}, json_rpc.decode(model:operation("StopJob"), response(200, "")))
  end)

  for _, body in ipairs { "", "{", "<html>", "null", '{"JobId":5}' } do
    it(("that cannot be read is kind response: %q"):format(body), function()
      local output, err = json_rpc.decode(start, response(200, body, { ["x-amzn-requestid"] = "r-1" }))
      assert.is_nil(output)
      assert.same({ "response", 200, "r-1" }, { err.kind, err.status, err.request_id })
    end)
  end

  local errors = {
    { name = "a code in the header", headers = { ["x-amzn-errortype"] = "JobFailed:http://x/" },
      body = '{"__type":"Other"}', code = "JobFailed" },
    { name = "a code member", body = '{"code":"ns#JobFailed","__type":"Other","message":"m"}',
      code = "JobFailed", message = "m" },
    { name = "a type", body = '{"__type":"ns#JobFailed:x","Message":"M"}', code = "JobFailed", message = "M" },
    { name = "no code", body = "{}", code = "400" },
    { name = "an array", body = "[]", code = "400" },
    { name = "half a document", body = '{"__type":"Jo', code = "400" },
    { name = "a code of the wrong type", body = '{"code":5,"__type":{}}', code = "400" },
    { name = "a code of nothing but marks", headers = { ["x-amzn-errortype"] = ":" }, body = '{"__type":"ns#:x"}',
      code = "400" },
    { name = "nothing", body = "", code = "400" },
  }
  for _, case in ipairs(errors) do
    it("with " .. case.name .. " is an error of kind service", function()
      local output, err = json_rpc.decode(start, response(400, case.body, case.headers))
      assert.is_nil(output)
      assert.same({ "service", case.code, case.message or "", 400 }, { err.kind, err.code, err.message, err.status })
    end)
  end

  it("carries the members its error's shape knows", function()
    local _, err = json_rpc.decode(start, response(500, '{"__type":"JobFailed","Message":"M","Step":3,"X":1}'))
    assert.same({ Message = "M", Step = 3 }, err.fields)
  end)

  it("hints at a gateway when a page comes in its place", function()
    local _, err = json_rpc.decode(start, response(502, "<html>", { ["content-type"] = "text/html" }))
    assert.matches("no error code: text/html, perhaps from a proxy", err.hint, 1, true)
  end)

  it("has the delay, in milliseconds or seconds", function()
    local function hint(headers)
      local _, err = json_rpc.decode(start, response(503, "", headers))
      return err.retry_after
    end
    assert.equal(1.5, hint { ["x-amz-retry-after"] = "1500" })
    assert.equal(7, hint { ["retry-after"] = "7" })
    assert.is_nil(hint { ["x-amz-retry-after"] = "-5" })
    assert.is_nil(hint { ["x-amz-retry-after"] = "1.5" })
  end)

  it("is an error for a redirect too", function()
    local _, err = json_rpc.decode(start, response(302, "", { location = "https://elsewhere" }))
    assert.same({ "service", 302 }, { err.kind, err.status })
  end)
end)

describe("a query-compatible service", function()
  local compatible = Model.new {
    service = { id = "Q", protocol = "json-1.0", target = "Q", signing = "q", endpoint = "q", query_compatible = true },
    operations = { Ping = "- -> -" },
    errors = {},
    shapes = {},
  }
  local ping = compatible:operation("Ping")

  it("is asked in query mode", function()
    assert.equal("true", json_rpc.encode(ping, nil, {}).route.headers["x-amzn-query-mode"])
  end)

  it("names its codes in a header", function()
    local _, err = json_rpc.decode(ping, response(400, '{"__type":"ns#QueueDoesNotExist"}', {
      ["x-amzn-query-error"] = "AWS.SimpleQueueService.NonExistentQueue;Sender",
    }))
    assert.equal("AWS.SimpleQueueService.NonExistentQueue", err.code)
  end)
end)
