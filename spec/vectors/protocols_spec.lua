--- The published protocol tests: what a description's operations send, and
--- what their responses are read as. Through cloudjobs.aws.client, as a user
--- with a description of his own.

local conformance = require "spec.support.conformance"
local core = require "cloudjobs.core"
local files = require "spec.support.files"
local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"

local TOKEN = "00000000-0000-4000-8000-000000000000"

local FILES = { "json", "json_1_0", "json_1_0-query-compatible" }

local KEYS = { access_key_id = "AKID", secret_access_key = "hush" }

local function read_json(path)
  return assert(core.json_decode(files.read(path)))
end

-- A client for one case: the suites are descriptions without operations.
local function client_of(suite, case)
  local metadata = { serviceId = "Protocol Tests", endpointPrefix = "protocol", signatureVersion = "v4" }
  for name, value in pairs(suite.metadata) do
    metadata[name] = value
  end
  return cloudjobs.aws.client {
    model = { metadata = metadata, shapes = suite.shapes, operations = { [case.given.name] = case.given } },
    region = "us-east-1",
    endpoint = suite.clientEndpoint or "https://example.com",
    credentials = KEYS,
    transport = Stub.new(),
    env = {},
  }
end

-- The cases are JSON, which has no word for some numbers.
local NUMBERS = { NaN = 0 / 0, Infinity = math.huge, ["-Infinity"] = -math.huge }

-- A case's values as a Lua program has them; a null is an absent member.
local function value_of(json)
  if type(json) ~= "table" then
    return NUMBERS[json] or json
  end
  local value = {}
  for name, member in pairs(json) do
    if member ~= core.null then
      value[name] = value_of(member)
    end
  end
  return value
end

local function check_request(expected, request)
  local origin, path = request.url:match("^(%a+://[^/]+)(.*)$")
  assert.equal(expected.method, request.method)
  assert.equal(expected.uri, path)
  if expected.host then
    assert.equal(expected.host:match("^[^/]+"), origin:match("//(.*)"))
  end
  for name, value in pairs(expected.headers or {}) do
    assert.equal(value, request.headers[name:lower()])
  end
  for _, name in ipairs(expected.forbidHeaders or {}) do
    assert.is_nil(request.headers[name:lower()])
  end
  for _, name in ipairs(expected.requireHeaders or {}) do
    assert.is_truthy(request.headers[name:lower()] or name:lower() == "content-length")
  end
  local body = request.body:gsub("%x+%-%x+%-4%x+%-[89ab]%x+%-%x+", TOKEN)
  local document = assert(core.json_decode(body))
  -- Documents are compared, not their bytes. A case without one is of an operation without input.
  assert.same(expected.body and assert(core.json_decode(expected.body)) or {}, document)
end

local function response_of(case)
  local headers = {}
  for name, value in pairs(case.response.headers or {}) do
    headers[name:lower()] = value
  end
  return { status = case.response.status_code, headers = headers, body = case.response.body or "" }
end

local function check_response(case, output, err)
  if case.errorCode then
    assert.is_nil(output)
    assert.equal("service", err.kind)
    assert.equal(case.errorCode, err.code)
    assert.equal(case.errorMessage or "", err.message)
    for name, value in pairs(case.error or {}) do
      assert.same(value_of(value), err.fields[name])
    end
  else
    assert.is_nil(err)
    assert.same(value_of(case.result), output)
  end
end

for _, file in ipairs(FILES) do
  conformance.with("protocols/input/" .. file .. ".json", function(path)
    describe(file .. " sends", function()
      for _, suite in ipairs(read_json(path)) do
        for _, case in ipairs(suite.cases) do
          it(case.id, function()
            local request, err = client_of(suite, case):request(case.given.name, value_of(case.params))
            check_request(case.serialized, assert(request, err))
          end)
        end
      end
    end)
  end)

  conformance.with("protocols/output/" .. file .. ".json", function(path)
    describe(file .. " reads", function()
      for _, suite in ipairs(read_json(path)) do
        for _, case in ipairs(suite.cases) do
          it(case.id, function()
            check_response(case, client_of(suite, case):decode(case.given.name, response_of(case)))
          end)
        end
      end
    end)
  end)
end
