local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"

local SCOPE = "subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c"
local ORIGIN = "https://management.azure.com"
local LOCATION = ORIGIN .. "/" .. SCOPE .. "/providers/Microsoft.CostManagement/operationResults/op-1?api-version=2023-09-01"

local function client_of(answers, service)
  local stub = Stub.new(answers)
  local client = cloudjobs.azure[service or "cost_reports"] {
    transport = stub, env = {}, scope = SCOPE, credentials = { token = "hush" },
  }
  return client, stub
end

describe("poll_operation", function()
  it("is a method of every Azure client, and reads a location once", function()
    for _, service in ipairs { "cost_exports", "cost_reports", "deployments" } do
      local client, stub = client_of({
        { status = 202, headers = { ["Retry-After"] = "7", Location = LOCATION } },
        { body = { status = "Completed" } },
      }, service)
      local result = assert(client:poll_operation(LOCATION))
      assert.same({ 202, 7, LOCATION }, { result.status, result.retry_after, result.headers.location })
      assert.is_nil(result.document)
      result = assert(client:poll_operation(LOCATION))
      assert.same({ 200, { status = "Completed" } }, { result.status, result.document })
      assert.equal(LOCATION, stub.requests[1].url)
      assert.equal("Bearer hush", stub.requests[1].headers.authorization)
    end
  end)

  it("accepts a path, and an address that names the port", function()
    local client, stub = client_of { { body = {} }, { body = {} } }
    assert(client:poll_operation("/x/y?a=b"))
    assert.equal(ORIGIN .. "/x/y?a=b", stub.requests[1].url)
    assert(client:poll_operation("https://MANAGEMENT.azure.com:443/x"))
    assert.equal(ORIGIN .. "/x", stub.requests[2].url)
  end)

  it("refuses a path that is shortened on its way, and encodes letters beyond ASCII", function()
    for _, address in ipairs { "/a/../b", "/a/%2E%2e/b", ORIGIN .. "/./x", "/..", "/a/.?x=y" } do
      local client, stub = client_of { { body = {} } }
      local result, err = client:poll_operation(address)
      assert.is_nil(result)
      assert.matches("url: expected no segment . or .. in its path", tostring(err), 1, true)
      assert.equal(0, #stub.requests)
    end
    local client, stub = client_of { { body = {} } }
    assert(client:poll_operation("/resourceGroups/gr\195\182n/x..y/...z"))
    assert.equal(ORIGIN .. "/resourceGroups/gr%C3%B6n/x..y/...z", stub.requests[1].url)
  end)

  it("sends its token to no other host", function()
    for _, address in ipairs {
      "https://costmanagement.trafficmanager.net/x", "http://management.azure.com/x", "https://management.azure.com:8443/x",
      "https://management.azure.com@evil.example/x", "//evil.example/x", "ftp://management.azure.com/x", "x",
    } do
      local client, stub = client_of { { body = {} } }
      local result, err = client:poll_operation(address)
      if result then -- "//evil.example/x" is a path here
        assert.equal(ORIGIN .. "//evil.example/x", stub.requests[1].url)
      else
        assert.equal("validation", err.kind, address)
        assert.equal(0, #stub.requests)
      end
    end
  end)

  it("follows redirects within the client's Azure Resource Manager, ten at most", function()
    local client, stub = client_of { { status = 307, headers = { Location = LOCATION } }, { body = { status = "Failed" } } }
    assert.equal("Failed", assert(client:poll_operation("/start")).document.status)
    assert.equal(LOCATION, stub.requests[2].url)
    local answers = {}
    for i = 1, 12 do
      answers[i] = { status = 302, headers = { Location = LOCATION } }
    end
    client, stub = client_of(answers)
    local result, err = client:poll_operation("/start")
    assert.is_nil(result)
    assert.equal("redirects", err.code)
    assert.equal(11, #stub.requests)
    client, stub = client_of { { status = 302, headers = { Location = "https://evil.example/x" } } }
    result, err = client:poll_operation("/start")
    assert.is_nil(result)
    assert.matches("expected a link into https://management.azure.com, got one into evil.example", tostring(err), 1, true)
    assert.equal(1, #stub.requests)
  end)

  it("refuses an address of more than 8 KB, and a body that is no object", function()
    local client = client_of { { body = "[1" } }
    local result, err = client:poll_operation("/" .. ("x"):rep(8192))
    assert.is_nil(result)
    assert.matches("url: expected at most 8192 bytes, got 8193", tostring(err), 1, true)
    result, err = client:poll_operation("/x")
    assert.is_nil(result)
    assert.equal("response", err.kind)
  end)

  it("returns the service's error, without the signature of a link in it", function()
    local client = client_of { { status = 403, body = { error = {
      code = "AuthorizationFailed", message = "no access to https://x.blob.core.windows.net/r?sv=1&sig=c2VjcmV0LXNpZ25hdHVyZQ%3D%3D",
    } } } }
    local result, err = client:poll_operation("/x")
    assert.is_nil(result)
    assert.equal("AuthorizationFailed", err.code)
    assert.is_nil(tostring(err):find("c2VjcmV0", 1, true))
  end)
end)

describe("the links of a long-running operation", function()
  local SECRETS = { "c2VjcmV0LXNpZ25hdHVyZQ", "U0VTU0lPTlRPS0VO", "MIIHhzCCBm" }
  local SAS = "https://x.blob.core.windows.net/r.csv?sv=2021-08-06&sig=c2VjcmV0LXNpZ25hdHVyZQ%3D%3D"
  local SESSION = "https://management.azure.com/x/operationResults/op-1?sessiontoken=U0VTU0lPTlRPS0VO&c=MIIHhzCCBm&s=c2VjcmV0LXNpZ25hdHVyZQ"

  -- All texts in a value, with those that tostring gives.
  local function texts_of(value, texts, seen)
    texts[#texts + 1] = tostring(value)
    if type(value) == "table" and not seen[value] then
      seen[value] = true
      for name, item in pairs(value) do
        texts[#texts + 1] = tostring(name)
        texts_of(item, texts, seen)
      end
    end
    return texts
  end

  local function assert_hidden(...)
    local text = table.concat(texts_of({ ... }, {}, {}), "\n")
    for _, secret in ipairs(SECRETS) do
      assert.is_nil(text:find(secret, 1, true), text)
    end
  end

  for name, answer in pairs {
    ["an address to poll"] = { status = 202, headers = { Location = SESSION, ["Azure-AsyncOperation"] = SESSION, ["Set-Cookie"] = SECRETS[1] } },
    ["a report's links"] = { body = { status = "Completed", downloadUrl = SAS, manifest = { blobs = { { blobLink = SAS } } } } },
    ["a reason"] = { body = { status = "Failed", error = { code = "X", message = "no access to " .. SAS .. " by " .. SESSION } } },
    ["a refusal"] = { status = 403, body = { error = { code = "X", message = "no access to " .. SAS .. " by " .. SESSION } } },
    ["a redirect to another host"] = { status = 302, headers = { Location = SAS } },
    ["a redirect to no address"] = { status = 302, headers = { Location = "x?" .. SAS } },
    ["a body that is no document"] = { body = '"' .. SAS .. '"' },
  } do
    it("are in no event, error or text: " .. name, function()
      local events = {}
      local stub = Stub.new { answer, answer, answer }
      local client = cloudjobs.azure.cost_reports {
        transport = stub, env = {}, scope = SCOPE, credentials = { token = "hush" }, retry = { max_attempts = 1 },
        logger = function(event)
          events[#events + 1] = event
        end,
      }
      local _, err = client:poll_operation(SESSION)
      local status, problem = cloudjobs.jobs.price_sheet(client, { location = SESSION, operationId = "op-1" }):status()
      local _, refusal = cloudjobs.jobs.start_price_sheet(client, {})
      assert.is_true(#events >= 9)
      assert_hidden(events, err, problem, refusal, status and status.reason, tostring(status))
    end)
  end
end)

local REPORTS = {
  cost_details_report = {
    start = { report = { metric = "ActualCost" } },
    location = "costDetailsOperationResults",
    cases = {
      { { status = "Completed", manifest = { blobCount = 1, blobs = { { blobLink = "https://x/?sig=abc", byteCount = 7 } } },
        validTill = "2026-01-02T00:00:00Z" }, "succeeded",
        { blobs = { { blobLink = "https://x/?sig=abc", byteCount = 7 } }, count = 1, valid_until = "2026-01-02T00:00:00Z" } },
      { { status = "NoDataFound" }, "no_data" },
      { { status = "Failed", error = { code = "InvalidScope", message = "no" } }, "failed", nil, "InvalidScope: no" },
    },
  },
  reservation_details_report = {
    start = { startDate = "2026-01-01", endDate = "2026-01-31" },
    location = "reservationDetailsOperationResults",
    cases = {
      { { status = "Completed", properties = { reportUrl = "https://x/?sig=abc", validUntil = "2026-01-02" } }, "succeeded",
        { url = "https://x/?sig=abc", valid_until = "2026-01-02" } },
      { { status = "Failed" }, "failed" },
    },
  },
  price_sheet = {
    start = {},
    location = "operationResults",
    cases = {
      { { downloadUrl = "https://x/?sig=abc", expiryTime = "2026-01-02" }, "succeeded",
        { url = "https://x/?sig=abc", valid_until = "2026-01-02" } },
      { { status = "Completed", properties = { downloadUrl = "https://x/?sig=abc", validTill = "2026-01-02" } }, "succeeded",
        { url = "https://x/?sig=abc", valid_until = "2026-01-02" } },
    },
  },
}

for kind, known in pairs(REPORTS) do
  describe(kind, function()
    local location = ("%s/%s/providers/Microsoft.CostManagement/%s/op-1?api-version=2023-09-01&sessiontoken=h"):format(
      ORIGIN, SCOPE, known.location)

    for i, case in ipairs(known.cases) do
      it(("is started and read until it is %s (%d)"):format(case[2], i), function()
        local client, stub = client_of {
          { status = 202, headers = { Location = location, ["Retry-After"] = "90" } },
          { status = 202, headers = { ["Retry-After"] = "90" } },
          { body = { status = "Running" } },
          { body = case[1] },
        }
        local job = assert(cloudjobs.jobs["start_" .. kind](client, known.start))
        local began = stub:clock()
        local status = assert(job:wait())
        assert.equal(case[2], status.state)
        assert.same(case[3], case[3] and status.result)
        assert.equal(case[4], status.reason)
        assert.is_true(stub:clock() - began >= 90) -- as the service asked
        assert.equal("op-1", job.id)
        assert.is_nil(tostring(status):find("sig=", 1, true))
        local path = "/" .. SCOPE .. "/providers/Microsoft.CostManagement/" .. known.location .. "/op-1?api-version=2023-09-01"
        assert.equal(1, (stub.requests[4].url:find(ORIGIN .. path, 1, true)))
      end)
    end

    it("without a Location of an id in the response is an error marked ambiguous", function()
      for _, headers in ipairs { {}, { Location = ORIGIN .. "/x/.." }, { Location = ORIGIN .. "/x/?y=z" } } do
        local client = client_of { { status = 202, headers = headers } }
        local job, err = cloudjobs.jobs["start_" .. kind](client, known.start)
        assert.is_nil(job)
        assert.is_true(err.ambiguous)
      end
    end)

    it("is not opened by a reference whose parts would change its address", function()
      for _, fields in ipairs {
        "scope=subscriptions/../x,operationId=op", "scope=,operationId=op", "scope=subscriptions/a%3Fb,operationId=op",
        "scope=subscriptions//a,operationId=op", "scope=subscriptions/a%23,operationId=op", "scope=a,operationId=..",
        "scope=a,operationId=x/y", "scope=a,operationId=x%3Fy=z", "scope=a,operationId=%2525", "scope=a,operationId=",
        "scope=a,operationId=op,apiVersion=1%26x=y", "scope=a,operationId=op,location=/x", "location=/x,operationId=op",
      } do
        local stub = Stub.new {}
        local job, err = cloudjobs.jobs.open(kind .. "," .. fields, { transport = stub, env = {}, credentials = { token = "hush" } })
        assert.is_nil(job)
        assert.same({ "validation", "ref" }, { err.kind, err.code })
      end
    end)

    it("has an empty result where its document holds other types", function()
      for _, value in ipairs { "null", "5", "true", '"x"', "[]" } do
        local body = ('{"status":"Completed","manifest":%s,"properties":%s,"downloadUrl":{},"validTill":{},"error":%s}')
          :format(value, value, value)
        local client = client_of { { status = 202, headers = { Location = location } }, { body = body } }
        local status = assert(assert(cloudjobs.jobs["start_" .. kind](client, known.start)):status())
        assert.same({ "succeeded", {} }, { status.state, status.result })
      end
    end)

    it("has a reference only where another process can read it", function()
      local client = client_of { { status = 202, headers = { Location = location } } }
      local job = assert(cloudjobs.jobs["start_" .. kind](client, known.start))
      local ref, err = job:ref()
      if kind == "price_sheet" then
        assert.is_nil(ref)
        assert.equal("not_resumable", err.code)
      else
        assert.equal(("%s,v=1,apiVersion=2023-09-01,api_version=2025-03-01,operationId=op-1,scope=%s"):format(kind, SCOPE), ref)
      end
    end)
  end)
end

describe("cost_details_report", function()
  it("is read with slashes around its scope, and with letters beyond ASCII in it", function()
    local client, stub = client_of { { body = { status = "Completed" } } }
    local job = cloudjobs.jobs.cost_details_report(client, {
      scope = "/" .. SCOPE .. "/resourceGroups/gr\195\182n/", operationId = "op-1",
    })
    assert(job:status())
    assert.equal(ORIGIN .. "/" .. SCOPE .. "/resourceGroups/gr%C3%B6n/providers/Microsoft.CostManagement/"
      .. "costDetailsOperationResults/op-1?api-version=2025-03-01", stub.requests[1].url)
  end)

  it("for a time without costs is the error no_data, since Azure responds with 204", function()
    local job, err = cloudjobs.jobs.start_cost_details_report(client_of { { status = 204 } }, { report = { metric = "ActualCost" } })
    assert.is_nil(job)
    assert.equal("no_data", err.code)
  end)
end)

describe("price_sheet", function()
  it("without a status or a link that is text has not ended", function()
    local client = client_of { { body = '{"downloadUrl":null}' }, { body = '{"downloadUrl":5}' } }
    local job = cloudjobs.jobs.price_sheet(client, { location = "/x", operationId = "x" })
    assert.same({ "unknown", false }, { assert(job:status()).state, assert(job:status()).final })
  end)

  it("has no address where the response to its start is a document without one", function()
    local job, err = cloudjobs.jobs.start_price_sheet(client_of { { body = { name = "op-1" } } }, {})
    assert.is_nil(job)
    assert.same({ "no_id", true }, { err.code, err.ambiguous })
  end)

  it("of an invoice and of a billing period has an address of its own", function()
    for param, path in pairs { invoiceName = "/invoices/G1/", billingPeriodName = "/billingPeriods/G1/" } do
      local client, stub = client_of { { status = 202, headers = { Location = LOCATION } } }
      assert(cloudjobs.jobs.start_price_sheet(client, { [param] = "G1" }))
      assert.matches(path .. "providers/Microsoft.CostManagement/pricesheets/default/download", stub.requests[1].url, 1, true)
    end
  end)
end)

describe("arm_deployment", function()
  local function state_of(properties)
    local client = client_of({ { body = { properties = properties } } }, "deployments")
    return assert(cloudjobs.jobs.arm_deployment(client, { deploymentName = "exports" }):status())
  end

  it("is started, read and cancelled", function()
    local client, stub = client_of({
      { status = 201, body = { properties = { provisioningState = "Accepted" } } },
      { body = { properties = { provisioningState = "Running" } } },
      { status = 204 },
      { body = { properties = { provisioningState = "Canceled" } } },
    }, "deployments")
    local job = assert(cloudjobs.jobs.start_arm_deployment(client, { deploymentName = "exports", deployment = { properties = { mode = "Incremental" } } }))
    assert.equal("running", assert(job:status()).state)
    assert.is_true(job:cancel())
    assert.equal("cancelled", assert(job:wait()).state)
    assert.matches("/deployments/exports/cancel?api-version=2021-04-01", stub.requests[3].url, 1, true)
  end)

  it("has the operations on its resources as detail", function()
    local client, stub = client_of({
      { body = { properties = { provisioningState = "Running" } } }, { body = { value = { { id = "a" } } } },
    }, "deployments")
    local status = assert(cloudjobs.jobs.arm_deployment(client, { deploymentName = "exports" }):status { detail = true })
    assert.same({ { id = "a" } }, status.detail)
    assert.matches("/deployments/exports/operations?api-version=2021-04-01", stub.requests[2].url, 1, true)
  end)

  it("gives the innermost reasons, and its outputs", function()
    local status = state_of { provisioningState = "Failed", error = {
      code = "DeploymentFailed", message = "see inner", details = { { code = "Conflict", message = "the name is taken" } },
    } }
    assert.same({ "failed", "the name is taken" }, { status.state, status.reason })
    status = state_of { provisioningState = "Succeeded", outputs = { id = { value = 1 } } }
    assert.same({ "succeeded", { id = { value = 1 } } }, { status.state, status.result })
  end)
end)
