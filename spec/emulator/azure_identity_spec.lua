--- Every way to an Azure identity, over real sockets: each gets a token from the
--- emulator and lists exports with it.

local Emulator = require "cloudjobs.emulator"
local cloudjobs = require "cloudjobs"
local files = require "spec.support.files"
local run = require("cloudjobs.os").run

local TENANT = "00000000-0000-0000-0000-000000000001"
local CLIENT = "00000000-0000-0000-0000-00000000c11e"
local SCOPE = "subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c"

local emulator, folder

setup(function()
  folder = files.temporary() .. "/"
  files.write(folder .. "arc.key", "arc secret")
  emulator = assert(Emulator.start {
    managed = { identity_header = "app secret", key_path = folder .. "arc.key", key = "arc secret" },
  })
end)

teardown(function()
  emulator:stop()
  files.remove(folder)
end)

before_each(function()
  emulator:reset()
end)

local function client(credentials, env)
  return cloudjobs.azure.cost_exports {
    scope = SCOPE,
    endpoint = emulator.url,
    cloud = { authority = emulator.url },
    credentials = credentials,
    env = env or {},
    retry = { max_attempts = 1 },
  }
end

-- Lists, and gives what the emulator was asked for: method and path.
local function seen_by_listing(costs)
  local list, err = costs:list()
  assert.same({ value = {} }, list, tostring(err))
  local seen = {}
  for i, request in ipairs(emulator:requests()) do
    seen[i] = request.method .. " " .. request.path
  end
  return seen
end

local TOKEN = "POST /" .. TENANT .. "/oauth2/v2.0/token"
local LIST = "GET /" .. SCOPE .. "/providers/Microsoft.CostManagement/exports"
local IMDS = "GET /metadata/identity/oauth2/token"

