-- What services other than S3 ask of their clients.

local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"

local TEXT = { shape = "Text" }

-- A client of a service with one operation, whose input has these members.
local function client_of(id, op, members, metadata, options)
  local description = {
    metadata = {
      protocol = "rest-json", serviceId = id, endpointPrefix = "svc", signatureVersion = "v4", apiVersion = "2012-06-01",
      jsonVersion = "1.1", targetPrefix = "T",
    },
    operations = { [op.name] = op },
    shapes = { In = { type = "structure", members = members }, Text = { type = "string" }, Blob = { type = "blob" } },
  }
  for name, value in pairs(metadata or {}) do
    description.metadata[name] = value
  end
  op.input = { shape = "In" }
  local all = {
    model = description, region = "eu-west-1", env = {}, transport = Stub.new { { status = 200, body = "{}" } },
    credentials = { access_key_id = "AKID", secret_access_key = "hush" },
  }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  return cloudjobs.aws.client(all), all.transport
end

local function operation(name, method, uri, traits)
  local op = { name = name, http = { method = method, requestUri = uri } }
  for trait, value in pairs(traits or {}) do
    op[trait] = value
  end
  return op
end

describe("Glacier", function()
  local members = { accountId = { shape = "Text", location = "uri", locationName = "accountId" }, body = { shape = "Blob" } }

  it("is sent its version, and the caller's own account by default", function()
    local client = client_of("Glacier", operation("ListVaults", "GET", "/{accountId}/vaults"), {
      accountId = members.accountId,
    })
    local request = client:request "list_vaults"
    assert.equal("https://svc.eu-west-1.amazonaws.com/-/vaults", request.url)
    assert.equal("2012-06-01", request.headers["x-amz-glacier-version"])
    assert.matches("/111122223333/vaults$", client:request("list_vaults", { accountId = "111122223333" }).url)
  end)

  -- The hash of two and a half MB: of the hash of the hashes of the first two, and of the third.
  it("is sent the tree hash of an upload", function()
    local client = client_of("Glacier", operation("UploadArchive", "POST", "/{accountId}/archives"), members)
    local function raw(text)
      return core.checksum("sha256"):update(text):digest()
    end
    local a, b, c = ("a"):rep(2 ^ 20), ("b"):rep(2 ^ 20), ("c"):rep(2 ^ 19)
    local body = client:request("upload_archive", { body = "x" }).body
    assert.equal(core.sha256(body), client:request("upload_archive", { body = "x" }).headers["x-amz-sha256-tree-hash"])
    local request = client:request("upload_archive", { body = a .. b .. c })
    local text = request.body
    local leaves = { raw(text:sub(1, 2 ^ 20)), raw(text:sub(2 ^ 20 + 1, 2 ^ 21)), raw(text:sub(2 ^ 21 + 1, 3 * 2 ^ 20)) }
    local fourth = raw(text:sub(3 * 2 ^ 20 + 1))
    assert.equal(core.hex(raw(raw(leaves[1] .. leaves[2]) .. raw(leaves[3] .. fourth))),
      request.headers["x-amz-sha256-tree-hash"])
    assert.equal(core.sha256(text), request.headers["x-amz-content-sha256"])
  end)
end)

describe("Route 53", function()
  it("is sent ids without the path that they come with", function()
    local client = client_of("Route 53", operation("GetHostedZone", "GET", "/zone/{Id}"), {
      Id = { shape = "Text", location = "uri", locationName = "Id" },
    })
    assert.matches("/zone/Z1$", client:request("get_hosted_zone", { Id = "/hostedzone/Z1" }).url)
    assert.matches("/zone/Z2$", client:request("get_hosted_zone", { Id = "Z2" }).url)
  end)
end)

describe("API Gateway", function()
  it("is asked for JSON, unless the caller asks for something else", function()
    local client = client_of("API Gateway", operation("GetExport", "GET", "/x"), {
      accepts = { shape = "Text", location = "header", locationName = "Accept" },
    })
    assert.equal("application/json", client:request("get_export").headers.accept)
    assert.equal("text/x", client:request("get_export", { accepts = "text/x" }).headers.accept)
  end)
end)

describe("EC2", function()
  it("is sent the script of an instance in base64", function()
    local client = client_of("EC2", operation("RunInstances", "POST", "/"), { UserData = TEXT, Name = TEXT },
      { protocol = "query" })
    local params = { UserData = "#!/bin/sh", Name = "n" }
    assert.matches("UserData=IyEvYmluL3No", client:request("run_instances", params).body)
    assert.equal("#!/bin/sh", params.UserData)
    assert.not_matches("UserData", client:request("run_instances", { Name = "n" }).body)
  end)
end)

