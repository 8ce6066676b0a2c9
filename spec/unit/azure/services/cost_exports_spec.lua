local Stub = require "cloudjobs.stub"
local azure_exports = require "cloudjobs.azure.services.cost_exports"
local cloudjobs = require "cloudjobs"

local SUBSCRIPTION = "5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c"
local EXPORT = { properties = { format = "Csv" } }

local function client(answers, options)
  local stub = Stub.new(answers)
  local settings = {
    transport = stub, env = {}, scope = "subscriptions/" .. SUBSCRIPTION, credentials = { token = "hush" },
  }
  for name, value in pairs(options or {}) do
    settings[name] = value
  end
  return cloudjobs.azure.cost_exports(settings), stub
end

local function sent(stub, i)
  return cloudjobs.json.decode(stub.requests[i].body)
end

local NOT_FOUND = { status = 404, body = { error = { code = "NotFound", message = "The export could not be found." } } }

describe("create_or_update", function()
  it("reads the current tag and sends it back byte for byte", function()
    local costs, stub = client { { body = { eTag = '"1db0a"', name = "a" } }, { body = { name = "a" } } }
    assert.equal("a", assert(costs:create_or_update { exportName = "a", export = EXPORT }).name)
    assert.same({ "GET", "PUT" }, { stub.requests[1].method, stub.requests[2].method })
    assert.matches("/exports/a%?api%-version=2025%-03%-01$", stub.requests[1].url)
    assert.same({ eTag = '"1db0a"', properties = { format = "Csv" } }, sent(stub, 2))
    assert.is_nil(EXPORT.eTag)
  end)

  it("makes an export that is not there", function()
    local costs, stub = client { NOT_FOUND, { status = 201, body = { name = "a" } } }
    assert(costs:create_or_update { exportName = "a", export = EXPORT })
    assert.same(EXPORT, sent(stub, 2))
  end)

  it("finds the name in the document, as GET and the builder give it", function()
    local costs, stub = client { { body = { eTag = '"1"' } }, { body = {} } }
    assert(costs:create_or_update { export = { name = "a", properties = {} } })
    assert.matches("/exports/a%?", stub.requests[2].url)
    assert.is_nil(sent(stub, 2).name)
  end)

  it("takes a tag that is given", function()
    local costs, stub = client { { body = { name = "a" } } }
    assert(costs:create_or_update { exportName = "a", export = { eTag = '"mine"', properties = {} } })
    assert.equal('"mine"', sent(stub, 1).eTag)
  end)

  it("uses one scope, one api-version and one total time for both requests", function()
    local costs, stub = client()
    stub:push(function()
      stub.time = stub.time + 5
      return { status = 404, headers = {}, body = "" }
    end)
    stub:push { body = {} }
    local scope = "providers/Microsoft.Billing/billingAccounts/1"
    costs:create_or_update({ scope = scope, exportName = "a", export = EXPORT },
      { api_version = "2023-08-01", timeout = 20 })
    for i = 1, 2 do
      assert.matches(scope .. "/providers/Microsoft.CostManagement/exports/a?api-version=2023-08-01",
        stub.requests[i].url, 1, true)
    end
    assert.same({ 20, 15 }, { stub.requests[1].timeout, stub.requests[2].timeout })
  end)

  it("stops when the tag cannot be read", function()
    local costs, stub = client { { status = 403, body = { error = { code = "AuthorizationFailed" } } } }
    local _, err = costs:create_or_update { exportName = "a", export = EXPORT }
    assert.same({ "AuthorizationFailed", "Get", 1 }, { err.code, err.operation, #stub.requests })
  end)

  it("reports a conflict and overwrites nothing", function()
    local costs, stub = client { { body = { eTag = '"1"' } }, { status = 409, body = { error = { code = "409" } } } }
    local _, err = costs:create_or_update { exportName = "a", export = EXPORT }
    assert.same({ true, 409, false, 2 }, { err.conflict, err.status, err.retryable, #stub.requests })
  end)

  it("sends nothing when a parameter is wrong", function()
    local cyclic = {}
    cyclic.properties = cyclic
    for _, params in ipairs {
      { exportName = "a" }, { exportName = "a", export = "x" }, { exportName = "a", export = { 1 } },
      { exportName = "a/b", export = EXPORT }, { exportName = "a", export = cyclic },
      { exportName = "a", export = { properties = function() end } },
    } do
      local costs, stub = client {}
      local _, err = costs:create_or_update(params)
      assert.same({ "validation", "CreateOrUpdate", 0 }, { err.kind, err.operation, #stub.requests })
    end
    local ok, message = pcall(function()
      local costs = client {}
      local output = costs:create_or_update("a")
      return output
    end)
    assert.is_false(ok)
    assert.matches("^spec/unit/azure/services/cost_exports_spec%.lua:%d+: create_or_update: parameters: expected table", message)
  end)

  it("sends back what GET gave without what PUT refuses", function()
    local got = cloudjobs.json.decode([[{
      "id": "subscriptions/x", "name": "a", "type": "Microsoft.CostManagement/exports", "eTag": "\"1\"",
      "location": "westeurope",
      "identity": { "type": "SystemAssigned", "principalId": "p", "tenantId": "t" },
      "novelty": { "type": "kept", "id": 7 },
      "properties": {
        "definition": { "type": "FocusCost", "dataSet": { "granularity": null, "configuration": { "columns": [] } } },
        "nextRunTimeEstimate": "2031-03-02T23:00:00Z",
        "runHistory": { "value": [] },
        "systemSuspensionContext": null,
        "surprise": [ null, { "id": null } ],
        "schedule": { "status": "Inactive", "recurrence": "None" }
      }
    }]])
    local costs, stub = client { { body = {} } }
    assert(costs:create_or_update { exportName = "a", export = got })
    assert.same(cloudjobs.json.decode([[{
      "eTag": "\"1\"",
      "location": "westeurope",
      "identity": { "type": "SystemAssigned" },
      "novelty": { "type": "kept", "id": 7 },
      "properties": {
        "definition": { "type": "FocusCost", "dataSet": { "configuration": { "columns": [] } } },
        "surprise": [ null, { "id": null } ],
        "schedule": { "status": "Inactive" }
      }
    }]]), sent(stub, 1))
    assert.matches('"columns":%[%]', stub.requests[1].body)
  end)

  it("keeps a recurrence that means something", function()
    local schedule = { status = "Active", recurrence = "Daily" }
    assert.same({ properties = { schedule = schedule } }, azure_exports.clean { properties = { schedule = schedule } })
  end)
end)

describe("register_provider", function()
  local PROVIDER = "https://management.azure.com/subscriptions/" .. SUBSCRIPTION
    .. "/providers/Microsoft.CostManagementExports"

  local function state(name)
    return { body = { registrationState = name } }
  end

  it("registers and waits until it is done", function()
    local costs, stub = client { state "Registering", state "Registering", state "Registered" }
    assert.equal("Registered", assert(costs:register_provider()).registrationState)
    local seen = {}
    for i, request in ipairs(stub.requests) do
      seen[i] = request.method .. " " .. request.url
    end
    assert.same({
      "POST " .. PROVIDER .. "/register?api-version=2021-04-01",
      "GET " .. PROVIDER .. "?api-version=2021-04-01",
      "GET " .. PROVIDER .. "?api-version=2021-04-01",
    }, seen)
    assert.same({ 5, 5 }, stub.slept)
  end)

  it("takes another subscription", function()
    local costs, stub = client({ state "Registered" }, { scope = "providers/Microsoft.Billing/billingAccounts/1" })
    assert(costs:register_provider { subscription = SUBSCRIPTION })
    assert.equal(PROVIDER .. "/register?api-version=2021-04-01", stub.requests[1].url)
    local ok, message = pcall(function()
      local provider = costs:register_provider()
      return provider
    end)
    assert.is_false(ok)
    assert.matches("cost_exports_spec%.lua:%d+: register_provider: expected subscription", message)
  end)

  it("stops when its time is over, with what to do", function()
    local costs = client { state "Registering", state "Registering", state "Registering" }
    local _, err = costs:register_provider({}, { timeout = 8 })
    assert.same({ "timeout", "timeout" }, { err.kind, err.code })
    assert.matches("still Registering after 8 s", err.message)
  end)

  it("gives the service's refusal", function()
    local costs = client { { status = 403, body = { error = { code = "AuthorizationFailed", message = "no" } } } }
    local _, err = costs:register_provider()
    assert.same({ "service", "AuthorizationFailed", "Register" }, { err.kind, err.code, err.operation })
  end)
end)
