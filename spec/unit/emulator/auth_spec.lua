local emulated = require "spec.support.emulated"

describe("the emulator's signatures", function()
  local emulator
  before_each(function()
    emulator = emulated.new()
  end)

  local function refused(how, change)
    local request = emulator:signed("bcm_data_exports", "ListExports", {}, how)
    if change then
      change(request)
    end
    local response = emulator:respond(request)
    local document = require("cloudjobs.core").json_decode(response.body)
    return { response.status, document.__type, document.message }
  end

  it("are accepted when they are right", function()
    assert.same({ Exports = {} }, emulator:aws("bcm_data_exports", "ListExports"))
    assert.truthy(emulator:aws("bcm_data_exports", "ListExports", {}, { key = "ASIAEMULATOR", token = "emulator-session" }))
    assert.truthy(emulator:aws("bcm_data_exports", "ListExports", {}, { time = emulated.START - 299 }))
    assert.truthy(emulator:aws("bcm_data_exports", "ListExports", {}, { time = emulated.START + 299 }))
  end)

  local MISMATCH = "The request signature we calculated does not match the signature you provided. "
    .. "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
  local INVALID_TOKEN = "The security token included in the request is invalid."

  local CASES = {
    {
      "no signature",
      nil,
      function(request)
        request.headers.authorization = nil
      end,
      { 400, "MissingAuthenticationTokenException", "Missing Authentication Token" },
    },
    { "a wrong secret", { secret = "wrong" }, nil, { 400, "InvalidSignatureException", MISMATCH } },
    {
      "another body",
      nil,
      function(request)
        request.body = '{"MaxResults":7}'
      end,
      { 400, "InvalidSignatureException", MISMATCH },
    },
    {
      "another operation",
      nil,
      function(request)
        request.headers["x-amz-target"] = "AWSBillingAndCostManagementDataExports.ListTables"
      end,
      { 400, "InvalidSignatureException", MISMATCH },
    },
    {
      "a header of AWS that is not signed",
      nil,
      function(request)
        request.headers["x-amz-extra"] = "1"
      end,
      { 400, "InvalidSignatureException", "'x-amz-extra' must be a signed header in the AWS Signature." },
    },
    { "an unknown key", { key = "AKIDNOBODY" }, nil, { 400, "UnrecognizedClientException", INVALID_TOKEN } },
    { "a missing session token", { key = "ASIAEMULATOR" }, nil, { 400, "UnrecognizedClientException", INVALID_TOKEN } },
    { "a wrong session token", { key = "ASIAEMULATOR", token = "x" }, nil, { 400, "UnrecognizedClientException", INVALID_TOKEN } },
    {
      "an expired session token",
      { key = "ASIAEXPIRED", token = "expired" },
      nil,
      { 400, "ExpiredTokenException", "The security token included in the request is expired" },
    },
    {
      "another service's scope",
      { service = "ssm" },
      nil,
      { 400, "InvalidSignatureException", "Credential should be scoped to correct service: 'bcm-data-exports'." },
    },
    {
      "no region",
      { region = "mars" },
      nil,
      { 400, "InvalidSignatureException", "Credential should be scoped to a valid region." },
    },
    {
      "an old date",
      { time = emulated.START - 301 },
      nil,
      {
        400,
        "InvalidSignatureException",
        "Signature expired: 20261121T235459Z is now earlier than 20261121T235500Z (20261122T000000Z - 5 min.)",
      },
    },
    {
      "a date to come",
      { time = emulated.START + 301 },
      nil,
      {
        400,
        "InvalidSignatureException",
        "Signature not yet current: 20261122T000501Z is still later than 20261122T000500Z (20261122T000000Z + 5 min.)",
      },
    },
    {
      "no date",
      nil,
      function(request)
        request.headers["x-amz-date"] = nil
      end,
      { 400, "IncompleteSignatureException", "Date must be in ISO-8601 'basic format'. Got 'nil'." },
    },
    {
      "another scheme",
      nil,
      function(request)
        request.headers.authorization = "Basic eA=="
      end,
      {
        400,
        "IncompleteSignatureException",
        "Authorization header is not of the form AWS4-HMAC-SHA256. Authorization=Basic eA==",
      },
    },
  }
  for _, case in ipairs(CASES) do
    it("are refused with " .. case[1], function()
      assert.same(case[4], refused(case[2], case[3]))
    end)
  end

  it("stay on the wall clock, independent of the jobs' clock", function()
    emulator:control("POST", "clock", { set = "2031-01-01T00:00:00Z" })
    assert.same({ Exports = {} }, emulator:aws("bcm_data_exports", "ListExports"))
  end)
end)

