--- Cost exports under their scopes, and the registration of the provider that
--- delivers them: what each operation does. Documents are stored as they were sent.

local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"
local refuse = require("cloudjobs.emulator.refuse").refuse
local rules = require "cloudjobs.emulator.azure.rules"
local runs = require "cloudjobs.emulator.azure.runs"
local scopes = require "cloudjobs.emulator.azure.scopes"

local EXPANDED_RUNS = 10 -- runs that an expanded export shows
local MOST_OVERDUE = 400 -- scheduled runs made up for at once
local MASK = "*****" -- shown in place of a SAS token

local Exports = {}
local exports_mt = { __name = "cloudjobs.emulator.azure.exports", __index = Exports }

local function new(world)
  return setmetatable({
    _world = world,
    _exports = {},
    _unregistered = {}, -- these three are sets of lower-case names
    _pay_as_you_go = {},
    _keyless = {},
  }, exports_mt)
end

--- Facts about the world around: `{ subscription, pay_as_you_go }` and
--- `{ storage_account, shared_key }`.
function Exports:suppose(facts)
  if facts.subscription then
    self._pay_as_you_go[ascii.lower(facts.subscription)] = facts.pay_as_you_go
  end
  if facts.storage_account then
    self._keyless[ascii.lower(facts.storage_account)] = facts.shared_key == false
  end
end

--- Delivers the files of the runs that have completed since the last time.
local function deliver(files, export, now)
  for _, run in ipairs(export.runs) do
    local ended = run.life:at(now)
    if ended.state == "Completed" and not run.delivered then
      run.delivered = true
      files:deliver_run(export, run, ended.at)
    end
  end
end

--- Whether a storage account allows no shared keys.
---@param account string
---@return boolean
function Exports:is_keyless(account)
  return self._keyless[ascii.lower(account)] or false
end

--- Brings every export to the time `now`: begins the runs that are due.
function Exports:advance(now)
  for _, export in ipairs(self._exports) do
    local begun = 0
    while export.due and export.due <= now do
      runs.begin(self._world, export, { time = export.due, execution_type = "Scheduled", submitted_by = "System" })
      begun = begun + 1
      export.due = runs.next_due(export.properties, begun < MOST_OVERDUE and export.due or now)
    end
    deliver(self._world.files, export, now)
  end
end

--- A list that stays one in JSON when it is empty.
local function as_list(items)
  return setmetatable(items, core.array_mt)
end

local function find(self, target, version)
  for i, export in ipairs(self._exports) do
    local hidden = version == "classic" and export.generation == "current"
    if export.key == target.key and not hidden then
      return export, i
    end
  end
end

local function need(self, target)
  local export, at = find(self, target, target.generation)
  if not export then
    if target.generation == "classic" then
      refuse("404", ("No export found for %s, scope: %s."):format(target.export, target.scope), nil, 404)
    end
    local message = "The requested export with export name: %s could not be found."
    refuse("NotFound", message:format(target.export), nil, 404)
  end
  return export, at
end

