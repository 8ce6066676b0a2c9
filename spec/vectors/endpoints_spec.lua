-- The published endpoint tests of the shipped services, on the published rule
-- sets and on the generated ones.

local core = require "cloudjobs.core"
local conformance = require "spec.support.conformance"
local Endpoint = require "cloudjobs.aws.endpoint.rule_set"
local files = require "spec.support.files"
local Model = require "cloudjobs.model"

local SERVICES = { "bcm-data-exports", "ssm", "partnercentral-selling", "sts", "sso", "sso-oidc" }

local function read_json(path)
  return assert(core.json_decode(files.read(path)))
end

-- A case's expected result, in the form of ours.
local function expected_of(case)
  local endpoint = case.expect.endpoint
  return endpoint and {
    url = endpoint.url,
    headers = endpoint.headers or {},
    properties = endpoint.properties or {},
  } or { error = case.expect.error }
end

local function result_of(rule_set, params)
  local result, err = Endpoint.resolve(rule_set, params)
  return result or { error = err.message }
end

local function run(rule_set, cases)
  for _ = 1, 2 do -- evaluated, then remembered
    for _, case in ipairs(cases) do
      assert.same(expected_of(case), result_of(rule_set, case.params), case.documentation)
    end
  end
end

for _, service in ipairs(SERVICES) do
  conformance.with("endpoints/" .. service .. "/endpoint-tests-1.json", function(path)
    local cases = read_json(path).testCases
    describe("the endpoint rules of " .. service, function()
      it(("pass their %d tests as published"):format(#cases), function()
        run(read_json((path:gsub("endpoint%-tests", "endpoint-rule-set"))), cases)
      end)

      it("pass them as generated", function()
        run(Model.load((service:gsub("%-", "_"))):endpoints(), cases)
      end)
    end)
  end)
end

conformance.with("endpoints/partitions.json", function(path)
  it("distinguishes partitions as published", function()
    local functions = require "cloudjobs.aws.endpoint.functions"
    for _, partition in ipairs(read_json(path).partitions) do
      for region in pairs(partition.regions) do
        assert.same(partition.outputs, functions["aws.partition"](region), region)
      end
    end
  end)
end)
