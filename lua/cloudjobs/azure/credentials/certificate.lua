--- A service principal that signs an assertion with its certificate's key.

local azure_authority = require "cloudjobs.azure.credentials.authority"
local azure_token = require "cloudjobs.azure.credentials.token"
local core = require "cloudjobs.core"
local file = require "cloudjobs.cloud.file"
local quote = require "cloudjobs.base.quote"

local SOURCE = "client certificate"
local LIFE = 600 -- seconds an assertion is good for
local MAX_FILE = 1024 * 1024

---@class cloudjobs.azure.credentials.certificate: cloudjobs.Provider
local Certificate = {}
local certificate_mt = { __name = "cloudjobs.azure.credentials.certificate", __index = Certificate }

local function fail(message, hint)
  return azure_token.failure(SOURCE, { code = "certificate", message = message, hint = hint })
end

-- The file is read for each token, so a renewed certificate is seen.
local function load(self)
  local pem, message = self._pem, nil
  if not pem then
    pem, message = file.read_text(self._path, MAX_FILE)
  end
  if not pem then
    return fail(message)
  end
  local certificate
  certificate, message = core.certificate(pem, self._password)
  if not certificate then
    local path = self._path and quote.path(self._path) or "certificate"
    return fail(path .. ": " .. message, "Give PEM text with the certificate and its RSA key")
  end
  local not_before, not_after = certificate:validity()
  local now = self._transport:now()
  if now >= not_after then
    return fail("it expired at " .. core.iso(not_after), "Renew it, and register the new one with the app")
  elseif now < not_before then
    return fail("it is not valid before " .. core.iso(not_before), "Check this machine's clock")
  end
  return certificate
end

local function base64url(bytes)
  return (core.base64_encode(bytes):gsub("[+/=]", { ["+"] = "-", ["/"] = "_", ["="] = "" }))
end

local function header_of(self, certificate)
  local header = { alg = self._algorithm, typ = "JWT" }
  if self._algorithm == "RS256" then
    header.x5t = base64url(certificate:thumbprint("sha1"))
  else
    header["x5t#S256"] = base64url(certificate:thumbprint("sha256"))
  end
  if self._send_chain then
    header.x5c = {}
    for i, der in ipairs(certificate:chain()) do
      header.x5c[i] = core.base64_encode(der)
    end
  end
  return header
end

-- A signed statement that we are this client, for this token endpoint alone.
local function assertion_of(self, certificate)
  local now = math.floor(self._transport:now())
  local claims = {
    aud = self._authority:token_url(),
    iss = self._authority.client_id,
    sub = self._authority.client_id,
    jti = core.uuid(),
    iat = now,
    nbf = now,
    exp = now + LIFE,
  }
  local text = base64url(core.json_encode(header_of(self, certificate))) .. "." .. base64url(core.json_encode(claims))
  local signature, message = certificate:sign(self._algorithm, text)
  if not signature then
    return fail(message)
  end
  return text .. "." .. base64url(signature)
end

--- Requests a new token; credentials/cache caches it.
---@param scope string
---@param claims string|nil
---@return cloudjobs.azure.Identity|nil identity
---@return cloudjobs.Error|nil err
function Certificate:get(scope, claims)
  local certificate, err = load(self)
  local assertion
  if certificate then
    assertion, err = assertion_of(self, certificate)
  end
  if not assertion then
    return nil, err
  end
  return self._authority:request_by_assertion(scope, assertion, claims)
end

---@param options table transport, authority, tenant_id, client_id; certificate (PEM text) or certificate_path;
---   certificate_password; send_certificate_chain; certificate_algorithm "PS256" (the default) or "RS256"
local function new(options)
  return setmetatable({
    _transport = options.transport,
    _authority = azure_authority.new(options, SOURCE),
    _pem = options.certificate,
    _path = options.certificate_path,
    _password = options.certificate_password,
    _send_chain = options.send_certificate_chain,
    _algorithm = options.certificate_algorithm or "PS256",
  }, certificate_mt)
end

return { new = new }
