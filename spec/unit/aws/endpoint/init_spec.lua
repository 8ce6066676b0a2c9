local AwsEndpoint = require "cloudjobs.aws.endpoint"
local Config = require "cloudjobs.aws.config"
local Endpoint = require "cloudjobs.aws.endpoint.rule_set"
local Model = require "cloudjobs.model"

local NOWHERE = { HOME = "/nonexistent" }

-- A client's endpoint with these options, the environment among them.
local function resolve(model, options)
  options.env = options.env or NOWHERE
  return AwsEndpoint.new(type(model) == "string" and Model.load(model) or model, Config.new(options)):resolve()
end

local bare = Model.new { service = { id = "Jobs", protocol = "json-1.1", signing = "jobs", endpoint = "jobs" } }

describe("an AWS endpoint", function()
  local CASES = {
    -- model, options, origin, signing region
    { "ssm", { region = "eu-west-1" }, "https://ssm.eu-west-1.amazonaws.com", "eu-west-1" },
    { "ssm", { region = "cn-north-1" }, "https://ssm.cn-north-1.amazonaws.com.cn", "cn-north-1" },
    { "ssm", { region = "us-east-1", use_fips = true }, "https://ssm-fips.us-east-1.amazonaws.com", "us-east-1" },
    { "ssm", { region = "us-east-1", use_dualstack = true }, "https://ssm.us-east-1.api.aws", "us-east-1" },
    { "ssm", { region = "us-east-1", env = { AWS_USE_DUALSTACK_ENDPOINT = "true" } },
      "https://ssm.us-east-1.api.aws", "us-east-1" },
    { "ssm", { region = "eu-west-1", endpoint = "https://ssm.example/" }, "https://ssm.example", "eu-west-1" },
    { "bcm_data_exports", { region = "eu-west-1" }, "https://bcm-data-exports.us-east-1.api.aws", "us-east-1" },
    { "bcm_data_exports", { region = "eu-west-1", endpoint = "http://127.0.0.1:1" },
      "http://127.0.0.1:1", "eu-west-1" },
    { "partnercentral_selling", { region = "us-east-1" },
      "https://partnercentral-selling.us-east-1.api.aws", "us-east-1" },
    { "sts", { region = "eu-west-1" }, "https://sts.eu-west-1.amazonaws.com", "eu-west-1" },
    { "sts", {}, "https://sts.amazonaws.com", "us-east-1" },
    { "sts", { region = "eu-west-1", env = { AWS_STS_REGIONAL_ENDPOINTS = "legacy" } },
      "https://sts.amazonaws.com", "us-east-1" },
    { bare, { region = "us-gov-west-1" }, "https://jobs.us-gov-west-1.amazonaws.com", "us-gov-west-1" },
    { bare, { region = "us-east-1", use_fips = true, use_dualstack = true },
      "https://jobs-fips.us-east-1.api.aws", "us-east-1" },
    { bare, { region = "us-east-1", endpoint = "https://jobs.example" }, "https://jobs.example", "us-east-1" },
  }
  for i, case in ipairs(CASES) do
    it(("is %s, signed for %s (%d)"):format(case[3], case[4], i), function()
      local endpoint = assert(resolve(case[1], case[2]))
      assert.same({ case[3], case[4] }, { endpoint.origin, endpoint.signing.region })
    end)
  end

  it("heeds what an operation gives the rules: constants, members and paths", function()
    local model = Model.new {
      service = { id = "Graphs", protocol = "json-1.1", signing = "graphs", endpoint = "graphs" },
      operations = {
        GetGraph = "GetGraphRequest -> -", PutNode = "PutNodeRequest -> -", ListGraphs = "- -> -",
      },
      shapes = { GetGraphRequest = "GraphId string", PutNodeRequest = "Nodes Node[]", Node = "Arn string" },
      contexts = {
        GetGraph = { Plane = { value = "control" }, Name = { member = "GraphId" } },
        PutNode = { Plane = { value = "data" }, Name = { path = "Nodes[0].Arn" } },
      },
      endpoints = {
        parameters = {
          Plane = { type = "String", required = true, default = "none" }, Name = { type = "String" },
        },
        rules = {
          { type = "endpoint", conditions = { { fn = "isSet", argv = { { ref = "Name" } } } },
            endpoint = { url = "https://{Name}.{Plane}.example" } },
          { type = "endpoint", conditions = {}, endpoint = { url = "https://{Plane}.example" } },
        },
      },
    }
    local endpoint = AwsEndpoint.new(model, Config.new { env = NOWHERE, region = "us-east-1" })
    local function origin(name, params)
      return assert(endpoint:resolve(model:operation(name), params)).origin
    end
    for _ = 1, 2 do -- also of what was kept
      assert.equal("https://g-1.control.example", origin("get_graph", { GraphId = "g-1" }))
      assert.equal("https://g-2.control.example", origin("get_graph", { GraphId = "g-2" }))
      assert.equal("https://control.example", origin("get_graph"))
      assert.equal("https://n-1.data.example", origin("put_node", { Nodes = { { Arn = "n-1" } } }))
      assert.equal("https://none.example", origin("list_graphs"))
    end
  end)

  it("is signed for under the service's signing name, or the one the rules give", function()
    assert.equal("awsssoportal", resolve("sso", { region = "us-east-1" }).signing.name)
    local model = Model.new {
      service = { id = "Jobs", signing = "jobs", endpoint = "jobs" },
      endpoints = {
        parameters = {},
        rules = { { type = "endpoint", endpoint = { url = "https://jobs.example", properties = { authSchemes = {
          { name = "sigv4a", signingName = "other" },
          { name = "sigv4", signingName = "jobs-express", signingRegion = "us-west-2" },
        } } } } },
      },
    }
    assert.same({ name = "jobs-express", region = "us-west-2" }, resolve(model, { region = "us-east-1" }).signing)
  end)

  -- Which is why the rules are not loaded then.
  for _, name in ipairs { "bcm_data_exports", "partnercentral_selling", "ssm", "sso", "sso_oidc", "sts" } do
    it("is the configured address as it is by the rules of " .. name, function()
      local rules = Model.load(name):endpoints()
      for _, params in ipairs { {}, { Region = "eu-west-1" }, { Region = "us-gov-west-1" } } do
        for _, global in ipairs(rules.parameters.UseGlobalEndpoint and { true, false } or { "not asked" }) do
          params.Endpoint = "https://x.example/path"
          params.UseGlobalEndpoint = rules.parameters.UseGlobalEndpoint and global
          assert.same({ url = params.Endpoint, headers = {}, properties = {} }, Endpoint.resolve(rules, params))
        end
      end
    end)
  end

  it("is found once", function()
    local endpoint = AwsEndpoint.new(bare, Config.new { region = "us-east-1", env = NOWHERE })
    assert.equal(endpoint:resolve(), endpoint:resolve())
  end)

  it("has an operation's prefix in front of its host", function()
    local endpoint = AwsEndpoint.new(bare, Config.new {
      region = "us-east-1", env = NOWHERE, endpoint = "https://jobs.example:8443/base",
    })
    local op = { host_prefix = "{AccountId}.data-" }
    local address = endpoint:resolve(op, { AccountId = "111122223333" })
    assert.same({ "https://111122223333.data-jobs.example:8443", "111122223333.data-jobs.example:8443", "/base" },
      { address.origin, address.host, address.path })
    assert.equal("https://jobs.example:8443", endpoint:resolve().origin)
    for _, label in ipairs { "", "a.b", "evil/", "-x", ("x"):rep(64) } do
      local refused, err = endpoint:resolve(op, { AccountId = label })
      assert.is_nil(refused)
      assert.equal("validation", err.kind)
      assert.equal("AccountId", err.problems[1].path)
    end
  end)

  local REFUSED = {
    { "ssm", {}, "no region" },
    { "ssm", { region = "eu-west-1", use_fips = true, endpoint = "https://x.example" },
      "Invalid Configuration: FIPS and custom endpoint are not supported" },
    { bare, { region = "eu-west-1", use_fips = true, endpoint = "https://x.example" },
      "Invalid Configuration: FIPS and custom endpoint are not supported" },
    { "sts", { region = "eu-west-1", env = { AWS_STS_REGIONAL_ENDPOINTS = "sometimes" } },
      'AWS_STS_REGIONAL_ENDPOINTS: expected one of regional, legacy, got "sometimes"' },
    { "ssm", { region = "eu-west-1", endpoint = "https://x.example/?y" }, "endpoint https://x.example/?…: expected no query" },
    { "ssm", { region = ("x"):rep(64) }, 'region [64 bytes]: expected letters, digits and hyphens' },
  }
  for _, case in ipairs(REFUSED) do
    it("is refused with " .. case[3], function()
      local endpoint, err = resolve(case[1], case[2])
      assert.is_nil(endpoint)
      assert.same({ "config", case[3] }, { err.kind, err.message })
    end)
  end
end)

it("cloudjobs.aws.resolve_endpoint answers for any rule set", function()
  local resolve_endpoint = require("cloudjobs").aws.resolve_endpoint
  local rules = Model.load("ssm"):endpoints()
  assert.same({ url = "https://ssm.eu-west-1.amazonaws.com", headers = {}, properties = {} },
    resolve_endpoint(rules, { Region = "eu-west-1" }))
  local answer, err = resolve_endpoint(rules, {})
  assert.is_nil(answer)
  assert.equal("Invalid Configuration: Missing Region", err.message)
end)
