local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"
local files = require "spec.support.files"
local run = require("cloudjobs.os").run

local TENANT = "00000000-0000-0000-0000-000000000001"
local REPLY = { body = '{"access_token":"tok-1","expires_in":3600}' }

local folder

local function openssl(...)
  local result = assert(run({ "openssl", ... }, { cwd = folder }))
  assert(result.status == 0, result.stderr)
  return result.stdout
end

setup(function()
  folder = files.temporary()
  openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=app")
  openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key2.pem", "-out", "ca.pem", "-subj", "/CN=ca")
  openssl("rsa", "-in", "key.pem", "-aes128", "-passout", "pass:open sesame", "-out", "locked.pem")
  openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ec.pem",
    "-out", "eccert.pem", "-subj", "/CN=ec")
  openssl("x509", "-in", "cert.pem", "-pubkey", "-noout", "-out", "public.pem")
end)

teardown(function()
  files.remove(folder)
end)

local function pem(...)
  local parts = {}
  for i, name in ipairs { ... } do
    parts[i] = files.read(folder .. "/" .. name)
  end
  return table.concat(parts)
end

local function provider(options, time)
  local stub = Stub.new({ REPLY }, { time = time or os.time() + 60 })
  local settings = { transport = stub, env = {}, tenant_id = TENANT, client_id = "app" }
  for name, value in pairs(options) do
    settings[name] = value
  end
  return cloudjobs.azure.credentials(settings), stub
end

local function decode64url(text)
  return core.base64_decode((text:gsub("[-_]", { ["-"] = "+", ["_"] = "/" })) .. ("="):rep(-#text % 4))
end

-- The three parts of the assertion in a request's body.
local function assertion_in(body)
  local text = body:match("&client_assertion=([^&]+)$")
  local header, claims, signature = text:match("^([^.]+)%.([^.]+)%.([^.]+)$")
  return {
    signed = header .. "." .. claims,
    header = assert(core.json_decode(decode64url(header))),
    claims = assert(core.json_decode(decode64url(claims))),
    signature = decode64url(signature),
  }
end

local function verify(assertion, ...)
  files.write(folder .. "/signed", assertion.signed)
  files.write(folder .. "/signature", assertion.signature)
  return openssl("dgst", "-sha256", "-verify", "public.pem", "-signature", "signature", ...)
end

local function thumbprint(name)
  local hex = openssl("x509", "-in", "cert.pem", "-noout", "-fingerprint", "-" .. name):match("=([%x:]+)")
  return (hex:gsub(":", ""):lower())
end

describe("the client certificate flow", function()
  it("signs by PS256, which openssl verifies", function()
    local credentials, stub = provider({ certificate = pem("key.pem", "cert.pem") }, 1900000000.5)
    stub.time = os.time() + 60.5
    assert.equal("tok-1", assert(credentials:get()).token)
    local body = stub.requests[1].body
    assert.matches("&client_assertion_type=urn%%3Aietf%%3Aparams%%3Aoauth%%3Aclient%-assertion%-type%%3Ajwt%-bearer&", body)
    assert.not_matches("client_secret", body)

    local assertion = assertion_in(body)
    assert.equal("Verified OK\n",
      verify(assertion, "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32", "signed"))
    assert.same({ "PS256", "JWT" }, { assertion.header.alg, assertion.header.typ })
    assert.equal(thumbprint("sha256"), core.hex(decode64url(assertion.header["x5t#S256"])))
    assert.is_nil(assertion.header.x5c)

    local claims = assertion.claims
    assert.equal("https://login.microsoftonline.com/" .. TENANT .. "/oauth2/v2.0/token", claims.aud)
    assert.same({ "app", "app" }, { claims.iss, claims.sub })
    assert.equal(600, claims.exp - claims.nbf)
    assert.matches("^%x+%-%x+%-4", claims.jti)
  end)

  it("signs by RS256 when asked to", function()
    local credentials, stub = provider { certificate = pem("key.pem", "cert.pem"), certificate_algorithm = "RS256" }
    assert(credentials:get())
    local assertion = assertion_in(stub.requests[1].body)
    assert.equal("Verified OK\n", verify(assertion, "signed"))
    assert.equal("RS256", assertion.header.alg)
    assert.equal(thumbprint("sha1"), core.hex(decode64url(assertion.header.x5t)))
  end)

  it("sends the chain when asked to, its own certificate first", function()
    local credentials, stub = provider {
      certificate = pem("ca.pem", "key.pem", "cert.pem"), send_certificate_chain = true,
    }
    assert(credentials:get())
    local chain = assertion_in(stub.requests[1].body).header.x5c
    assert.equal(2, #chain)
    assert.equal(thumbprint("sha256"), core.sha256(core.base64_decode(chain[1])))
  end)

  it("reads the file anew, with its password", function()
    local path = folder .. "/both.pem"
    files.write(path, pem("locked.pem", "cert.pem"))
    local credentials = provider { certificate_path = path, certificate_password = "open sesame" }
    assert(credentials:get())
  end)

  it("takes everything from the environment", function()
    files.write(folder .. "/plain.pem", pem("key.pem", "cert.pem"))
    local stub = Stub.new({ REPLY }, { time = os.time() + 60 })
    local credentials = cloudjobs.azure.credentials {
      transport = stub,
      env = {
        AZURE_TENANT_ID = TENANT, AZURE_CLIENT_ID = "app", AZURE_CLIENT_CERTIFICATE_PATH = folder .. "/plain.pem",
        AZURE_CLIENT_SEND_CERTIFICATE_CHAIN = "true",
      },
    }
    assert(credentials:get())
    assert.equal(1, #assertion_in(stub.requests[1].body).header.x5c)
  end)

  local wrong = {
    { "no key", { "cert.pem" }, "it has no private key" },
    { "no certificate", { "key.pem" }, "it has no certificate" },
    { "an encrypted key without a password", { "locked.pem", "cert.pem" }, "encrypted and no password was given" },
    { "a wrong password", { "locked.pem", "cert.pem" }, "the password does not open its key", "wrong" },
    { "an EC key", { "ec.pem", "eccert.pem" }, "its key is not an RSA key" },
    { "another's certificate", { "key.pem", "ca.pem" }, "its key is not that of its certificate" },
    { "nothing", {}, "it has no private key" },
  }
  for _, case in ipairs(wrong) do
    it("refuses a file with " .. case[1], function()
      local unpack = table.unpack or unpack -- luacheck: ignore 143 113
      local credentials, stub = provider { certificate = pem(unpack(case[2])), certificate_password = case[4] }
      local identity, err = credentials:get()
      assert.is_nil(identity)
      assert.same({ "credentials", "certificate" }, { err.kind, err.code })
      assert.matches(case[3], err.message)
      assert.not_matches("KEY%-%-%-", tostring(err))
      assert.equal(0, #stub.requests)
    end)
  end

  it("refuses a certificate outside of its days", function()
    local _, err = provider({ certificate = pem("key.pem", "cert.pem") }, os.time() + 400 * 86400):get()
    assert.matches("it expired at %d+%-%d+%-%d+T", err.message)
    _, err = provider({ certificate = pem("key.pem", "cert.pem") }, os.time() - 86400):get()
    assert.matches("it is not valid before", err.message)
  end)

  it("refuses a file that is not there", function()
    local _, err = provider({ certificate_path = folder .. "/nowhere.pem" }):get()
    assert.matches("nowhere%.pem", err.message)
  end)
end)
