-- Checksums of requests and responses, through clients made of a description.

local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"

local SUMMED = { requestAlgorithmMember = "Algorithm", requestChecksumRequired = false }
local REQUIRED = { requestAlgorithmMember = "Algorithm", requestChecksumRequired = true }
local VERIFIED = {
  requestValidationModeMember = "Mode",
  responseAlgorithms = { "CRC64NVME", "CRC32", "CRC32C", "SHA256", "SHA1", "XXHASH64" },
}

local function operation(name, method, traits)
  local op = {
    name = name, http = { method = method, requestUri = "/" .. name },
    input = { shape = "In" }, output = { shape = "Out" },
  }
  for trait, value in pairs(traits) do
    op[trait] = value
  end
  return op
end

local function header(shape, name)
  return { shape = shape, location = "header", locationName = name }
end

local DESCRIPTION = {
  metadata = {
    protocol = "rest-json", serviceId = "Things", endpointPrefix = "things", signatureVersion = "v4",
    apiVersion = "2031-01-01",
  },
  operations = {
    Put = operation("Put", "PUT", { httpChecksum = SUMMED }),
    Must = operation("Must", "PUT", { httpChecksum = REQUIRED }),
    Old = operation("Old", "PUT", { httpChecksumRequired = true }),
    Plain = operation("Plain", "PUT", {}),
    Get = operation("Get", "GET", { httpChecksum = VERIFIED }),
  },
  shapes = {
    In = {
      type = "structure", payload = "Body",
      members = {
        Body = { shape = "Blob" },
        Algorithm = header("Text", "x-amz-sdk-checksum-algorithm"),
        Mode = header("Text", "x-amz-checksum-mode"),
        Given = header("Text", "x-amz-checksum-sha256"),
        MD5 = header("Text", "Content-MD5"),
      },
    },
    Out = { type = "structure", payload = "Body", members = { Body = { shape = "Blob" } } },
    Text = { type = "string" },
    Blob = { type = "blob" },
  },
}

local function client_of(options, transport)
  local all = {
    model = DESCRIPTION, region = "eu-west-1", transport = transport or Stub.new(), env = {}, retry = { max_attempts = 1 },
    credentials = { access_key_id = "AKID", secret_access_key = "hush" },
  }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  return cloudjobs.aws.client(all)
end

local function sum(algorithm, text)
  return core.base64_encode(core.checksum(algorithm):update(text):digest())
end

-- The headers of a request that concern checksums.
local function sums(client, name, params)
  local request, err = client:request(name, params)
  assert.is_nil(err)
  local found = {}
  for header_name, value in pairs(request.headers) do
    if header_name:find "checksum" or header_name == "content-md5" then
      found[header_name] = value
    end
  end
  return found
end

local CRC32 = {
  ["x-amz-checksum-crc32"] = sum("crc32", "hello"), ["x-amz-sdk-checksum-algorithm"] = "CRC32",
}