describe("an identity", function()
  it("is had by a client secret, once for two calls", function()
    local costs = client { tenant_id = TENANT, client_id = CLIENT, client_secret = "emulator-secret" }
    assert.same({ TOKEN, LIST }, seen_by_listing(costs))
    assert.same({ TOKEN, LIST, LIST }, seen_by_listing(costs))
  end)

  it("is refused to a wrong secret", function()
    local _, err = client({ tenant_id = TENANT, client_id = CLIENT, client_secret = "wrong-secret" }):list()
    assert.same({ "credentials", "invalid_client", 401 }, { err.kind, err.code, err.status })
    assert.matches("AADSTS7000215", err.message)
    assert.not_matches("wrong%-secret", tostring(err))
  end)

  -- 50 lists at once by two clients that share their credentials; the results, and the number of requests for a token.
  local function fifty(secret)
    local transport = cloudjobs.transport.multi {}
    local provider = cloudjobs.azure.credentials {
      tenant_id = TENANT, client_id = CLIENT, client_secret = secret, cloud = { authority = emulator.url },
      transport = transport, env = {},
    }
    local calls, clients = {}, {}
    for i = 1, 2 do
      clients[i] = cloudjobs.azure.cost_exports {
        scope = SCOPE, endpoint = emulator.url, credentials = provider, transport = transport, env = {},
      }
    end
    for i = 1, 50 do
      calls[i] = function()
        return clients[i % 2 + 1]:list()
      end
    end
    local results, asked = cloudjobs.parallel(calls, { concurrency = 50 }), 0
    for _, request in ipairs(emulator:requests()) do
      asked = asked + (request.path:find("/oauth2/", 1, true) and 1 or 0)
    end
    transport:close()
    return results, asked
  end

  it("is asked for once by 50 calls of two clients that wait for it", function()
    local results, asked = fifty "emulator-secret"
    for _, result in ipairs(results) do
      assert.is_true(result.ok, tostring(result.err))
    end
    assert.same({ 50, 1 }, { #results, asked })
  end)

  it("that is refused is an error of its own for each of 50 calls", function()
    local results, asked = fifty "wrong-secret"
    local errors = {}
    for _, result in ipairs(results) do
      assert.equal("invalid_client", result.err.code)
      assert.is_nil(errors[result.err])
      errors[result.err] = true
    end
    assert.equal(1, asked)
  end)

  it("is had by a certificate", function()
    local result = assert(run({
      "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "both.pem", "-out", "cert.pem",
      "-subj", "/CN=app",
    }, { cwd = folder }))
    assert.equal(0, result.status, result.stderr)
    files.write(folder .. "both.pem", files.read(folder .. "both.pem") .. files.read(folder .. "cert.pem"))
    -- The certificate begins to be valid this very second.
    local costs = client { tenant_id = TENANT, client_id = CLIENT, certificate_path = folder .. "both.pem" }
    assert.same({ TOKEN, LIST }, seen_by_listing(costs))
  end)

  it("is had by a token of the cluster", function()
    files.write(folder .. "token", "e30.eyJzdWIiOiJzeXN0ZW0ifQ.sig\n")
    assert.same({ TOKEN, LIST }, seen_by_listing(client(nil, {
      AZURE_TENANT_ID = TENANT, AZURE_CLIENT_ID = CLIENT, AZURE_FEDERATED_TOKEN_FILE = folder .. "token",
      AZURE_AUTHORITY_HOST = emulator.url .. "/", AZURE_TOKEN_CREDENTIALS = "WorkloadIdentityCredential",
    })))
  end)

  it("comes from the metadata service, which the chain tries first", function()
    local env = { AZURE_POD_IDENTITY_AUTHORITY_HOST = emulator.url, AZURE_TOKEN_CREDENTIALS = "prod" }
    assert.same({ IMDS, IMDS, LIST }, seen_by_listing(client(nil, env)))
    emulator:clear_requests()
    assert.same({ IMDS, LIST }, seen_by_listing(client({ kind = "managed_identity", client_id = CLIENT }, env)))
  end)

  it("that a machine does not have is named", function()
    local _, err = client({ kind = "managed_identity", client_id = "unknown" },
      { AZURE_POD_IDENTITY_AUTHORITY_HOST = emulator.url }):list()
    assert.same({ "credentials", "unavailable", 400 }, { err.kind, err.code, err.status })
    assert.matches("Identity not found", err.message)
  end)

  it("is had from App Service", function()
    assert.same({ "GET /msi/token", LIST }, seen_by_listing(client({ kind = "managed_identity" }, {
      IDENTITY_ENDPOINT = emulator.url .. "/msi/token", IDENTITY_HEADER = "app secret",
    })))
  end)

  it("is had from the Arc agent", function()
    assert.same({ IMDS, IMDS, LIST }, seen_by_listing(client({ kind = "managed_identity", arc_folder = folder }, {
      IDENTITY_ENDPOINT = emulator.url .. "/metadata/identity/oauth2/token", IMDS_ENDPOINT = emulator.url,
    })))
  end)

  it("is had from az", function()
    files.write(folder .. "az", ([[#!/bin/sh
echo '{"accessToken":"emulator-token","expires_on":%d}'
]]):format(os.time() + 3600))
    assert.equal(0, run({ "chmod", "755", folder .. "az" }).status)
    local azure_cli = require "cloudjobs.azure.credentials.cli"
    local transport = cloudjobs.transport.curl()
    local az = azure_cli.new {
      transport = transport,
      run = function(command, options)
        command[1] = folder .. "az"
        return run(command, options)
      end,
    }
    local identity = assert(az:get("https://management.azure.com/.default"))
    assert.same({ LIST }, seen_by_listing(client { token = identity.token }))
  end)

  it("is asked for again where a call may be repeated", function()
    emulator:fault { service = "identity", operation = "token", times = 1, status = 503 }
    local costs = cloudjobs.azure.cost_exports {
      scope = SCOPE, endpoint = emulator.url, env = {},
      credentials = {
        authority = emulator.url, tenant_id = TENANT, client_id = CLIENT, client_secret = "emulator-secret",
      },
    }
    assert.same({ TOKEN, TOKEN, LIST }, seen_by_listing(costs))
  end)
end)

describe("an export", function()
  it("is made, changed, run and read again without a trap", function()
    local costs = client { token = "emulator-token" }
    local document = cloudjobs.azure.export {
      name = "nightly", container = "costs", from = os.time() + 86400, folder = "/focus",
      storage = SCOPE .. "/resourceGroups/lake/providers/Microsoft.Storage/storageAccounts/lakecosts01",
    }
    local made = assert(costs:create_or_update { export = document })
    made.properties.exportDescription = "changed"
    local changed = assert(costs:create_or_update { export = made })
    assert.equal("changed", changed.properties.exportDescription)
    assert.not_equal(made.eTag, changed.eTag)

    local _, err = costs:create_or_update { export = made }
    assert.same({ true, 409 }, { err.conflict, err.status })
    made.eTag = nil
    assert(costs:create_or_update { export = made })

    _, err = costs:get({ exportName = "nightly" }, { api_version = "2020-06-01" })
    assert.matches('pass api_version = "2025%-03%-01"', err.hint)

    assert.same({}, costs:execute { exportName = "nightly" })
    assert.equal(1, #assert(costs:get_execution_history { exportName = "nightly" }).value)
    local read = assert(costs:get { exportName = "nightly", expand = "runHistory" })
    assert(costs:create_or_update { export = read })
    assert.same({}, costs:delete { exportName = "nightly" })
    _, err = costs:get { exportName = "nightly" }
    assert.equal(404, err.status)
  end)

  it("registers the provider it needs", function()
    local costs = client { token = "emulator-token" }
    assert.equal("Registered", assert(costs:register_provider()).registrationState)
  end)
end)
