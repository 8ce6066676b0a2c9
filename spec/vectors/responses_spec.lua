--- Canned replies of the AWS services, byte for byte, through client:decode.

local conformance = require "spec.support.conformance"
local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"

local SERVICES = {
  ["bcm-data-exports"] = "bcm_data_exports",
  ["ssm"] = "ssm",
  ["partnercentral-selling"] = "partnercentral_selling",
  ["sts"] = "sts",
  ["sso"] = "sso",
  ["sso-oidc"] = "sso_oidc",
}

-- A client, nil where the service has none yet.
local function client_of(name)
  local ok, client = pcall(cloudjobs.aws[name], { region = "us-east-1", env = {}, transport = Stub.new() })
  assert(ok or tostring(client):find("is not supported", 1, true), client)
  return ok and client or nil
end

local function check_error(expect, err)
  assert.same({
    kind = "service", code = expect.code, message = expect.message, status = expect.http_status,
    retryable = expect.retryable, throttling = expect.throttling,
  }, {
    kind = err.kind, code = err.code, message = err.message, status = err.status,
    retryable = err.retryable, throttling = err.throttling,
  })
  for name, value in pairs(expect.fields or {}) do
    assert.same(value, err.fields[name])
  end
end

-- The longest list is described, not repeated.
local function check_executions(expect, output)
  local list, by_status = output.Executions, {}
  for _, execution in ipairs(list) do
    local code = execution.ExecutionStatus.StatusCode
    by_status[code] = (by_status[code] or 0) + 1
  end
  assert.same({
    count = expect.count, first = expect.first, last = expect.last, by_status = expect.by_status,
    last_created = expect.last_created,
  }, {
    count = #list, first = list[1].ExecutionId, last = list[#list].ExecutionId, by_status = by_status,
    last_created = cloudjobs.iso(list[#list].ExecutionStatus.CreatedAt),
  })
  assert.is_nil(output.NextToken)
end

conformance.with("responses/index.jsonl", function(index)
  local folder = index:gsub("[^/]*$", "")

  describe("the canned reply", function()
    for case in conformance.cases(index) do
      local name = SERVICES[case.service]
      local client = name and client_of(name)
      if name and not client then
        pending(case.name .. " (there is no client for " .. case.service .. " yet)")
      elseif name then
        it(case.name .. " is read as expected", function()
          local output, err = client:decode(case.operation, conformance.response_of(case, folder))
          if case.status >= 300 then
            assert.is_nil(output)
            check_error(case.expect, err)
          elseif case.expect.by_status then
            check_executions(case.expect, assert(output, err))
          else
            assert.same(case.expect, assert(output, err))
          end
        end)
      end
    end
  end)
end)
