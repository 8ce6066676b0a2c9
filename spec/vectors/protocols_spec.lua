--- The published protocol tests: what a description's operations send, and
--- what their responses are read as. Through cloudjobs.aws.client, as a user
--- with a description of his own. A protocol is pending until it is supported.

local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local conformance = require "spec.support.conformance"
local core = require "cloudjobs.core"
local documents = require "spec.support.documents"
local files = require "spec.support.files"
local zlib = require "cloudjobs.zlib"

local TOKEN = "00000000-0000-4000-8000-000000000000"

local FILES = {
  "json", "json_1_0", "json_1_0-query-compatible", "rest-json", "rest-xml", "query", "ec2", "smithy-rpc-v2-cbor",
  "smithy-rpc-v2-cbor-query-compatible", "smithy-rpc-v2-cbor-non-query-compatible",
}

-- Cases that do not apply, each with its reason.
local EXCEPTIONS = {
  ["input RestJsonHttpChecksumRequired"] = "the checksum is of the white space in the case's body",
  ["output RestJsonHttpPayloadTraitsWithNoBlobBody"] = "an empty body is an empty blob, as botocore reads it",
  ["output HttpPayloadTraitsWithNoBlobBody"] = "an empty body is an empty blob, as botocore reads it",
}
for _, case in ipairs { "HttpPayloadWithXmlName", "HttpPayloadWithXmlNamespace", "HttpPayloadWithXmlNamespaceAndPrefix",
  "RestXmlHttpPayloadWithUnion", "XmlAttributesOnPayload" } do
  EXCEPTIONS["input " .. case] = "a member's name is that of its element, as S3's LifecycleConfiguration needs it"
end
local KEYS = { access_key_id = "AKID", secret_access_key = "hush" }

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
local FLOATS = { float = true, double = true }

local function shape_of(shapes, reference)
  return reference and shapes[reference.shape] or {}
end

-- A case's value as a Lua program has it; a null is an absent member, but an item of a sparse list or map.
local function value_of(json, shapes, shape, is_item)
  if type(json) ~= "table" then
    return FLOATS[shape.type] and NUMBERS[json] or json
  end
  local is_list = getmetatable(json) == core.array_mt
  local value = setmetatable({}, getmetatable(json))
  for name, member in pairs(json) do
    if member ~= core.null or is_list or is_item then
      local of = shape_of(shapes, is_list and shape.member or shape.value or (shape.members or {})[name])
      value[name] = value_of(member, shapes, of, true)
    end
  end
  return value
end

-- NaN as a word: it equals nothing.
local function comparable(value)
  if value ~= value then
    return "NaN"
  elseif type(value) ~= "table" then
    return value
  end
  local copy = {}
  for name, member in pairs(value) do
    copy[name] = comparable(member)
  end
  return copy
end

-- What may be written in more than one way.
local function header_text(text)
  return text and text:gsub(",%s+", ","):gsub(";%s*charset=[%w-]+$", "")
end

local function with_token(text)
  return (text:gsub("%x+%-%x+%-4%x+%-[89ab]%x+%-%x+", TOKEN))
end

-- The body as a document, or as it is where it is none.
local function document_of(protocol, text)
  if protocol == "query" or protocol == "ec2" then
    return documents.form(text)
  elseif protocol == "smithy-rpc-v2-cbor" then
    return text ~= "" and documents.cbor(text) or text
  elseif protocol == "rest-xml" then
    return text:find("^%s*<") and documents.xml(text) or text
  end
  local value = core.json_decode(text)
  return value == nil and text or value
end

local function check_body(protocol, expected, actual)
  expected, actual = with_token(expected or ""), with_token(actual or "")
  if protocol == "smithy-rpc-v2-cbor" then
    expected = core.base64_decode(expected)
  elseif protocol == "json" and expected == "" then
    expected = "{}" -- a case without one is of an operation without input
  end
  assert.same(document_of(protocol, expected), document_of(protocol, actual))
end

