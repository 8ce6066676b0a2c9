--- Certificates for servers of specs: an authority and what it signs.

local altname = require "openssl.x509.altname"
local extension = require "openssl.x509.extension"
local files = require "spec.support.files"
local name = require "openssl.x509.name"
local pkey = require "openssl.pkey"
local x509 = require "openssl.x509"

local DAY = 86400

local serial = 0

local function make(subject, issuer, options)
  local key, cert, dn, names = pkey.new { type = "EC", curve = "prime256v1" }, x509.new(), name.new(), altname.new()
  dn:add("CN", subject)
  names:add("DNS", subject)
  serial = serial + 1
  cert:setVersion(3)
  cert:setSerial(serial)
  cert:setSubject(dn)
  cert:setIssuer(issuer and issuer.cert:getSubject() or dn)
  cert:setSubjectAlt(names)
  if not issuer then
    cert:addExtension(extension.new("basicConstraints", "critical,CA:TRUE"))
  end
  local now = os.time()
  cert:setLifetime(now - 2 * DAY, options and options.expired and now - DAY or now + DAY)
  cert:setPublicKey(key)
  cert:sign(issuer and issuer.key or key)
  return { cert = cert, key = key }
end

--- Writes ca.pem, and `<name>.pem` and `<name>.key` for good, expired and self
--- (of good.test, expired.test and self.test), localhost and late (expired, of localhost) into `folder`.
local function write(folder)
  local authority = make("An authority of specs")
  local leaves = {
    good = make("good.test", authority),
    expired = make("expired.test", authority, { expired = true }),
    self = make("self.test"),
    localhost = make("localhost", authority),
    late = make("localhost", authority, { expired = true }),
  }
  files.write(folder .. "/ca.pem", authority.cert:toPEM())
  for which, leaf in pairs(leaves) do
    files.write(("%s/%s.pem"):format(folder, which), leaf.cert:toPEM())
    files.write(("%s/%s.key"):format(folder, which), leaf.key:toPEM("private"))
  end
end

return { write = write }
