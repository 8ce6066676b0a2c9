--- What Azure's own libraries put on the wire, beside what ours does for the
--- same settings. `make judges` installs them; without them this is pending.

local Stub = require "cloudjobs.stub"
local azure_cli = require "cloudjobs.azure.credentials.cli"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"
local files = require "spec.support.files"
local run = require("cloudjobs.os").run

local MODULES = (os.getenv("JUDGES") or "build/judges") .. "/node_modules/@azure"
local TENANT = "00000000-0000-0000-0000-000000000001"
local SCOPE = "https://management.azure.com/.default"
local APP_SERVICE = { IDENTITY_ENDPOINT = "http://127.0.0.1:8081/msi/token", IDENTITY_HEADER = "hush" }

if not (files.exists(MODULES .. "/identity/package.json")
  and files.exists(MODULES .. "/arm-costmanagement/package.json")) then
  pending("agrees with Azure's own libraries (make judges installs them)")
  return
end

local folder, theirs, theirs_in_app_service

-- Runs the recorder: name -> its first request.
local function recorded(env)
  local environment = { PATH = folder .. "bin:" .. os.getenv("PATH"), HOME = folder }
  for name, value in pairs(env) do
    environment[name] = value
  end
  local pwd = run({ "pwd" }).stdout:match("[^\n]+")
  local result = assert(run({
    "node", "spec/judges/node/azure_wire.mjs", pwd .. "/" .. MODULES:gsub("/node_modules/@azure$", ""),
    folder .. "both.pem", folder .. "token",
  }, { env = environment, timeout = 60 }))
  assert(result.status == 0, result.stderr)
  local requests = {}
  for line in result.stdout:gmatch("[^\n]+") do
    local case = assert(core.json_decode(line))
    assert(case.failure == core.null, case.failure)
    requests[case.name] = case.requests[1] or false
  end
  return requests
end

setup(function()
  folder = files.temporary() .. "/"
  assert(run({
    "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
    "-subj", "/CN=app",
  }, { cwd = folder }).status == 0)
  files.write(folder .. "both.pem", files.read(folder .. "key.pem") .. files.read(folder .. "cert.pem"))
  files.write(folder .. "token", "e30.e30.sig\n")
  assert(run({ "mkdir", folder .. "bin" }).status == 0)
  files.write(folder .. "bin/az", ([[#!/bin/sh
printf '%%s|' "$@" >> %saz.log
echo >> %saz.log
echo '{"accessToken":"tok","expires_on":%d,"expiresOn":"2031-01-01 00:00:00.000000"}'
]]):format(folder, folder, os.time() + 3600))
  assert(run({ "chmod", "755", folder .. "bin/az" }).status == 0)
  theirs = recorded {}
  theirs_in_app_service = recorded(APP_SERVICE)
end)

teardown(function()
  files.remove(folder)
end)

local function ours(options, env)
  local stub = Stub.new({ { body = '{"access_token":"tok","expires_in":3600}' } }, { time = os.time() + 1 })
  local settings = { transport = stub, env = env or {}, tenant_id = TENANT, client_id = "app" }
  for name, value in pairs(options) do
    settings[name] = value
  end
  assert(cloudjobs.azure.credentials(settings):get(SCOPE))
  return stub.requests[1]
end

-- The headers by which their library identifies itself are no part of the protocol.
local CHATTER = { "^x%-client%-", "^x%-ms%-lib%-", "^client%-request%-id$" }

local function fields_of(form)
  local fields = {}
  for name, value in form:gmatch("([^&=]+)=([^&]*)") do
    local chatter = false
    for _, pattern in ipairs(CHATTER) do
      chatter = chatter or name:find(pattern) ~= nil
    end
    fields[name] = not chatter and value or nil
  end
  return fields
end

local function check_token_request(name, options)
  local mine, his = ours(options), theirs[name]
  local my_fields, his_fields = fields_of(mine.body), fields_of(his.body)
  assert.same({ his.method, (his.url:gsub("%?.*", "")) }, { mine.method, mine.url })
  assert.matches("^application/x%-www%-form%-urlencoded", his.headers["content-type"])
  assert.equal("application/x-www-form-urlencoded", mine.headers["content-type"])
  return my_fields, his_fields
end

