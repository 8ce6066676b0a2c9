local core = require "cloudjobs.core"
local emulated = require "spec.support.emulated"

local LIST = { "bcm_data_exports", "ListExports" }

describe("the emulator's clock", function()
  local emulator
  before_each(function()
    emulator = emulated.new()
  end)

  it("starts at the wall clock and runs with it", function()
    emulator.time = emulated.START + 7
    assert.same({ now = emulated.START + 7, speed = 1, wall = emulated.START + 7 }, emulator:control("GET", "clock"))
  end)

  it("runs faster, is set and advanced", function()
    assert.equal(60, emulator:control("POST", "clock", { speed = 60 }).speed)
    emulator.time = emulated.START + 10
    assert.equal(emulated.START + 600, emulator:control("GET", "clock").now)
    assert.equal(emulated.START + 660, emulator:control("POST", "clock", { advance = 60 }).now)
    emulator:control("POST", "clock", { set = "2031-01-01T00:00:00Z", speed = 2 })
    emulator.time = emulated.START + 11
    assert.equal(core.epoch "2031-01-01T00:00:02Z", emulator:control("GET", "clock").now)
  end)

  it("sets the Date of responses by the wall clock", function()
    emulator:control("POST", "clock", { set = "2031-01-01T00:00:00Z" })
    assert.equal("Sun, 22 Nov 2026 00:00:00 GMT", emulator:respond(emulator:signed(LIST[1], LIST[2])).headers.date)
  end)

  it("refuses what is no time", function()
    for _, wrong in ipairs { { set = "soon" }, { set = 1e300 }, { set = -1 }, { advance = 1e15 } } do
      assert.has_error(function()
        emulator:control("POST", "clock", wrong)
      end, "set: expected epoch seconds or ISO-8601; advance: seconds")
    end
    assert.has_error(function()
      emulator:control("POST", "clock", { speed = -1 })
    end, "speed: expected 0 or more")
    assert.equal(emulated.START, emulator:control("GET", "clock").now)
  end)
end)

describe("the emulator's faults", function()
  local emulator
  before_each(function()
    emulator = emulated.new()
  end)

  local function statuses(count, operation)
    local seen = {}
    for i = 1, count do
      seen[i] = emulator:respond(emulator:signed("bcm_data_exports", operation or "ListExports")).status
    end
    return seen
  end

  it("hit the nth request of an operation, so many times", function()
    emulator:control("POST", "faults", { operation = "list_exports", nth = 3, times = 2, status = 503 })
    assert.same({ 200, 200 }, statuses(2, "ListTables"))
    assert.same({ 200, 200, 503, 503, 200 }, statuses(5))
  end)

  it("last for ever with times 0, until they are lifted", function()
    emulator:control("POST", "faults", { service = "bcm-data-exports", times = 0, status = 500 })
    assert.same({ 500, 500, 500 }, statuses(3))
    emulator:control("DELETE", "faults")
    assert.same({ 200 }, statuses(1))
  end)

  it("throttle an AWS service as it does", function()
    emulator:control("POST", "faults", { operation = "ListExports", throttle = true, headers = { ["x-amz-retry-after"] = "1500" } })
    local response = emulator:respond(emulator:signed("bcm_data_exports", "ListExports"))
    assert.same({ 400, "ThrottlingException", "1500" },
      { response.status, response.headers["x-amzn-errortype"], response.headers["x-amz-retry-after"] })
    assert.same({ __type = "com.amazonaws.bcmdataexports#ThrottlingException", Message = "Rate exceeded" }, core.json_decode(response.body))
  end)

  it("throttle Azure without a Retry-After", function()
    emulator:control("POST", "faults", { service = "azure_cost_exports", throttle = true, retry_after = 11 })
    local status, document, headers = emulator:azure("GET", "")
    assert.same({ 429, { error = { code = "429", message = "Too many requests. Please retry." } } }, { status, document })
    assert.same({ "11", "11", nil }, {
      headers["x-ms-ratelimit-microsoft.costmanagement-entity-retry-after"],
      headers["x-ms-ratelimit-microsoft.costmanagement-tenant-retry-after"],
      headers["retry-after"],
    })
    emulator:control("POST", "faults", { operation = "list", status = 503, retry_after = 7 })
    status, document, headers = emulator:azure("GET", "")
    assert.same({ 503, "503", "7" }, { status, document.error.code, headers["retry-after"] })
  end)

  it("fail the token endpoint", function()
    emulator:control("POST", "faults", { service = "identity", status = 503 })
    local response = emulator:respond { method = "POST", path = "/t/oauth2/v2.0/token", body = "" }
    assert.same({ 503, "temporarily_unavailable" }, { response.status, core.json_decode(response.body).error })
  end)

  it("give a response that no service wrote", function()
    emulator:control("POST", "faults", { operation = "ListExports", status = 502, body = "<html></html>" })
    local response = emulator:respond(emulator:signed("bcm_data_exports", "ListExports"))
    assert.same({ 502, "text/html", "<html></html>" }, { response.status, response.headers["content-type"], response.body })
  end)

  it("delay and drop", function()
    emulator:control("POST", "faults", { { operation = "ListExports", latency = 2 }, { operation = "ListTables", drop = true } })
    local slow = emulator:respond(emulator:signed("bcm_data_exports", "ListExports"))
    assert.same({ 200, 2 }, { slow.status, slow.latency })
    assert.is_true(emulator:respond(emulator:signed("bcm_data_exports", "ListTables")).drop)
  end)

  it("refuse a rule with a word they do not know", function()
    assert.has_error(function()
      emulator:control("POST", "faults", { opperation = "ListExports" })
    end, "fault: unknown option opperation (did you mean operation?)")
  end)

  local WRONG = {
    { { operation = "ListExport" }, "fault: no operation is named ListExport (did you mean list_exports?)" },
    { { service = "smm" }, "fault: no service is named smm (did you mean ssm?)" },
    { { service = "ssm", operation = "ListExports" }, "fault: no operation is named ListExports" },
    { { status = "503" }, "fault: option status: expected number, got string" },
  }
  for _, case in ipairs(WRONG) do
    it("refuse what can hit nothing: " .. case[2], function()
      assert.has_error(function()
        emulator:control("POST", "faults", case[1])
      end, case[2])
    end)
  end

  it("may name every operation that a front serves", function()
    local names = {
      "GetCallerIdentity", "token", "discovery", "imds", "arc", "app", "keys", "container", "GetRoleCredentials",
      "create_or_update", "POST register", "DescribeMaintenanceWindows", "StartResourceSnapshotJob",
    }
    for _, name in ipairs(names) do
      emulator:control("POST", "faults", { operation = name, status = 500 })
    end
  end)
end)

