--- Entra's token endpoint, as every flow of a client with a proof uses it.

local ascii = require "cloudjobs.base.ascii"
local azure_token = require "cloudjobs.azure.credentials.token"
local core = require "cloudjobs.core"
local quote = require "cloudjobs.base.quote"
local retry_after = require "cloudjobs.http.retry_after"
local url = require "cloudjobs.http.url"

local ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
local TIMEOUT = { connect = 10, total = 30 } -- seconds
-- Seconds to wait after a throttling response without Retry-After.
local THROTTLING_DELAY = 60

-- What to do, by the number in Entra's message.
local HINTS = {
  ["7000215"] = "The client secret is wrong: give its value, not its id",
  ["7000222"] = "The client secret has expired: make a new one for the app registration",
  ["700016"] = "No app registration has this client_id in this tenant",
  ["90002"] = "No tenant has this tenant_id in this cloud",
  ["700027"] = "The certificate is not the one registered with the app",
  ["700024"] = "The assertion's times are off: check this machine's clock",
  ["70021"] = "The app has no federated credential for this issuer, subject and audience",
  ["700213"] = "The app has no federated credential for this issuer, subject and audience",
  ["50076"] = "This account needs multi-factor sign-in: use a service principal",
}

local Authority = {}
local authority_mt = { __name = "cloudjobs.azure.credentials.authority", __index = Authority }

local function text(value)
  return type(value) == "string" and value or nil
end

local function encode_form(fields)
  local pairs_of = {}
  for _, field in ipairs(fields) do
    pairs_of[#pairs_of + 1] = field[1] .. "=" .. url.encode(field[2])
  end
  return table.concat(pairs_of, "&")
end

local function refusal(self, response, secret)
  local status = response.status
  local reply = core.json_decode(response.body)
  reply = type(reply) == "table" and reply or {}
  local code = text(reply.error)
  local message = text(reply.error_description)
  message = message and message:match("^[^\r\n]*") or code
    or "the token endpoint answered " .. (response.headers["content-type"] or "without a content type")
  message = quote.line(quote.without(message, { secret, url.encode(secret) }))
  return azure_token.failure(self.source, {
    code = code and quote.name(code) or ("%d"):format(status),
    message = message,
    status = status,
    request_id = text(reply.trace_id) or response.headers["x-ms-request-id"],
    throttling = status == 429,
    retryable = status == 429 or status >= 500,
    retry_after = retry_after.seconds(response.headers["retry-after"]) or (status == 429 and THROTTLING_DELAY) or nil,
    claims = text(reply.claims),
    hint = HINTS[message:match("AADSTS(%d+)")],
  })
end

-- The error while the endpoint is throttled; nil afterwards.
local function still_throttled(self, scope)
  local throttled = self._throttled[scope]
  local remaining = throttled and throttled.till - self._transport:now()
  if not remaining or remaining <= 0 then
    self._throttled[scope] = nil
    return nil
  end
  return azure_token.failure(self.source, {
    code = throttled.code,
    message = ("the token endpoint asked to wait; %d s remain"):format(math.ceil(remaining)),
    throttling = true,
    retryable = true,
    retry_after = remaining,
  })
end

local function address(self)
  local parts, message = url.parse(self._authority)
  if parts and parts.scheme ~= "https" and (parts.host == "localhost" or not url.is_loopback(parts.host)) then
    message = "expected https (http is for literal loopback addresses)"
  elseif not self._tenant_id:find("^[A-Za-z0-9%-.]+$") then
    message = "tenant_id: expected a tenant's id or domain"
  end
  if message then
    message = quote.url(self._authority) .. ": " .. message
    return azure_token.failure(self.source, { code = "config", message = message })
  end
  return self:token_url()
end

--- The address of the token endpoint; an assertion names it as its audience.
---@return string
function Authority:token_url()
  return ("%s/%s/oauth2/v2.0/token"):format(ascii.without_slashes(self._authority), self._tenant_id)
end

--- Requests a token.
---@param scope string such as "https://management.azure.com/.default"
---@param proof string[][] the fields of the form that authenticate the client, name and value
---@param secret string is not shown in an error
---@param claims string|nil of the challenge of a 401
---@return cloudjobs.azure.Identity|nil identity
---@return cloudjobs.Error|nil err
function Authority:request(scope, proof, secret, claims)
  local _, err = still_throttled(self, scope)
  if err then
    return nil, err
  end
  local token_url
  token_url, err = address(self)
  if not token_url then
    return nil, err
  end
  local fields = { { "grant_type", "client_credentials" }, { "client_id", self.client_id }, { "scope", scope } }
  for _, field in ipairs(proof) do
    fields[#fields + 1] = field
  end
  fields[#fields + 1] = claims and { "claims", claims } or nil

  local network
  if self._network then
    network, err = self._network:settings_for(token_url)
    if err then
      return azure_token.failure(self.source, { code = "config", message = err.message })
    end
  end
  local asked_at = self._transport:now()
  local response
  response, err = self._transport:send {
    method = "POST",
    url = token_url,
    headers = { ["content-type"] = "application/x-www-form-urlencoded", accept = "application/json" },
    body = encode_form(fields),
    timeout = TIMEOUT.total,
    connect_timeout = TIMEOUT.connect,
    network = network,
  }
  if not response then
    return azure_token.failure(self.source, {
      code = err.code, message = err.message, retryable = err.retryable, cause = err, hint = err.hint,
    })
  elseif response.status == 200 then
    return azure_token.read(response, asked_at, self.source)
  end
  _, err = refusal(self, response, secret)
  if err.retry_after then
    self._throttled[scope] = { till = asked_at + err.retry_after, code = err.code }
  end
  return nil, err
end

--- Requests a token; the client authenticates by a signed assertion (RFC 7523).
---@param scope string
---@param assertion string a JSON Web Token
---@param claims string|nil
---@return cloudjobs.azure.Identity|nil identity
---@return cloudjobs.Error|nil err
function Authority:request_by_assertion(scope, assertion, claims)
  local proof = { { "client_assertion_type", ASSERTION_TYPE }, { "client_assertion", assertion } }
  return self:request(scope, proof, assertion, claims)
end

--- A token endpoint for one client of one tenant. Nothing is sent or checked yet.
---@param options { transport: table, authority: string, tenant_id: string, client_id: string, network: table|nil }
---@param source string names the flow in errors
local function new(options, source)
  return setmetatable({
    source = source,
    client_id = options.client_id,
    _transport = options.transport,
    _network = options.network,
    _authority = options.authority,
    _tenant_id = options.tenant_id,
    _throttled = {},
  }, authority_mt)
end

return { new = new }