local function check_request(protocol, expected, request)
  local origin, path, query = request.url:match("^(%a+://[^/]+)([^?]*)%??(.*)$")
  local expected_path, expected_query = expected.uri:match("^([^?]*)%??(.*)$")
  assert.equal(expected.method, request.method)
  assert.equal(expected_path, path)
  assert.same(documents.form(expected_query), documents.form(with_token(query)))
  if expected.host then
    assert.equal(expected.host:match("^[^/]+"), origin:match("//(.*)"))
  end
  for name, value in pairs(expected.headers or {}) do
    assert.equal(header_text(value), header_text(with_token(request.headers[name:lower()] or "absent")))
  end
  for _, name in ipairs(expected.forbidHeaders or {}) do
    assert.is_nil(request.headers[name:lower()])
  end
  for _, name in ipairs(expected.requireHeaders or {}) do
    assert.is_truthy(request.headers[name:lower()] or name:lower() == "content-length")
  end
  if (request.headers["content-encoding"] or ""):find("gzip$") then
    assert.truthy(#assert(zlib.gunzip(request.body, 65536)) > #request.body) -- the case gives no body
  else
    check_body(protocol, expected.body, request.body)
  end
end

local function response_of(protocol, case)
  local headers = {}
  for name, value in pairs(case.response.headers or {}) do
    headers[name:lower()] = value
  end
  local body = case.response.body or ""
  if protocol == "smithy-rpc-v2-cbor" then
    body = core.base64_decode(body)
  end
  return { status = case.response.status_code, headers = headers, body = body }
end

local function check_response(suite, case, output, err)
  if case.errorCode then
    assert.is_nil(output)
    assert.equal("service", err.kind)
    assert.equal(case.errorCode, err.code)
    if case.errorMessage then
      assert.equal(case.errorMessage, err.message)
    end
    for name, value in pairs(case.error or {}) do
      assert.same(comparable(value_of(value, suite.shapes, {})), comparable(err.fields[name]))
    end
  else
    assert.is_nil(err)
    local expected = value_of(case.result, suite.shapes, shape_of(suite.shapes, case.given.output))
    assert.same(comparable(expected), comparable(output))
  end
end

-- The cases give the wrapper of no result, which each description does.
local function wrap(protocol, case, suite)
  local output = case.given.output
  if protocol == "query" and output and next(suite.shapes[output.shape].members or {}) then
    output.resultWrapper = case.given.name .. "Result"
  end
end

-- Whether clients of the suite's protocol can be made.
local function is_supported(suite)
  local ok, problem = pcall(client_of, suite, suite.cases[1])
  return ok or not problem:find("is not supported", 1, true) and not problem:find("unknown protocol", 1, true)
end

local function run(file, direction, check)
  conformance.with(("protocols/%s/%s.json"):format(direction, file), function(path)
    describe(("%s %s"):format(file, direction), function()
      for _, suite in ipairs(assert(core.json_decode(files.read(path)))) do
        local protocol = suite.metadata.protocol
        local supported = is_supported(suite)
        for _, case in ipairs(suite.cases) do
          if not supported then
            pending(case.id .. " (its protocol is not supported)")
          elseif EXCEPTIONS[direction .. " " .. case.id] then
            pending(("%s (%s)"):format(case.id, EXCEPTIONS[direction .. " " .. case.id]))
          else
            it(case.id, function()
              check(protocol, suite, case)
            end)
          end
        end
      end
    end)
  end)
end

for _, file in ipairs(FILES) do
  run(file, "input", function(protocol, suite, case)
    local request, err = client_of(suite, case):request(
      case.given.name, value_of(case.params, suite.shapes, shape_of(suite.shapes, case.given.input))
    )
    check_request(protocol, case.serialized, assert(request, err))
  end)

  run(file, "output", function(protocol, suite, case)
    wrap(protocol, case, suite)
    check_response(suite, case, client_of(suite, case):decode(case.given.name, response_of(protocol, case)))
  end)
end
