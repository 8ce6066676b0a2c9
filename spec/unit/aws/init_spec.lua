local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"

local KEYS = { access_key_id = "AKID", secret_access_key = "hush" }

local LISTING = {
  bcm_data_exports = "list_exports",
  ssm = "list_commands",
  partnercentral_selling = "list_resource_snapshot_jobs",
}

local function ssm(options)
  options.credentials = options.credentials or KEYS
  options.env = options.env or {}
  options.transport = options.transport or Stub.new()
  return cloudjobs.aws.ssm(options)
end

local function address(service, options)
  options.credentials = KEYS
  options.env = options.env or {}
  options.transport = Stub.new()
  local client = cloudjobs.aws[service](options)
  local request, err = client:request(LISTING[service], service == "partnercentral_selling" and { Catalog = "AWS" } or {})
  return request and request.url or tostring(err)
end

describe("an AWS client's address", function()
  local cases = {
    { "bcm_data_exports", { region = "eu-west-1" }, "https://bcm-data-exports.us-east-1.api.aws/" },
    { "ssm", { region = "eu-west-1" }, "https://ssm.eu-west-1.amazonaws.com/" },
    { "ssm", { env = { AWS_REGION = "eu-central-1" } }, "https://ssm.eu-central-1.amazonaws.com/" },
    { "partnercentral_selling", { region = "us-east-1" }, "https://partnercentral-selling.us-east-1.api.aws/" },
    { "ssm", { region = "eu-west-1", endpoint = "http://127.0.0.1:8080" }, "http://127.0.0.1:8080/" },
    { "ssm", { region = "eu-west-1", endpoint = "http://localstack:4566" }, "http://localstack:4566/" },
    { "ssm", { region = "eu-west-1", endpoint = "https://example.com/base/" }, "https://example.com/base/" },
    { "ssm", { region = "eu-west-1", env = { AWS_ENDPOINT_URL = "http://localhost:1" } }, "http://localhost:1/" },
  }
  for _, case in ipairs(cases) do
    it("is " .. case[3] .. " for " .. case[1], function()
      assert.equal(case[3], address(case[1], case[2]))
    end)
  end

  local refused = {
    { {}, "no region" },
    { { region = "eu west" }, 'region "eu west": expected letters, digits and hyphens' },
    { { region = "eu-west-1.evil.example/" }, "expected letters, digits and hyphens" },
    { { region = "eu-west-1", endpoint = "example.com" }, "expected an absolute http or https URL" },
    { { region = "eu-west-1", env = { AWS_ENDPOINT_URL_SSM = "ftp://x" } }, "AWS_ENDPOINT_URL_SSM ftp://x: expected" },
    { { region = "eu-west-1", endpoint = "https://user:hush@example.com/?sig=hush" },
      "endpoint https://…@example.com/?…: expected no user name or password" },
  }
  for _, case in ipairs(refused) do
    it("is refused with " .. case[2], function()
      local client = ssm(case[1])
      local request, err = client:request("list_commands")
      assert.is_nil(request)
      assert.equal("config", err.kind)
      assert.matches(case[2], tostring(err), 1, true)
    end)
  end
end)

