--- What a client for Azure's cost exports does beyond one request for each
--- operation: PUT with the right eTag, and the registration of the provider.

local Error = require "cloudjobs.base.error"
local call = require "cloudjobs.call.call"
local core = require "cloudjobs.core"
local option = require "cloudjobs.base.options"

local NAMESPACE = "Microsoft.CostManagementExports"
local REGISTRATION = { timeout = 300, interval = 5 } -- seconds

-- Members that GET gives and PUT refuses or does not take, by their place.
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

--- A copy of an export's document that PUT takes: without read-only members
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

-- What is left of a call's time, for the next of its requests.
local function rest_of(options, transport, started)
  if not options or not options.timeout then
    return options
  end
  local rest = {}
  for name, value in pairs(options) do
    rest[name] = value
  end
  rest.timeout = math.max(options.timeout - (transport:clock() - started), 0.001)
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
  if not call.preview(context, op, given, options or {}) then
    return call.run(context, op, given, options) -- which tells what is wrong
  end
  given.export = clean(given.export)
  if given.export.eTag == nil then
    local started = context.transport:clock()
    local err
    given.export.eTag, err = current_tag(context, given, options)
    if err then
      return nil, err
    end
    options = rest_of(options, context.transport, started)
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

-- Asks until the provider is registered.
local function follow(context, params, options)
  local transport = context.transport
  local timeout = options.timeout or REGISTRATION.timeout
  local deadline = transport:clock() + timeout
  local operation = "Register"
  while true do
    local provider, err = call.run(context, context.model:operation(operation), params, {
      timeout = math.max(deadline - transport:clock(), 0.001), cancel = options.cancel, meta = options.meta,
    })
    if not provider then
      return nil, err
    elseif provider.registrationState == "Registered" then
      return provider
    elseif transport:clock() + REGISTRATION.interval >= deadline then
      return nil, timed_out(tostring(provider.registrationState), timeout)
    end
    local _, ended = transport:sleep(REGISTRATION.interval, options.cancel)
    if ended then
      return nil, ended
    end
    operation = "Get"
  end
end

--- The method `client:register_provider(params, options)` over `context`, which
--- has the model azure_resource_providers: registers Microsoft.CostManagementExports
--- and waits for it.
---@param context table
---@return function
local function register_provider(context)
  return function(_, params, options)
    params = option.check(params, { subscription = "string" }, "register_provider")
    options = option.check(options, { timeout = "number", cancel = "table", meta = "table" }, "register_provider")
    local subscription = params.subscription
      or (context.scope and context.scope:lower():match("^/*subscriptions/([^/]+)"))
    if not subscription then
      option.mistake("register_provider: expected subscription, as the client's scope names none")
    end
    local provider, err = follow(context, {
      scope = "subscriptions/" .. subscription,
      namespace = NAMESPACE,
    }, options)
    return provider, err
  end
end

return {
  clean = clean,
  runners = { CreateOrUpdate = create_or_update },
  register_provider = register_provider,
}
