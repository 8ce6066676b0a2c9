local Config = require "cloudjobs.aws.config"
local Error = require "cloudjobs.base.error"
local Imds = require "cloudjobs.aws.credentials.imds"
local Stub = require "cloudjobs.stub"

local START = 1767225600
local LATE = "2026-01-01T06:00:00Z" -- START + 6 h
local TOKEN, ROLE = { body = "tok==" }, { body = "role-a\n" }
local ROLE_PATH = "/latest/meta-data/iam/security-credentials/"

local function keys(more)
  local body = { Code = "Success", AccessKeyId = "AK", SecretAccessKey = "hush", Token = "t", Expiration = LATE }
  for name, value in pairs(more or {}) do
    body[name] = value
  end
  return { body = body }
end

local function transport_error(code)
  return Error.new { kind = "transport", code = code, message = "no luck" }
end

local function new(answers, env)
  local stub = Stub.new(answers, { time = START })
  return Imds.new(Config.new { env = env or {} }, stub), stub
end

-- What was asked: method, URL, token.
local function asked(stub)
  local list = {}
  for i, request in ipairs(stub.requests) do
    list[i] = { request.method, request.url, request.headers["x-aws-ec2-metadata-token"] }
  end
  return list
end

describe("an instance's credentials", function()
  it("are asked for with a session token", function()
    local provider, stub = new { TOKEN, ROLE, keys() }
    assert.same({
      access_key_id = "AK", secret_access_key = "hush", session_token = "t", expiration = START + 6 * 3600,
      source = "iam-role",
    }, provider:get())
    local base = "http://169.254.169.254"
    assert.same({
      { "PUT", base .. "/latest/api/token" },
      { "GET", base .. ROLE_PATH, "tok==" },
      { "GET", base .. ROLE_PATH .. "role-a", "tok==" },
    }, asked(stub))
    local put = stub.requests[1]
    assert.same({ host = "169.254.169.254", ["x-aws-ec2-metadata-token-ttl-seconds"] = "21600" }, put.headers)
    assert.same({ 1, 1 }, { put.timeout, put.connect_timeout })
  end)

  for _, answer in ipairs { { status = 403 }, { status = 404 }, { status = 405 }, transport_error "timeout" } do
    it("are asked for by version 1 after " .. (answer.status or answer.code) .. " for the token", function()
      local provider, stub = new { answer, ROLE, keys() }
      assert.is_truthy(provider:get())
      assert.is_nil(stub.requests[2].headers["x-aws-ec2-metadata-token"])
    end)
  end

  local places = {
    { { AWS_EC2_METADATA_SERVICE_ENDPOINT = "http://127.0.0.1:1338/" }, "http://127.0.0.1:1338" },
    { { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE = "IPv6" }, "http://[fd00:ec2::254]" },
    { { AWS_IMDS_USE_IPV6 = "true" }, "http://[fd00:ec2::254]" },
    { { AWS_IMDS_USE_IPV6 = "true", AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE = "ipv4" }, "http://169.254.169.254" },
    { { AWS_IMDS_USE_IPV6 = "true", AWS_EC2_METADATA_SERVICE_ENDPOINT = "http://10.0.0.1" }, "http://10.0.0.1" },
  }
  for _, case in ipairs(places) do
    local names = {}
    for name, value in pairs(case[1]) do
      names[#names + 1] = name .. "=" .. value
    end
    table.sort(names)
    it("are at " .. case[2] .. " for " .. table.concat(names, " "), function()
      local provider, stub = new({ TOKEN, ROLE, keys() }, case[1])
      assert.is_truthy(provider:get())
      assert.equal(case[2] .. ROLE_PATH, stub.requests[2].url)
    end)
  end

  it("may be given more time and tries", function()
    local provider, stub = new({ { status = 500 }, TOKEN, { status = 503 }, ROLE, { body = "" }, keys() },
      { AWS_METADATA_SERVICE_TIMEOUT = "3", AWS_METADATA_SERVICE_NUM_ATTEMPTS = "2" })
    assert.is_truthy(provider:get())
    assert.equal(6, #stub.requests)
    assert.equal(3, stub.requests[1].timeout)
  end)

  local absent = {
    { {}, "AWS_EC2_METADATA_DISABLED is true", { AWS_EC2_METADATA_DISABLED = "TRUE" } },
    { { transport_error "connect" }, "it does not answer: connect: no luck" },
    { { transport_error "timeout", transport_error "timeout" }, "it does not answer: timeout: no luck" },
    { { { status = 400 } }, "it refused to give a session token (status 400)" },
    { { { status = 403 } }, "it gave no session token, and version 1 is disabled by AWS_EC2_METADATA_V1_DISABLED",
      { AWS_EC2_METADATA_V1_DISABLED = "true" } },
    { { TOKEN, { status = 404 } }, "it answered " .. ROLE_PATH .. " with status 404" },
    { { { body = "<html> hush" } }, "it answered something that is no session token" },
    { { TOKEN, { body = "<html>hush</html>" } }, "it answered something that is no role's name" },
    { { TOKEN, { status = 302, headers = { location = "http://example.com" } } }, "with status 302" },
    { { TOKEN, ROLE, { body = "<html>hush" } }, "expected a JSON object with keys" },
    { { TOKEN, ROLE, keys { SecretAccessKey = "" } }, "expected SecretAccessKey in the answer" },
    { { TOKEN, ROLE, keys { Expiration = "soon" } }, "Expiration: " },
    { { TOKEN, ROLE, { body = { Code = "AssumeRoleUnauthorizedAccess", Message = "hush" } } },
      "it has no keys for the role role-a: AssumeRoleUnauthorizedAccess" },
  }
  for _, case in ipairs(absent) do
    it("are not there when " .. case[2], function()
      local provider, stub = new(case[1], case[3])
      local identity, err = provider:get()
      assert.is_nil(identity)
      assert.is_true(err.absent)
      assert.matches(case[2], err.message, 1, true)
      assert.not_matches("hush", tostring(err), 1, true)
      assert.equal(#case[1], #stub.requests)
    end)
  end

  it("are an error for a setting that cannot be understood", function()
    local _, err = new({}, { AWS_EC2_METADATA_SERVICE_ENDPOINT = "nowhere" }):get()
    assert.matches("expected an absolute http or https URL", err.message, 1, true)
    _, err = new({}, { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE = "ipv5" }):get()
    assert.equal("config", err.kind)
  end)

  it("are used on while the service is down, and asked for again 15 min and 2 to 10 min later", function()
    local provider, stub = new { TOKEN, ROLE, keys(), transport_error "connect", transport_error "connect" }
    provider:get()
    stub.time = START + 6 * 3600 - 60
    local identity = provider:get()
    local extension = identity.expiration - stub.time
    assert.is_true(extension >= 17 * 60 and extension <= 25 * 60)
    assert.equal("AK", identity.access_key_id)
    stub.time = START + 3600
    assert.equal(START + 6 * 3600, provider:get().expiration)
  end)

  it("are used on when the service has none but old ones", function()
    local provider, stub = new { TOKEN, ROLE, keys { Expiration = "2025-12-31T23:00:00Z" } }
    local extension = provider:get().expiration - stub.time
    assert.is_true(extension >= 17 * 60 and extension <= 25 * 60)
  end)
end)
