--- What Azure's export service demands of an export document and of a scope.

local core = require "cloudjobs.core"
local refuse = require("cloudjobs.emulator.refuse").refuse

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

local function set(...)
  local members = {}
  for _, name in ipairs { ... } do
    members[name:lower()] = true
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

--- The forms of a scope, in lower case.
local SCOPES = {
  "^subscriptions/(%x+%-%x+%-%x+%-%x+%-%x+)$",
  "^subscriptions/(%x+%-%x+%-%x+%-%x+%-%x+)/resourcegroups/[%w_.()-]+$",
  "^providers/microsoft%.management/managementgroups/[^/]+$",
  "^providers/microsoft%.billing/billingaccounts/[^/]+$",
  "^providers/microsoft%.billing/billingaccounts/[^/]+/departments/[^/]+$",
  "^providers/microsoft%.billing/billingaccounts/[^/]+/enrollmentaccounts/[^/]+$",
  "^providers/microsoft%.billing/billingaccounts/[^/]+/billingprofiles/[^/]+$",
  "^providers/microsoft%.billing/billingaccounts/[^/]+/billingprofiles/[^/]+/invoicesections/[^/]+$",
  "^providers/microsoft%.billing/billingaccounts/[^/]+/customers/[^/]+$",
}

--- Refuses a scope of no known form.
local function check_scope(scope)
  for _, form in ipairs(SCOPES) do
    if scope:lower():find(form) then
      return
    end
  end
  local subscription = scope:match("^[sS]ubscriptions/([^/]*)")
  if subscription then
    local message = "The provided subscription identifier '%s' is malformed or invalid."
    refuse("InvalidSubscriptionId", message:format(subscription))
  end
  refuse("InvalidScope", ("The scope '%s' is not valid."):format(scope))
end

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

local function need(object, name, path)
  local value = type(object) == "table" and object[name]
  if value == nil or value == false or value == core.null then
    fail(("%s.%s is required."):format(path, name))
  end
  return value
end

local function check_member(value, valid, path)
  if value ~= nil and not (type(value) == "string" and valid[value:lower()]) then
    fail(("Invalid member :%s"):format(path))
  end
end

--- A date-time, or a date, of a document.
local function time_of(text, path)
  local time = type(text) == "string"
    and (core.epoch(text) or core.epoch(text .. "Z") or core.epoch(text .. "T00:00:00Z"))
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

local function check_definition(definition, rules)
  local kind = need(definition, "type", "properties.definition")
  if not rules.type[tostring(kind):lower()] then
    fail(("Invalid definition type '%s'."):format(tostring(kind)))
  end
  local timeframe = need(definition, "timeframe", "properties.definition")
  check_member(timeframe, rules.timeframe, "properties.definition.timeframe")
  if timeframe:lower() == "custom" then
    local period = need(definition, "timePeriod", "properties.definition")
    check_period(period, "properties.definition.timePeriod", rules.longest)
  end
end

local function check_destination(destination, is_registered)
  need(destination, "container", "properties.deliveryInfo.destination")
  local root = destination.rootFolderPath
  if type(root) == "string" and root:sub(1, 1) == "/" then
    fail("properties.deliveryInfo.destination.rootFolderPath must not start with '/'.")
  elseif destination.sasToken == nil then
    local id = need(destination, "resourceId", "properties.deliveryInfo.destination")
    local subscription = tostring(id):lower():match("^/?subscriptions/([^/]+)/")
    if not subscription then
      fail("properties.deliveryInfo.destination.resourceId is not a storage account's id.")
    elseif not is_registered(subscription) then
      refuse("400", "RP Not Registered: the subscription of the destination is not registered for "
        .. "Microsoft.CostManagementExports.")
    end
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

--- Refuses a document that PUT may not have. `options`: generation, now,
--- schedule_changed, is_registered(subscription).
local function check_document(document, options)
  if type(document) ~= "table" then
    refuse("InvalidRequestContent", "The request content was invalid and could not be deserialized.")
  end
  local rules = RULES[options.generation]
  local properties = need(document, "properties", "export")
  check_member(properties.format, rules.format, "properties.format")
  check_definition(need(properties, "definition", "properties"), rules)
  local delivery = need(properties, "deliveryInfo", "properties")
  check_destination(need(delivery, "destination", "properties.deliveryInfo"), options.is_registered)
  check_schedule(properties.schedule, options.schedule_changed and options.now or -math.huge)
  if options.generation == "current" then
    check_member(properties.dataOverwriteBehavior, OVERWRITE, "properties.dataOverwriteBehavior")
    check_member(properties.compressionMode, COMPRESSION, "properties.compressionMode")
    if document.identity and document.identity.type ~= "None" and not document.location then
      fail("location is required with an identity.")
    end
  end
end

--- The window that a run's body asks for, or nil.
local function check_run(body, now)
  if type(body) ~= "table" or body.timePeriod == nil then
    return nil
  end
  local from, to = check_period(body.timePeriod, "timePeriod", RULES.current.longest)
  if to > now then
    fail("timePeriod.to must not be in the future.")
  end
  return { from = from, to = to }
end

return {
  check_scope = check_scope,
  generation = generation,
  check_document = check_document,
  check_run = check_run,
  time_of = time_of,
}
