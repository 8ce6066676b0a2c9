--- Azure's token endpoint: client credentials by secret or assertion, and what
--- clients request from an authority before they trust it.

local core = require "cloudjobs.core"
local forms = require "cloudjobs.emulator.form"

local LIFETIME = 3599

local Identity = {}
local identity_mt = { __name = "cloudjobs.emulator.identity", __index = Identity }

local function new(world)
  return setmetatable({ _world = world }, identity_mt)
end

local function json(status, body)
  return {
    status = status,
    headers = { ["content-type"] = "application/json; charset=utf-8", ["cache-control"] = "no-store, no-cache" },
    body = core.json_encode(body),
  }
end

function Identity:_fail(status, code, number, message)
  local now = core.iso(math.floor(self._world.wall()))
  local trace = self._world.uuid()
  return json(status, {
    error = code,
    error_description = ("AADSTS%d: %s Trace ID: %s"):format(number, message, trace),
    error_codes = { number },
    timestamp = now:gsub("T", " "):sub(1, 19) .. "Z",
    trace_id = trace,
    correlation_id = self._world.uuid(),
    error_uri = ("https://login.microsoftonline.com/error?code=%d"):format(number),
  })
end

--- The claims of an assertion, or nil. Its signature is not checked: the
--- emulator has no certificates of the clients.
local function claims(assertion)
  local part = (assertion or ""):match("^[%w_-]+%.([%w_-]+)%.[%w_-]+$")
  if not part then
    return nil
  end
  part = part:gsub("-", "+"):gsub("_", "/")
  local text = core.base64_decode(part .. ("="):rep(-#part % 4))
  local decoded = text and core.json_decode(text)
  return type(decoded) == "table" and decoded or nil
end

--- What is wrong with the proof a client gives of itself: status, code, number and message.
local function refuse_proof(form, client, now)
  if form.client_secret then
    if form.client_secret ~= client.secret then
      return 401, "invalid_client", 7000215, "Invalid client secret provided."
    end
  elseif form.client_assertion then
    local claim = claims(form.client_assertion)
    if not claim then
      return 401, "invalid_client", 700027, "Client assertion failed signature validation."
    elseif type(claim.exp) == "number" and claim.exp <= now then
      return 401, "invalid_client", 700024, "Client assertion is not within its valid time range."
    end
  else
    return 401, "invalid_client", 7000218,
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
  end
end

function Identity:_token(tenant, form)
  local world = self._world
  local client = world.clients[form.client_id]
  if form.grant_type ~= "client_credentials" then
    return self:_fail(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
  elseif not client then
    local unknown = "Application with identifier '%s' was not found in the directory."
    return self:_fail(400, "unauthorized_client", 700016, unknown:format(tostring(form.client_id)))
  elseif client.tenant and client.tenant ~= tenant then
    return self:_fail(400, "invalid_request", 90002, ("Tenant '%s' not found."):format(tenant))
  end
  local status, code, number, message = refuse_proof(form, client, world.wall())
  if status then
    return self:_fail(status, code, number, message)
  end
  local audience = (form.scope or ""):match("^(%S+)/%.default$")
  if not audience then
    return self:_fail(400, "invalid_scope", 70011, "The provided request must include a 'scope' input parameter.")
  end
  local token = "emulator." .. world.uuid():gsub("-", "") .. "." .. world.uuid():gsub("-", "")
  world.tokens[token] = {
    expires_at = world.wall() + LIFETIME,
    audience = audience,
    tenant = tenant,
    client_id = form.client_id,
  }
  return json(200, { token_type = "Bearer", expires_in = LIFETIME, ext_expires_in = LIFETIME, access_token = token })
end

--- An authority's metadata, which MSAL requests before the first token.
local function configuration(tenant, base)
  local root = base .. "/" .. tenant
  return json(200, {
    issuer = root .. "/v2.0",
    authorization_endpoint = root .. "/oauth2/v2.0/authorize",
    token_endpoint = root .. "/oauth2/v2.0/token",
    device_authorization_endpoint = root .. "/oauth2/v2.0/devicecode",
    end_session_endpoint = root .. "/oauth2/v2.0/logout",
    jwks_uri = root .. "/discovery/v2.0/keys",
    response_types_supported = { "code", "id_token" },
    subject_types_supported = { "pairwise" },
    id_token_signing_alg_values_supported = { "RS256" },
  })
end

--- Which of these a request is for, or nil.
function Identity.route(_, request)
  local tenant = request.path:match("^/([%w.-]+)/oauth2/v2%.0/token$")
  if tenant then
    return { service_name = "identity", name = "token", tenant = tenant }
  end
  tenant = request.path:match("^/([%w.-]+)/v2%.0/%.well%-known/openid%-configuration$")
  if tenant then
    return { service_name = "identity", name = "configuration", tenant = tenant }
  elseif request.path:find("^/%w+/discovery/instance$") then
    return { service_name = "identity", name = "discovery" }
  end
end

--- Service -> its operations, for the faults that name them.
function Identity.operations()
  return { identity = { "token", "configuration", "discovery" } }
end

function Identity:respond(target, request)
  local base = self._world.scheme .. "://" .. (request.headers.host or "localhost")
  if target.name == "configuration" then
    return configuration(target.tenant, base)
  elseif target.name == "discovery" then
    local place = base .. "/common/v2.0/.well-known/openid-configuration"
    return json(200, { tenant_discovery_endpoint = place, metadata = setmetatable({}, core.array_mt) })
  elseif request.method ~= "POST" then
    return self:_fail(400, "invalid_request", 900561, "The endpoint only accepts POST requests.")
  end
  return self:_token(target.tenant, forms.parse(request.body))
end

--- An error that a fault rule ordered.
function Identity:fail(_, fault)
  return self:_fail(fault.status or fault.throttle and 429 or 500, fault.code or "temporarily_unavailable", 90033,
    fault.message or "A transient error has occurred. Please try again.")
end

return { new = new }
