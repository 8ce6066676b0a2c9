--- TLS on a cosocket: the peer verified by name, authorities of one's own, and a
--- client certificate, as far as nginx's Lua module can.

local quote = require "cloudjobs.base.quote"

local ngx = ngx

local MAX_FILE = 1024 * 1024 -- bytes of a certificate or key

-- Whether cosockets have a method. In nginx's stream module those for HTTP would take the session for a request.
local function has(method)
  local methods = ngx and ngx.config.subsystem == "http" and debug.getregistry().__tcp_cosocket_mt
  return methods ~= nil and methods and methods[method] ~= nil
end

--- Which of a client's options are supported: true, or what they need.
---@return table<string, true|string>
local function support()
  local certificate = has "setclientcert" or "needs nginx's Lua module for HTTP, 0.10.22 or later"
  return {
    ca_bundle = has "settrustedstore" or "needs nginx's Lua module for HTTP, 0.10.31 or later; "
      .. "lua_ssl_trusted_certificate names the authorities of all clients",
    client_cert = certificate,
    client_key = certificate,
  }
end

local function read(path, option)
  local file, message = io.open(path, "rb")
  local text = file and file:read(MAX_FILE)
  if file then
    file:close()
  end
  if not text then
    message = message and message:match("[^:]*$") or " not a file"
    return nil, ("%s %s cannot be read:%s"):format(option, quote.path(path), message)
  end
  return text
end

-- OpenSSL's store of a file, or of a directory with hashed names.
local function load_store(path)
  local ffi = require "ffi"
  ffi.cdef [[
    void *X509_STORE_new(void);
    void X509_STORE_free(void *store);
    int X509_STORE_load_locations(void *store, const char *file, const char *directory);
    void ERR_clear_error(void);
  ]]
  local store = ffi.gc(ffi.C.X509_STORE_new(), ffi.C.X509_STORE_free)
  local is_loaded = ffi.C.X509_STORE_load_locations(store, path, nil) == 1
    or io.open(path .. "/.") and ffi.C.X509_STORE_load_locations(store, nil, path) == 1
  ffi.C.ERR_clear_error() -- else nginx takes it for the next connection's
  if not is_loaded then
    return nil, ("ca_bundle %s holds no certificates that can be read"):format(quote.path(path))
  end
  return store
end

local function load_certificate(network)
  local ssl = require "ngx.ssl"
  local pem, message = read(network.client_cert, "client_cert")
  local key_pem
  if pem then
    key_pem, message = read(network.client_key or network.client_cert, "client_key")
  end
  if not key_pem then
    return nil, message
  end
  local chain, key = ssl.parse_pem_cert(pem), ssl.parse_pem_priv_key(key_pem)
  if not chain or not key then
    return nil, chain and "client_key holds no private key in PEM without a passphrase"
      or "client_cert holds no certificate in PEM"
  end
  return { chain = chain, key = key }
end

-- The files of an endpoint, read when its first connection is opened.
local function load(endpoint)
  if endpoint.tls then
    return endpoint.tls
  end
  local network, message, tls = endpoint.network, nil, {}
  if network.client_cert then
    tls.certificate, message = load_certificate(network)
  end
  if network.ca_bundle and not message then
    tls.store, message = load_store(network.ca_bundle)
  end
  if message then
    return nil, message
  end
  endpoint.tls = tls
  return tls
end

-- Why a handshake raised. In some versions it does when the peer is refused at
-- once, and its reason stays in the buffer for messages.
local function reason_of(raised)
  if not tostring(raised):find("assertion failed", 1, true) then
    return tostring(raised)
  end
  local buffer = require("resty.core.base").get_errmsg_ptr()
  return buffer[0] ~= nil and require("ffi").string(buffer[0]) or "the certificate was refused"
end

--- Encrypts a connected cosocket.
---@param socket table
---@param endpoint cloudjobs.nginx.Endpoint
---@return boolean|nil
---@return { code: string, message: string }|nil failure
local function handshake(socket, endpoint)
  local tls, message = load(endpoint)
  if not tls then
    return nil, { code = "tls", message = message }
  end
  if tls.certificate then
    socket:setclientcert(tls.certificate.chain, tls.certificate.key)
  end
  if tls.store then
    socket:settrustedstore(tls.store)
  end
  local name = endpoint.host:gsub("^%[(.*)%]$", "%1")
  -- nil, never false, to ask for no session: up to 0.10.29, false may have a refused certificate return true
  -- (lua-nginx-module's pull request 2506).
  local ran, session, err = pcall(socket.sslhandshake, socket, nil, name, endpoint.verify)
  if ran and session then
    return true
  elseif err == "timeout" then
    return nil, { code = "timeout", message = "the TLS handshake took too long" }
  end
  return nil, { code = "tls", message = ran and err or reason_of(session) }
end

return { support = support, handshake = handshake }