describe("the emulator's controls", function()
  local emulator
  before_each(function()
    emulator = emulated.new()
  end)

  it("show the requests that came, secrets left out", function()
    emulator:respond(emulator:signed("bcm_data_exports", "ListExports", { MaxResults = 7 }))
    emulator:azure("GET", "?api-version=2025-03-01")
    emulator:respond { method = "POST", path = "/t/oauth2/v2.0/token", body = "client_secret=hush" }
    local seen = emulator:control("GET", "requests").requests
    assert.same({ "ListExports", "bcm_data_exports", '{"MaxResults":7}', 200 }, { seen[1].operation, seen[1].service, seen[1].body, seen[1].status })
    assert.same({ "list", "Bearer *****", "api-version=2025-03-01" }, { seen[2].operation, seen[2].headers.authorization, seen[2].query })
    assert.equal("*****", seen[3].body)
    assert.matches("^AWS4%-HMAC%-SHA256 Credential=AKIDEMULATOR/.*, SignedHeaders=.*, Signature=%*%*%*%*%*$",
      seen[1].headers.authorization)
    emulator:control("DELETE", "requests")
    assert.same({}, emulator:control("GET", "requests").requests)
  end)

  local SECRETS = {
    ["a session's token"] = { headers = { ["x-amz-security-token"] = "hush", ["x-amz-target"] = "AmazonSSM.Any" } },
    ["an access token"] = { path = "/federation/credentials", headers = { ["x-amz-sso_bearer_token"] = "hush" } },
    ["a token of the instance"] = { path = "/latest/meta-data/iam/security-credentials/",
      headers = { ["x-aws-ec2-metadata-token"] = "hush" } },
    ["a container's token"] = { path = "/container/credentials", headers = { authorization = "hush" } },
    ["App Service's header"] = { path = "/msi/token", query = "resource=x", headers = { ["x-identity-header"] = "hush" } },
    ["a refresh token"] = { method = "POST", path = "/token", body = '{"refreshToken":"hush","clientSecret":"hush"}' },
    ["a web identity"] = { method = "POST", path = "/", body = "Action=AssumeRoleWithWebIdentity&WebIdentityToken=hush&A",
      headers = { ["content-type"] = "application/x-www-form-urlencoded" } },
  }
  for what, request in pairs(SECRETS) do
    it("show the requests that came without " .. what, function()
      request.method, request.path = request.method or "GET", request.path or "/"
      emulator:respond(request)
      local seen = emulator:control("GET", "requests").requests
      assert.equal(1, #seen)
      assert.is_nil(core.json_encode(seen):find("hush", 1, true))
    end)
  end

  local WRONG = {
    { "clock", { advanc = 1 }, "clock: unknown option advanc (did you mean advance?)" },
    { "clock", { advance = "x" }, "clock: option advance: expected number, got string" },
    { "suppose", { foo = 1 }, "suppose: unknown option foo" },
    { "suppose", { shared_key = false }, "suppose: expected a subscription or a storage_account" },
    { "outcomes", { king = "export_execution" }, "outcome: unknown option king (did you mean kind?)" },
    { "open_window", { WindowID = "mw-0" }, "open_window: unknown option WindowID (did you mean WindowId?)" },
    { "seed", { { servce = "ssm" } }, "step 1: unknown option servce (did you mean service?)" },
    { "seed", { { service = "ssm", operation = "Foo" } }, "step 1: no such operation" },
    { "seed", { { service = "ssm" } }, "step 1: no such operation" },
    { "seed", { { path = "/foo" } }, "step 1: no such path" },
  }
  for _, case in ipairs(WRONG) do
    it(("refuse a mistyped word: %s, %s"):format(case[1], case[3]), function()
      assert.has_error(function()
        emulator:control("POST", case[1], case[2])
      end, case[3])
    end)
  end

  it("refuse an outcome that no job can have", function()
    assert.has_error(function()
      emulator:control("POST", "outcomes", { kind = "export_execution", status = "SUCCESS" })
    end, "no export_execution has the status SUCCESS")
    assert.has_error(function()
      emulator:control("POST", "outcomes", { kind = "wish", status = "granted" })
    end, "no kind of job is named wish")
  end)

  it("seed the past by the services' own operations", function()
    local outputs = emulator:control("POST", "seed", {
      {
        service = "ssm",
        operation = "CreateMaintenanceWindow",
        params = { Name = "weekly", Schedule = "rate(1 day)", Duration = 2, Cutoff = 1, AllowUnassociatedTargets = true },
        ago = 3 * 86400,
        account = "444455556666",
        region = "eu-west-1",
      },
      {
        path = "/" .. emulated.SUBSCRIPTION .. "/providers/Microsoft.CostManagement/exports/old",
        body = {
          properties = {
            definition = { type = "ActualCost", timeframe = "MonthToDate" },
            deliveryInfo = { destination = { container = "costs", resourceId = "/subscriptions/x/y" } },
            schedule = {
              status = "Active",
              recurrence = "Daily",
              recurrencePeriod = { from = "2026-11-01T00:00:00Z", to = "2027-01-01T00:00:00Z" },
            },
          },
        },
        at = "2026-10-31T00:00:00Z",
      },
    }).outputs
    local how = { key = "AKIDOTHER", region = "eu-west-1" }
    local executions = emulator:aws("ssm", "DescribeMaintenanceWindowExecutions", { WindowId = outputs[1].WindowId }, how).WindowExecutions
    assert.same({ 3, "SUCCESS" }, { #executions, executions[3].Status })
    assert.equal("old", outputs[2].name)
    local _, history = emulator:azure("GET", "/old/runHistory?api-version=2025-03-01")
    assert.equal(22, #history.value)
    assert.equal(emulated.START, emulator:control("GET", "clock").now)
  end)

  it("name the step of a seed that is wrong", function()
    assert.has_error(function()
      emulator:control("POST", "seed", { { service = "ssm", operation = "GetMaintenanceWindow", params = { WindowId = "mw-00000000000000000" } } })
    end, "step 1: DoesNotExistException: Maintenance window mw-00000000000000000 does not exist.")
    assert.has_error(function()
      emulator:control("POST", "seed", { { service = "dns", operation = "Get" } })
    end, "step 1: no such service")
  end)

  it("begin anew", function()
    emulator:aws("partnercentral_selling", "CreateEngagement", { Catalog = "AWS", Title = "T", Description = "D" })
    emulator:control("POST", "faults", { times = 0, status = 500 })
    emulator:control("POST", "clock", { advance = 1000 })
    emulator:control("POST", "reset")
    assert.same({}, emulator:aws("partnercentral_selling", "ListEngagements", { Catalog = "AWS" }).EngagementSummaryList)
    assert.equal(emulated.START, emulator:control("GET", "clock").now)
  end)

  it("respond with 404 where they do not exist", function()
    assert.equal(404, emulator:respond({ method = "GET", path = "/_emulator/wishes" }).status)
    assert.equal(404, emulator:respond({ method = "GET", path = "/" }).status)
    assert.equal(400, emulator:respond({ method = "POST", path = "/_emulator/clock", body = "{" }).status)
  end)

  it("serve the metadata that an authority's clients request first", function()
    local response = emulator:respond {
      method = "GET",
      path = "/a-tenant/v2.0/.well-known/openid-configuration",
      headers = { host = "localhost:1" },
    }
    assert.equal("http://localhost:1/a-tenant/oauth2/v2.0/token", core.json_decode(response.body).token_endpoint)
    response = emulator:respond { method = "GET", path = "/common/discovery/instance", headers = { host = "localhost:1" } }
    assert.equal("http://localhost:1/common/v2.0/.well-known/openid-configuration", core.json_decode(response.body).tenant_discovery_endpoint)
  end)
end)
