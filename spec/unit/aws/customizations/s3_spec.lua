-- What S3 asks of its clients: aws/customizations/s3, and S3's rules in the endpoint and the signer.

local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"

local function at(location, name, shape)
  return { shape = shape or "Text", location = location, locationName = name }
end

local BUCKET = { shape = "Text", location = "uri", locationName = "Bucket", contextParam = { name = "Bucket" } }

local function operation(name, method, uri, traits)
  local op = { name = name, http = { method = method, requestUri = uri }, input = { shape = "In" }, output = { shape = "Out" } }
  for trait, value in pairs(traits or {}) do
    op[trait] = value
  end
  return op
end

local DESCRIPTION = {
  metadata = {
    protocol = "rest-xml", serviceId = "S3", endpointPrefix = "s3", signatureVersion = "s3", auth = { "aws.auth#sigv4" },
    apiVersion = "2006-03-01",
  },
  operations = {
    GetObject = operation("GetObject", "GET", "/{Bucket}/{Key+}", { output = { shape = "Object" } }),
    PutObject = operation("PutObject", "PUT", "/{Bucket}/{Key+}", { input = { shape = "Upload" }, httpChecksum = {
      requestAlgorithmMember = "ChecksumAlgorithm",
    } }),
    CopyObject = operation("CopyObject", "PUT", "/{Bucket}/{Key+}"),
    ListObjectsV2 = operation("ListObjectsV2", "GET", "/{Bucket}?list-type=2", { output = { shape = "Listing" } }),
    CreateBucket = operation("CreateBucket", "PUT", "/{Bucket}"),
    GetBucketLocation = operation("GetBucketLocation", "GET", "/{Bucket}?location"),
    ListBuckets = operation("ListBuckets", "GET", "/"),
  },
  shapes = {
    In = { type = "structure", members = {
      Bucket = BUCKET, Key = at("uri", "Key"), EncodingType = at("querystring", "encoding-type"),
      CopySource = at("header", "x-amz-copy-source"),
      Metadata = at("headers", "x-amz-meta-", "Map"),
      SSECustomerKey = at("header", "x-amz-server-side-encryption-customer-key", "Secret"),
      SSECustomerKeyMD5 = at("header", "x-amz-server-side-encryption-customer-key-MD5"),
    } },
    Upload = { type = "structure", payload = "Body", members = {
      Bucket = BUCKET, Key = at("uri", "Key"), Body = { shape = "Blob", streaming = true },
      Metadata = at("headers", "x-amz-meta-", "Map"),
      ContentMD5 = at("header", "Content-MD5"),
      ChecksumAlgorithm = at("header", "x-amz-sdk-checksum-algorithm"),
      ChecksumSHA256 = at("header", "x-amz-checksum-sha256"),
    } },
    Object = { type = "structure", payload = "Body", members = {
      Body = { shape = "Blob", streaming = true }, Expires = at("header", "Expires", "Time"),
    } },
    Listing = { type = "structure", members = {
      EncodingType = { shape = "Text" }, Prefix = { shape = "Text" }, Contents = { shape = "Contents" },
    } },
    Contents = { type = "list", flattened = true, member = { shape = "Item" } },
    Item = { type = "structure", members = { Key = { shape = "Text" } } },
    Out = { type = "structure", members = {} },
    Map = { type = "map", key = { shape = "Text" }, value = { shape = "Text" } },
    Secret = { type = "string", sensitive = true },
    Text = { type = "string" }, Blob = { type = "blob" }, Time = { type = "timestamp" },
  },
}

local function ref(name)
  return { ref = name }
end

local function rule(conditions, url, name)
  return {
    type = "endpoint", conditions = conditions,
    endpoint = { url = url, properties = { authSchemes = { { name = name or "sigv4", signingName = "s3" } } } },
  }
end

-- A few of S3's rules, in few words.
local RULES = {
  parameters = {
    Bucket = { type = "String" }, Region = { type = "String", builtIn = "AWS::Region" },
    Endpoint = { type = "String", builtIn = "SDK::Endpoint" },
    ForcePathStyle = { type = "Boolean", builtIn = "AWS::S3::ForcePathStyle", required = true, default = false },
  },
  rules = {
    rule({ { fn = "isSet", argv = { ref "Bucket" } }, { fn = "stringEquals", argv = { ref "Bucket", "arn:many" } } },
      "https://many.example", "sigv4a"),
    rule({
      { fn = "isSet", argv = { ref "Bucket" } }, { fn = "booleanEquals", argv = { ref "ForcePathStyle", true } },
      { fn = "isSet", argv = { ref "Endpoint" } },
    }, "{Endpoint}/{Bucket}"),
    rule({ { fn = "isSet", argv = { ref "Bucket" } }, { fn = "booleanEquals", argv = { ref "ForcePathStyle", true } } },
      "https://s3.{Region}.amazonaws.com/{Bucket}"),
    rule({ { fn = "isSet", argv = { ref "Bucket" } } }, "https://{Bucket}.s3.{Region}.amazonaws.com"),
    rule({}, "https://s3.{Region}.amazonaws.com"),
  },
}

