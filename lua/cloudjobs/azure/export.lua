--- Builds the document of an Azure cost export, for PUT.

local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"
local option = require "cloudjobs.base.options"
local quote = require "cloudjobs.base.quote"
local suggest = require "cloudjobs.base.suggest"

local WHAT = "cloudjobs.azure.export"

local OPTIONS = {
  name = "string",
  type = "string",
  description = "string",
  schedule = "string",
  from = "string|number",
  to = "string|number",
  timeframe = "string",
  period = "table",
  granularity = "string",
  data_version = "string",
  columns = "table",
  filters = "table",
  format = "string",
  compression = "string",
  partition = "boolean",
  overwrite = "boolean",
  storage = "string",
  storage_account = "string",
  sas_token = "string",
  container = "string",
  folder = "string",
  identity = "boolean",
  location = "string",
}

-- Spelled as the service spells them; any case is accepted.
local TYPES = {
  "ActualCost", "AmortizedCost", "FocusCost", "PriceSheet", "ReservationDetails", "ReservationRecommendations",
  "ReservationTransactions", "Usage",
}
local RECURRENCES = { "Annually", "Daily", "Monthly", "None", "Weekly" }
local TIMEFRAMES = {
  "BillingMonthToDate", "Custom", "MonthToDate", "TheCurrentMonth", "TheLastBillingMonth", "TheLastMonth", "WeekToDate",
}
local GRANULARITIES = { "Daily", "Monthly" }
local FORMATS = { "Csv", "Parquet" }
local COMPRESSIONS = { "gzip", "none", "snappy" }

-- The default period of a run: what is complete when it starts.
local COVERS = { Annually = "TheLastMonth", Daily = "MonthToDate", Monthly = "TheLastMonth", Weekly = "MonthToDate" }

local MAX_ID = 1024 -- bytes of an ARM id
local MAX_NAME = 64 -- as a client's own check has it

local WITHOUT_GRANULARITY = { PriceSheet = true, ReservationRecommendations = true, ReservationTransactions = true }

-- What the portal writes for "no end"; without an end the service refuses the schedule.
local NO_END = "2050-02-01T00:00:00Z"

local function spelled(value, known, name)
  if value == nil then
    return nil
  end
  for _, word in ipairs(known) do
    if ascii.lower(word) == ascii.lower(value) then
      return word
    end
  end
  return nil, ("%s: expected one of %s, got %s%s"):format(
    name, table.concat(known, ", "), quote.word(value), suggest(value, known))
end

-- By the rules for blob containers.
local function is_container(name)
  return #name >= 3 and #name <= 63 and name:find("^[a-z0-9][a-z0-9-]*[a-z0-9]$") and not name:find("--", 1, true)
end

-- Text of a time in UTC; numbers are epoch seconds.
local function time_of(value, name)
  if value == nil then
    return nil
  end
  local time, message = value, nil
  if type(value) == "string" then
    time, message = core.epoch(value)
  end
  if not time then
    return nil, ("%s: %s"):format(name, message)
  end
  return core.iso(time)
end

local function schedule_of(options, recurrence)
  if recurrence == "None" then
    return { status = "Inactive" }
  end
  local from, message = time_of(options.from, "from")
  local to = NO_END
  if from and options.to then
    to, message = time_of(options.to, "to")
  end
  if message then
    return nil, message
  elseif not from then
    return nil, "from: expected the time of the first run, in the future (schedule = \"none\" needs none)"
  elseif from >= to then
    return nil, ("from: expected a time before %s, got %s"):format(to, from)
  end
  return { status = "Active", recurrence = recurrence, recurrencePeriod = { from = from, to = to } }
end

