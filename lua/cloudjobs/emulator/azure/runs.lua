--- The runs of an Azure export: when they are due, which days they cover, where
--- their files go, and how run history shows them.

local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"
local life = require "cloudjobs.emulator.life"

local DAY = 86400
local PERIODS = { daily = DAY, weekly = 7 * DAY }
local MONTHS = { monthly = 1, annually = 12 }
local LATEST_MONTH_DAY = 28 -- a day that every month has

--- A time moved by whole months.
local function add_months(time, months)
  local text = core.iso(time)
  local year, month, day, rest = text:match("^(%d+)%-(%d+)%-(%d+)(.*)$")
  local count = tonumber(year) * 12 + tonumber(month) - 1 + months
  day = math.min(tonumber(day), LATEST_MONTH_DAY)
  return core.epoch(("%04d-%02d-%02d%s"):format(math.floor(count / 12), count % 12 + 1, day, rest))
end

--- When the schedule of an export's properties is due next after a time, or nil.
local function next_due(properties, after)
  local schedule = properties.schedule
  local period = schedule and schedule.recurrencePeriod
  local recurrence = schedule and ascii.lower(tostring(schedule.recurrence))
  if not period or ascii.lower((schedule.status or "Active")) ~= "active" then
    return nil
  end
  local from, to = core.epoch(period.from), core.epoch(period.to)
  if not from or not to then
    return nil
  end
  local time = from
  if PERIODS[recurrence] and after >= from then
    time = from + (math.floor((after - from) / PERIODS[recurrence]) + 1) * PERIODS[recurrence]
  elseif MONTHS[recurrence] then
    local step = 0
    while time <= after do
      step = step + MONTHS[recurrence]
      time = add_months(from, step)
    end
  end
  return time > after and time <= to and time or nil
end

local function month_start(time)
  return core.epoch(core.iso(time - time % 1):sub(1, 8) .. "01T00:00:00Z")
end

--- The days that a run at `time` covers, by the definition's timeframe.
local function window(definition, time)
  local today = time - time % DAY
  local frame = ascii.lower(definition.timeframe)
  if frame == "custom" then
    return core.epoch(definition.timePeriod.from), core.epoch(definition.timePeriod.to)
  elseif frame == "weektodate" then
    return today - (math.floor(today / DAY) + 4) % 7 * DAY, today
  elseif frame == "thelastmonth" or frame == "thelastbillingmonth" then
    local first = month_start(month_start(time) - DAY)
    return first, month_start(time) - DAY
  end
  return month_start(time), today
end

local function date(time)
  return core.iso(time):sub(1, 10):gsub("-", "")
end

-- The ending of data files.
local function ending_of(properties)
  local gzip = ascii.lower(properties.compressionMode or "none") == "gzip"
  local parquet = ascii.lower(properties.format or "Csv") == "parquet"
  return parquet and ".parquet" or gzip and ".csv.gz" or ".csv"
end

local PARTS = 2 -- of a run that is partitioned

-- The names of the data files, the first part's first.
local function parts_of(run, pattern)
  local names = {}
  for i = 1, run.properties.partitionData and PARTS or 1 do
    names[i] = pattern:format(i - 1) .. ending_of(run.properties)
  end
  return names
end

--- Where a run's files go inside the container: the folder, the data files'
--- names, and the name of the manifest beside them, if there is one.
---@return string folder
---@return string[] names
---@return string|nil manifest
local function place(export, run)
  local destination = run.properties.deliveryInfo.destination
  local parts = {}
  -- Recommendations are not for a range of days.
  local is_ranged = run.properties.definition.type ~= "ReservationRecommendations"
  local range = is_ranged and date(run.from) .. "-" .. date(run.to) or ""
  for _, part in ipairs { destination.rootFolderPath or "", export.name, range } do
    if part ~= "" then
      parts[#parts + 1] = part
    end
  end
  if export.generation == "classic" and not run.properties.partitionData then
    return table.concat(parts, "/"), { ("%s_%s.csv"):format(export.name, run.id) }
  elseif export.generation == "classic" then
    parts[#parts + 1] = run.id
    return table.concat(parts, "/"), parts_of(run, "00000%d"), "_manifest.json"
  end
  parts[#parts + 1] = core.iso(math.floor(run.submitted)):gsub("[-:T]", ""):sub(1, 12)
  parts[#parts + 1] = run.id
  return table.concat(parts, "/"), parts_of(run, "part_%d_0001"), "manifest.json"
end

--- Begins a run. `options`: time, execution_type, submitted_by, period { from, to }.
local function begin(world, export, options)
  local outcome = world.outcomes:consume("export_run", { exportName = export.name, scope = export.scope })
  local from, to
  if options.period then
    from, to = options.period.from, options.period.to
  else
    from, to = window(export.properties.definition, options.time)
  end
  local run = {
    id = world.uuid(),
    submitted = options.time,
    execution_type = options.execution_type,
    submitted_by = options.submitted_by,
    life = life.new("export_run", options.time, outcome.status),
    outcome = outcome,
    properties = export.properties,
    from = from,
    to = to,
  }
  export.runs[#export.runs + 1] = run
  return run
end

local ERRORS = {
  Failed = { code = "InternalServerError", message = "The export could not be processed." },
  Timeout = { code = "Timeout", message = "The export took longer than the service allows." },
}

local function settings(properties)
  return {
    format = properties.format,
    deliveryInfo = properties.deliveryInfo,
    definition = properties.definition,
  }
end

--- A run as run history shows it at a time.
local function view(export, run, now)
  local current = run.life:at(now)
  local started = run.life:entered("InProgress", now)
  local properties = {
    executionType = run.execution_type,
    status = current.state,
    submittedBy = run.submitted_by,
    submittedTime = core.iso(run.submitted),
    processingStartTime = started and core.iso(started),
    processingEndTime = current.final and core.iso(current.at) or nil,
    runSettings = settings(run.properties),
  }
  if export.generation == "current" then
    properties.startDate, properties.endDate = core.iso(run.from), core.iso(run.to)
  end
  if current.state == "Completed" then
    local folder, files, manifest = place(export, run)
    properties.fileName = folder .. "/" .. files[1]
    properties.manifestFile = manifest == "manifest.json" and folder .. "/" .. manifest or nil
  elseif ERRORS[current.state] then
    properties.error = {
      code = run.outcome.reason or ERRORS[current.state].code,
      message = run.outcome.message or ERRORS[current.state].message,
    }
  end
  return {
    id = ("%s/Run/%s"):format(export.id, run.id),
    name = run.id,
    type = "Microsoft.CostManagement/exports/Run",
    properties = properties,
  }
end

return { next_due = next_due, begin = begin, place = place, view = view }