describe("an AWS client's construction", function()
  local mistakes = {
    { { reigon = "x" }, "cloudjobs.aws.ssm: unknown option reigon (did you mean region?)" },
    { { retry = { max_atempts = 3 } }, "cloudjobs.aws.ssm: retry: unknown option max_atempts" },
    { { timeout = { connect = "5" } }, "cloudjobs.aws.ssm: timeout: option connect: expected number, got string" },
    { { timeout = { connect = -1 } }, "cloudjobs.aws.ssm: timeout: option connect: expected seconds above 0, got -1" },
    { { timeout = { total = 0 / 0 } }, "cloudjobs.aws.ssm: timeout: option total: expected number, got nan" },
    { { credentials = { access_key_id = "AKID" } }, "expected access_key_id and secret_access_key together" },
    { { credentials = { acess_key_id = "AKID" } }, "credentials: unknown option acess_key_id" },
    { { credentials = { get = "AKID" } }, "credentials: expected a method get, got string" },
    { { transport = {} }, "option transport: expected a method send, got nil" },
    { { env = { AWS_EC2_METADATA_DISABLED = true } }, "option env: AWS_EC2_METADATA_DISABLED: expected text, got boolean" },
  }
  for _, case in ipairs(mistakes) do
    it("raises at the caller's line: " .. case[2], function()
      local ok, message = pcall(function()
        local client = cloudjobs.aws.ssm(case[1])
        return client
      end)
      assert.is_false(ok)
      assert.matches("init_spec%.lua:%d+: ", message)
      assert.matches(case[2], message, 1, true)
    end)
  end

  it("refuses what its transport cannot honour", function()
    local stub = Stub.new()
    stub.honours = {}
    assert.error_matches(function()
      ssm { transport = stub, proxy = "http://127.0.0.1:3128" }
    end, "option proxy: this transport cannot honour it")
  end)

  it("with validate = false leaves what is missing or too small to the service, not what cannot be sent", function()
    local function problems_of(client, operation, params)
      local request, err = client:request(operation, params)
      return request and request.body or err.problems[1].path .. ": " .. err.problems[1].message
    end
    local strict, lenient = ssm { region = "eu-west-1" }, ssm { region = "eu-west-1", validate = false }
    assert.equal("Name: expected at least 1 character, got 0", problems_of(strict, "get_parameter", { Name = "" }))
    assert.equal('{"Name":""}', problems_of(lenient, "get_parameter", { Name = "" }))
    assert.equal("Name: required", problems_of(strict, "get_parameter", {}))
    assert.equal("{}", problems_of(lenient, "get_parameter", {}))
    assert.equal("Name: expected string, got number", problems_of(lenient, "get_parameter", { Name = 5 }))
    assert.equal("Nmae: unknown parameter (did you mean Name?)", problems_of(lenient, "get_parameter", { Nmae = "x" }))
    local function sts(validate)
      return cloudjobs.aws.sts { region = "eu-west-1", credentials = KEYS, env = {}, transport = Stub.new(), validate = validate }
    end
    assert.equal("RoleArn: required", problems_of(sts(), "assume_role", { RoleSessionName = "ci" }))
    assert.equal("Action=AssumeRole&Version=2011-06-15&RoleSessionName=ci",
      problems_of(sts(false), "assume_role", { RoleSessionName = "ci" }))
  end)

  it("hands the network settings to the transport", function()
    local stub = Stub.new { { body = "{}" } }
    ssm({ transport = stub, region = "eu-west-1", ca_bundle = "ca.pem" }):list_commands()
    assert.same({ ca_bundle = "ca.pem" }, stub.requests[1].network)
  end)
end)

describe("cloudjobs.aws.credentials", function()
  it("gives keys or the environment", function()
    assert.equal("static", cloudjobs.aws.credentials(KEYS):get().source)
    local env = { AWS_ACCESS_KEY_ID = "AKID", AWS_SECRET_ACCESS_KEY = "hush" }
    assert.equal("env", cloudjobs.aws.credentials({ env = env }):get().source)
  end)

  it("gives keys without making a transport", function()
    local transports = require "cloudjobs.transport"
    local default = transports.default
    finally(function() transports.default = default end)
    transports.default = function() error "made" end
    assert.equal("AKID", cloudjobs.aws.credentials(KEYS):get().access_key_id)
  end)

  it("wants both keys", function()
    for _, name in ipairs { "access_key_id", "secret_access_key", "session_token" } do
      assert.error_matches(function()
        cloudjobs.aws.credentials { [name] = "AKID" }
      end, "expected access_key_id and secret_access_key together")
    end
  end)
end)

