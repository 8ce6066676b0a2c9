local Error = require "cloudjobs.base.error"
local data = require "spec.data.sigv4"
local prepare = require "spec.support.sigv4"
local sigv4 = require "cloudjobs.aws.sigv4"

local function copy(t, changes)
  local new = {}
  for name, value in pairs(t) do
    new[name] = value
  end
  for name, value in pairs(changes) do
    new[name] = value
  end
  return new
end

local REQUEST = {
  method = "GET",
  path = "/",
  headers = { { "Host", "example.amazonaws.com" } },
}
local OPTIONS = {
  credentials = data.plain,
  region = "us-east-1",
  service = "service",
  time = 1440938160,
}

local function sign(request, options)
  return sigv4.sign(copy(REQUEST, request or {}), copy(OPTIONS, options or {}))
end

describe("signatures by botocore", function()
  for _, case in ipairs(data.fixed) do
    it(("agree for %s of %s"):format(case.class, case.path), function()
      local signed, details = sigv4.sign(prepare(case))
      assert.is_table(signed, tostring(details))
      assert.equal(case.signature, details.signature)
    end)
  end
end)

describe("the header form", function()
  it("gives a signed copy and every stage", function()
    local signed, details = sign { query = "a=1" }
    local authorization = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
      .. "SignedHeaders=host;x-amz-date, Signature=" .. details.signature
    assert.same({
      method = "GET",
      path = "/",
      query = "a=1",
      headers = {
        { "host", "example.amazonaws.com" },
        { "x-amz-date", "20150830T123600Z" },
        { "authorization", authorization },
      },
    }, signed)
    assert.same({
      canonical_request = "GET\n/\na=1\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\n"
        .. "host;x-amz-date\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      string_to_sign = "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n"
        .. require("cloudjobs.core").sha256(details.canonical_request),
      signature = details.signature,
      authorization = authorization,
      headers = {
        host = "example.amazonaws.com",
        ["x-amz-date"] = "20150830T123600Z",
        authorization = authorization,
      },
      url = "https://example.amazonaws.com/?a=1",
    }, details)
  end)

  it("leaves the request alone", function()
    local request = { headers = { { "Host", "h" }, { "X-Amz-Date", "old" } } }
    sign(request)
    assert.same({ { "Host", "h" }, { "X-Amz-Date", "old" } }, request.headers)
  end)

  it("takes a fraction of a second off", function()
    local _, whole = sign()
    local _, fraction = sign(nil, { time = 1440938160.9 })
    assert.same(whole, fraction)
  end)

  it("does not sign what changes on the way", function()
    local _, details = sign {
      headers = { { "Host", "h" }, { "User-Agent", "x" }, { "Connection", "close" }, { "X-Amzn-Trace-Id", "y" } },
    }
    assert.truthy(details.authorization:find("SignedHeaders=host;x-amz-date,", 1, true))
    assert.equal("x", details.headers["user-agent"])
  end)

  local token = { { "host", "h" }, { "x-amz-date", "20150830T123600Z" } }
  local tokens = {
    { "signs the session token", {}, "host;x-amz-date;x-amz-security-token", true },
    { "adds it unsigned", { omit_session_token = true }, "host;x-amz-date", true },
    { "adds it unsigned by the other name", { sign_security_token = false }, "host;x-amz-date", true },
    { "leaves it out", { add_security_token = false }, "host;x-amz-date", false },
  }
  for _, case in ipairs(tokens) do
    it(case[1], function()
      local _, details = sign({ headers = token }, copy(case[2], { credentials = data.temporary }))
      assert.equal(case[3], details.authorization:match "SignedHeaders=([^,]+)")
      assert.equal(case[4] and data.temporary.session_token or nil, details.headers["x-amz-security-token"])
    end)
  end

  it("marks an unsigned payload", function()
    local _, details = sign({ body = "x" }, { unsigned_payload = true })
    assert.equal("UNSIGNED-PAYLOAD", details.headers["x-amz-content-sha256"])
    assert.equal("UNSIGNED-PAYLOAD", details.canonical_request:match "[^\n]+$")
  end)

  it("believes a payload hash that the request carries", function()
    local _, details = sign { body = "x", headers = { { "host", "h" }, { "X-Amz-Content-SHA256", "STREAMING" } } }
    assert.equal("STREAMING", details.canonical_request:match "[^\n]+$")
  end)
end)

describe("the query form", function()
  it("puts all it adds into the URL", function()
    local signed, details = sign({ query = "a=1" }, { location = "query", credentials = data.temporary, expires = 60 })
    assert.equal(
      "a=1&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIAEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request"
        .. "&X-Amz-Date=20150830T123600Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host"
        .. "&X-Amz-Security-Token=IQoJb3JpZ2luX2VjEXAMPLE%2F%2F%2F%2F%2F%2F%2F%2F%2F%2Ftoken%2Bwith%2Fsigns%3D%3D"
        .. "&X-Amz-Signature=" .. details.signature,
      signed.query
    )
    assert.equal("https://example.amazonaws.com/?" .. signed.query, details.url)
    assert.same({ { "host", "example.amazonaws.com" } }, signed.headers)
    assert.is_nil(details.authorization)
  end)

  it("adds a token after signing where an option asks for it", function()
    local with = { location = "query", credentials = data.temporary, omit_session_token = true }
    local signed, details = sign(nil, with)
    assert.falsy(details.canonical_request:find("Security-Token", 1, true))
    assert.truthy(signed.query:find("X%-Amz%-Signature=%x+&X%-Amz%-Security%-Token=IQo"))
  end)
end)

