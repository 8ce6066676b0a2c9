--- The managed identity of the machine, app or Arc server this runs on. Its
--- endpoints are near by their own rules, so no proxy is ever used.

local azure_token = require "cloudjobs.azure.credentials.token"
local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"
local file = require "cloudjobs.cloud.file"
local quote = require "cloudjobs.base.quote"
local retry_after = require "cloudjobs.http.retry_after"
local url = require "cloudjobs.http.url"

local SOURCE = "managed identity"

local IMDS = "http://169.254.169.254"
local TOKEN_PATH = "/metadata/identity/oauth2/token"
local ARC_ENDPOINT = "http://127.0.0.1:40342" .. TOKEN_PATH
local ARC_AGENT = "/opt/azcmagent/bin/himds"
local ARC_FOLDER = "/var/opt/azcmagent/tokens/"
local ARC_MAX_KEY = 4096

local TIMEOUT = { connect = 5, total = 20 } -- seconds
local PROBE = 1

-- Statuses of an endpoint that is not ready yet; so is any from 500 on.
local TRANSIENT = { [404] = true, [408] = true, [410] = true, [429] = true }
-- 410 means an update that may take 70 s: a call's three repeats cover them.
local GONE_WAIT = 24

---@class cloudjobs.azure.credentials.managed: cloudjobs.Provider
local Managed = {}
local managed_mt = { __name = "cloudjobs.azure.credentials.managed", __index = Managed }

local function fail(code, message, hint)
  return azure_token.failure(SOURCE, { code = code, message = message, hint = hint })
end

-- Addresses that belong to this machine or its host.
local function is_near(host)
  local a, b = host:match("^(%d+)%.(%d+)%.%d+%.%d+$")
  a, b = tonumber(a), tonumber(b)
  return url.is_loopback(host) or host:find("^%[fe80:") ~= nil or a == 10 or (a == 169 and b == 254)
    or (a == 172 and b >= 16 and b <= 31) or (a == 192 and b == 168)
end

local function check_endpoint(endpoint, variable)
  local parts, message = url.parse(endpoint)
  if parts and parts.scheme == "http" and not is_near(parts.host) then
    message = "expected https, or an address of this machine or its network"
  end
  if message then
    return fail("config", ("%s %s: %s"):format(variable, quote.url(endpoint), message))
  end
  return endpoint
end

local function send(self, address, headers, timeout)
  local response, err = self._transport:send {
    method = "GET",
    url = address,
    headers = headers,
    timeout = timeout or TIMEOUT.total,
    connect_timeout = timeout or TIMEOUT.connect,
  }
  if not response then
    return azure_token.failure(SOURCE, {
      code = err.code, message = err.message, retryable = err.retryable, cause = err, hint = err.hint,
    })
  end
  return response
end

-- "?api-version=…&resource=…" and which identity, where one was named.
local function query_of(self, api_version, resource_scope, id_name)
  local resource = resource_scope:gsub("%.default$", "")
  local query = ("?api-version=%s&resource=%s"):format(api_version, url.encode(resource))
  local selector = self._selector
  if selector then
    local name = selector.name == "resource_id" and id_name or selector.name
    query = query .. "&" .. name .. "=" .. url.encode(selector.value)
  end
  return query
end

local function refusal(response)
  local reply = core.json_decode(response.body)
  reply = type(reply) == "table" and reply or {}
  local message = type(reply.error_description) == "string" and reply.error_description
    or type(reply.message) == "string" and reply.message
    or "its endpoint answered " .. (response.headers["content-type"] or "without a content type")
  local status = response.status
  return azure_token.failure(SOURCE, {
    -- A machine without an identity returns 400.
    code = status == 400 and "unavailable" or type(reply.error) == "string" and quote.name(reply.error)
      or ("%d"):format(status),
    message = quote.line(message:match("^[^\r\n]*")),
    status = status,
    throttling = status == 429,
    retryable = TRANSIENT[status] or status >= 500,
    retry_after = retry_after.seconds(response.headers["retry-after"]) or (status == 410 and GONE_WAIT) or nil,
    hint = status == 400 and "Give the machine an identity, or name the one it has by client_id" or nil,
  })
end

local function ask(self, address, headers)
  local asked_at = self._transport:now()
  local response, err = send(self, address, headers)
  if not response then
    return nil, err
  elseif response.status ~= 200 then
    return refusal(response)
  end
  local identity
  identity, err = azure_token.read(response, asked_at, SOURCE)
  local selector = self._selector
  if identity and selector and selector.name == "client_id" then
    local given = core.json_decode(response.body).client_id
    if type(given) == "string" and ascii.lower(given) ~= ascii.lower(selector.value) then
      return fail("reply", "the endpoint gave a token for another identity than client_id "
        .. quote.name(selector.value))
    end
  end
  return identity, err
end

-- Whether there is a metadata service at all, within a short time, for a chain.
local function probe(self, endpoint)
  local response, err = send(self, endpoint .. TOKEN_PATH, {}, PROBE)
  if not response then
    return fail("unavailable", "no metadata service answers: " .. err.cause.message)
  elseif response.status == 403 and response.body:find("unreachable", 1, true) then
    return fail("unavailable", "no metadata service: a container engine answers for it")
  elseif response.status ~= 400 and type(core.json_decode(response.body)) ~= "table" then
    -- Azure's returns 400 to such a request, and JSON to any: this is a proxy, or another cloud's.
    return fail("unavailable", ("no metadata service: its address answers %d and %s"):format(response.status,
      quote.line(response.headers["content-type"] or "no content type")))
  end
  self._probe = false
  return true
