--- Canned replies of Azure, byte for byte: exports through the client, tokens
--- through the flow that asks for them.

local conformance = require "spec.support.conformance"
local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"

local START = 1795300924 -- when the replies were made

local function check_error(expect, err, message)
  assert.same({
    code = expect.code, message = message, status = expect.http_status, retryable = expect.retryable,
    retry_after = expect.retry_after_seconds ~= cloudjobs.null and expect.retry_after_seconds or nil,
  }, {
    code = err.code, message = err.message, status = err.status, retryable = err.retryable,
    retry_after = err.retry_after,
  })
end

local function check_export(case, response)
  local scope, name, version, rest = case.request.url:match(
    "^https://management%.azure%.com/(.+)/providers/Microsoft%.CostManagement/exports/(%w+)%?api%-version=([%d-]+)(.*)$")
  local costs = cloudjobs.azure.cost_exports {
    scope = scope, api_version = version, env = {}, transport = Stub.new { response },
    credentials = { token = "hush" }, retry = { max_attempts = 1 },
  }
  local params = { exportName = name, expand = rest:match("^&%$expand=(%w+)$") }
  local request = assert(costs:request("get", params))
  assert.same({ case.request.method, case.request.url }, { request.method, request.url })

  local decoded, decode_err = costs:decode("get", response)
  local output, err = costs:get(params)
  if case.status == 200 then
    assert.same(case.expect, output)
    assert.same(case.expect, decoded)
  else
    check_error(case.expect, err, case.expect.message)
    check_error(case.expect, decode_err, case.expect.message)
    assert.same({ "service", response.headers["x-ms-request-id"] }, { err.kind, err.request_id })
  end
end

local function check_token(case, response)
  local stub = Stub.new({ response }, { time = START })
  local options = { transport = stub, env = {} }
  if case.request.form then
    options.tenant_id = "00000000-0000-0000-0000-000000000001"
    options.client_id, options.client_secret = "id", "secret"
  else
    options.kind = "managed_identity"
  end
  local identity, err = cloudjobs.azure.credentials(options):get()
  assert.equal(case.request.url, stub.requests[1].url)
  if case.status == 200 then
    assert.same({ case.expect.access_token, START + case.expect.expires_in }, { identity.token, identity.expiration })
  else
    check_error(case.expect, err, "client secret: " .. case.expect.message)
    assert.equal("credentials", err.kind)
  end
end

conformance.with("responses/index.jsonl", function(index)
  local folder = index:gsub("[^/]*$", "")

  describe("the canned reply", function()
    for case in conformance.cases(index) do
      if case.service == "azure" then
        it(case.name .. " is read as expected", function()
          local check = case.operation == "token" and check_token or check_export
          check(case, conformance.response_of(case, folder))
        end)
      end
    end
  end)
end)
