local Config = require "cloudjobs.aws.config"
local Container = require "cloudjobs.aws.credentials.container"
local Error = require "cloudjobs.base.error"
local Home = require "spec.support.home"
local Stub = require "cloudjobs.stub"

local ANSWER = {
  body = {
    AccessKeyId = "AK", SecretAccessKey = "hush", Token = "token", Expiration = "2030-01-01T00:00:00Z", AccountId = "1",
  },
}
local RELATIVE = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
local FULL = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
local TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
local TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"

local function new(env, answers)
  local stub = Stub.new(answers or { ANSWER })
  stub.honours = { ca_bundle = true }
  return Container.new(Config.new { env = env }, stub), stub
end

local function message(env, answers)
  local provider, stub = new(env, answers)
  local identity, err = provider:get()
  assert.is_nil(identity)
  assert.equal("credentials", err.kind)
  assert.not_matches("hush", tostring(err), 1, true)
  return err.message, stub, err
end

describe("a container's credentials", function()
  it("come from the ECS agent for a relative URI, which goes before the full one", function()
    local provider, stub = new { [RELATIVE] = "/v2/c?id=1", [FULL] = "https://other" }
    assert.same({
      access_key_id = "AK", secret_access_key = "hush", session_token = "token", account_id = "1",
      expiration = 1893456000, source = "container-role",
    }, provider:get())
    assert.same({
      method = "GET", url = "http://169.254.170.2/v2/c?id=1",
      headers = { host = "169.254.170.2", accept = "application/json" }, timeout = 2, connect_timeout = 2,
    }, stub.requests[1])
  end)

  for _, url in ipairs {
    "https://agent.example/c", "http://127.0.0.1:8080/c", "http://127.9.9.9/c", "http://localhost/c", "http://[::1]:1/c",
    "http://169.254.170.2/c", "http://169.254.170.23/v1/credentials", "http://[fd00:ec2::23]/v1/credentials",
  } do
    it("may be at " .. url, function()
      local provider, stub = new { [FULL] = url }
      assert.is_truthy(provider:get())
      assert.equal(url, stub.requests[1].url)
    end)
  end

  local refused = {
    { { [FULL] = "http://example.com/c" }, FULL .. ": example.com is no loopback address and no container agent" },
    { { [FULL] = "http://127.0.0.1.example.com/c" }, "127.0.0.1.example.com is no loopback address" },
    { { [FULL] = "http://169.254.169.254/c" }, "169.254.169.254 is no loopback address and no container agent" },
    { { [FULL] = "http://localhost@example.com/" }, FULL .. ": expected no user name or password in the URL" },
    { { [FULL] = "ftp://localhost/" }, FULL .. ": expected an absolute http or https URL" },
    { { [RELATIVE] = ".example.com/" }, RELATIVE .. ": expected a path that begins with /" },
    { { [RELATIVE] = "@example.com/" }, RELATIVE .. ": expected a path that begins with /" },
    { { [RELATIVE] = "/c", [TOKEN] = "a\r\nx: y" }, TOKEN .. ": the token has a line break, which no header can carry" },
    { { [RELATIVE] = "/c", [TOKEN_FILE] = "/nowhere/token" }, TOKEN_FILE .. ": /nowhere/token: No such file or directory" },
  }
  for _, case in ipairs(refused) do
    it("are refused with " .. case[2], function()
      local text, stub = message(case[1])
      assert.matches(case[2], text, 1, true)
      assert.equal(0, #stub.requests)
    end)
  end

  it("are asked for over https with the certificates that all calls trust", function()
    for _, variable in ipairs { "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE" } do
      local provider, stub = new({ [FULL] = "https://agent.example/c", [variable] = "/ca.pem" })
      assert.is_truthy(provider:get())
      assert.same({ ca_bundle = "/ca.pem" }, stub.requests[1].network)
    end
    local provider, stub = new({ [FULL] = "http://127.0.0.1/c", AWS_CA_BUNDLE = "/ca.pem" })
    assert.is_truthy(provider:get())
    assert.is_nil(stub.requests[1].network)
    provider, stub = new({ [FULL] = "https://agent.example/c", AWS_CA_BUNDLE = "/dev/zero" })
    local identity, err = provider:get()
    assert.is_nil(identity)
    assert.matches("ca_bundle: /dev/zero is a pipe, a device or a socket", err.message, 1, true)
    assert.same({}, stub.requests)
  end)

  it("are absent when neither variable is set", function()
    local _, _, err = message {}
    assert.is_true(err.absent)
  end)

  it("are asked for with the token, its file before the variable and read each time", function()
    local home = Home.new { token = "one" }
    local provider, stub = new({ [FULL] = "http://169.254.170.23/c", [TOKEN_FILE] = home.path .. "/token", [TOKEN] = "v" },
      { ANSWER, ANSWER })
    assert.is_truthy(provider:get())
    home:write("token", "two")
    assert.is_truthy(provider:get())
    assert.same({ "one", "two" }, { stub.requests[1].headers.authorization, stub.requests[2].headers.authorization })
    home:write("token", "hu\nsh\n")
    local _, err = provider:get()
    assert.equal(TOKEN_FILE .. ": the token has a line break, which no header can carry", err.message)
    home:remove()
    provider, stub = new { [FULL] = "http://169.254.170.23/c", [TOKEN] = "v" }
    assert.is_truthy(provider:get())
    assert.equal("v", stub.requests[1].headers.authorization)
  end)

  it("are asked for three times, a second apart", function()
    local provider, stub = new({ [RELATIVE] = "/c" }, {
      { status = 500 }, Error.new { kind = "transport", code = "timeout", message = "no answer in time" }, ANSWER,
    })
    assert.is_truthy(provider:get())
    assert.same({ 1, 1 }, stub.slept)
  end)

  local failing = {
    { { status = 403, body = "hush" }, "it answered with status 403" },
    { { status = 302, headers = { location = "http://example.com" } }, "it answered with status 302" },
    { { body = "<html>hush</html>" }, "expected a JSON object with keys" },
    { { body = '{"AccessKeyId":"AK","Secr' }, "expected a JSON object with keys" },
    { Error.new { kind = "transport", code = "connect", message = "refused" }, "connect: refused" },
  }
  for _, case in ipairs(failing) do
    it("fail with " .. case[2] .. ", and no other provider is used", function()
      local text, stub, err = message({ [RELATIVE] = "/c" }, { case[1], case[1], case[1] })
      assert.matches("the container's agent at 169.254.170.2 gave no keys: " .. case[2], text, 1, true)
      assert.equal(3, #stub.requests)
      assert.is_nil(err.absent)
    end)
  end

  it("need both keys", function()
    assert.matches("expected SecretAccessKey in the answer",
      (message({ [RELATIVE] = "/c" }, { { body = { AccessKeyId = "AK" } } })), 1, true)
  end)
end)
