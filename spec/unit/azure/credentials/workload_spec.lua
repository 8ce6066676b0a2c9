local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local files = require "spec.support.files"

local REPLY = { body = '{"access_token":"tok-1","expires_in":3600}' }

local folder

files.for_specs(function(made)
  folder = made
end)

local function provider(answers, authority)
  local stub = Stub.new(answers)
  return cloudjobs.azure.credentials {
    transport = stub,
    kind = "workload_identity",
    env = {
      AZURE_TENANT_ID = "tenant", AZURE_CLIENT_ID = "app", AZURE_AUTHORITY_HOST = authority,
      AZURE_FEDERATED_TOKEN_FILE = folder .. "/token",
    },
  }, stub
end

describe("the workload identity flow", function()
  it("changes the cluster's token for one of Entra", function()
    files.write(folder .. "/token", "eyJh.eyJi.sig_-\n")
    local credentials, stub = provider({ REPLY }, "https://login.microsoftonline.us/")
    assert.equal("tok-1", assert(credentials:get()).token)
    assert.equal("https://login.microsoftonline.us/tenant/oauth2/v2.0/token", stub.requests[1].url)
    assert.equal("grant_type=client_credentials&client_id=app&scope=https%3A%2F%2Fmanagement.azure.com%2F.default"
      .. "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
      .. "&client_assertion=eyJh.eyJi.sig_-", stub.requests[1].body)
  end)

  it("reads the file again for the next token", function()
    local credentials, stub = provider { REPLY, REPLY }
    files.write(folder .. "/token", "first")
    credentials:get("a/.default")
    files.write(folder .. "/token", "second")
    credentials:get("b/.default")
    assert.matches("client_assertion=second$", stub.requests[2].body)
  end)

  for content, message in pairs { [""] = "is empty", [" \n"] = "is empty", ["a b"] = "holds no token" } do
    it(("is unavailable when the file holds %q"):format(content), function()
      files.write(folder .. "/token", content)
      local _, err = provider({}):get()
      assert.same({ "credentials", "unavailable" }, { err.kind, err.code })
      assert.matches(message, err.message)
    end)
  end

  it("is unavailable without the file", function()
    files.remove(folder .. "/token")
    local _, err = provider({}):get()
    assert.same({ "credentials", "unavailable" }, { err.kind, err.code })
  end)
end)
