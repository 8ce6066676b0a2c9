local Error = require "cloudjobs.base.error"
local Sigv4 = require "cloudjobs.aws.auth"
local message = require "cloudjobs.http.message"

local NOON = 1440938160
local SIGNED = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
  .. "SignedHeaders=host;x-amz-date, Signature="
local VANILLA = SIGNED .. "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"

local function identity(secret)
  return {
    access_key_id = "AKIDEXAMPLE",
    secret_access_key = secret or "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  }
end

local function request(region)
  local fields = assert(message.fields({ host = "example.amazonaws.com" }, { "x-id", "x-attempt" }, {
    method = "GET", path = "/", query = "", region = region or "us-east-1", service = "service",
  }))
  return message.new { route = { method = "GET", url = "https://example.amazonaws.com/", fields = fields }, timeout = 5 }
end

describe("SigV4 authentication", function()
  it("puts date and signature on the request", function()
    local given = request()
    local signed = Sigv4.new():sign(given, identity(), NOON)
    assert.equal(given, signed)
    assert.same({
      host = "example.amazonaws.com", ["x-amz-date"] = "20150830T123600Z", authorization = VANILLA,
    }, signed.headers)
  end)

  it("puts the call's and the attempt's own values on it, and signs them", function()
    local headers = Sigv4.new():sign(request(), identity(), NOON, "7", "2").headers
    assert.same({ "7", "2" }, { headers["x-id"], headers["x-attempt"] })
    assert.truthy(headers.authorization:find("SignedHeaders=host;x-amz-date;x-attempt;x-id,", 1, true))
  end)

  it("signs the same request anew for the next attempt, by any signer", function()
    local again = request()
    local auth = Sigv4.new()
    local temporary = identity "another-secret"
    temporary.session_token = "token"
    auth:sign(again, temporary, NOON - 86400)
    assert.equal("token", again.headers["x-amz-security-token"])
    assert.equal(VANILLA, auth:sign(again, identity(), NOON).headers.authorization)
    assert.is_nil(again.headers["x-amz-security-token"])
  end)

  it("signs each attempt with its own date", function()
    local auth, who = Sigv4.new(), identity()
    auth:sign(request(), who, NOON - 86400)
    assert.equal("20150829T123601Z", auth:sign(request(), who, NOON - 86399).headers["x-amz-date"])
    assert.equal(VANILLA, auth:sign(request(), who, NOON).headers.authorization)
  end)

  it("never signs with the secret of another identity of the same key id", function()
    local auth = Sigv4.new()
    local old = auth:sign(request(), identity "rotated", NOON).headers.authorization
    assert.not_equal(VANILLA, old)
    assert.equal(VANILLA, auth:sign(request(), identity(), NOON).headers.authorization)
  end)

  it("makes a signer once an identity, and lets both go", function()
    local auth, who = Sigv4.new(), identity()
    auth:sign(request(), who, NOON)
    local first = auth._signers[who]
    auth:sign(request(), who, NOON)
    assert.equal(first, auth._signers[who])
    who = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(auth._signers))
  end)

  it("returns errors that name the header or the key, never the secret", function()
    local signed, err = Sigv4.new():sign(request(), identity(), NOON, "7", "A\r\nB")
    assert.is_nil(signed)
    assert.is_true(Error.is(err))
    assert.same({ "validation", "header x-attempt holds a control character" }, { err.kind, err.message })
    signed, err = Sigv4.new():sign(request "a b", identity(), NOON)
    assert.is_nil(signed)
    assert.equal("validation", err.kind)
    signed, err = Sigv4.new():sign(request(), identity "hush\n", NOON)
    assert.is_nil(signed)
    assert.equal("credentials", err.kind)
    assert.falsy(tostring(err):find "hush")
  end)
end)