describe("the checksum of a request", function()
  local cases = {
    { "is CRC32 where the service supports one", "put", {}, CRC32 },
    { "is CRC32 where the service requires one", "must", {}, CRC32 },
    { "is CRC32 where no parameter names one", "old", {}, { ["x-amz-checksum-crc32"] = CRC32["x-amz-checksum-crc32"] } },
    { "is none where the description has none", "plain", {}, {} },
    { "is the one that the caller names", "put", { Algorithm = "SHA256" }, {
      ["x-amz-checksum-sha256"] = sum("sha256", "hello"), ["x-amz-sdk-checksum-algorithm"] = "SHA256",
    } },
    { "may be CRC64NVME", "put", { Algorithm = "CRC64NVME" }, {
      ["x-amz-checksum-crc64nvme"] = sum("crc64nvme", "hello"), ["x-amz-sdk-checksum-algorithm"] = "CRC64NVME",
    } },
    { "is the caller's own, and no other", "must", { Given = "abc=" }, { ["x-amz-checksum-sha256"] = "abc=" } },
    { "goes beside an MD5 that the caller gives", "old", { MD5 = "XUFA" }, {
      ["content-md5"] = "XUFA", ["x-amz-checksum-crc32"] = CRC32["x-amz-checksum-crc32"],
    } },
  }
  for _, case in ipairs(cases) do
    it(case[1], function()
      local params = { Body = "hello" }
      for name, value in pairs(case[3]) do
        params[name] = value
      end
      assert.same(case[4], sums(client_of(), case[2], params))
    end)
  end

  it("is that of nothing where there is no body", function()
    assert.equal("AAAAAA==", sums(client_of(), "must")["x-amz-checksum-crc32"])
  end)

  it("is computed only where it is required with the setting when_required", function()
    local settings = {
      { request_checksum_calculation = "when_required" },
      { env = { AWS_REQUEST_CHECKSUM_CALCULATION = "WHEN_REQUIRED" } },
    }
    for _, options in ipairs(settings) do
      local client = client_of(options)
      assert.same({}, sums(client, "put", { Body = "hello" }))
      assert.same(CRC32, sums(client, "must", { Body = "hello" }))
      assert.equal(sum("sha1", "hello"), sums(client, "put", { Body = "hello", Algorithm = "SHA1" })["x-amz-checksum-sha1"])
    end
  end)

  it("of an algorithm that cloudjobs does not compute is refused by its name", function()
    local request, err = client_of():request("put", { Body = "x", Algorithm = "XXHASH64" })
    assert.is_nil(request)
    assert.same({ { path = "Algorithm", message = 'cloudjobs does not compute "XXHASH64"; pass the header of its value as '
      .. "a parameter" } }, err.problems)
  end)

  it("has settings that are checked", function()
    assert.error_matches(function()
      client_of { request_checksum_calculation = "never" }
    end, 'option request_checksum_calculation: expected when_supported or when_required, got "never"')
    local _, err = client_of({ env = { AWS_REQUEST_CHECKSUM_CALCULATION = "never" } }):request("put", {})
    assert.equal('AWS_REQUEST_CHECKSUM_CALCULATION: expected one of when_supported, when_required, got "never"', err.message)
  end)
end)

describe("the checksum of a response", function()
  local function get(headers, params, options)
    local stub = Stub.new { { status = 200, headers = headers, body = "hello" } }
    local output, err = client_of(options, stub):get(params or {})
    return output, err, stub.requests[1]
  end

  it("is requested, unless a setting or the caller disables it", function()
    local function mode(params, options)
      return client_of(options):request("get", params).headers["x-amz-checksum-mode"]
    end
    assert.equal("ENABLED", mode {})
    assert.equal("x", mode { Mode = "x" })
    assert.is_nil(mode({}, { response_checksum_validation = "when_required" }))
    assert.matches("SignedHeaders=host&", client_of():presign("get", {})) -- the URL's user would have to send it
  end)

  it("that fits is a success", function()
    for _, algorithm in ipairs { "crc32", "crc32c", "crc64nvme", "sha1", "sha256" } do
      assert.same({ Body = "hello" }, (get { ["x-amz-checksum-" .. algorithm] = sum(algorithm, "hello") }))
    end
  end)

  it("that does not fit is an error, which names the header and both values", function()
    local output, err = get { ["x-amz-checksum-crc32"] = sum("crc32", "hallo") }
    assert.is_nil(output)
    assert.same({ "response", "checksum", 200, true }, { err.kind, err.code, err.status, err.retryable })
    assert.equal(("the body does not fit the header x-amz-checksum-crc32: expected %q, got %q"):format(
      sum("crc32", "hallo"), sum("crc32", "hello")), err.message)
  end)

  it("is the best of several", function()
    local wrong = { ["x-amz-checksum-crc64nvme"] = sum("crc64nvme", ""), ["x-amz-checksum-crc32"] = sum("crc32", "hello") }
    assert.matches("crc64nvme", (select(2, get(wrong))).message)
  end)

  it("of parts is none of the body, nor is one that the operation does not name", function()
    assert.same({ Body = "hello" }, (get { ["x-amz-checksum-crc32"] = "AAAAAA==-2" }))
    assert.same({ Body = "hello" }, (get { ["x-amz-checksum-sha512"] = "AAAA" }))
  end)

  it("is not verified where it was not asked for", function()
    local headers = { ["x-amz-checksum-crc32"] = "AAAAAA==" }
    assert.same({ Body = "hello" }, (get(headers, {}, { response_checksum_validation = "when_required" })))
    assert.equal("checksum", (select(2, get(headers, { Mode = "ENABLED" },
      { response_checksum_validation = "when_required" }))).code)
  end)
end)
