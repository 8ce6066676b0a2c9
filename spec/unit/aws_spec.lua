local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"

local KEYS = { access_key_id = "AKID", secret_access_key = "hush" }

local LISTING = {
  bcm_data_exports = "list_exports",
  ssm = "list_commands",
  partnercentral_selling = "list_resource_snapshot_jobs",
}

local function ssm(options)
  options.credentials = options.credentials or KEYS
  options.env = options.env or {}
  options.transport = options.transport or Stub.new()
  return cloudjobs.aws.ssm(options)
end

local function address(service, options)
  options.credentials = KEYS
  options.env = options.env or {}
  options.transport = Stub.new()
  local client = cloudjobs.aws[service](options)
  local request, err = client:request(LISTING[service], service == "partnercentral_selling" and { Catalog = "AWS" } or {})
  return request and request.url or tostring(err)
end

describe("an AWS client's address", function()
  local cases = {
    { "bcm_data_exports", { region = "eu-west-1" }, "https://bcm-data-exports.us-east-1.api.aws/" },
    { "ssm", { region = "eu-west-1" }, "https://ssm.eu-west-1.amazonaws.com/" },
    { "ssm", { env = { AWS_REGION = "eu-central-1" } }, "https://ssm.eu-central-1.amazonaws.com/" },
    { "partnercentral_selling", { region = "us-east-1" }, "https://partnercentral-selling.us-east-1.api.aws/" },
    { "ssm", { region = "eu-west-1", endpoint = "http://127.0.0.1:8080" }, "http://127.0.0.1:8080/" },
    { "ssm", { region = "eu-west-1", endpoint = "https://example.com/base/" }, "https://example.com/base/" },
    { "ssm", { region = "eu-west-1", env = { AWS_ENDPOINT_URL = "http://localhost:1" } }, "http://localhost:1/" },
  }
  for _, case in ipairs(cases) do
    it("is " .. case[3] .. " for " .. case[1], function()
      assert.equal(case[3], address(case[1], case[2]))
    end)
  end

  local refused = {
    { {}, "no region" },
    { { region = "eu west" }, 'region "eu west": expected letters, digits and hyphens' },
    { { region = "eu-west-1.evil.example/" }, "expected letters, digits and hyphens" },
    { { region = "eu-west-1", endpoint = "http://example.com" }, "expected https; http is for loopback addresses" },
    { { region = "eu-west-1", endpoint = "example.com" }, "expected an absolute http or https URL" },
    { { region = "eu-west-1", env = { AWS_ENDPOINT_URL_SSM = "ftp://x" } }, "AWS_ENDPOINT_URL_SSM ftp://x: expected" },
  }
  for _, case in ipairs(refused) do
    it("is refused with " .. case[2], function()
      local client = ssm(case[1])
      local request, err = client:request("list_commands")
      assert.is_nil(request)
      assert.equal("config", err.kind)
      assert.matches(case[2], tostring(err), 1, true)
    end)
  end
end)

describe("an AWS client's construction", function()
  local mistakes = {
    { { reigon = "x" }, "cloudjobs.aws.ssm: unknown option reigon (did you mean region?)" },
    { { retry = { max_atempts = 3 } }, "cloudjobs.aws.ssm: retry: unknown option max_atempts" },
    { { timeout = { connect = "5" } }, "cloudjobs.aws.ssm: timeout: option connect: expected number, got string" },
    { { credentials = { access_key_id = "AKID" } }, "expected access_key_id and secret_access_key, or a provider" },
    { { credentials = { acess_key_id = "AKID" } }, "credentials: unknown option acess_key_id" },
  }
  for _, case in ipairs(mistakes) do
    it("raises at the caller's line: " .. case[2], function()
      local ok, message = pcall(function()
        local client = cloudjobs.aws.ssm(case[1])
        return client
      end)
      assert.is_false(ok)
      assert.matches("aws_spec%.lua:%d+: ", message)
      assert.matches(case[2], message, 1, true)
    end)
  end

  it("refuses what its transport cannot honour", function()
    local stub = Stub.new()
    stub.honours = {}
    assert.error_matches(function()
      ssm { transport = stub, proxy = "http://127.0.0.1:3128" }
    end, "option proxy: this transport cannot honour it")
  end)

  it("hands the network settings to the transport", function()
    local stub = Stub.new { { body = "{}" } }
    ssm({ transport = stub, region = "eu-west-1", ca_bundle = "ca.pem" }):list_commands()
    assert.same({ ca_bundle = "ca.pem" }, stub.requests[1].network)
  end)

  it("reads and opens nothing", function()
    local looked = {}
    local env = setmetatable({}, { __index = function(_, name)
      looked[#looked + 1] = name
    end })
    cloudjobs.aws.ssm { env = env, transport = Stub.new() }
    for _, name in ipairs(looked) do
      assert.not_matches("KEY", name)
    end
  end)
end)

describe("cloudjobs.aws.credentials", function()
  it("gives keys or the environment", function()
    assert.equal("static", cloudjobs.aws.credentials(KEYS):get().source)
    local env = { AWS_ACCESS_KEY_ID = "AKID", AWS_SECRET_ACCESS_KEY = "hush" }
    assert.equal("env", cloudjobs.aws.credentials({ env = env }):get().source)
  end)

  it("wants both keys", function()
    assert.error_matches(function()
      cloudjobs.aws.credentials { access_key_id = "AKID" }
    end, "expected access_key_id and secret_access_key together")
  end)
end)
