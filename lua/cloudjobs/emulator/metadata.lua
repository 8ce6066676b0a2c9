--- The endpoints that give a managed identity to programs beside them: a virtual
--- machine's metadata service, App Service, and the agent of an Arc server.

local core = require "cloudjobs.core"
local form = require "cloudjobs.emulator.form"
local option = require "cloudjobs.base.options"

local LIFETIME = 86400
local IMDS_PATH = "/metadata/identity/oauth2/token"
local APP_PATH = "/msi/token"

local Metadata = {}
local metadata_mt = { __name = "cloudjobs.emulator.metadata", __index = Metadata }

--- `world.managed`: identity_header, which App Service requires; and, for Arc,
--- key_path and key, the file that it names and its content.
local function new(world)
  return setmetatable({ _world = world }, metadata_mt)
end

local function json(status, body, headers)
  headers = headers or {}
  headers["content-type"] = "application/json; charset=utf-8"
  return { status = status, headers = headers, body = core.json_encode(body) }
end

local function refuse(status, code, description, headers)
  return json(status, { error = code, error_description = description }, headers)
end

--- A token for the resource. Numbers come as text, as they do from the real ones.
local function issue(self, query)
  local world = self._world
  local resource = query.resource
  if not resource then
    return refuse(400, "invalid_request", "Required query variable 'resource' is missing")
  elseif query.client_id and not world.clients[query.client_id] then
    return refuse(400, "invalid_request", "Identity not found")
  end
  local token = "emulator." .. world.uuid():gsub("-", "") .. "." .. world.uuid():gsub("-", "")
  local expires_on = math.floor(world.wall()) + LIFETIME
  world.tokens[token] = { expires_at = expires_on, audience = resource, client_id = query.client_id }
  return json(200, {
    access_token = token,
    client_id = query.client_id,
    expires_on = ("%d"):format(expires_on),
    resource = resource,
    token_type = "Bearer",
  })
end

local function respond_imds(self, query, request)
  if request.headers.metadata ~= "true" then
    return refuse(400, "bad_request_102", "Required metadata header not specified")
  elseif query["api-version"] ~= "2018-02-01" then
    return refuse(400, "bad_request", "api-version is not supported")
  end
  return issue(self, query)
end

local function respond_app(self, query, request)
  if request.headers["x-identity-header"] ~= self._world.managed.identity_header then
    return refuse(401, "unauthorized", "X-IDENTITY-HEADER is missing or wrong")
  elseif query["api-version"] ~= "2019-08-01" then
    return refuse(400, "bad_request", "api-version is not supported")
  end
  return issue(self, query)
end

--- The first response names the key's file, the second request has to hold its content.
local function respond_arc(self, query, request)
  local managed = self._world.managed
  if request.headers.metadata ~= "true" then
    return refuse(400, "bad_request_102", "Required metadata header not specified")
  elseif request.headers.authorization ~= "Basic " .. tostring(managed.key) then
    return refuse(401, "unauthorized", "The key is missing or wrong",
      { ["www-authenticate"] = "Basic realm=" .. tostring(managed.key_path) })
  end
  return issue(self, query)
end

--- Which of these a request is for, or nil.
function Metadata.route(_, request)
  local name
  local path = request.path:gsub("/$", "") -- Azure's own library adds one where the endpoint was set
  if path == APP_PATH then
    name = "app"
  elseif path == IMDS_PATH then
    name = form.parse(request.query)["api-version"] == "2020-06-01" and "arc" or "imds"
  end
  return name and { service_name = "identity", name = name }
end

local OPERATIONS = { imds = respond_imds, app = respond_app, arc = respond_arc }

--- Service -> its operations, for the faults that name them.
function Metadata.operations()
  return { identity = option.sorted_keys(OPERATIONS) }
end

function Metadata:respond(target, request)
  if request.method ~= "GET" then
    return refuse(405, "method_not_allowed", "The endpoint only accepts GET requests.")
  end
  return OPERATIONS[target.name](self, form.parse(request.query), request)
end

--- An error that a fault rule ordered.
function Metadata.fail(_, _, fault)
  return refuse(fault.status or fault.throttle and 429 or 500, fault.code or "internal_error",
    fault.message or "A transient error has occurred. Please try again.")
end

return { new = new }