local function part(assertion, n)
  local parts = {}
  for text in assertion:gmatch("[^.]+") do
    parts[#parts + 1] = text
  end
  local text = parts[n]:gsub("[-_]", { ["-"] = "+", ["_"] = "/" })
  return assert(core.json_decode(core.base64_decode(text .. ("="):rep(-#text % 4))))
end

describe("Azure's own library agrees with ours", function()
  it("on a client secret", function()
    local mine, his = check_token_request("client_secret", { client_secret = "s3cret+/&=%" })
    assert.same(his, mine)
  end)

  for name, chain in pairs { certificate = false, certificate_chain = true } do
    it("on a " .. name:gsub("_", " "), function()
      local mine, his = check_token_request(name, {
        certificate_path = folder .. "both.pem", send_certificate_chain = chain,
      })
      assert.same(part(his.client_assertion, 1), part(mine.client_assertion, 1))
      local my_claims, his_claims = part(mine.client_assertion, 2), part(his.client_assertion, 2)
      assert.equal(his_claims.exp - his_claims.nbf, my_claims.exp - my_claims.nbf)
      for _, claims in ipairs { my_claims, his_claims } do
        assert.matches("^%x+%-%x+%-%x+%-%x+%-%x+$", claims.jti)
        assert.is_true(math.abs(claims.iat - claims.nbf) <= 1)
        claims.exp, claims.nbf, claims.iat, claims.jti = nil, nil, nil, nil
      end
      assert.same(his_claims, my_claims)
      mine.client_assertion, his.client_assertion = nil, nil
      assert.same(his, mine)
    end)
  end

  it("on a token of the cluster", function()
    local mine, his = check_token_request("workload_identity", { federated_token_file = folder .. "token" })
    assert.same(his, mine)
  end)

  -- The resource's last slash is the one difference: theirs cuts it off, the
  -- documents of both endpoints write it, and either names the same audience.
  local function bare(url)
    return (url:gsub("management%.azure%.com%%2F", "management.azure.com"))
  end

  it("on a virtual machine's identity", function()
    local mine = ours { kind = "managed_identity" }
    assert.same({ "GET", theirs.managed_identity.url }, { mine.method, bare(mine.url) })
    assert.equal(theirs.managed_identity.headers.metadata, mine.headers.metadata)
  end)

  it("on an app's identity", function()
    local mine, his = ours({ kind = "managed_identity" }, APP_SERVICE), theirs_in_app_service.managed_identity
    assert.same({ "GET", his.url }, { mine.method, bare(mine.url) })
    assert.equal(his.headers["x-identity-header"], mine.headers["x-identity-header"])
  end)

  it("on how az is run", function()
    files.remove(folder .. "az.log")
    assert(recorded({}))
    local his = files.read(folder .. "az.log")
    files.remove(folder .. "az.log")
    assert(azure_cli.new {
      transport = Stub.new({}, { time = os.time() }),
      tenant_id = TENANT,
      run = function(command, options)
        options.env = { PATH = folder .. "bin:" .. os.getenv("PATH") }
        return run(command, options)
      end,
    }:get(SCOPE))
    assert.equal(his, files.read(folder .. "az.log"))
  end)

  local DOCUMENT = {
    eTag = '"1"',
    properties = {
      format = "Csv",
      definition = { type = "ActualCost", timeframe = "MonthToDate", dataSet = { granularity = "Daily" } },
      deliveryInfo = { destination = { container = "costs", resourceId = "/subscriptions/x", rootFolderPath = "a" } },
      schedule = {
        status = "Active", recurrence = "Daily",
        recurrencePeriod = { from = "2031-03-02T00:00:00.000Z", to = "2050-02-01T00:00:00.000Z" },
      },
    },
  }
  local NAME = "nightly-1_a"
  local calls = {
    { "list", "list", {} },
    { "list_expanded", "list", { expand = "runHistory" } },
    { "get", "get", { exportName = NAME } },
    { "get_expanded", "get", { exportName = NAME, expand = "runHistory" } },
    { "create_or_update", "create_or_update", { exportName = NAME, export = DOCUMENT } },
    { "delete", "delete", { exportName = NAME } },
    { "execute", "execute", { exportName = NAME } },
    { "get_execution_history", "get_execution_history", { exportName = NAME } },
  }
  local scopes = {
    "subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c",
    "providers/Microsoft.Billing/billingAccounts/5f0c6a1e:9a44_2019-05-31/billingProfiles/IM4X-4HIU",
  }
  for _, scope in ipairs(scopes) do
    for _, call in ipairs(calls) do
      it("on " .. call[1] .. " of " .. scope, function()
        local stub = Stub.new { { body = "{}" } }
        local costs = cloudjobs.azure.cost_exports {
          scope = scope, api_version = "2022-10-01", transport = stub, env = {}, credentials = { token = "hush" },
        }
        assert(costs[call[2]](costs, call[3]))
        local mine, his = stub.requests[1], theirs[call[1] .. " " .. scope]
        assert.same({ his.method, his.url }, { mine.method, mine.url })
        for _, name in ipairs { "accept", "authorization", "content-type" } do
          assert.equal(his.headers[name], mine.headers[name])
        end
        assert.matches("^%x+%-%x+%-%x+%-%x+%-%x+$", mine.headers["x-ms-client-request-id"])
        if his.body == core.null then
          assert.truthy(mine.body == nil or mine.body == "")
        else
          assert.same(core.json_decode(his.body), core.json_decode(mine.body))
        end
      end)
    end
  end
end)
