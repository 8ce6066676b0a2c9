local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"
local zlib = require "cloudjobs.zlib"

local DESCRIPTION = {
  metadata = {
    protocol = "rest-json", serviceId = "Metrics", endpointPrefix = "metrics", signatureVersion = "v4",
    apiVersion = "2026-01-01",
  },
  operations = {
    Put = {
      name = "Put", http = { method = "POST", requestUri = "/put" }, input = { shape = "PutInput" },
      requestcompression = { encodings = { "gzip" } }, httpChecksum = { requestChecksumRequired = true },
    },
    Note = { name = "Note", http = { method = "POST", requestUri = "/note" }, input = { shape = "PutInput" } },
  },
  shapes = {
    PutInput = { type = "structure", members = {
      Text = { shape = "String" }, Encoding = { shape = "String", location = "header", locationName = "Content-Encoding" },
    } },
    String = { type = "string" },
  },
}

local LONG = ("metric "):rep(2000)

-- What the operation sends.
local function sent(operation, params, options)
  local made = {
    model = DESCRIPTION, region = "us-east-1", endpoint = "https://example.com", transport = Stub.new { {} }, env = {},
    credentials = { access_key_id = "AKID", secret_access_key = "hush" },
  }
  for name, value in pairs(options or {}) do
    made[name] = value
  end
  assert(cloudjobs.aws.client(made)[operation](cloudjobs.aws.client(made), params))
  return made.transport.requests[1]
end

describe("a request's body", function()
  it("is compressed where the operation supports it and it is long enough", function()
    local request = sent("put", { Text = LONG })
    assert.equal("gzip", request.headers["content-encoding"])
    assert.equal(LONG, core.json_decode(assert(zlib.gunzip(request.body, 65536))).Text)
    assert.is_nil(sent("put", { Text = "short" }).headers["content-encoding"])
    assert.is_nil(sent("note", { Text = LONG }).headers["content-encoding"])
  end)

  it("has the encoding behind the one that the caller gives", function()
    assert.equal("custom, gzip", sent("put", { Text = LONG, Encoding = "custom" }).headers["content-encoding"])
  end)

  it("has the checksum of what is sent", function()
    local request = sent("put", { Text = LONG })
    local sum = core.checksum("crc32"):update(request.body):digest()
    assert.equal(core.base64_encode(sum), request.headers["x-amz-checksum-crc32"])
  end)

  it("is compressed from the configured length on, or never", function()
    assert.equal("gzip", sent("put", { Text = "short" }, { request_min_compression_size_bytes = 0 }).headers["content-encoding"])
    assert.equal("gzip", sent("put", { Text = "short" }, {
      env = { AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES = "1" },
    }).headers["content-encoding"])
    assert.is_nil(sent("put", { Text = LONG }, { disable_request_compression = true }).headers["content-encoding"])
    assert.is_nil(sent("put", { Text = LONG }, {
      env = { AWS_DISABLE_REQUEST_COMPRESSION = "true" },
    }).headers["content-encoding"])
  end)

  it("is not compressed where the option is no length", function()
    for _, size in ipairs { -1, 0.5, 10485761 } do
      local ok, message = pcall(sent, "put", { Text = LONG }, { request_min_compression_size_bytes = size })
      assert.is_false(ok)
      assert.matches("compression_spec%.lua:%d+: .*expected a whole number from 0 to 10485760", message)
    end
  end)

  it("is refused with a length that is none", function()
    local ok, message = pcall(sent, "put", { Text = LONG }, { env = { AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES = "10485761" } })
    assert.is_false(ok)
    assert.matches("expected a whole number from 0 to 10485760", tostring(message), 1, true)
  end)
end)