local function client_of(options, answers)
  local all = {
    model = DESCRIPTION, endpoint_rules = RULES, region = "eu-west-1", env = {}, transport = Stub.new(answers),
    credentials = { access_key_id = "AKID", secret_access_key = "hush" }, retry = { max_attempts = 1 },
  }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  return cloudjobs.aws.client(all), all.transport
end

local function request(name, params, options)
  local made, err = client_of(options):request(name, params)
  return made, err
end

local EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

describe("a request to S3", function()
  local addresses = {
    { "get_object", { Bucket = "b", Key = "a//b c" }, "https://b.s3.eu-west-1.amazonaws.com/a//b%20c" },
    { "create_bucket", { Bucket = "b" }, "https://b.s3.eu-west-1.amazonaws.com/" },
    { "list_objects_v2", { Bucket = "b" }, "https://b.s3.eu-west-1.amazonaws.com/?list-type=2&encoding-type=url" },
    { "list_buckets", {}, "https://s3.eu-west-1.amazonaws.com/" },
    { "get_bucket_location", { Bucket = "b" }, "https://s3.eu-west-1.amazonaws.com/b?location" },
    { "get_object", { Bucket = "b", Key = "k" }, "http://127.0.0.1:9/b/k", { endpoint = "http://127.0.0.1:9" } },
    { "create_bucket", { Bucket = "b" }, "http://127.0.0.1:9/b", { endpoint = "http://127.0.0.1:9" } },
    { "get_object", { Bucket = "b", Key = "k" }, "https://s3.eu-west-1.amazonaws.com/b/k",
      { s3 = { addressing_style = "path" } } },
    { "get_object", { Bucket = "b", Key = "k" }, "https://b.s3.eu-west-1.amazonaws.com/k",
      { endpoint = "http://127.0.0.1:9", s3 = { addressing_style = "virtual" } } },
  }
  for _, case in ipairs(addresses) do
    it("goes to " .. case[3], function()
      assert.equal(case[3], request(case[1], case[2], case[4]).url)
    end)
  end

  it("without endpoint rules has the bucket in its path", function()
    local client = cloudjobs.aws.client {
      model = DESCRIPTION, region = "eu-west-1", env = {}, transport = Stub.new(),
      credentials = { access_key_id = "AKID", secret_access_key = "hush" },
    }
    assert.equal("https://s3.eu-west-1.amazonaws.com/b/k", client:request("get_object", { Bucket = "b", Key = "k" }).url)
  end)

  it("has the hash of its body in a header", function()
    local function hash(name, params, options)
      return request(name, params, options).headers["x-amz-content-sha256"]
    end
    local put = { Bucket = "b", Key = "k", Body = "hello" }
    local hello = core.sha256 "hello"
    assert.equal(EMPTY, hash("get_object", { Bucket = "b", Key = "k" }))
    assert.equal("UNSIGNED-PAYLOAD", hash("put_object", put)) -- TLS and a checksum
    assert.equal(hello, hash("put_object", put, { endpoint = "http://127.0.0.1:9" }))
    assert.equal(hello, hash("put_object", put, { request_checksum_calculation = "when_required" }))
    put.ChecksumSHA256 = "given="
    assert.equal(hello, hash("put_object", put))
    put.ContentMD5 = "given=="
    assert.equal("UNSIGNED-PAYLOAD", hash("put_object", put))
  end)

  it("is signed with its path as it is on the wire", function()
    local client, stub = client_of({}, { { status = 200 } })
    assert(client:get_object { Bucket = "b", Key = "a//./b c" })
    local headers = stub.requests[1].headers
    local list = {}
    for name, value in pairs(headers) do
      if name ~= "authorization" and name ~= "user-agent" then
        list[#list + 1] = { name, value }
      end
    end
    local signed = assert(cloudjobs.sigv4.sign({ method = "GET", path = "/a//./b%20c", headers = list }, {
      credentials = { access_key_id = "AKID", secret_access_key = "hush" }, region = "eu-west-1", service = "s3",
      time = stub:now(), normalize_path = false, encode_path_once = false,
    }))
    for _, header in ipairs(signed.headers) do
      if header[1] == "authorization" then
        assert.equal(header[2], headers.authorization)
      end
    end
  end)

  it("has the MD5 of an encryption key beside the key", function()
    local key = ("k"):rep(32)
    local headers = request("get_object", { Bucket = "b", Key = "k", SSECustomerKey = key }).headers
    assert.equal(core.base64_encode(key), headers["x-amz-server-side-encryption-customer-key"])
    assert.equal(core.base64_encode(core.checksum("md5"):update(key):digest()),
      headers["x-amz-server-side-encryption-customer-key-md5"])
    headers = request("get_object", { Bucket = "b", Key = "k", SSECustomerKey = "x", SSECustomerKeyMD5 = "y" }).headers
    assert.equal("x", headers["x-amz-server-side-encryption-customer-key"])
  end)

  local sources = {
    { "a/b c?d", "a/b%20c%3Fd" },
    { "a/b?versionId=1", "a/b?versionId=1" },
    { { Bucket = "a", Key = "b c" }, "a/b%20c" },
    { { Bucket = "a", Key = "b", VersionId = "1" }, "a/b?versionId=1" },
    { { Bucket = "arn:aws:s3:eu-west-1:111122223333:accesspoint/p", Key = "b" },
      "arn%3Aaws%3As3%3Aeu-west-1%3A111122223333%3Aaccesspoint/p/object/b" },
  }
  for _, case in ipairs(sources) do
    it("encodes the source of a copy as " .. case[2], function()
      local params = { Bucket = "b", Key = "k", CopySource = case[1] }
      assert.equal(case[2], request("copy_object", params).headers["x-amz-copy-source"])
      assert.equal(case[1], params.CopySource)
    end)
  end

  local refused = {
    { "an empty bucket", "list_objects_v2", { Bucket = "" }, "Bucket" },
    { "a bucket that would leave its place", "list_objects_v2", { Bucket = "a/../b" }, "Bucket" },
    { "metadata that is no ASCII", "put_object", { Bucket = "b", Key = "k", Metadata = { a = "é" } }, "Metadata.a" },
    { "a source without a key", "copy_object", { Bucket = "b", Key = "k", CopySource = { Bucket = "b" } }, "CopySource" },
  }
  for _, case in ipairs(refused) do
    it("is refused for " .. case[1], function()
      local made, err = request(case[2], case[3])
      assert.is_nil(made)
      assert.same({ "validation", case[4] }, { err.kind, err.problems[1].path })
    end)
  end

  it("is refused by name where it needs a signature for several regions", function()
    local made, err = request("get_object", { Bucket = "arn:many", Key = "k" })
    assert.is_nil(made)
    assert.equal("this endpoint needs the authentication scheme sigv4a, which cloudjobs does not support", err.message)
  end)

  it("is not encoded again where its URL is signed", function()
    local url = assert(client_of():presign("get_object", { Bucket = "b", Key = "a//b c" }, { expires_in = 60 }))
    assert.matches("^https://b%.s3%.eu%-west%-1%.amazonaws%.com/a//b%%20c%?X%-Amz%-Algorithm=", url)
    assert.matches("SignedHeaders=host&", url)
  end)
end)

describe("a response of S3", function()
  local function call(name, params, answer)
    local client = client_of({}, { answer })
    local output, err = client[name](client, params)
    return output, err
  end

  it("has keys decoded that were encoded for XML's sake", function()
    local answer = { status = 200, body = "<R><EncodingType>url</EncodingType><Prefix>a%2Fb+c</Prefix>"
      .. "<Contents><Key>a%2Fb+c%01</Key></Contents></R>" }
    local listing = assert(call("list_objects_v2", { Bucket = "b" }, answer))
    assert.same({ "a/b c", "a/b c\1" }, { listing.Prefix, listing.Contents[1].Key })
    listing = assert(call("list_objects_v2", { Bucket = "b", EncodingType = "url" }, answer))
    assert.same({ "a%2Fb+c", "a%2Fb+c%01" }, { listing.Prefix, listing.Contents[1].Key })
  end)

  it("hides an encryption key that its error repeats, encoded or not", function()
    local key = ("k"):rep(32)
    local _, err = call("get_object", { Bucket = "b", Key = "k", SSECustomerKey = key }, {
      status = 400, body = "<Error><Code>Bad</Code><Message>" .. core.base64_encode(key) .. " of " .. key
        .. "</Message></Error>",
    })
    assert.same({ "Bad", "[hidden] of [hidden]" }, { err.code, err.message })
  end)

  it("has the text of Expires where that is no date", function()
    assert.same({ Body = "x", ExpiresString = "never" },
      call("get_object", { Bucket = "b", Key = "k" }, { status = 200, headers = { expires = "never" }, body = "x" }))
  end)

  it("is the object's bytes, also of one that was stored compressed", function()
    local bytes = "\31\139\8\0rest"
    assert.same({ Body = bytes }, call("get_object", { Bucket = "b", Key = "k" }, { status = 200, body = bytes }))
  end)
end)