describe("the emulator's bearer tokens", function()
  local emulator
  before_each(function()
    emulator = emulated.new()
  end)

  local CASES = {
    { "a scheme", "Basic eA==", "InvalidAuthenticationToken" },
    { "an unknown token", "Bearer nobody", "InvalidAuthenticationToken" },
    { "an expired one", "Bearer expired-token", "ExpiredAuthenticationToken" },
    { "one for storage", "Bearer storage-token", "InvalidAuthenticationTokenAudience" },
  }
  for _, case in ipairs(CASES) do
    it("are refused: " .. case[1], function()
      local status, document, headers = emulator:azure("GET", "", nil, { authorization = case[2] })
      assert.same({ 401, case[3] }, { status, document.error.code })
      assert.truthy(headers["www-authenticate"]:find('^Bearer authorization_uri='))
    end)
  end

  it("come from the token endpoint and last an hour of the wall clock", function()
    local core = require "cloudjobs.core"
    local response = emulator:respond {
      method = "POST",
      path = "/a-tenant/oauth2/v2.0/token",
      body = "grant_type=client_credentials&client_id=00000000-0000-0000-0000-00000000c11e"
        .. "&client_secret=emulator%2Dsecret&scope=https%3A%2F%2Fmanagement.azure.com%2F.default",
    }
    local token = core.json_decode(response.body)
    assert.same({ 200, "Bearer", 3599 }, { response.status, token.token_type, token.expires_in })
    local how = { authorization = "Bearer " .. token.access_token }
    assert.equal(200, (emulator:azure("GET", "", nil, how)))
    emulator.time = emulated.START + 3600
    assert.equal(401, (emulator:azure("GET", "", nil, how)))
  end)

  it("may be for the emulator's own address", function()
    local own = emulated.new {
      tokens = { mine = { expires_at = math.huge, audience = "https://localhost:1234" } },
    }
    assert.equal(200, (own:azure("GET", "", nil, { authorization = "Bearer mine", host = "localhost:1234" })))
    assert.equal(401, (own:azure("GET", "", nil, { authorization = "Bearer mine", host = "localhost:1" })))
  end)

  local REFUSED = {
    { "a wrong secret", "client_id=00000000-0000-0000-0000-00000000c11e&client_secret=x", 401, "invalid_client", 7000215 },
    { "an unknown client", "client_id=nobody&client_secret=x", 400, "unauthorized_client", 700016 },
    { "no proof", "client_id=00000000-0000-0000-0000-00000000c11e", 401, "invalid_client", 7000218 },
    {
      "an assertion that is none",
      "client_id=00000000-0000-0000-0000-00000000c11e&client_assertion=x",
      401,
      "invalid_client",
      700027,
    },
    {
      "an expired assertion",
      "client_id=00000000-0000-0000-0000-00000000c11e&client_assertion=e30.eyJleHAiOjF9.AA",
      401,
      "invalid_client",
      700024,
    },
  }
  for _, case in ipairs(REFUSED) do
    it("are not given for " .. case[1], function()
      local response = emulator:respond {
        method = "POST",
        path = "/a-tenant/oauth2/v2.0/token",
        body = "grant_type=client_credentials&scope=https://management.azure.com/.default&" .. case[2],
      }
      local document = require("cloudjobs.core").json_decode(response.body)
      assert.same({ case[3], case[4], { case[5] } }, { response.status, document.error, document.error_codes })
    end)
  end
end)
