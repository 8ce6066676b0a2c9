--- The front of Azure Resource Manager: routes, bearer tokens, api-versions,
--- ARM's errors and headers.

local ascii = require "cloudjobs.base.ascii"
local auth = require "cloudjobs.emulator.auth"
local core = require "cloudjobs.core"
local exports = require "cloudjobs.emulator.azure.exports"
local refusal = require "cloudjobs.emulator.refuse"
local reports = require "cloudjobs.emulator.azure.reports"
local rules = require "cloudjobs.emulator.azure.rules"
local scopes = require "cloudjobs.emulator.azure.scopes"

local operations = exports.operations
local refuse = refusal.refuse

local Azure = {}
local azure_mt = { __name = "cloudjobs.emulator.azure", __index = Azure }

local function new(world)
  return setmetatable({ _world = world, _exports = exports.new(world), _reports = reports.new(world) }, azure_mt)
end

local NAMES = {
  ["GET list"] = "list",
  ["GET export"] = "get",
  ["PUT export"] = "create_or_update",
  ["DELETE export"] = "delete",
  ["POST run"] = "execute",
  ["GET runHistory"] = "get_execution_history",
}

local VERBS = { run = "run", runhistory = "runHistory" }
local PROVIDER = "^/subscriptions/([^/]+)/providers/microsoft%.costmanagementexports(.*)$"

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

local function parse_query(query)
  local fields = {}
  for name, value in (query or ""):gmatch("([^&=]+)=?([^&]*)") do
    fields[ascii.lower(unescape(name))] = unescape(value)
  end
  return fields
end

--- The scope of a path, and the rest behind the provider, in upper or lower case.
local function split(path)
  local first, last = ascii.lower(path):find("/providers/microsoft.costmanagement/exports", 1, true)
  if first and path:sub(1, 1) == "/" and (last == #path or path:sub(last + 1, last + 1) == "/") then
    return unescape(path:sub(2, first - 1)), path:sub(last + 1)
  end
end

--- Which operation a request is for, or nil when it is for neither exports nor reports.
function Azure:route(request)
  local query = parse_query(request.query)
  local report = self._reports:route(request, query["api-version"],
    ("%s://%s"):format(self._world.scheme, request.headers.host or ""))
  if report then
    return report
  end
  local target = {
    service_name = "azure_cost_exports",
    version = query["api-version"],
    expand = ascii.lower((query["$expand"] or "")) == "runhistory",
  }
  local route
  local subscription, tail = ascii.lower(request.path):match(PROVIDER)
  if subscription then
    target.subscription = subscription
    route = request.method .. " " .. (tail == "" and "provider" or tail:sub(2))
  else
    local scope, rest = split(request.path)
    if not scope then
      return nil
    end
    local export, verb = rest:match("^/([^/]+)/?(%a*)$")
    target.scope, target.export = scope, unescape(export or "")
    target.key = ascii.lower((scope .. " " .. target.export))
    local kind = verb and verb ~= "" and (VERBS[ascii.lower(verb)] or "?") or export and "export" or "list"
    route = request.method .. " " .. kind
  end
  target.operation = operations[route]
  target.name = NAMES[route] or route
  return target
end

local function respond(self, status, body, headers)
  local world = self._world
  local response = { status = status, headers = {}, body = body and core.json_encode(body) or "" }
  for name, value in pairs(headers or {}) do
    response.headers[name] = value
  end
  if body then
    response.headers["content-type"] = "application/json; charset=utf-8"
  end
  local stamp = core.iso(math.floor(world.wall())):gsub("[-:]", "")
  response.headers["x-ms-request-id"] = world.uuid()
  response.headers["x-ms-correlation-request-id"] = world.uuid()
  response.headers["x-ms-routing-request-id"] = ("WESTEUROPE:%s:%s"):format(stamp, world.uuid())
  return response
end

--- Carries out an operation for an authenticated caller.
local function run(self, target, request, caller)
  if not target.operation then
    refuse("MethodNotAllowed", "The requested resource does not support this method.", nil, 405)
  elseif target.scope and not target.state then
    target.generation = rules.generation(target.version)
    target.scope_kind = scopes.kind(target.scope)
  end
  local document
  if request.body ~= "" then
    local message
    document, message = core.json_decode_strict(request.body)
    if document == nil then
      refuse("InvalidRequestContent", "The request content was invalid and could not be deserialized: " .. message)
    end
  end
  local now = self._world.clock:now()
  self._exports:advance(now)
  return { target.operation(target.state or self._exports, target, document, now, caller) }
end

local function serve(self, target, request)
  return run(self, target, request, auth.verify_bearer(request, self._world.tokens, self._world.wall()))
end

local function respond_refusal(self, refused)
  local response = respond(self, refused.status, nil, refused.members and refused.members.headers)
  local message = ("%s (Request ID: %s)"):format(refused.message, response.headers["x-ms-request-id"])
  response.headers["content-type"] = "application/json; charset=utf-8"
  response.body = core.json_encode { error = { code = refused.code, message = message } }
  return response
end

--- Answers a routed request.
function Azure:respond(target, request)
  local ok, result = refusal.attempt(serve, self, target, request)
  local response = ok and respond(self, result[1], result[2], result[3]) or respond_refusal(self, result)
  if request.headers["x-ms-return-client-request-id"] == "true" then
    response.headers["x-ms-client-request-id"] = request.headers["x-ms-client-request-id"]
  end
  return response
end

--- Service -> its operations, for the faults that name them.
function Azure:operations()
  local names = { "GET provider", "POST register", "POST unregister" }
  for _, name in pairs(NAMES) do
    names[#names + 1] = name
  end
  return { azure_cost_exports = names, azure_cost_reports = self._reports.operations() }
end

--- Carries out one request of a seed, without a token; gives the response's body.
function Azure:seed(request)
  local target = self:route(request)
  if not target then
    error("no such path", 0)
  end
  return run(self, target, request, {})[2]
end

--- Brings every export to a time.
function Azure:advance(now)
  self._exports:advance(now)
end

--- Whether a storage account allows no shared keys.
function Azure:is_keyless(account)
  return self._exports:is_keyless(account)
end

--- Facts about the world around: see exports.lua.
function Azure:suppose(facts)
  self._exports:suppose(facts)
end

--- An error that a fault rule ordered: throttling gives the seconds to wait in the
--- headers of Cost Management, and nowhere else.
function Azure:fail(_, fault)
  local status = fault.status or fault.throttle and 429 or 500
  local wait = tostring(fault.retry_after or 5)
  local headers = {}
  if status == 429 then
    headers["x-ms-ratelimit-microsoft.costmanagement-entity-retry-after"] = wait
    headers["x-ms-ratelimit-microsoft.costmanagement-tenant-retry-after"] = wait
    headers["x-ms-ratelimit-remaining-microsoft.costmanagement-entity-requests"] = "DefaultQuota:0"
  elseif status == 503 then
    headers["retry-after"] = wait
  end
  local message = fault.message or status == 429 and "Too many requests. Please retry." or "The service failed."
  return respond(self, status, { error = { code = fault.code or tostring(status), message = message } }, headers)
end

return { new = new }