local function configuration_of(options)
  local filters
  for name, value in pairs(options.filters or {}) do
    filters = filters or {}
    filters[#filters + 1] = { name = name, value = value }
  end
  if filters then
    table.sort(filters, function(a, b)
      return a.name < b.name
    end)
  end
  if options.data_version or options.columns or filters then
    return { dataVersion = options.data_version, columns = options.columns, filters = filters }
  end
end

local function definition_of(options, kind, recurrence)
  local definition = { type = kind }
  local message, granularity
  if options.period then
    local from, to
    from, message = time_of(options.period.from, "period.from")
    if from then
      to, message = time_of(options.period.to, "period.to")
    end
    if not to then
      return nil, message or "period: expected from and to"
    end
    definition.timeframe, definition.timePeriod = "Custom", { from = from, to = to }
  else
    definition.timeframe, message = spelled(options.timeframe or COVERS[recurrence] or "MonthToDate", TIMEFRAMES,
      "timeframe")
    if definition.timeframe == "Custom" then
      message = "timeframe: Custom needs period = { from, to }"
    end
  end
  if not message then
    granularity, message = spelled(options.granularity, GRANULARITIES, "granularity")
  end
  if message then
    return nil, message
  end
  local configuration = configuration_of(options)
  granularity = granularity or (not WITHOUT_GRANULARITY[kind] and "Daily") or nil
  if granularity or configuration then
    definition.dataSet = { granularity = granularity, configuration = configuration }
  end
  return definition
end

local function is_storage_account(id)
  return #id <= MAX_ID and ascii.lower(id):find("^/subscriptions/[^?#]+/storageaccounts/[^/?#]+$") ~= nil
end

local function destination_of(options)
  local destination = { type = "AzureBlob", container = options.container }
  if not options.container then
    return nil, "container: expected the name of a blob container"
  elseif not is_container(options.container) then
    return nil, ("container: expected 3 to 63 lower-case letters, digits and single hyphens, got %s")
      :format(quote.value(options.container))
  elseif options.storage then
    destination.resourceId = "/" .. options.storage:gsub("^/+", "")
    if not is_storage_account(destination.resourceId) then
      return nil, "storage: expected the ARM id of a storage account, got " .. quote.value(options.storage)
    end
  elseif options.storage_account and options.sas_token then
    destination.storageAccount, destination.sasToken = options.storage_account, options.sas_token
  else
    return nil, "storage: expected the ARM id of a storage account (or storage_account and sas_token)"
  end
  -- The service refuses a slash at the start, and colons.
  local folder = ascii.without_slashes(options.folder or ""):gsub("^/+", ""):gsub(":", "-")
  destination.rootFolderPath = folder ~= "" and folder or nil
  return destination
end

local COMPRESSED = { Csv = "gzip", Parquet = "snappy" }

local function format_of(options)
  local format, message = spelled(options.format or "csv", FORMATS, "format")
  local compression
  if format then
    compression, message = spelled(options.compression, COMPRESSIONS, "compression")
  end
  if compression and compression ~= "none" and compression ~= COMPRESSED[format] then
    message = ("compression: %s goes with %s"):format(format, COMPRESSED[format])
  end
  if message then
    return nil, message
  end
  return format, compression or COMPRESSED[format]
end

-- The document, or nil and what is wrong.
local function build(options)
  local kind, recurrence, message
  kind, message = spelled(options.type or "FocusCost", TYPES, "type")
  if kind then
    recurrence, message = spelled(options.schedule or "daily", RECURRENCES, "schedule")
  end
  if message then
    return nil, message
  elseif not options.name then
    return nil, "name: expected the export's name"
  elseif not options.name:find("^[A-Za-z0-9_%-]+$") or #options.name > MAX_NAME then
    return nil, ("name: expected 1 to %d letters, digits, _ and -, got %s"):format(MAX_NAME, quote.value(options.name))
  elseif options.identity and not options.location then
    return nil, "location: expected the region of the export's identity"
  end

  local format, compression = format_of(options)
  if not format then
    return nil, compression
  end
  local schedule, definition, destination
  schedule, message = schedule_of(options, recurrence)
  if schedule then
    definition, message = definition_of(options, kind, recurrence)
  end
  if definition then
    destination, message = destination_of(options)
  end
  if message then
    return nil, message
  end

  local overwrite = options.overwrite == false and "CreateNewReport" or "OverwritePreviousReport"
  return {
    name = options.name,
    identity = options.identity and { type = "SystemAssigned" } or nil,
    location = options.location,
    properties = {
      exportDescription = options.description,
      format = format,
      compressionMode = compression,
      partitionData = options.partition ~= false,
      dataOverwriteBehavior = overwrite,
      definition = definition,
      deliveryInfo = { destination = destination },
      schedule = schedule,
    },
  }
end

--- The document of an export, as api-version 2025-03-01 has it:
--- `costs:create_or_update { export = cloudjobs.azure.export { … } }`.
---
--- What is not given: type "FocusCost", schedule "daily", the month to date (the
--- last month when it runs monthly or yearly), daily rows, partitioned and
--- compressed CSV that overwrites the month's earlier delivery, no end.
---@param options table name, storage (an ARM id), container and, unless schedule is "none", from are required
---@return table document
local function new(options)
  options = option.check(options, OPTIONS, WHAT)
  local document, message = build(options)
  if not document then
    option.mistake(("%s: %s"):format(WHAT, message))
  end
  return document
end

return { new = new }
