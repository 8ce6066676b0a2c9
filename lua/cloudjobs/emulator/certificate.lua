--- A certificate of the emulator's own, for clients that insist on https: made
--- anew at each start, good for localhost.

local altname = require "openssl.x509.altname"
local bignum = require "openssl.bignum"
local context = require "openssl.ssl.context"
local extension = require "openssl.x509.extension"
local name = require "openssl.x509.name"
local pkey = require "openssl.pkey"
local x509 = require "openssl.x509"

local DAYS = 30

--- Makes a key and a certificate signed by itself.
---@param serial string hexadecimal digits
---@return userdata context for a server's sockets
---@return string pem what clients trust
local function make(serial)
  local key = pkey.new { type = "EC", curve = "prime256v1" }
  local subject = name.new()
  subject:add("CN", "localhost")
  local names = altname.new()
  names:add("DNS", "localhost")
  names:add("IP", "127.0.0.1")

  local certificate = x509.new()
  certificate:setVersion(3)
  certificate:setSerial(bignum.new("0x" .. serial))
  certificate:setSubject(subject)
  certificate:setIssuer(subject)
  certificate:setSubjectAlt(names)
  certificate:setBasicConstraints { CA = true }
  certificate:addExtension(extension.new("keyUsage", "critical,digitalSignature,keyCertSign"))
  local now = os.time()
  certificate:setLifetime(now - 86400, now + DAYS * 86400)
  certificate:setPublicKey(key)
  certificate:sign(key)

  local server = context.new("TLS", true)
  server:setCertificate(certificate)
  server:setPrivateKey(key)
  return server, certificate:toPEM()
end

return { make = make }
