--- Finds a job that is about to come: the next execution of an export or a
--- window, the run that was just started. Looks until it is there.

local Deadline = require "cloudjobs.base.deadline"
local Error = require "cloudjobs.base.error"
local Interval = require "cloudjobs.base.interval"
local Job = require "cloudjobs.job.job"
local core = require "cloudjobs.core"
local is_transient = require("cloudjobs.job.wait").is_transient
local member = require "cloudjobs.base.path"
local option = require "cloudjobs.base.options"
local poll = require "cloudjobs.base.poll"

local OPTIONS = { timeout = "number", interval = "number|table", cancel = "table" }

-- Seconds by which the clocks of a service's parts may differ.
local CLOCK_TOLERANCE = 120

-- Seconds for the search for a run when the response to its start was lost.
local AMBIGUOUS_START_TIMEOUT = 900

-- Epoch seconds of what may be ISO-8601 text, as everywhere.
local function seconds_of(time, what)
  local seconds = type(time) == "string" and core.epoch(time) or time
  if type(seconds) == "string" then
    option.mistake(("%s: option since: expected epoch seconds or ISO-8601 text, got %q"):format(what, time))
  end
  return seconds
end

-- Polls until attempt(limits) returns a job, or an error that is not transient.
local function until_found(deadline, kind, interval, what, attempt)
  local last
  return poll(deadline, Interval.new(interval, kind.interval, what), function(limits)
    local found, err = attempt(limits)
    last = err
    return found or (err and not is_transient(err)), found, err
  end, function()
    return last or Error.new {
      kind = "timeout", code = "timeout", message = what .. ": nothing began in the time given",
    }
  end)
end

-- Of a listing's records, the earliest that began after `since`.
local function earliest(records, since, time_of)
  local best, best_time
  for _, record in ipairs(records) do
    local time = time_of(record)
    if time and time > since and (not best_time or time < best_time) then
      best, best_time = record, time
    end
  end
  return best
end

--- The next execution of an AWS export that was created after `since`.
---@param kind table jobs/export_execution
---@param client table
---@param params { ExportArn: string, since: number|string|nil } since: epoch seconds or ISO-8601, now unless given
---@param options table|nil timeout, interval, cancel
---@return table|nil job
---@return cloudjobs.Error|nil err
local function next_execution(kind, client, params, options)
  local what = "cloudjobs.jobs.next_execution"
  params = option.check(params, { ExportArn = "string", since = "number|string" }, what)
  local since = seconds_of(params.since, what) or client:transport():now()
  local arn = params.ExportArn
  options = option.check(options, OPTIONS, what)
  local deadline = Deadline.new(client:transport(), options.timeout, options.cancel)
  return until_found(deadline, kind, options.interval, what, function(limits)
    local list, err = client:all("list_executions", { ExportArn = arn }, limits)
    local record = list and earliest(list, since, function(record)
      return record.ExecutionStatus and record.ExecutionStatus.CreatedAt
    end)
    if not record then
      return nil, err
    end
    return Job.new(kind, client, { ExportArn = arn, ExecutionId = record.ExecutionId })
  end)
end

--- The next execution of a maintenance window that started after `since`.
---@param params { WindowId: string, since: number|string|nil }
local function next_window_execution(kind, client, params, options)
  local what = "cloudjobs.jobs.next_window_execution"
  params = option.check(params, { WindowId = "string", since = "number|string" }, what)
  local since = seconds_of(params.since, what) or client:transport():now()
  local window = params.WindowId
  local filter = { { Key = "ExecutedAfter", Values = { core.iso(math.floor(since)) } } }
  options = option.check(options, OPTIONS, what)
  local deadline = Deadline.new(client:transport(), options.timeout, options.cancel)
  return until_found(deadline, kind, options.interval, what, function(limits)
    local list, err = client:all("describe_maintenance_window_executions", {
      WindowId = window, Filters = filter,
    }, limits)
    local record = list and earliest(list, since, function(record)
      return record.StartTime
    end)
    if not record then
      return nil, err
    end
    return Job.new(kind, client, { WindowId = window, WindowExecutionId = record.WindowExecutionId })
  end)
end

local function ids_of(kind, records)
  local ids = {}
  for _, record in ipairs(records) do
    ids[kind.record_id(record) or ""] = true
  end
  return ids
end

-- Whether a run of the history can be the one just started.
local function is_ours(run, wanted, since)
  local submitted = core.epoch(member.at(run, "properties.submittedTime", "string") or "")
  local type_of_run = member.at(run, "properties.executionType", "string")
  if type_of_run ~= "OnDemand" or (submitted and submitted < since - CLOCK_TOLERANCE) then
    return false
  end
  local from, to = member.at(run, "properties.startDate", "string"), member.at(run, "properties.endDate", "string")
  if not (wanted and from and to) then
    return true
  end
  -- Days are compared: the service writes times of its own into them.
  return from:sub(1, 10) == wanted.from and to:sub(1, 10) == wanted.to
end

--- Starts an Azure export and finds the run that this began: the answer to
--- the start names none, so the history before is compared with the one after.
---@param params { scope: string|nil, exportName: string, run: { timePeriod: { from: string, to: string } }|nil }
local function run_export(kind, client, params, options)
  local what = "cloudjobs.jobs.run_export"
  params = option.check(params, { scope = "string", exportName = "string", run = "table" }, what)
  options = option.check(options, OPTIONS, what)
  local export = { scope = params.scope, exportName = params.exportName }
  local meta = {}
  local transport = client:transport()
  local deadline = Deadline.new(transport, options.timeout, options.cancel)
  local limits = deadline:limits()
  limits.meta = meta
  local before, err = client:get_execution_history(export, limits)
  if not before then
    return nil, err
  end
  local known = ids_of(kind, member.records(before, "value"))
  local since = meta.date and core.epoch(meta.date) or transport:now()
  local started, doubt = client:execute(
    { scope = params.scope, exportName = params.exportName, run = params.run }, deadline:limits()
  )
  if not started and not doubt.ambiguous then
    return nil, doubt
  end
  local from = member.at(params, "run.timePeriod.from", "string")
  local to = member.at(params, "run.timePeriod.to", "string")
  local wanted = from and to and { from = from:sub(1, 10), to = to:sub(1, 10) }
  local job
  if doubt and not options.timeout then
    deadline = Deadline.new(transport, AMBIGUOUS_START_TIMEOUT, options.cancel)
  end
  job, err = until_found(deadline, kind, options.interval, what, function(poll_limits)
    local history, problem = client:get_execution_history(export, poll_limits)
    local newest, newest_time
    for _, run in ipairs(member.records(history, "value")) do
      local id = kind.record_id(run)
      local time = member.at(run, "properties.submittedTime", "string") or ""
      if id and not known[id] and is_ours(run, wanted, since) and (not newest or time > newest_time) then
        newest, newest_time = id, time
      end
    end
    if not newest then
      return nil, problem
    end
    return Job.new(kind, client, {
      scope = params.scope, exportName = params.exportName, run_id = newest,
    })
  end)
  if not job and doubt then
    err.ambiguous, err.cause = true, doubt
  end
  return job, err
end

return {
  next_execution = next_execution,
  next_window_execution = next_window_execution,
  run_export = run_export,
}
