--- What Azure's export service demands of an export document.

local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"
local refuse = require("cloudjobs.emulator.refuse").refuse
local scopes = require "cloudjobs.emulator.azure.scopes"

--- The api-versions there are. Exports made through a current one do not exist
--- for the others.
local VERSIONS = {
  ["2019-11-01"] = "classic",
  ["2020-06-01"] = "classic",
  ["2021-01-01"] = "classic",
  ["2021-10-01"] = "classic",
  ["2022-10-01"] = "classic",
  ["2023-03-01"] = "classic",
  ["2023-07-01-preview"] = "current",
  ["2023-08-01"] = "classic",
  ["2023-09-01"] = "classic",
  ["2023-11-01"] = "classic",
  ["2024-08-01"] = "classic",
  ["2024-10-01-preview"] = "classic",
  ["2025-03-01"] = "current",
  ["2025-12-01-preview"] = "current",
}

--- The types of the members that the service reads.
local PERIOD = { from = "string", to = "string" }
local TYPES = {
  identity = { type = "string" },
  location = "string",
  eTag = "string",
  properties = {
    format = "string",
    compressionMode = "string",
    dataOverwriteBehavior = "string",
    partitionData = "boolean",
    definition = {
      type = "string",
      timeframe = "string",
      timePeriod = PERIOD,
      dataSet = { granularity = "string", configuration = { dataVersion = "string" } },
    },
    deliveryInfo = {
      destination = {
        resourceId = "string",
        container = "string",
        rootFolderPath = "string",
        storageAccount = "string",
        sasToken = "string",
      },
    },
    schedule = { status = "string", recurrence = "string", recurrencePeriod = PERIOD },
  },
}
local NEVER_NULL = { recurrence = true }

local function set(...)
  local members = {}
  for _, name in ipairs { ... } do
    members[ascii.lower(name)] = true
  end
  return members
end

local RULES = {
  classic = {
    format = set("Csv"),
    type = set("Usage", "ActualCost", "AmortizedCost"),
    timeframe = set("MonthToDate", "BillingMonthToDate", "TheLastMonth", "TheLastBillingMonth", "WeekToDate", "Custom"),
    longest = 93, -- days: three months
  },
  current = {
    format = set("Csv", "Parquet"),
    type = set(
      "Usage", "ActualCost", "AmortizedCost", "FocusCost", "PriceSheet", "ReservationTransactions",
      "ReservationRecommendations", "ReservationDetails"
    ),
    timeframe = set(
      "MonthToDate", "BillingMonthToDate", "TheLastMonth", "TheLastBillingMonth", "WeekToDate", "Custom",
      "TheCurrentMonth"
    ),
    longest = 31, -- days: one calendar month
  },
}

local STATUS = set("Active", "Inactive")
local RECURRENCE = set("Daily", "Weekly", "Monthly", "Annually")
local OVERWRITE = set("CreateNewReport", "OverwritePreviousReport")
local COMPRESSION = set("none", "gzip", "snappy")
local DAY = 86400

--- How many days back a window of its own may begin, by the type; and the scopes
--- that have that type at all.
local COST_REACH = 7 * 365 + 1
local REACH = {
  reservationdetails = 13 * 30,
  reservationrecommendations = 13 * 30,
  pricesheet = 25 * 30,
}
local BILLING_SCOPES = { ["billing account"] = true, ["billing profile"] = true }
local ONLY_BILLING = set("PriceSheet", "ReservationTransactions", "ReservationRecommendations", "ReservationDetails")
local ONLY_ACTUAL = set("Usage", "ActualCost")

