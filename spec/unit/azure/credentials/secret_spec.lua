local Error = require "cloudjobs.base.error"
local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"

local TENANT = "00000000-0000-0000-0000-000000000001"
local SCOPE = "https://management.azure.com/.default"
local START = 1767225600

local function provider(answers, options)
  local stub = Stub.new(answers, { time = START })
  local settings = {
    transport = stub, env = {}, tenant_id = TENANT, client_id = "app", client_secret = "s3cret+/&=%",
  }
  for name, value in pairs(options or {}) do
    settings[name] = value
  end
  return cloudjobs.azure.credentials(settings), stub
end

local function reply(fields)
  local body = { token_type = "Bearer", access_token = "tok-1", expires_in = 3600 }
  for name, value in pairs(fields or {}) do
    body[name] = value ~= "absent" and value or nil
  end
  return { body = body, headers = { ["content-type"] = "application/json" } }
end

describe("the client secret flow", function()
  it("posts the form and answers the token", function()
    local credentials, stub = provider { reply() }
    local identity = assert(credentials:get(SCOPE))
    assert.equal("tok-1", identity.token)
    assert.equal(START + 3600, identity.expiration)
    assert.equal("client secret", identity.source)

    local request = stub.requests[1]
    assert.equal("POST", request.method)
    assert.equal("https://login.microsoftonline.com/" .. TENANT .. "/oauth2/v2.0/token", request.url)
    assert.equal("application/x-www-form-urlencoded", request.headers["content-type"])
    assert.equal("grant_type=client_credentials&client_id=app"
      .. "&scope=https%3A%2F%2Fmanagement.azure.com%2F.default&client_secret=s3cret%2B%2F%26%3D%25", request.body)
  end)

  it("hides the token and the secret when printed", function()
    local credentials = provider { reply() }
    assert.not_matches("tok%-1", tostring(credentials:get()))
    assert.not_matches("s3cret", tostring(credentials))
  end)

  it("asks the cloud's own resource manager unless a scope is given", function()
    local credentials, stub = provider({ reply(), reply() }, { cloud = "us_government" })
    credentials:get()
    credentials:get("https://storage.azure.com/.default")
    assert.matches("^https://login%.microsoftonline%.us/", stub.requests[1].url)
    assert.matches("scope=https%%3A%%2F%%2Fmanagement%.usgovcloudapi%.net%%2F%.default", stub.requests[1].body)
    assert.matches("scope=https%%3A%%2F%%2Fstorage%.azure%.com%%2F%.default", stub.requests[2].body)
  end)

  it("takes an authority without a scheme as one over https", function()
    for _, options in ipairs { { authority = "login.microsoftonline.us" }, { env = { AZURE_AUTHORITY_HOST = "login.microsoftonline.us" } } } do
      local credentials, stub = provider({ reply() }, options)
      assert(credentials:get())
      assert.equal("https://login.microsoftonline.us/" .. TENANT .. "/oauth2/v2.0/token", stub.requests[1].url)
    end
  end)

  it("takes an authority that ends in a slash", function()
    local credentials, stub = provider({ reply() }, { authority = "http://127.0.0.1:9/" })
    assert(credentials:get())
    assert.equal("http://127.0.0.1:9/" .. TENANT .. "/oauth2/v2.0/token", stub.requests[1].url)
  end)

  for _, authority in ipairs { "http://login.example.com", "http://localhost:80", "ftp://login.example.com" } do
    it("sends no secret to " .. authority, function()
      local credentials, stub = provider({}, { authority = authority })
      local identity, err = credentials:get()
      assert.is_nil(identity)
      assert.same({ "credentials", "config" }, { err.kind, err.code })
      assert.equal(0, #stub.requests)
    end)
  end

  it("refuses a tenant that would change the address", function()
    local credentials, stub = provider({}, { tenant_id = "a/../b" })
    local _, err = credentials:get()
    assert.matches("tenant_id", err.message)
    assert.equal(0, #stub.requests)
  end)
end)

describe("a token reply", function()
  it("may say when it wants to be refreshed", function()
    local credentials = provider { reply { refresh_in = 1000 } }
    assert.equal(START + 1000, credentials:get().refresh_at)
  end)

  it("may give numbers as text, and an instant instead of a lifetime", function()
    local credentials = provider { reply { expires_in = "absent", expires_on = "1767229200" } }
    assert.equal(1767229200, credentials:get().expiration)
  end)

  local wrong = {
    { "a page", { body = "<html>Sign in</html>", headers = { ["content-type"] = "text/html" } },
      "not JSON but text/html" },
    { "an empty body", { body = "" }, "not JSON" },
    { "a list", { body = "[]" }, "no access_token" },
    { "a huge body", { body = '{"x":"' .. ("x"):rep(200000) .. '"}' }, "too large" },
    { "no token", reply { access_token = "absent" }, "no access_token" },
    { "a token with a line break", reply { access_token = "a\r\nX: y" }, "no access_token" },
    { "another kind of token", reply { token_type = "pop" }, "not a bearer token" },
    { "no expiry", reply { expires_in = "absent" }, "does not say when the token expires" },
    { "an expiry that is no number", reply { expires_in = "soon" }, "does not say when the token expires" },
    { "a past expiry", reply { expires_in = 0 }, "past or absurd" },
    { "an absurd expiry", reply { expires_in = 1e15 }, "past or absurd" },
  }
  for _, case in ipairs(wrong) do
    it("with " .. case[1] .. " is refused", function()
      local credentials = provider { case[2] }
      local identity, err = credentials:get()
      assert.is_nil(identity)
      assert.equal("credentials", err.kind)
      assert.matches(case[3], err.message)
    end)
  end
end)

describe("a refused token request", function()
  local function refused(description, status, headers)
    return {
      status = status or 401,
      headers = headers,
      body = {
        error = "invalid_client", error_description = description, trace_id = "trace-1", correlation_id = "corr-1",
      },
    }
  end

  it("gives Entra's own code, its first line and what to do", function()
    local credentials = provider { refused("AADSTS7000215: Invalid client secret provided.\r\nTrace ID: x") }
    local _, err = credentials:get()
    assert.same({ "credentials", "invalid_client", 401, "trace-1", false },
      { err.kind, err.code, err.status, err.request_id, err.retryable })
    assert.equal("client secret: AADSTS7000215: Invalid client secret provided.", err.message)
    assert.matches("give its value, not its id", err.hint)
  end)

  it("never repeats the secret", function()
    local credentials = provider { refused("got client_secret s3cret+/&=%") }
    local _, err = credentials:get()
    assert.equal("client secret: got client_secret [hidden]", err.message)
  end)

  it("that was throttled is remembered for as long as the endpoint asked", function()
    local credentials, stub = provider { refused("slow down", 429, { ["retry-after"] = "30" }), reply() }
    local _, err = credentials:get()
    assert.same({ true, true, 30 }, { err.retryable, err.throttling, err.retry_after })
    stub.time = START + 10
    _, err = credentials:get()
    assert.equal(20, err.retry_after)
    assert.equal(1, #stub.requests)
    stub.time = START + 30
    assert.equal("tok-1", credentials:get().token)
  end)

  it("that was throttled without a time is left alone for a minute", function()
    local credentials = provider { refused("slow down", 429) }
    local _, err = credentials:get()
    assert.equal(60, err.retry_after)
  end)

  it("may be tried again when the endpoint or the way there broke", function()
    local lost = Error.new { kind = "transport", code = "connect", message = "no route", retryable = true }
    local credentials = provider { refused("oops", 503), lost }
    local _, err = credentials:get()
    assert.is_true(err.retryable)
    _, err = credentials:get()
    assert.same({ "credentials", "connect", true, lost }, { err.kind, err.code, err.retryable, err.cause })
  end)
end)

describe("the token cache", function()
  it("asks once until the token is near its end", function()
    local credentials, stub = provider { reply(), reply { access_token = "tok-2" } }
    credentials:get()
    stub.time = START + 3299
    assert.equal("tok-1", credentials:get().token)
    stub.time = START + 3300
    assert.equal("tok-2", credentials:get().token)
    assert.equal(2, #stub.requests)
  end)

  it("keeps a token for each scope", function()
    local credentials, stub = provider { reply(), reply { access_token = "tok-2" } }
    assert.equal("tok-1", credentials:get().token)
    assert.equal("tok-2", credentials:get("other/.default").token)
    assert.equal("tok-1", credentials:get(SCOPE).token)
    assert.equal(2, #stub.requests)
  end)

  it("serves the old token while a refresh fails, and tries again half a minute later", function()
    local broken = { status = 500, body = "" }
    local credentials, stub = provider { reply(), broken, reply { access_token = "tok-2" } }
    credentials:get()
    stub.time = START + 3400
    assert.equal("tok-1", credentials:get().token)
    stub.time = START + 3410
    assert.equal("tok-1", credentials:get().token)
    assert.equal(2, #stub.requests)
    stub.time = START + 3430
    assert.equal("tok-2", credentials:get().token)
  end)

  it("gives the error once the old token is over", function()
    local credentials, stub = provider { reply(), { status = 500, body = "" } }
    credentials:get()
    stub.time = START + 3595
    local identity, err = credentials:get()
    assert.is_nil(identity)
    assert.equal(500, err.status)
  end)

  it("fetches once for all that wait, and serves the old token to those that need not", function()
    local credentials, stub = provider { reply() }
    credentials:get()
    stub.time = START + 3400
    local during
    stub:push(function()
      during = credentials:get().token
      return { status = 200, headers = {}, body = '{"access_token":"tok-2","expires_in":3600}' }
    end)
    assert.equal("tok-2", credentials:get().token)
    assert.equal("tok-1", during)
    assert.equal(2, #stub.requests)
  end)

  it("lets go of a token, and asks once for the claims that a service wants", function()
    local credentials, stub = provider { reply(), reply { access_token = "tok-2" } }
    local identity = credentials:get()
    credentials:expire(identity, '{"access_token":{}}')
    assert.equal("tok-2", credentials:get().token)
    assert.matches("&claims=%%7B%%22access_token%%22%%3A%%7B%%7D%%7D$", stub.requests[2].body)
    credentials:expire(identity)
    assert.equal("tok-2", credentials:get().token)
    assert.equal(2, #stub.requests)
  end)
end)