local function history(export, now, most)
  local list = {}
  for i = #export.runs, math.max(1, #export.runs - most + 1), -1 do
    list[#list + 1] = runs.view(export, export.runs[i], now)
  end
  return { value = as_list(list) }
end

local function copy(from)
  local to = {}
  for name, value in pairs(from) do
    to[name] = value
  end
  return to
end

--- An export as it is read: the document that was sent, and the members that the service adds.
local function view(export, target, now, expanded_runs)
  local properties = copy(export.properties)
  properties.nextRunTimeEstimate = export.due and core.iso(export.due) or nil
  if expanded_runs and target.expand then
    properties.runHistory = history(export, now, expanded_runs)
  end
  local schedule = properties.schedule
  if schedule and not schedule.recurrence and target.generation == "current" then
    properties.schedule = copy(schedule)
    properties.schedule.recurrence = "None" -- which PUT refuses
  end
  local destination = properties.deliveryInfo.destination
  if destination.sasToken then
    destination = copy(destination)
    destination.sasToken = MASK
    properties.deliveryInfo = { destination = destination }
  end
  return {
    id = target.generation == "classic" and export.id:sub(2) or export.id,
    name = export.name,
    type = "Microsoft.CostManagement/exports",
    eTag = export.etag,
    identity = export.identity,
    location = export.location,
    properties = properties,
  }
end

local function identity_of(world, document, before)
  local identity = document.identity
  if type(identity) ~= "table" or identity.type == "None" then
    return identity
  end
  return {
    type = identity.type,
    principalId = before and before.identity and before.identity.principalId or world.uuid(),
    tenantId = world.tenant,
  }
end

local operations = {}

operations["GET list"] = function(self, target, _, now)
  local list = {}
  for _, export in ipairs(self._exports) do
    local hidden = target.generation == "classic" and export.generation == "current"
    if ascii.lower(export.scope) == ascii.lower(target.scope) and not hidden then
      list[#list + 1] = view(export, target, now, 1)
    end
  end
  return 200, { value = as_list(list) }
end

operations["GET export"] = function(self, target, _, now)
  return 200, view(need(self, target), target, now, EXPANDED_RUNS)
end

--- Tells whether PUT makes or changes, by the tag it carries.
local function check_tag(before, document)
  if not before then
    return
  elseif document.eTag == nil then
    refuse("400", "An etag value is needed to update an existing export. Get the latest one and send it in the body.")
  elseif document.eTag ~= before.etag then
    refuse("409", "The etag is not the latest one of the export. Get the export and try again.", nil, 409)
  end
end

local function without_read_only(properties)
  local stored = copy(properties)
  stored.nextRunTimeEstimate, stored.runHistory, stored.systemSuspensionContext = nil, nil, nil
  return stored
end

local function escaped(path)
  return (path:gsub("[^%w/._~-]", function(byte)
    return ("%%%02X"):format(byte:byte())
  end))
end

operations["PUT export"] = function(self, target, document, now)
  local before = find(self, target)
  local world = self._world
  rules.check_document(document, {
    generation = target.generation,
    now = math.min(now, world.wall()),
    is_new = not before,
    scope_kind = target.scope_kind,
    is_pay_as_you_go = self._pay_as_you_go[scopes.subscription(target.scope)],
    is_registered = function(subscription)
      return not self._unregistered[subscription]
    end,
    is_keyless = function(account)
      return self:is_keyless(account)
    end,
  })
  check_tag(before, document)
  local properties = without_read_only(document.properties)
  local destination = properties.deliveryInfo.destination
  if destination.sasToken == MASK and before then
    destination.sasToken = before.properties.deliveryInfo.destination.sasToken
  end

  local export = before or {
    key = target.key,
    scope = target.scope,
    name = target.export,
    id = ("/%s/providers/Microsoft.CostManagement/exports/%s"):format(target.scope, target.export),
    runs = {},
  }
  export.identity = identity_of(world, document, before)
  export.location = document.location
  export.properties = properties
  export.generation = target.generation
  export.etag = ('"1d%s"'):format(world.uuid():gsub("-", ""):sub(1, 13))
  export.due = runs.next_due(properties, now)
  if not before then
    self._exports[#self._exports + 1] = export
  end
  local headers = not before and target.generation == "current"
    and { location = "https://costmanagement.trafficmanager.net" .. escaped(export.id) } or nil
  return before and 200 or 201, view(export, target, now), headers
end

operations["DELETE export"] = function(self, target)
  local _, at = need(self, target)
  table.remove(self._exports, at)
  return 200
end

operations["POST run"] = function(self, target, body, now, caller)
  local export = need(self, target)
  local period = target.generation == "current" and rules.check_run(body, now) or nil
  runs.begin(self._world, export, {
    time = now,
    execution_type = "OnDemand",
    submitted_by = caller.client_id or "user@example.com",
    period = period,
  })
  return 200
end

operations["GET runHistory"] = function(self, target, _, now)
  return 200, history(need(self, target), now, math.huge)
end

-- Registration of the provider.

local function registration(self, target)
  return {
    id = ("/subscriptions/%s/providers/Microsoft.CostManagementExports"):format(target.subscription),
    namespace = "Microsoft.CostManagementExports",
    registrationPolicy = "RegistrationRequired",
    registrationState = self._unregistered[ascii.lower(target.subscription)] and "NotRegistered" or "Registered",
  }
end

operations["POST register"] = function(self, target)
  self._unregistered[ascii.lower(target.subscription)] = nil
  return 200, registration(self, target)
end

operations["POST unregister"] = function(self, target)
  self._unregistered[ascii.lower(target.subscription)] = true
  return 200, registration(self, target)
end

operations["GET provider"] = function(self, target)
  return 200, registration(self, target)
end

return { new = new, operations = operations }