--- The generation of an api-version: "classic" or "current".
local function generation(version)
  if not version or version == "" then
    local message = "The api-version query parameter (?api-version=) is required for all requests."
    refuse("MissingApiVersionParameter", message)
  end
  local found = VERSIONS[version]
  if not found then
    local known = {}
    for name in pairs(VERSIONS) do
      known[#known + 1] = name
    end
    table.sort(known)
    refuse("InvalidApiVersionParameter", ("The api-version '%s' is invalid. The supported versions are '%s'.")
      :format(version, table.concat(known, ",")))
  end
  return found
end

local function fail(message)
  refuse("BadRequest", "Request properties validation failed: " .. message)
end

--- Takes nulls out of an object, for they are as good as absent, and refuses
--- what is of another type.
local function check_types(object, types, prefix)
  for name, expected in pairs(types) do
    local value = object[name]
    if value == core.null and not NEVER_NULL[name] then
      object[name] = nil
    elseif value ~= nil then
      local is_object = type(expected) == "table"
      if type(value) ~= (is_object and "table" or expected) then
        fail(("Invalid member :%s%s"):format(prefix, name))
      elseif is_object then
        check_types(value, expected, prefix .. name .. ".")
      end
    end
  end
end

local function need(object, name, path)
  if object[name] == nil then
    fail(("%s.%s is required."):format(path, name))
  end
  return object[name]
end

local function check_member(value, valid, path)
  if value ~= nil and not valid[ascii.lower(value)] then
    fail(("Invalid member :%s"):format(path))
  end
end

--- A date-time, or a date, of a document.
local function time_of(text, path)
  local time = core.epoch(text) or core.epoch(text .. "Z") or core.epoch(text .. "T00:00:00Z")
  if not time then
    fail(("%s is not a date."):format(path))
  end
  return time
end

--- A window `{ from, to }` of a document, as times.
local function check_period(period, path, longest)
  local from = time_of(need(period, "from", path), path .. ".from")
  local to = time_of(need(period, "to", path), path .. ".to")
  if from > to then
    fail(("%s: from cannot be after to."):format(path))
  elseif to - from > longest * DAY then
    fail(("%s: the time period is longer than %d days."):format(path, longest))
  end
  return from, to
end

--- Refuses a type that the scope's agreement does not have.
local function check_type(kind, valid, options)
  local name, scope = ascii.lower(kind), options.scope_kind
  if options.is_pay_as_you_go and name ~= "usage" then
    fail(("Invalid definition type '%s'; valid values: 'Usage'."):format(kind))
  elseif not valid[name] or scope == "management group" and not ONLY_ACTUAL[name] then
    fail(("Invalid definition type '%s'."):format(kind))
  elseif ONLY_BILLING[name] and not BILLING_SCOPES[scope] then
    fail(("The definition type '%s' requires a billing account or a billing profile as its scope."):format(kind))
  end
end

local function check_definition(definition, rules, options)
  local kind = need(definition, "type", "properties.definition")
  check_type(kind, rules.type, options)
  local timeframe = need(definition, "timeframe", "properties.definition")
  check_member(timeframe, rules.timeframe, "properties.definition.timeframe")
  if ascii.lower(timeframe) == "custom" then
    local path = "properties.definition.timePeriod"
    local from = check_period(need(definition, "timePeriod", "properties.definition"), path, rules.longest)
    if from <= options.now - (REACH[ascii.lower(kind)] or COST_REACH) * DAY then
      fail(path .. ": there is no data from so long ago.")
    end
  end
end

--- Whether blob storage can have a container of this name.
local function is_container(name)
  return #name >= 3 and #name <= 63 and name:find("^[%l%d][%l%d-]*[%l%d]$") and not name:find("--", 1, true)
end

local function check_destination(destination, identity, options)
  local path = "properties.deliveryInfo.destination"
  if not is_container(need(destination, "container", path)) then
    fail(("Invalid member :%s.container"):format(path))
  end
  local root = destination.rootFolderPath
  if root and root:sub(1, 1) == "/" then
    fail(path .. ".rootFolderPath must not start with '/'.")
  elseif root and options.generation == "current" and root:find(":", 1, true) then
    fail(path .. ".rootFolderPath must not hold ':'.")
  elseif destination.sasToken ~= nil then
    return
  end
  local id = need(destination, "resourceId", path)
  local account = ascii.lower(id):match("/storageaccounts/([^/]+)$")
  if not scopes.subscription(id) then
    fail(path .. ".resourceId is not a storage account's id.")
  elseif not options.is_registered(scopes.subscription(id)) then
    refuse("400", "RP Not Registered: the subscription of the destination is not registered for "
      .. "Microsoft.CostManagementExports.")
  elseif options.is_keyless(account or "") and not (identity and identity.type ~= "None") then
    refuse("400", "Key-based authentication is currently disabled on the storage account.")
  end
end

local function check_schedule(schedule, now)
  if schedule == nil then
    return
  end
  check_member(schedule.status, STATUS, "properties.schedule.status")
  check_member(schedule.recurrence, RECURRENCE, "properties.schedule.recurrence")
  local period = schedule.recurrencePeriod
  if period then
    local path = "properties.schedule.recurrencePeriod"
    local from = time_of(need(period, "from", path), path .. ".from")
    if period.to == nil or time_of(period.to, path .. ".to") < from then
      fail(path .. ": from cannot be after to.")
    elseif from < now then
      fail(path .. ".from must be in the future.")
    end
  end
end

--- Refuses a document that PUT may not have. `options`: generation, now, is_new,
--- scope_kind, is_pay_as_you_go, is_registered(subscription), is_keyless(account).
local function check_document(document, options)
  if type(document) ~= "table" then
    refuse("InvalidRequestContent", "The request content was invalid and could not be deserialized.")
  end
  check_types(document, TYPES, "")
  local rules = RULES[options.generation]
  local properties = need(document, "properties", "export")
  check_member(properties.format, rules.format, "properties.format")
  check_definition(need(properties, "definition", "properties"), rules, options)
  local delivery = need(properties, "deliveryInfo", "properties")
  check_destination(need(delivery, "destination", "properties.deliveryInfo"), document.identity, options)
  check_schedule(properties.schedule, options.is_new and options.now or -math.huge)
  if options.generation == "current" then
    check_member(properties.dataOverwriteBehavior, OVERWRITE, "properties.dataOverwriteBehavior")
    check_member(properties.compressionMode, COMPRESSION, "properties.compressionMode")
    if document.identity and document.identity.type ~= "None" and not document.location then
      fail("location is required with an identity.")
    end
  end
end

--- The window of time in a run's body, or nil.
local function check_run(body, now)
  if type(body) ~= "table" then
    return nil
  end
  check_types(body, { timePeriod = PERIOD }, "")
  if not body.timePeriod then
    return nil
  end
  local from, to = check_period(body.timePeriod, "timePeriod", RULES.current.longest)
  if to > now then
    fail("timePeriod.to must not be in the future.")
  end
  return { from = from, to = to }
end

return {
  generation = generation,
  check_document = check_document,
  check_run = check_run,
}
