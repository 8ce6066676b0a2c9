local Error = require "cloudjobs.base.error"
local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local files = require "spec.support.files"

local START = 1767225600
local RESOURCE = "resource=https%3A%2F%2Fmanagement.azure.com%2F"

local function provider(answers, env, options)
  local stub = Stub.new(answers, { time = START })
  local settings = { kind = "managed_identity", transport = stub, env = env }
  for name, value in pairs(options or {}) do
    settings[name] = value
  end
  return cloudjobs.azure.credentials(settings), stub
end

local function reply(fields)
  local body = { access_token = "tok-1", token_type = "Bearer", resource = "https://management.azure.com/" }
  for name, value in pairs(fields) do
    body[name] = value
  end
  return { body = body }
end

describe("a virtual machine's identity", function()
  local URL = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&" .. RESOURCE

  it("comes from the metadata service, never through a proxy", function()
    local credentials, stub = provider({ reply { expires_in = "86400", expires_on = "1" } }, {}, {
      proxy = "http://127.0.0.1:9",
    })
    local identity = assert(credentials:get())
    assert.same({ "tok-1", START + 86400, START + 43200 }, { identity.token, identity.expiration, identity.refresh_at })
    local request = stub.requests[1]
    assert.same({ "GET", URL }, { request.method, request.url })
    assert.same({ metadata = "true" }, request.headers)
    assert.is_nil(request.network)
  end)

  local selectors = {
    { { client_id = "a b" }, "&client_id=a%20b" },
    { { object_id = "x" }, "&object_id=x" },
    { { resource_id = "/subscriptions/1" }, "&msi_res_id=%2Fsubscriptions%2F1" },
  }
  for _, case in ipairs(selectors) do
    it("is selected by " .. next(case[1]), function()
      local credentials, stub = provider({ reply { expires_in = "3600" } }, {}, case[1])
      assert(credentials:get())
      assert.equal(URL .. case[2], stub.requests[1].url)
    end)
  end

  it("must be the one that was asked for", function()
    local _, err = provider({ reply { expires_in = "3600", client_id = "other" } }, {}, { client_id = "mine" }):get()
    assert.matches("another identity than client_id mine", err.message)
  end)

  it("may be asked of another host", function()
    local credentials, stub = provider({ reply { expires_in = "3600" } },
      { AZURE_POD_IDENTITY_AUTHORITY_HOST = "http://127.0.0.1:8080/" })
    assert(credentials:get())
    assert.matches("^http://127%.0%.0%.1:8080/metadata/identity/oauth2/token%?", stub.requests[1].url)
  end)

  for _, host in ipairs { "http://example.com", "http://8.8.8.8", "http://172.32.0.1", "ftp://127.0.0.1" } do
    it("is not asked of " .. host, function()
      local credentials, stub = provider({}, { AZURE_POD_IDENTITY_AUTHORITY_HOST = host })
      local _, err = credentials:get()
      assert.equal("config", err.code)
      assert.equal(0, #stub.requests)
    end)
  end

  local failures = {
    { 400, "unavailable", false },
    { 404, "404", true },
    { 410, "410", true, 24 },
    { 429, "429", true },
    { 500, "500", true },
    { 302, "302", false },
  }
  for _, case in ipairs(failures) do
    it("that cannot be had by a " .. case[1], function()
      local _, err = provider({ { status = case[1], body = "<html>" } }, {}):get()
      assert.same({ "credentials", case[2], case[3], case[4] }, { err.kind, err.code, err.retryable, err.retry_after })
    end)
  end
end)

describe("an app's identity", function()
  local ENV = { IDENTITY_ENDPOINT = "http://172.16.1.3:8081/msi/token", IDENTITY_HEADER = "hush" }

  it("comes from the address in its environment", function()
    local credentials, stub = provider({ reply { expires_on = tostring(START + 7200) } }, ENV, { resource_id = "/r" })
    assert.equal(START + 7200, assert(credentials:get()).expiration)
    assert.equal("http://172.16.1.3:8081/msi/token?api-version=2019-08-01&" .. RESOURCE .. "&mi_res_id=%2Fr",
      stub.requests[1].url)
    assert.same({ ["x-identity-header"] = "hush" }, stub.requests[1].headers)
  end)

  it("sends its secret to no stranger", function()
    local credentials, stub = provider({}, { IDENTITY_ENDPOINT = "http://example.com/", IDENTITY_HEADER = "hush" })
    local _, err = credentials:get()
    assert.equal("config", err.code)
    assert.not_matches("hush", tostring(err))
    assert.equal(0, #stub.requests)
  end)
end)

describe("an Arc server's identity", function()
  local folder

  setup(function()
    folder = files.temporary() .. "/"
  end)

  teardown(function()
    files.remove(folder)
  end)

  local function arc(challenge, answers)
    local queue = { { status = 401, headers = { ["www-authenticate"] = challenge } } }
    for _, answer in ipairs(answers or {}) do
      queue[#queue + 1] = answer
    end
    return provider(queue, {
      IDENTITY_ENDPOINT = "http://localhost:40342/metadata/identity/oauth2/token",
      IMDS_ENDPOINT = "http://localhost:40342",
    }, { arc_folder = folder })
  end

  it("is shown by the key that the agent names", function()
    files.write(folder .. "one.key", "the key\n")
    local credentials, stub = arc("Basic realm=" .. folder .. "one.key", { reply { expires_in = 3600 } })
    assert.equal("tok-1", assert(credentials:get()).token)
    local URL = "http://127.0.0.1:40342/metadata/identity/oauth2/token?api-version=2020-06-01&" .. RESOURCE
    assert.equal(URL, stub.requests[1].url)
    assert.same({ metadata = "true" }, stub.requests[1].headers)
    assert.equal(URL, stub.requests[2].url)
    assert.same({ metadata = "true", authorization = "Basic the key" }, stub.requests[2].headers)
  end)

  local wrong = {
    { "no challenge", nil, "named no key file" },
    { "a path elsewhere", "Basic realm=/etc/secret.key", "outside of" },
    { "a path that climbs out", "Basic realm=%s../secret.key", "outside of" },
    { "a path below", "Basic realm=%sdeeper/one.key", "outside of" },
    { "another kind of file", "Basic realm=%sone.txt", "outside of" },
    { "a file that is not there", "Basic realm=%snone.key", "cannot be read" },
    { "a file that is too large", "Basic realm=%slarge.key", "not one line" },
    { "a file that would add headers", "Basic realm=%slines.key", "not one line" },
  }
  for _, case in ipairs(wrong) do
    it("is refused after " .. case[1], function()
      files.write(folder .. "large.key", ("x"):rep(5000))
      files.write(folder .. "lines.key", "a\r\nX: y")
      local credentials, stub = arc(case[2] and case[2]:format(folder))
      local identity, err = credentials:get()
      assert.is_nil(identity)
      assert.matches(case[3], err.message)
      assert.equal(1, #stub.requests)
    end)
  end

  it("is asked of this machine alone", function()
    local _, err = provider({}, {
      IDENTITY_ENDPOINT = "http://10.0.0.1/", IMDS_ENDPOINT = "http://10.0.0.1/",
    }):get()
    assert.matches("expected a loopback address", err.message)
  end)
end)

describe("a place without support", function()
  local places = {
    { { IDENTITY_ENDPOINT = "x", IDENTITY_HEADER = "x", IDENTITY_SERVER_THUMBPRINT = "x" }, "Service Fabric" },
    { { MSI_ENDPOINT = "x", MSI_SECRET = "x" }, "Azure Machine Learning" },
    { { MSI_ENDPOINT = "x" }, "Cloud Shell" },
  }
  for _, case in ipairs(places) do
    it("is named: " .. case[2], function()
      local _, err = provider({}, case[1]):get()
      assert.same({ "unavailable", "managed identity: " .. case[2] .. " is not supported" }, { err.code, err.message })
    end)
  end
end)

describe("the default chain", function()
  local UNREACHABLE = Error.new { kind = "transport", code = "connect", message = "no route" }

  local function chain(answers, env)
    local stub = Stub.new(answers, { time = START })
    return cloudjobs.azure.credentials { transport = stub, env = env }, stub
  end

  it("asks the environment first, and no one else when that fails", function()
    local credentials, stub = chain({ { status = 401, body = '{"error":"invalid_client"}' } }, {
      AZURE_TENANT_ID = "t", AZURE_CLIENT_ID = "c", AZURE_CLIENT_SECRET = "s",
    })
    local _, err = credentials:get()
    assert.equal("invalid_client", err.code)
    assert.equal(1, #stub.requests)
  end)

  it("probes for the metadata service before its first request, once", function()
    local credentials, stub = chain({ { status = 400 }, reply { expires_in = 3600 }, reply { expires_in = 3600 } },
      { AZURE_CLIENT_ID = "mine" })
    assert.equal("managed identity", assert(credentials:get()).source)
    assert.same({ "http://169.254.169.254/metadata/identity/oauth2/token", 1 },
      { stub.requests[1].url, stub.requests[1].timeout })
    assert.same({}, stub.requests[1].headers)
    assert.matches("&client_id=mine$", stub.requests[2].url)
    assert(credentials:get("https://storage.azure.com/.default"))
    assert.equal(3, #stub.requests)
  end)

  it("names each flow and its reason", function()
    local env = { AZURE_TOKEN_CREDENTIALS = "prod", AZURE_USERNAME = "x" }
    local _, err = chain({ UNREACHABLE }, env):get()
    assert.same({ "credentials", "unavailable" }, { err.kind, err.code })
    assert.matches("EnvironmentCredential: missing tenant_id %(AZURE_TENANT_ID%), client_id", err.cause.message)
    assert.matches("WorkloadIdentityCredential: missing tenant_id", err.cause.message)
    assert.matches("managed identity: no metadata service answers: no route", err.cause.message)
    assert.matches("az login", err.hint)
  end)

  it("knows a container engine that answers for the metadata service", function()
    local _, err = chain({ { status = 403, body = "host unreachable" } }, { AZURE_TOKEN_CREDENTIALS = "prod" }):get()
    assert.matches("a container engine answers for it", err.cause.message)
  end)

  local strangers = {
    { "a proxy that refuses", { status = 403, headers = { ["content-type"] = "text/plain" }, body = "Forbidden" },
      "its address answers 403 and text/plain" },
    { "another cloud's service", { status = 404, body = "<html>" }, "its address answers 404 and no content type" },
    { "a page for whoever asks", { headers = { ["content-type"] = "text/html" }, body = "<html>" },
      "its address answers 200 and text/html" },
  }
  for _, case in ipairs(strangers) do
    it("moves on where the metadata service's address has " .. case[1], function()
      local folder = files.temporary()
      local credentials, stub = chain({ case[2] }, { PATH = folder }) -- there is no az
      local _, err = credentials:get()
      files.remove(folder)
      assert.equal("unavailable", err.code)
      assert.matches("no metadata service: " .. case[3] .. "; .*Azure CLI", err.cause.message)
      assert.equal(1, #stub.requests)
    end)
  end

  it("stops where the metadata service has refused", function()
    local answers = { { status = 400 }, { status = 403, body = { error = "forbidden", error_description = "no" } } }
    local _, err = chain(answers, {}):get()
    assert.equal("forbidden", err.code)
  end)

  it("is narrowed by AZURE_TOKEN_CREDENTIALS", function()
    local credentials, stub = chain({ reply { expires_in = 3600 } },
      { AZURE_TOKEN_CREDENTIALS = " managedidentitycredential " })
    assert(credentials:get())
    assert.matches("%?api%-version=", stub.requests[1].url)

    local _, err = chain({}, { AZURE_TOKEN_CREDENTIALS = "staging" }):get()
    assert.matches('expected prod, dev or the name of a credential, got "staging"', err.message)
    _, err = chain({}, { AZURE_TOKEN_CREDENTIALS = "AzurePowerShellCredential" }):get()
    assert.matches("AzurePowerShellCredential is not supported", err.message)
  end)

  it("takes a pod's workload identity for its managed identity", function()
    local path = os.tmpname()
    files.write(path, "e30.e30.sig")
    local credentials, stub = chain({ reply { expires_in = 3600 } }, {
      AZURE_TOKEN_CREDENTIALS = "ManagedIdentityCredential", AZURE_TENANT_ID = "t", AZURE_CLIENT_ID = "c",
      AZURE_FEDERATED_TOKEN_FILE = path,
    })
    assert.equal("workload identity", assert(credentials:get()).source)
    assert.matches("/t/oauth2/v2%.0/token$", stub.requests[1].url)
    os.remove(path)
  end)

  it("names a user's password as not supported", function()
    local _, err = chain({ UNREACHABLE }, {
      AZURE_TOKEN_CREDENTIALS = "prod", AZURE_TENANT_ID = "t", AZURE_CLIENT_ID = "c", AZURE_USERNAME = "u",
    }):get()
    assert.matches("AZURE_USERNAME and AZURE_PASSWORD are not supported", err.cause.message)
  end)

end)