describe("a copy between regions", function()
  local SIGNED = "^https://svc%.us%-east%-1%.amazonaws%.com/%?Action=Copy%w+&Version=2012%-06%-01&.*DestinationRegion=eu%-west%-1"
    .. "&X%-Amz%-Algorithm=AWS4%-HMAC%-SHA256&X%-Amz%-Credential=AKID%%2F%d+%%2Fus%-east%-1%%2Fsvc%%2Faws4_request&"

  -- A form's parameters by name.
  local function form(client, name, params)
    local request, err = client:request(name, params)
    local found = {}
    for key, value in (request or error(err)).body:gmatch("([^&=]+)=([^&]*)") do
      found[key] = value:gsub("%%(%x%x)", function(hex)
        return string.char(tonumber(hex, 16))
      end)
    end
    return found
  end

  it("of EC2 is sent a URL that is signed for the source", function()
    local client = client_of("EC2", operation("CopySnapshot", "POST", "/"),
      { SourceRegion = TEXT, DestinationRegion = TEXT, PresignedUrl = TEXT }, { protocol = "query" })
    local sent = form(client, "copy_snapshot", { SourceRegion = "us-east-1" })
    assert.same({ "us-east-1", "eu-west-1" }, { sent.SourceRegion, sent.DestinationRegion })
    assert.matches(SIGNED, sent.PresignedUrl)
    assert.matches("&SourceRegion=us%-east%-1&", sent.PresignedUrl)
    sent = form(client, "copy_snapshot", { SourceRegion = "us-east-1", PresignedUrl = "given" })
    assert.same({ "given" }, { sent.PresignedUrl, sent.DestinationRegion })
  end)

  it("of RDS does not send the source's region itself", function()
    local client = client_of("RDS", operation("CopyDBSnapshot", "POST", "/"), { PreSignedUrl = TEXT, Name = TEXT },
      { protocol = "query" })
    local sent = form(client, "copy_db_snapshot", { SourceRegion = "us-east-1", Name = "n" })
    assert.matches(SIGNED, sent.PreSignedUrl)
    assert.matches("&Name=n&", sent.PreSignedUrl)
    assert.is_nil(sent.SourceRegion)
    assert.is_nil(form(client, "copy_db_snapshot", { Name = "n" }).PreSignedUrl)
  end)

  it("goes to no host that is no region's", function()
    local client = client_of("RDS", operation("CopyDBSnapshot", "POST", "/"), { PreSignedUrl = TEXT },
      { protocol = "query" })
    local _, err = client:request("copy_db_snapshot", { SourceRegion = "x.evil/" })
    assert.same({ { path = "SourceRegion", message = 'expected a region, got "x.evil/"' } }, err.problems)
  end)
end)

describe("Machine Learning", function()
  local function predict()
    return client_of("Machine Learning", operation("Predict", "POST", "/"), { PredictEndpoint = TEXT },
      { protocol = "json" })
  end

  it("predicts at the address of the model", function()
    local client = predict()
    local request = client:request("predict", { PredictEndpoint = "https://rt.example" })
    assert.same({ "https://rt.example/", "rt.example" }, { request.url, request.headers.host })
    assert.equal("https://other.example/", client:request("predict", { PredictEndpoint = "https://other.example" }).url)
  end)

  it("predicts only over TLS", function()
    local _, err = predict():request("predict", { PredictEndpoint = "http://rt.example" })
    assert.same({ { path = "PredictEndpoint", message = "expected an https URL" } }, err.problems)
  end)
end)

describe("CloudSearch", function()
  it("is sent a search as a form", function()
    local client = client_of("CloudSearch Domain", operation("Search", "GET", "/search?format=sdk"), {
      query = { shape = "Text", location = "querystring", locationName = "q" },
    })
    local request = client:request("search", { query = "a b" })
    assert.same({ "POST", "https://svc.eu-west-1.amazonaws.com/search", "format=sdk&q=a%20b",
      "application/x-www-form-urlencoded" }, { request.method, request.url, request.body, request.headers["content-type"] })
  end)
end)

describe("a body that is unsigned by the description", function()
  local function request(options)
    local op = operation("Put", "POST", "/x", { authtype = "v4-unsigned-body" })
    return client_of("Things", op, { A = TEXT }, {}, options):request("put", { A = "a" })
  end

  it("has UNSIGNED-PAYLOAD in place of its hash over TLS alone", function()
    assert.equal("UNSIGNED-PAYLOAD", request().headers["x-amz-content-sha256"])
    assert.is_nil(request({ endpoint = "http://127.0.0.1:9" }).headers["x-amz-content-sha256"])
  end)
end)

describe("a host prefix", function()
  local op = operation("Get", "GET", "/x", { endpoint = { hostPrefix = "{Account}.data-" } })
  local members = { Account = { shape = "Text", hostLabel = true } }

  it("is filled in with parameters, and left out where an option disables it", function()
    local function url(options)
      return client_of("Things", op, members, {}, options):request("get", { Account = "a1" }).url
    end
    assert.equal("https://a1.data-svc.eu-west-1.amazonaws.com/x", url())
    assert.equal("https://svc.eu-west-1.amazonaws.com/x", url { disable_host_prefix = true })
    assert.equal("https://svc.eu-west-1.amazonaws.com/x", url { env = { AWS_DISABLE_HOST_PREFIX_INJECTION = "true" } })
  end)

  it("has labels that a host may have", function()
    local _, err = client_of("Things", op, members):request("get", { Account = "a/b" })
    assert.same({ { path = "Account", message = "expected letters, digits and hyphens, 63 at most" } }, err.problems)
  end)
end)
