--- A run of an Azure Cost Management export. It is read from its export's
--- history, since runs have no address of their own, and cannot be cancelled.

local Error = require "cloudjobs.base.error"
local core = require "cloudjobs.core"
local member = require "cloudjobs.base.path"

-- Seconds by which the clocks of the service's parts may differ.
local CLOCK_TOLERANCE = 120

local DAY = 86400
local CADENCE = { Daily = DAY, Weekly = 7 * DAY, Monthly = 31 * DAY, Annually = 366 * DAY }

-- The days of a run's period. Only days are compared, since the service changes
-- the times of day.
local function days(document, from, to)
  from, to = member.at(document, from, "string"), member.at(document, to, "string")
  return from and to and from:sub(1, 10) .. " " .. to:sub(1, 10)
end

---@class cloudjobs.jobs
---@field export_run cloudjobs.Maker
---@field next_run cloudjobs.Finder
---@field run_export cloudjobs.Finder

---@type cloudjobs.Kind
return {
  kind = "export_run",
  title = "Azure export",
  about = "run of an Azure cost export",
  cloud = "azure",
  service = "cost_exports",
  service_id = "Cost Management Exports",
  params = { "scope", "exportName", "run_id" },
  id = "run_id",
  example = {
    scope = "subscriptions/00000000-0000-0000-0000-000000000001", exportName = "nightly",
    run_id = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
  },
  name = function(params)
    return params.exportName
  end,
  listing = { operation = "get_execution_history", params = { "scope", "exportName" }, items = "value" },
  record_id = function(record)
    local id = type(record.id) == "string" and member.tail(record.id) or ""
    return id ~= "" and id or (type(record.name) == "string" and record.name or nil)
  end,
  began = "properties.submittedTime",
  members = {
    code = "properties.status",
    reason = "properties.error.message",
    started_at = "properties.processingStartTime",
    updated_at = "properties.submittedTime",
    ended_at = "properties.processingEndTime",
  },
  states = {
    Queued = "queued",
    InProgress = "running",
    Completed = "succeeded",
    Failed = "failed",
    Timeout = "timed_out",
    NewDataNotAvailable = "no_data",
    DataNotAvailable = "no_data",
  },
  missing = { ["404"] = true, NotFound = true },
  -- Reads count against a few requests a minute and scope.
  interval = { start = 30, growth = 1.25, cap = 60, floor = 15 },
  deliveries = { "scope", "exportName" },
  next = {
    finder = "next_run",
    refusal = function(client, source, limits)
      local export, err = client:get({ scope = source.scope, exportName = source.exportName }, limits)
      if err then
        return err.status == 404 and err or nil
      elseif member.at(export, "properties.schedule.status", "string") == "Active" then
        return nil
      end
      return Error.new {
        kind = "job", code = "disabled",
        message = ("%s: the export's schedule is not active, so no run begins by itself"):format(source.exportName),
        hint = "Start a run: cloudjobs.jobs.run_export, or the command cloudjobs run",
      }
    end,
  },
  run = {
    finder = "run_export",
    params = { run = "table" },
    period = "run",
    start = function(client, params, limits)
      local started, err = client:execute(
        { scope = params.scope, exportName = params.exportName, run = params.run }, limits
      )
      return started and {}, err
    end,
    is_ours = function(record, params, since)
      local submitted = core.epoch(member.at(record, "properties.submittedTime", "string") or "")
      if member.at(record, "properties.executionType", "string") ~= "OnDemand"
        or (submitted and submitted < since - CLOCK_TOLERANCE) then
        return false
      end
      local wanted = days(params, "run.timePeriod.from", "run.timePeriod.to")
      local found = days(record, "properties.startDate", "properties.endDate")
      return not wanted or not found or wanted == found
    end,
  },
  source = {
    word = "exports",
    hint = "the name of an Azure export in --scope",
    param = "exportName",
    option = { name = "scope", param = "scope" },
    operation = "list",
    columns = {
      { "NAME", "name", "name" }, { "SCHEDULE", "schedule", "properties.schedule.status" },
      { "RECURRENCE", "recurrence", "properties.schedule.recurrence" },
      { "NEXT", "next", "properties.nextRunTimeEstimate" },
    },
  },
  inventory = {
    row = "export",
    empty = "no exports",
    label = "name",
    -- Each export then carries its last run.
    groups = function(entry)
      return { { scope = entry.scope, expand = "runHistory" } }
    end,
    job = function(export, _, entry)
      return { scope = entry.scope, exportName = member.at(export, "name", "string") }
    end,
    records = function(export)
      return member.records(export, "properties.runHistory.value")
    end,
    cadence = function(export)
      local is_active = member.at(export, "properties.schedule.status", "string") == "Active"
      return is_active and CADENCE[member.at(export, "properties.schedule.recurrence", "string")] or nil
    end,
  },
}