describe("an AWS client whose keys have expired", function()
  -- A provider of AKID1, AKID2, … that gives the next ones when the last were called expired.
  local function new_provider()
    local provider, identity = { asked = 1, expired = {} }, nil
    function provider:get()
      identity = identity or { access_key_id = "AKID" .. self.asked, secret_access_key = "hush", source = "spec" }
      return identity
    end
    function provider:expire(old)
      self.expired[#self.expired + 1] = old.access_key_id
      self.asked = self.asked + 1
      identity = nil
    end
    return provider
  end

  local EXPIRED = { status = 400, body = { __type = "ExpiredTokenException", message = "expired" } }

  local function call(answers)
    local stub, credentials = Stub.new(answers), new_provider()
    local client = ssm { region = "eu-west-1", transport = stub, credentials = credentials }
    local output, err = client:list_commands()
    local signed_by = {}
    for i, request in ipairs(stub.requests) do
      signed_by[i] = request.headers.authorization:match("Credential=(%w+)/")
    end
    return { ok = output ~= nil, code = err and err.code, signed_by = signed_by, expired = credentials.expired }
  end

  it("asks for others and tries again at once", function()
    assert.same({ ok = true, signed_by = { "AKID1", "AKID2" }, expired = { "AKID1" } }, call { EXPIRED, { body = {} } })
  end)

  it("does so once", function()
    assert.same({
      ok = false, code = "ExpiredTokenException", signed_by = { "AKID1", "AKID2" }, expired = { "AKID1" },
    }, call { EXPIRED, EXPIRED })
  end)

  it("keeps its attempts for other errors", function()
    local busy = { status = 500, body = {} }
    assert.same({ ok = true, signed_by = { "AKID1", "AKID2", "AKID2" }, expired = { "AKID1" } },
      call { EXPIRED, busy, { body = {} } })
  end)
end)

describe("an AWS client's configuration", function()
  local home

  before_each(function()
    home = require("spec.support.home").new {
      [".aws/config"] = "[profile p]\nregion = eu-central-1\nmax_attempts = 2\nsdk_ua_app_id = nightly\nca_bundle = /ca.pem\n"
        .. "aws_access_key_id = AK\naws_secret_access_key = hush",
    }
  end)

  after_each(function()
    home:remove()
  end)

  it("comes from the profile, read at the first call", function()
    local stub = Stub.new { { status = 500 }, { status = 500 } }
    local client = cloudjobs.aws.ssm { profile = "p", transport = stub, env = { HOME = home.path } }
    local _, err = client:list_commands()
    assert.equal(2, err.attempts)
    local request = stub.requests[1]
    assert.equal("https://ssm.eu-central-1.amazonaws.com/", request.url)
    assert.matches("app/nightly", request.headers["user-agent"], 1, true)
    assert.same({ ca_bundle = "/ca.pem" }, request.network)
    assert.matches("Credential=AK/", request.headers.authorization, 1, true)
  end)

  it("is an error of the call when it cannot be read, not of the construction", function()
    home:write(".aws/config", "broken")
    local client = cloudjobs.aws.ssm { transport = Stub.new(), env = { HOME = home.path } }
    local output, err = client:list_commands()
    assert.is_nil(output)
    assert.equal("config", err.kind)
    assert.matches("/.aws/config: line 1: ", tostring(err), 1, true)
  end)
end)

describe("AWS credentials", function()
  local ANSWER = {
    headers = { ["content-type"] = "text/xml" },
    body = "<AssumeRoleResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><AssumeRoleResult><AssumedRoleUser>"
      .. "<AssumedRoleId>AROA:s</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/R/s</Arn></AssumedRoleUser>"
      .. "<Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>hush</SecretAccessKey>"
      .. "<SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
      .. "</AssumeRoleResult></AssumeRoleResponse>",
  }

  it("of a role are asked for with the keys beside it", function()
    local stub = Stub.new { ANSWER }
    local options = {
      role_arn = "arn:aws:iam::123456789012:role/R", env = {}, transport = stub, region = "eu-west-1",
      access_key_id = "AKIDBESIDE", secret_access_key = "hush",
    }
    assert.equal("ASIAROLE", cloudjobs.aws.credentials(options):get().access_key_id)
    assert.matches("Credential=AKIDBESIDE/", stub.requests[1].headers.authorization, 1, true)
    options.credentials = KEYS
    assert.has_error(function()
      cloudjobs.aws.credentials(options)
    end, "cloudjobs.aws.credentials: expected access_key_id and secret_access_key or credentials, not both")
  end)

  it("of a role are asked for with keys, tags and all", function()
    local stub = Stub.new { ANSWER }
    local provider = cloudjobs.aws.credentials {
      role_arn = "arn:aws:iam::123456789012:role/R", credentials = KEYS, tags = { b = "2", a = "1" },
      transitive_tags = { "a" }, external_id = "ext", session_name = "nightly", duration = 900,
      mfa_serial = "arn:aws:iam::1:mfa/u", mfa = function() return "123456" end,
      env = {}, transport = stub, region = "eu-west-1",
    }
    assert.equal(0, #stub.requests)
    local identity = provider:get()
    assert.same({
      access_key_id = "ASIAROLE", secret_access_key = "hush", session_token = "token", account_id = "123456789012",
      expiration = 4070908800, source = "assume-role",
    }, identity)
    assert.equal(identity, provider:get())
    assert.equal(1, #stub.requests)
    local request = stub.requests[1]
    assert.equal("https://sts.eu-west-1.amazonaws.com/", request.url)
    assert.matches("Credential=AKID/%d+/eu%-west%-1/sts/", request.headers.authorization)
    assert.equal("Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2FR"
      .. "&RoleSessionName=nightly&DurationSeconds=900&Tags.member.1.Key=a&Tags.member.1.Value=1&Tags.member.2.Key=b"
      .. "&Tags.member.2.Value=2&TransitiveTagKeys.member.1=a&ExternalId=ext"
      .. "&SerialNumber=arn%3Aaws%3Aiam%3A%3A1%3Amfa%2Fu&TokenCode=123456", request.body)
  end)

  it("of a role ask the global address where no region is set", function()
    local stub = Stub.new { ANSWER }
    local provider = cloudjobs.aws.credentials {
      role_arn = "arn:aws:iam::123456789012:role/R", credentials = KEYS, env = {}, transport = stub,
    }
    assert.is_truthy(provider:get())
    assert.equal("https://sts.amazonaws.com/", stub.requests[1].url)
    assert.matches("/us%-east%-1/sts/", stub.requests[1].headers.authorization)
  end)

  it("of a role are an error when the answer has none", function()
    local provider = cloudjobs.aws.credentials {
      role_arn = "arn:aws:iam::123456789012:role/R", credentials = KEYS, env = {},
      transport = Stub.new { { body = "<AssumeRoleResponse><AssumeRoleResult/></AssumeRoleResponse>" } },
    }
    local identity, err = provider:get()
    assert.is_nil(identity)
    assert.equal("assume-role: the response of STS has no keys", tostring(err))
  end)

  it("are shared by the clients they are given to", function()
    local stub = Stub.new { ANSWER, {}, {} }
    local provider = cloudjobs.aws.credentials {
      role_arn = "arn:aws:iam::123456789012:role/R", credentials = KEYS, env = {}, transport = stub,
    }
    for _ = 1, 2 do
      local client = cloudjobs.aws.ssm { credentials = provider, transport = stub, env = {}, region = "eu-west-1" }
      client:list_commands()
    end
    assert.equal(3, #stub.requests)
    assert.equal("token", stub.requests[3].headers["x-amz-security-token"])
  end)

  it("of a web identity are asked for without a signature", function()
    local home = require("spec.support.home").new { token = "the.web.token" }
    local stub = Stub.new { { body = ANSWER.body:gsub("AssumeRoleRes", "AssumeRoleWithWebIdentityRes") } }
    local provider = cloudjobs.aws.credentials {
      transport = stub, region = "eu-west-1",
      env = {
        HOME = home.path, AWS_WEB_IDENTITY_TOKEN_FILE = home.path .. "/token",
        AWS_ROLE_ARN = "arn:aws:iam::123456789012:role/W", AWS_ROLE_SESSION_NAME = "ci",
      },
    }
    local identity, err = provider:get()
    home:remove()
    assert.is_nil(err)
    assert.equal("assume-role-with-web-identity", identity.source)
    assert.is_nil(stub.requests[1].headers.authorization)
    assert.matches("&WebIdentityToken=the.web.token", stub.requests[1].body, 1, true)
  end)

  it("raise for options that do not fit", function()
    assert.has_error(function()
      cloudjobs.aws.credentials { role = "x" }
    end)
    assert.has_error(function()
      cloudjobs.aws.credentials { access_key_id = "AKID" }
    end)
  end)
end)

describe("a presigned URL", function()
  local TIME = 1767225600

  local function sts(options)
    options = options or {}
    options.env, options.region = {}, options.region or "eu-west-1"
    options.transport = Stub.new({}, { time = TIME })
    options.credentials = options.credentials or KEYS
    return cloudjobs.aws.sts(options), options.transport
  end

  it("makes the call without credentials, as EKS and Vault use it", function()
    local client, stub = sts()
    local url = client:presign("get_caller_identity", nil, { expires_in = 60, headers = { ["X-K8s-Aws-Id"] = "cluster" } })
    assert.equal("https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"
      .. "&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260101%2Feu-west-1%2Fsts%2Faws4_request"
      .. "&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id",
      (url:gsub("&X%-Amz%-Signature=%x+$", "")))
    assert.equal(0, #stub.requests)
  end)

  it("is good for an hour and goes where the client goes", function()
    local url = sts({ endpoint = "http://127.0.0.1:4566/base" }):presign("GetCallerIdentity")
    assert.matches("^http://127.0.0.1:4566/base/%?Action=GetCallerIdentity&", url)
    assert.matches("&X-Amz-Expires=3600&", url, 1, true)
  end)

  it("carries the session token", function()
    local url = sts({ credentials = { access_key_id = "AKID", secret_access_key = "hush", session_token = "a/b" } })
      :presign("get_caller_identity")
    assert.matches("&X-Amz-Security-Token=a%2Fb&", url, 1, true)
  end)

  it("is checked like a call", function()
    -- A URL's query is signed with spaces as %20; in a form they are pluses.
    assert.matches("&ExternalId=a%20b%2Bc&", assert(sts():presign("assume_role", {
      RoleArn = "arn:aws:iam::111122223333:role/r", RoleSessionName = "s1", ExternalId = "a b+c",
    })), 1, true)
    local url, err = sts():presign("assume_role", {})
    assert.is_nil(url)
    assert.equal("STS AssumeRole: RoleArn: required; RoleSessionName: required", tostring(err))
  end)

  it("raises where it cannot be", function()
    local client = sts()
    for _, seconds in ipairs { 0, 604801, 1.5 } do
      local _, message = pcall(function()
        client:presign("get_caller_identity", nil, { expires_in = seconds })
      end)
      assert.matches("init_spec.lua:%d+: get_caller_identity: option expires_in: expected whole seconds from 1 to 604800",
        message)
    end
    local _, message = pcall(function()
      ssm({ region = "eu-west-1" }):presign("list_commands")
    end)
    assert.matches("init_spec.lua:%d+: list_commands: a request of SSM cannot be made a URL", message)
    for _, headers in ipairs { { [5] = "x" }, { x = 5 } } do
      local _, refusal = pcall(function()
        client:presign("get_caller_identity", nil, { headers = headers })
      end)
      assert.matches("init_spec.lua:%d+: get_caller_identity: option headers: expected names and values", refusal)
    end
  end)
end)

describe("a client of a description", function()
  local DESCRIPTION = {
    metadata = { apiVersion = "2026-01-01", endpointPrefix = "jobs", jsonVersion = "1.1", protocol = "json",
      serviceId = "Jobs", signatureVersion = "v4", targetPrefix = "Jobs", signingName = "jobs" },
    operations = { ListJobs = { name = "ListJobs", http = { method = "POST", requestUri = "/" },
      input = { shape = "Page" }, output = { shape = "Page" } } },
    shapes = {
      Page = { type = "structure", members = { Next = { shape = "S" }, Jobs = { shape = "Jobs" } } },
      Jobs = { type = "list", member = { shape = "S" } },
      S = { type = "string" },
    },
  }

  local function options(more)
    local all = {
      model = DESCRIPTION, region = "eu-west-1", env = {},
      credentials = { access_key_id = "AKID", secret_access_key = "hush" },
    }
    for name, value in pairs(more) do
      all[name] = value
    end
    return all
  end

  it("has the paginators, waiters and endpoint rules that are passed as tables", function()
    local stub = Stub.new { { body = { Jobs = { "a" }, Next = "x" } }, { body = { Jobs = { "b" } } }, { body = {} } }
    local client = cloudjobs.aws.client(options {
      transport = stub,
      paginators = { pagination = { ListJobs = { input_token = "Next", output_token = "Next", result_key = "Jobs" } } },
      waiters = { waiters = { Listed = { operation = "ListJobs", delay = 1, maxAttempts = 2,
        acceptors = { { state = "success", matcher = "status", expected = 200 } } } } },
      endpoint_rules = { version = "1.0", parameters = {}, rules = {
        { type = "endpoint", conditions = {}, endpoint = { url = "https://jobs.example" } } } },
    })
    assert.same({ "a", "b" }, assert(client:all("list_jobs")))
    assert(client:wait("listed"))
    assert.equal("https://jobs.example/", stub.requests[1].url)
  end)

  local MISTAKES = {
    { { model = '{"metadata": "hush"}' }, "model: expected a path or a name, got a text of 20 bytes; cloudjobs.json.decode" },
    { { model = "metadata:\n  hush" }, "model: expected a path or a name, got a text of 16 bytes" },
    { { model = "/none", waiters = {} }, "model: paginators, waiters and endpoint_rules are read beside a path" },
    { { waiters = 5 }, "option waiters: expected table, got number" },
    { { model = 5 }, "option model: expected string or table, got number" },
    { { model = "/none/hush" }, "model: /none/hush: cannot be read" },
  }
  for _, case in ipairs(MISTAKES) do
    it("is refused with " .. case[2], function()
      local ok, message = pcall(cloudjobs.aws.client, options(case[1]))
      assert.is_false(ok)
      assert.matches("^spec/unit/aws/init_spec%.lua:%d+: cloudjobs%.aws%.client: ", message)
      assert.matches(case[2], message, 1, true)
      assert.is_nil(case[1].model ~= "/none/hush" and message:find("hush", 1, true) or nil)
    end)
  end
end)