describe("a canonical path", function()
  local cases = {
    { "", "/" },
    { "/a/./b/../c//", "/a/c/" },
    { "/../..", "/" },
    { "/a%20b", "/a%2520b" },
    { "/a%20b", "/a%20b", { encode_path_once = false } },
    { "/a%7e%2fb%zz%", "/a~%2Fb%25zz%25", { encode_path_once = false } },
    { "/a/%2E%2e/b", "/b", { encode_path_once = false } },
    { "//a/../b", "//a/../b", { normalize_path = false } },
    { "/\225\136\180 ", "/%E1%88%B4%20" },
  }
  for _, case in ipairs(cases) do
    it(("of %q is %q"):format(case[1], case[2]), function()
      local _, details = sign({ path = case[1] }, case[3])
      assert.equal(case[2], details.canonical_request:match "^GET\n([^\n]*)\n")
    end)
  end
end)

describe("a canonical query", function()
  local cases = {
    { "b=2&a=1", "a=1&b=2" },
    { "a-b=1&a=2&a=1", "a=1&a=2&a-b=1" },
    { "a", "a=" },
    { "&&a=b=c&", "a=b%3Dc" },
    { "a=%7e%2f+%", "a=~%2F%2B%25" },
    { "a=\0", "a=%00" },
  }
  for _, case in ipairs(cases) do
    it(("of %q is %q"):format(case[1], case[2]), function()
      local _, details = sign { query = case[1] }
      assert.equal(case[2], details.canonical_request:match "^GET\n/\n([^\n]*)\n")
    end)
  end

  it("has a bounded number of parameters", function()
    local signed, err = sign { query = ("a&"):rep(257) }
    assert.is_nil(signed)
    assert.equal("the request is too large to be signed", err.message)
  end)
end)

describe("bad input", function()
  local headers = {}
  for i = 1, 200 do
    headers[i] = { "x-" .. i, "v" }
  end
  local refused = {
    { { headers = { { "host", "a\r\nx: y" } } }, nil, 'header "host" holds a control character' },
    { { headers = { { "host", "a\0b" } } }, nil, "header host holds a control character" },
    { { headers = { { "user-agent", "a\nb" } } }, nil, 'header "user-agent" holds a control character' },
    { { headers = { { "a\nb", "c" } } }, nil, "a header's name is not a lower-case word" },
    { { headers = { { "a:b", "c" } } }, nil, "a header's name is not a lower-case word" },
    { { headers = { { "", "c" } } }, nil, "a header's name is not a lower-case word" },
    { { headers = headers }, nil, "there are too many headers" },
    { { path = ("/\n"):rep(2 ^ 19) }, nil, "the request is too large to be signed" },
    { {}, { region = "" }, "region or service is empty or not a plain word" },
    { {}, { service = "a/b" }, "region or service is empty or not a plain word" },
    { {}, { region = ("r"):rep(300) }, "region or service is too long" },
    {
      {},
      { credentials = { access_key_id = "", secret_access_key = "x" } },
      "the access key id is empty, too long or not plain text",
    },
    {
      {},
      { credentials = { access_key_id = "A", secret_access_key = "hush\n" } },
      "the secret access key is empty, too long or not plain text",
    },
  }
  for i, case in ipairs(refused) do
    it(("is returned as an error: %d, %s"):format(i, case[3]), function()
      local signed, err = sign(case[1], case[2])
      assert.is_nil(signed)
      assert.is_true(Error.is(err))
      assert.same({ "validation", case[3] }, { err.kind, err.message })
    end)
  end

  local raised = {
    { { path = 5 }, {}, "sigv4.sign: request.path: expected string, got number" },
    { { query = {} }, {}, "sigv4.sign: request.query: expected string or nil, got table" },
    { { headers = { host = "h", "x" } }, {}, "sigv4.sign: request.headers: expected a list of { name, value }" },
    { {}, { credentials = { access_key_id = "A" } }, "sigv4.sign: credentials.secret_access_key: expected string, got nil" },
    { {}, { normalise_path = true }, "sigv4.sign: unknown option normalise_path" },
    { {}, { location = "body" }, 'sigv4.sign: option location: expected "header" or "query", got body' },
    { {}, { expires = 604801 }, "sigv4.sign: option expires: expected whole seconds from 1 to 604800" },
    { {}, { time = -1 }, "sigv4.sign: option time: expected epoch seconds, from 1970 to 9999" },
    { {}, { time = 0 / 0 }, "sigv4.sign: option time: expected number, got nan" },
  }
  for _, case in ipairs(raised) do
    it("is raised at the caller's line: " .. case[3], function()
      local ok, message = pcall(function()
        local signed = sigv4.sign(copy(REQUEST, case[1]), copy(OPTIONS, case[2]))
        return signed
      end)
      assert.is_false(ok)
      assert.equal("spec/unit/aws/sigv4_spec.lua", message:match "^%./?(.-):%d+: " or message:match "^(.-):%d+: ")
      assert.truthy(message:find(case[3], 1, true), message)
    end)
  end

  it("names an option that is missing", function()
    local ok, message = pcall(sigv4.sign, REQUEST, { credentials = data.plain, region = "r", service = "s" })
    assert.is_false(ok)
    assert.truthy(message:find("sigv4.sign: option time is required", 1, true))
  end)
end)
