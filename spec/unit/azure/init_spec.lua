local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"

local SCOPE = "subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c"
local EXPORTS = "https://management.azure.com/" .. SCOPE .. "/providers/Microsoft.CostManagement/exports"

local function client(answers, options)
  local stub = Stub.new(answers)
  local settings = { transport = stub, env = {}, scope = SCOPE, credentials = { token = "hush" } }
  for name, value in pairs(options or {}) do
    settings[name] = value
  end
  return cloudjobs.azure.cost_exports(settings), stub
end

local function failing(status, code, message, headers)
  return { status = status, headers = headers, body = { error = { code = code, message = message } } }
end

describe("a client for Azure cost exports", function()
  it("has the service's operations", function()
    assert.same({ "create_or_update", "delete", "execute", "get", "get_execution_history", "list" },
      client():operations())
  end)

  it("names the mistake in an option and points at the caller's line", function()
    local cases = {
      { { scop = SCOPE }, "unknown option scop %(did you mean scope%?%)" },
      { { api_version = 2025 }, "option api_version: expected string, got number" },
      { { cloud = "us_goverment" }, "option cloud: .*did you mean us_government" },
      { { cloud = { autority = "x" } }, "cloud: unknown option autority" },
      { { credentials = { tokn = "x" } }, "credentials: unknown option tokn %(did you mean token%?%)" },
      { { credentials = { get = "x" } }, "credentials: expected a method get, got string" },
      { { credentials = { kind = "managed" } }, "credentials: unknown kind managed" },
      { { credentials = { client_secret = "x" } },
        "credentials: missing tenant_id %(AZURE_TENANT_ID%), client_id %(AZURE_CLIENT_ID%)" },
      { { credentials = { object_id = "x", resource_id = "y" } }, "expected one of client_id, object_id, resource_id" },
      { { client_type = "a\r\nX: y" }, "client_type: expected letters" },
      { { retry = { max = 2 } }, "retry: unknown option max" },
      { { timeout = { totl = 2 } }, "timeout: unknown option totl" },
      { { timeout = { total = 0 } }, "timeout: option total: expected seconds above 0, got 0" },
    }
    for _, case in ipairs(cases) do
      local ok, message = pcall(function()
        local made = client(nil, case[1])
        return made
      end)
      assert.is_false(ok)
      assert.matches("^spec/unit/azure/init_spec%.lua:%d+: cloudjobs%.azure%.cost_exports: ", message)
      assert.matches(case[2], message)
    end
  end)

  it("opens nothing and sends nothing when it is made", function()
    local _, stub = client(nil, { credentials = { tenant_id = "t", client_id = "c", client_secret = "s" } })
    assert.equal(0, #stub.requests)
  end)
end)

describe("a call", function()
  local calls = {
    { "list", {}, "GET", "?api-version=2025-03-01" },
    { "list", { expand = "runHistory" }, "GET", "?api-version=2025-03-01&$expand=runHistory" },
    { "get", { exportName = "nightly" }, "GET", "/nightly?api-version=2025-03-01" },
    { "create_or_update", { exportName = "nightly", export = { properties = { format = "Csv" } } },
      "PUT", "/nightly?api-version=2025-03-01", '{"properties":{"format":"Csv"}}' },
    { "delete", { exportName = "nightly" }, "DELETE", "/nightly?api-version=2025-03-01" },
    { "execute", { exportName = "nightly" }, "POST", "/nightly/run?api-version=2025-03-01", "" },
    { "execute", { exportName = "nightly", run = { timePeriod = { from = "x" } } },
      "POST", "/nightly/run?api-version=2025-03-01", '{"timePeriod":{"from":"x"}}' },
    { "get_execution_history", { exportName = "nightly" }, "GET", "/nightly/runHistory?api-version=2025-03-01" },
  }
  for _, case in ipairs(calls) do
    it("of " .. case[1] .. " becomes " .. case[3] .. " " .. case[4], function()
      local request = assert(client():request(case[1], case[2]))
      assert.equal(case[3], request.method)
      assert.equal(EXPORTS .. case[4], request.url)
      assert.equal(case[5], request.body)
      assert.equal("application/json", request.headers.accept)
      assert.equal("cloudjobs", request.headers.clienttype)
      assert.equal(case[5] and case[5] ~= "" and "application/json" or nil, request.headers["content-type"])
    end)
  end

  it("takes scope and api_version of its own", function()
    local costs = client(nil, { client_type = "lake", endpoint = "http://127.0.0.1:8080/arm/" })
    local request = assert(costs:request("get", {
      exportName = "a", scope = "/providers/Microsoft.Billing/billingAccounts/a:b_2019-05-31/",
    }, { api_version = "2020-06-01" }))
    assert.equal("http://127.0.0.1:8080/arm/providers/Microsoft.Billing/billingAccounts/a:b_2019-05-31"
      .. "/providers/Microsoft.CostManagement/exports/a?api-version=2020-06-01", request.url)
    assert.equal("lake", request.headers.clienttype)
    assert.equal("127.0.0.1:8080", request.headers.host)
  end)

  it("carries the token and one id for all its attempts", function()
    local costs, stub = client { failing(500, "500", "oops"), { body = { name = "nightly" } } }
    assert.equal("nightly", costs:get({ exportName = "nightly" }).name)
    local first, second = stub.requests[1].headers, stub.requests[2].headers
    assert.equal("Bearer hush", first.authorization)
    assert.equal(first["x-ms-client-request-id"], second["x-ms-client-request-id"])
  end)

  it("percent-encodes what is not ASCII in a group's name", function()
    local request = client():request("list", { scope = SCOPE .. "/resourceGroups/b\195\188cher" })
    assert.matches("/resourceGroups/b%%C3%%BCcher/providers/", request.url)
  end)

  it("reports every problem at once", function()
    local output, err = client(nil, { api_version = "latest" }):create_or_update {
      scope = "subscriptions/..", exportName = "a/b", exprt = {},
    }
    assert.is_nil(output)
    local paths = {}
    for i, problem in ipairs(err.problems) do
      paths[i] = problem.path
    end
    table.sort(paths)
    assert.same({ "api_version", "export", "exportName", "exprt", "scope" }, paths)
    assert.same({ "validation", "CreateOrUpdate" }, { err.kind, err.operation })
  end)

  it("needs a scope from somewhere", function()
    local costs = cloudjobs.azure.cost_exports { transport = Stub.new(), env = {}, credentials = { token = "hush" } }
    local _, err = costs:list()
    assert.same({ { path = "scope", message = "required" } }, err.problems)
  end)

  for _, name in ipairs { "", "a/b", "a b", "a?b", "a%2Fb", "..", ("x"):rep(65) } do
    it(("refuses the export name %q"):format(name), function()
      local _, err = client():get { exportName = name }
      assert.equal("exportName", err.problems[1].path)
    end)
  end

  it("lets the service judge other names when the client does not validate", function()
    local costs = client(nil, { validate = false })
    assert.equal(EXPORTS .. "/a.b%2F%20c?api-version=2025-03-01", costs:request("get", { exportName = "a.b/ c" }).url)
    local _, err = costs:get { exportName = ".." }
    assert.equal("validation", err.kind)
    _, err = client(nil, { validate = false }):get {} -- which no path can do without
    assert.same({ { path = "exportName", message = "required" } }, err.problems)
  end)

  it("sends no token to an endpoint without TLS", function()
    local _, err = client(nil, { endpoint = "http://management.example.com" }):list()
    assert.same({ "config", "List" }, { err.kind, err.operation })
    local costs, stub = client(nil, { endpoint = "http://localhost:1" })
    _, err = costs:list()
    assert.equal("insecure", err.code)
    assert.equal(0, #stub.requests)
  end)
end)

describe("a next page", function()
  it("is read by the ordinary listing", function()
    local costs, stub = client {
      { body = { value = { { name = "a" } }, nextLink = EXPORTS .. "?api-version=2025-03-01&$skiptoken=x" } },
      { body = { value = { { name = "b" } } } },
    }
    local names = {}
    for export in costs:items("list", { expand = "runHistory" }) do
      names[#names + 1] = export.name
    end
    assert.same({ "a", "b" }, names)
    assert.matches("skiptoken=x$", stub.requests[2].url)
    assert.equal("Bearer hush", stub.requests[2].headers.authorization)
  end)

  it("elsewhere ends the listing with an error", function()
    local costs, stub = client { { body = { value = {}, nextLink = "https://evil.example.com/x" } } }
    local _, err = costs:all("list")
    assert.same({ "validation", 1 }, { err.kind, #stub.requests })
  end)

  it("is followed on the same origin", function()
    local request = client():request("list", { nextLink = EXPORTS .. "?api-version=2025-03-01&$skiptoken=x" })
    assert.equal(EXPORTS .. "?api-version=2025-03-01&$skiptoken=x", request.url)
  end)

  for _, link in ipairs {
    "https://evil.example.com/x", "http://management.azure.com/x", "/relative",
    "https://management.azure.com@evil.example.com/x",
  } do
    it("is refused at " .. link, function()
      local _, err = client():list { nextLink = link }
      assert.same({ "validation", "nextLink" }, { err.kind, err.problems[1].path })
    end)
  end
end)

describe("an answer", function()
  it("is handed over as it is, unknown members and texts of time included", function()
    local document = { name = "a", properties = { new = { 1 }, nextRunTimeEstimate = "2031-03-02T23:00:00.1234567Z" } }
    assert.same(document, client({ { body = document } }):get { exportName = "a" })
  end)

  it("may be empty where nothing is expected", function()
    assert.same({}, client({ { status = 204 } }):delete { exportName = "a" })
    assert.same({}, client({ { status = 200, body = "whatever" } }):execute { exportName = "a" })
  end)

  it("never leads elsewhere by its Location", function()
    local costs, stub = client { {
      status = 201, body = { name = "a" }, headers = { location = "https://costmanagement.trafficmanager.net/x" },
    } }
    assert.equal("a", costs:create_or_update({ exportName = "a", export = { eTag = "x" } }).name)
    assert.equal(1, #stub.requests)
  end)

  it("that redirects is an error", function()
    local costs, stub = client { { status = 307, headers = { location = "https://evil.example.com" } } }
    local _, err = costs:list()
    assert.same({ "service", 307, false }, { err.kind, err.status, err.retryable })
    assert.equal(1, #stub.requests)
  end)

  for _, body in ipairs { "", "<html></html>", "null", '"text"', "[]", '{"value":[' } do
    it(("that reads %q cannot be understood"):format(body), function()
      local output, err = client({ { body = body, headers = { ["content-type"] = "text/html" } } }):list()
      assert.is_nil(output)
      assert.same({ "response", 200 }, { err.kind, err.status })
      assert.matches("text/html", err.hint)
    end)
  end
end)

describe("an error", function()
  local function of(answer)
    local _, err = client():decode("get", {
      status = answer.status,
      headers = answer.headers or {},
      body = type(answer.body) == "table" and cloudjobs.json.encode(answer.body) or answer.body or "",
    })
    return err
  end

  local forms = {
    { { error = { code = "NotFound", message = "gone" } }, "NotFound", "gone" },
    { { code = "NotFound", message = "gone" }, "NotFound", "gone" },
    { { error = "invalid_request", error_description = "no" }, "invalid_request", "no" },
    { { error = { code = 404, message = "gone" } }, "404", "gone" },
    { { ["odata.error"] = { code = "X", message = { lang = "en", value = "y" } } }, "X", "y" },
    { { Message = "no route" }, "400", "no route" },
    { {}, "400", "" },
    { "", "400", "" },
    { "[]", "400", "" },
    { '{"error":', "400", "" },
    { "<html>", "400", "" },
  }
  for _, form in ipairs(forms) do
    it("is read from " .. (type(form[1]) == "table" and cloudjobs.json.encode(form[1]) or '"' .. form[1] .. '"'), function()
      local err = of { status = 400, body = form[1] }
      assert.same({ "service", form[2], form[3], 400 }, { err.kind, err.code, err.message, err.status })
    end)
  end

  it("carries its details as problems, and both request ids", function()
    local err = of {
      status = 400,
      headers = { ["x-ms-request-id"] = "r-1", ["x-ms-correlation-request-id"] = "c-1" },
      body = { error = { code = "BadRequest", message = "Invalid request.", details = {
        { code = "A", message = "first", target = "x", details = { { message = "inner" } } }, { code = "B" },
      } } },
    }
    assert.same({ { path = "x", message = "A: first" }, { path = "", message = "inner" }, { path = "", message = "B" } },
      err.problems)
    assert.same({ "r-1", "c-1" }, { err.request_id, err.correlation_id })
  end)

  it("knows a conflict", function()
    assert.is_true(of(failing(409, "Conflict", "x")).conflict)
    assert.is_true(of(failing(412, "PreconditionFailed", "x")).conflict)
    assert.is_false(of(failing(400, "BadRequest", "x")).conflict)
  end)

  it("names the tenant that a 401 wants tokens of", function()
    local tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47"
    local err = of(failing(401, "InvalidAuthenticationTokenTenant", "x", {
      ["www-authenticate"] = ('Bearer authorization_uri="https://login.microsoftonline.com/%s", error="invalid_token"')
        :format(tenant),
    }))
    assert.equal(tenant, err.tenant)
    assert.matches('tenant_id = "72f988bf', err.hint)
  end)

  it("carries the claims that a 401 asks for", function()
    local err = of(failing(401, "Unauthorized", "x", {
      ["www-authenticate"] = 'Bearer error="insufficient_claims", claims="eyJhIjoxfQ"',
    }))
    assert.equal('{"a":1}', err.claims)
  end)

  local waits = {
    { { ["retry-after"] = "17" }, 17 },
    { { ["retry-after"] = "Thu, 01 Jan 2026 00:00:30 GMT", date = "Thu, 01 Jan 2026 00:00:00 GMT" }, 30 },
    { { ["retry-after"] = "Thu, 01 Jan 2026 00:00:00 GMT", date = "Thu, 01 Jan 2026 00:00:30 GMT" }, 0 },
    { { ["retry-after"] = "soon" }, nil },
    { { ["retry-after-ms"] = "1500" }, 1.5 },
    { { ["x-ms-ratelimit-microsoft.consumption-retry-after"] = "23" }, 23 },
    { { ["x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after"] = "4",
        ["x-ms-ratelimit-microsoft.costmanagement-clienttype-retry-after"] = "0",
        ["x-ms-ratelimit-microsoft.costmanagement-entity-retry-after"] = "31",
        ["retry-after"] = "9" }, 31 },
    { { ["x-ms-ratelimit-microsoft.costmanagement-entity-retry-after"] = "soon" }, nil },
    { { ["x-ms-ratelimit-remaining-microsoft.costmanagement-entity-requests"] = "7" }, nil },
    { {}, nil },
  }
  for i, case in ipairs(waits) do
    it("has the delay, form " .. i, function()
      assert.equal(case[2], of(failing(429, "429", "Too many requests.", case[1])).retry_after)
    end)
  end

  it("of throttling is waited for as long as the longest header asks", function()
    local costs, stub = client {
      failing(429, "429", "Too many requests.", {
        ["retry-after"] = "9", ["x-ms-ratelimit-microsoft.costmanagement-tenant-retry-after"] = "11",
      }),
      { body = { value = {} } },
    }
    assert.is_table(costs:list())
    assert.same({ 11 }, stub.slept)
  end)

  it("after which a run may have started is not followed by a second run", function()
    for _, status in ipairs { 408, 500, 503 } do
      local costs, stub = client { failing(status, tostring(status), "oops"), {} }
      local _, err = costs:execute { exportName = "a" }
      assert.same({ status, true, 1 }, { err.status, err.ambiguous, #stub.requests })
    end
    for _, status in ipairs { 429, 503 } do -- not now: nothing was started
      local costs, stub = client { failing(status, tostring(status), "slow", { ["retry-after"] = "2" }), {} }
      assert.is_table(costs:execute { exportName = "a" })
      assert.equal(2, #stub.requests)
    end
  end)
end)

describe("a token that the service refuses", function()
  local function token(text)
    return { body = { access_token = text, expires_in = 3600 } }
  end

  local SECRET = { tenant_id = "t", client_id = "c", client_secret = "s" }
  local CHALLENGE = { ["www-authenticate"] = 'Bearer error="insufficient_claims", claims="eyJhIjoxfQ=="' }

  it("is asked for anew, once, with the claims that are wanted", function()
    local costs, stub = client({
      token "tok-1", failing(401, "Unauthorized", "x", CHALLENGE), token "tok-2", { body = { value = {} } },
    }, { credentials = SECRET })
    assert.is_table(costs:list())
    assert.matches("&claims=%%7B%%22a%%22%%3A1%%7D$", stub.requests[3].body)
    assert.equal("Bearer tok-2", stub.requests[4].headers.authorization)
    assert.same({ 0 }, stub.slept)
  end)

  it("is asked for anew when it has expired, and given up on when that does not help", function()
    local expired = failing(401, "ExpiredAuthenticationToken", "x")
    local costs, stub = client({ token "tok-1", expired, token "tok-2", expired }, { credentials = SECRET })
    local _, err = costs:list()
    assert.same({ "ExpiredAuthenticationToken", 2, 4 }, { err.code, err.attempts, #stub.requests })
  end)

  it("is not asked for anew where it was given in code, or for any other reason", function()
    local costs, stub = client { failing(401, "ExpiredAuthenticationToken", "x") }
    assert.is_nil((costs:list()))
    assert.equal(1, #stub.requests)
    costs, stub = client({ token "tok-1", failing(401, "AuthenticationFailed", "x") }, { credentials = SECRET })
    assert.is_nil((costs:list()))
    assert.equal(2, #stub.requests)
  end)
end)

describe("a cloud", function()
  local token = { body = { access_token = "tok", expires_in = 3600 } }
  local SCOPED = "/" .. SCOPE .. "/providers/Microsoft.CostManagement/exports?"
  local CASES = {
    { "public", "https://login.microsoftonline.com/", "https://management.azure.com" },
    { "us_government", "https://login.microsoftonline.us/", "https://management.usgovcloudapi.net" },
    { "china", "https://login.chinacloudapi.cn/", "https://management.chinacloudapi.cn" },
    { { authority = "https://login.example", endpoint = "https://arm.example", token_scope = "https://arm.example/.default" },
      "https://login.example/", "https://arm.example" },
  }
  for _, case in ipairs(CASES) do
    it("has its addresses: " .. case[3], function()
      local costs, stub = client({ token, { body = { value = {} } } }, {
        cloud = case[1], credentials = { tenant_id = "t", client_id = "c", client_secret = "hush" },
      })
      assert(costs:list())
      assert.equal(case[2] .. "t/oauth2/v2.0/token", stub.requests[1].url)
      assert.matches("&scope=" .. case[3]:gsub("%W", function(c)
        return c:find("[%.%-]") and "%" .. c or ("%%%%%02X"):format(c:byte())
      end) .. "%%2F%.default", "&" .. stub.requests[1].body)
      assert.equal(case[3] .. SCOPED, stub.requests[2].url:sub(1, #case[3] + #SCOPED))
    end)
  end
end)

describe("a hint", function()
  local BILLING = "providers/Microsoft.Billing/billingAccounts/1"

  local cases = {
    { 400, "400", "RP Not Registered: Microsoft.CostManagementExports", "register_provider" },
    { 400, "400", "Key-based authentication is currently disabled", "SystemAssigned" },
    { 400, "400", "An eTag value is needed for an update", "reads it when the document has none" },
    { 409, "Conflict", "x", "get it again" },
    { 412, "412", "x", "get it again" },
    { 400, "BadRequest", "Invalid definition type 'FocusCost'; valid values: 'Usage'", "type \"Usage\" only" },
    { 400, "BadRequest", "Invalid member :properties.schedule.recurrence", "Leave recurrence out" },
    { 400, "BadRequest", "rootFolderPath is not valid", "without a slash" },
    { 400, "FailedIdentityOperation", "x", "roleAssignments/write" },
    { 400, "InvalidApiVersionParameter", "The api-version is unknown", "api_version =" },
    { 401, "InvalidAuthenticationTokenTenant", "x", "tenant_id" },
    { 401, "401", "Unauthorized", "billing role", BILLING },
    { 403, "BillingAccessDenied", "x", "billing role" },
    { 400, "BadRequest", "x", "which agreement", BILLING },
    { 403, "AuthorizationFailed", "x", "Cost Management Reader" },
    { 404, "404", "No export found for a", 'pass api_version = "2025%-03%-01"', SCOPE, "2020-06-01" },
    { 404, "404", "No export found for a", "client:list" },
    { 502, nil, nil, "proxy or gateway" },
  }
  for _, case in ipairs(cases) do
    it(("goes with %d %s %s"):format(case[1], case[2] or "", case[3] or ""), function()
      local costs = client({ failing(case[1], case[2], case[3]) }, {
        scope = case[5], api_version = case[6], retry = { max_attempts = 1 },
      })
      local _, err = costs:get { exportName = "a" }
      assert.matches(case[4], err.hint)
    end)
  end

  it("hints at the schedule where a document was refused, not a run", function()
    local refusal = failing(400, "BadRequest", "from cannot be after to")
    local costs = client { refusal, refusal }
    local _, err = costs:create_or_update { exportName = "a", export = { eTag = "x", properties = {} } }
    assert.matches("^Give recurrencePeriod both ends", err.hint)
    _, err = costs:execute { exportName = "a", run = { timePeriod = { from = "2026-01-31T00:00:00Z", to = "2026-01-01T00:00:00Z" } } }
    assert.same({ "from cannot be after to", nil }, { err.message, err.hint })
  end)
end)
