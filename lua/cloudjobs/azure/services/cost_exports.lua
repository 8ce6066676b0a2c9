--- What a client for Azure's cost exports does beyond one request for each
--- operation: PUT with the right eTag, and the registration of the provider.

local Deadline = require "cloudjobs.base.deadline"
local Error = require "cloudjobs.base.error"
local Model = require "cloudjobs.model"
local ascii = require "cloudjobs.base.ascii"
local Interval = require "cloudjobs.base.interval"
local Request = require "cloudjobs.call.request"
local call = require "cloudjobs.call.call"
local core = require "cloudjobs.core"
local option = require "cloudjobs.base.options"
local poll = require "cloudjobs.base.poll"

local NAMESPACE = "Microsoft.CostManagementExports"
local REGISTRATION = { timeout = 300, interval = 5 } -- seconds

-- Members of GET that PUT refuses or ignores, by their place.
local READ_ONLY = {
  [""] = { id = true, name = true, type = true },
  ["identity"] = { principalId = true, tenantId = true },
  ["properties"] = { nextRunTimeEstimate = true, runHistory = true, systemSuspensionContext = true },
}

-- A schedule that is not active reads back as a recurrence of null or "None".
local function is_refused(place, name, value)
  return value == core.null or (READ_ONLY[place] and READ_ONLY[place][name])
    or (place == "properties.schedule" and name == "recurrence" and value == "None")
end

--- A copy of an export's document that PUT accepts: without read-only members
--- and nulls, with all that is unknown. Lists stay as they are.
---@param document table as GET gave it, or as it was built
---@return table
local function clean(document, place)
  place = place or ""
  local copy = {}
  for name, value in pairs(document) do
    if type(name) == "string" and not is_refused(place, name, value) then
      local below = place == "" and name or place .. "." .. name
      local is_object = type(value) == "table" and value[1] == nil and getmetatable(value) == nil
      copy[name] = is_object and clean(value, below) or value
    end
  end
  return copy
end

-- The options of a call's next request: what is left of its time.
local function with_timeout(options, timeout)
  local rest = {}
  for name, value in pairs(options) do
    rest[name] = value
  end
  rest.timeout = timeout
  return rest
end

-- The eTag an export has now; nil where there is no export.
local function current_tag(context, params, options)
  local found, err = call.run(context, context.model:operation("Get"), {
    scope = params.scope,
    exportName = params.exportName,
  }, options)
  if found then
    return found.eTag
  end
  return nil, err.status ~= 404 and err or nil
end

-- The parameters, with the name from the document where it has one.
local function named(params)
  local given = {}
  for name, value in pairs(params or {}) do
    given[name] = value
  end
  if given.exportName == nil and type(given.export) == "table" then
    given.exportName = given.export.name
  end
  return given
end

--- Makes an export, or changes it: PUT with the tag that is current, read
--- first where the document has none.
local function create_or_update(context, op, params, options)
  local given = named(params)
  if not Request.preview(context, op, given, options or {}) then
    return call.run(context, op, given, options) -- which returns the error
  end
  given.export = clean(given.export)
  if given.export.eTag == nil then
    local deadline = options and options.timeout and Deadline.new(context.transport, options.timeout)
    local err
    given.export.eTag, err = current_tag(context, given, options)
    if err then
      return nil, err
    end
    options = deadline and with_timeout(options, deadline:left()) or options
  end
  return call.run(context, op, given, options)
end

local function timed_out(state, timeout)
  return Error.new {
    kind = "timeout",
    code = "timeout",
    message = ("%s is still %s after %g s"):format(NAMESPACE, state, timeout),
    hint = "Registration goes on; call register_provider again to wait for its end",
  }
end

-- Polls until the provider is registered.
local function follow(context, params, options)
  local timeout = options.timeout or REGISTRATION.timeout
  local deadline = Deadline.new(context.transport, timeout, options.cancel)
  local operation, state = "Register", nil
  return poll(deadline, Interval.new(REGISTRATION.interval, { floor = 0 }, "register_provider"), function(limits)
    limits.meta = options.meta
    local provider, err = call.run(context, context.model:operation(operation), params, limits)
    operation, state = "Get", provider and tostring(provider.registrationState)
    return not provider or state == "Registered", provider, err
  end, function()
    return timed_out(state, timeout)
  end)
end

-- The same client for the resource providers of Azure Resource Manager.
local function beside(context)
  local model = Model.load "azure_resource_providers"
  return setmetatable({ model = model, api_version = model.service.api_version }, { __index = context })
end

local methods = {}

--- Registers Microsoft.CostManagementExports in a subscription, and waits for it.
---@param params { subscription: string|nil }|nil the one in the client's scope unless given
---@param options { timeout: number|nil, cancel: cloudjobs.Canceller|nil, meta: table|nil }|nil timeout: seconds in all
---@return table|nil provider
---@return cloudjobs.Error|nil err
function methods:register_provider(params, options)
  params = option.check(params, { subscription = "string" }, "register_provider")
  options = option.check(options, { timeout = "number", cancel = "canceller", meta = "table" }, "register_provider")
  local context = beside(self._context)
  local subscription = params.subscription
    or (context.scope and ascii.lower(context.scope):match("^/*subscriptions/([^/]+)"))
  if not subscription then
    option.mistake("register_provider: expected subscription, as the client's scope names none")
  end
  return follow(context, { scope = "subscriptions/" .. subscription, namespace = NAMESPACE }, options)
end

--- What finds the files that an export delivered; cloudjobs.deliveries and job:files() use it.
---@param ids { exportName: string, scope: string|nil }
---@param options { storage: cloudjobs.Client|nil }|nil storage: a client of blobs in place of one that is made from
--- this client's credentials and the export's storage account
---@return cloudjobs.DeliverySource
function methods:delivery_source(ids, options)
  options = option.check(options, { storage = "table", request_payer = "boolean" }, "delivery_source")
  return require("cloudjobs.azure.deliveries").new(self, ids, function(destination)
    local Storage = require "cloudjobs.azure.storage"
    local storage, err
    if options.storage then
      storage, err = Storage.new(options.storage, destination.container)
    else
      storage, err = Storage.from(self, destination)
    end
    return storage, err
  end)
end

return {
  clean = clean,
  methods = methods,
  operations = { CreateOrUpdate = create_or_update },
}