end

local function from_imds(self, scope)
  local endpoint, err = check_endpoint(
    ascii.without_slashes(self._getenv("AZURE_POD_IDENTITY_AUTHORITY_HOST") or IMDS),
    "AZURE_POD_IDENTITY_AUTHORITY_HOST")
  if not endpoint then
    return nil, err
  end
  if self._probe then
    local found
    found, err = probe(self, endpoint)
    if not found then
      return nil, err
    end
  end
  local address = endpoint .. TOKEN_PATH .. query_of(self, "2018-02-01", scope, "msi_res_id")
  return ask(self, address, { metadata = "true" })
end

local function from_app_service(self, scope)
  local endpoint, err = check_endpoint(self._getenv("IDENTITY_ENDPOINT"), "IDENTITY_ENDPOINT")
  if not endpoint then
    return nil, err
  end
  local secret = self._getenv("IDENTITY_HEADER")
  if secret:find("[%z\1-\31\127]") then
    return fail("config", "IDENTITY_HEADER: expected no control characters")
  end
  local address = endpoint .. query_of(self, "2019-08-01", scope, "mi_res_id")
  return ask(self, address, { ["x-identity-header"] = secret })
end

-- The key that the Arc agent names, from its own folder and nowhere else.
local function read_key(self, challenge)
  local path = challenge and challenge:match("^[Bb]asic realm=\"?([^\"]+)\"?$")
  if not path then
    return fail("reply", "the Arc agent named no key file")
  end
  local name = path:sub(#self._arc_folder + 1)
  if path:sub(1, #self._arc_folder) ~= self._arc_folder or not name:find("^[^/]+%.key$") then
    return fail("reply", ("the Arc agent named a key outside of %s"):format(quote.path(self._arc_folder)))
  end
  local key = file.read(path)
  if not key then
    return fail("unavailable", "the Arc agent's key cannot be read", "Run as root or as a member of the group himds")
  end
  key = ascii.trim(key)
  if #key > ARC_MAX_KEY or key == "" or key:find("[%z\1-\31\127]") then
    return fail("reply", "the Arc agent's key is not one line of text")
  end
  return key
end

local function from_arc(self, scope)
  local given = self._getenv("IDENTITY_ENDPOINT") or ARC_ENDPOINT
  local parts, message = url.parse(given)
  if not parts or not url.is_loopback(parts.host) then
    message = message or "expected a loopback address"
    return fail("config", ("IDENTITY_ENDPOINT %s: %s"):format(quote.url(given), message))
  end
  local endpoint = ("%s://%s:%d%s"):format(
    parts.scheme, parts.host == "localhost" and "127.0.0.1" or parts.host, parts.port, parts.path)
  local address = endpoint .. query_of(self, "2020-06-01", scope, "msi_res_id")
  local response, err = send(self, address, { metadata = "true" })
  if not response then
    return nil, err
  elseif response.status ~= 401 then
    return fail("reply", ("the Arc agent answered %d where it should have named its key"):format(response.status))
  end
  local key
  key, err = read_key(self, response.headers["www-authenticate"])
  if not key then
    return nil, err
  end
  return ask(self, address, { metadata = "true", authorization = "Basic " .. key })
end

local function unsupported(place)
  return function()
    return fail("unavailable", place .. " is not supported", "Give client_id and client_secret, or use Azure CLI")
  end
end

-- Where an identity may come from, in MSAL's order; the first whose variables
-- are all set counts.
local SOURCES = {
  { "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT", fetch = unsupported("Service Fabric") },
  { "IDENTITY_ENDPOINT", "IDENTITY_HEADER", fetch = from_app_service },
  { "MSI_ENDPOINT", "MSI_SECRET", fetch = unsupported("Azure Machine Learning") },
  { "MSI_ENDPOINT", fetch = unsupported("Cloud Shell") },
  { "IDENTITY_ENDPOINT", "IMDS_ENDPOINT", fetch = from_arc },
}

local function is_readable(path)
  local handle = io.open(path, "rb")
  if handle then
    handle:close()
  end
  return handle ~= nil
end

--- Requests a token where this runs.
---@param scope string
---@return cloudjobs.azure.Identity|nil identity
---@return cloudjobs.Error|nil err code "unavailable" where there is no identity
function Managed:get(scope)
  for _, source in ipairs(SOURCES) do
    local found = true
    for _, variable in ipairs(source) do
      found = found and self._getenv(variable)
    end
    if found then
      return source.fetch(self, scope)
    end
  end
  if is_readable(ARC_AGENT) then
    return from_arc(self, scope)
  end
  return from_imds(self, scope)
end

---@param options table transport, getenv; selector: `{ name = "client_id"|"object_id"|"resource_id", value }`;
---   probe: probe for IMDS first; arc_folder: where the Arc agent keeps its keys
local function new(options)
  return setmetatable({
    _transport = options.transport,
    _getenv = options.getenv,
    _selector = options.selector,
    _probe = options.probe,
    _arc_folder = options.arc_folder or ARC_FOLDER,
  }, managed_mt)
end

return { new = new }
