--- Where requests of one origin go: an address, the proxy on the way to it, TLS,
--- and the name of the pool of connections.

local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"
local quote = require "cloudjobs.base.quote"
local url = require "cloudjobs.http.url"

---@class cloudjobs.nginx.Endpoint
---@field scheme "http"|"https"
---@field host string
---@field port integer
---@field authority string
---@field proxy { host: string, port: integer, authorization: string|nil }|nil
---@field is_secure boolean
---@field verify boolean
---@field network table the request's: ca_bundle, client_cert, client_key
---@field address string of the first connection: the proxy's or the host's
---@field first_port integer
---@field pooling { pool: string, pool_size: integer }

-- Percent-encoded text as it is meant.
local function decode(text)
  return (text:gsub("%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

-- A proxy as the option has it: [http://][user:password@]host:port.
local function parse_proxy(text)
  local scheme, rest = text:match("^([%w+.%-]+)://(.*)$")
  if scheme and ascii.lower(scheme) ~= "http" then
    return nil, "nginx reaches proxies by http:// only"
  end
  local userinfo, address = (rest or text):match("^([^@]*)@(.*)$")
  local parts = url.parse("http://" .. (address or rest or text))
  if not parts then
    return nil, "the proxy's address is not host:port"
  end
  return {
    host = parts.host,
    port = parts.port,
    authorization = userinfo and "Basic " .. core.base64_encode(decode(userinfo)),
  }
end

-- What distinguishes connections of one origin beside the origin itself.
local function digest_of(network)
  local parts = {}
  for _, name in ipairs { "proxy", "ca_bundle", "client_cert", "client_key" } do
    parts[#parts + 1] = network[name] or ""
  end
  local text = table.concat(parts, "\0")
  return text:find("%Z") and core.sha256(text) or "direct"
end

--- The endpoint of an origin. Connections that differ in any of it are in pools
--- of their own, since a pooled connection is not verified again.
---@param origin string scheme and authority
---@param network table proxy, ca_bundle, client_cert, client_key
---@param options { hosts: table<string, string>, verify: boolean, pool_size: integer }
---@return cloudjobs.nginx.Endpoint|nil
---@return { code: string, message: string }|nil failure
local function new(origin, network, options)
  local endpoint, message = url.parse(origin)
  if not endpoint then
    return nil, { code = "request", message = ("the URL %s: %s"):format(quote.url(origin), message) }
  end
  if network.proxy then
    endpoint.proxy, message = parse_proxy(network.proxy)
    if not endpoint.proxy then
      return nil, { code = "proxy", message = message }
    end
  end
  endpoint.is_secure = endpoint.scheme == "https"
  endpoint.verify = options.verify
  endpoint.network = network
  local first = endpoint.proxy or endpoint
  endpoint.address, endpoint.first_port = options.hosts[first.host] or first.host, first.port
  endpoint.pooling = {
    pool = ("cloudjobs %s://%s:%d at %s %s %s"):format(
      endpoint.scheme, endpoint.host, endpoint.port, endpoint.address, options.verify and "verified" or "trusted",
      digest_of(network)
    ),
    pool_size = options.pool_size,
  }
  return endpoint
end

return { new = new }
