--- Finds a job that is about to come: the next execution of an export or a
--- window, the run that was just started. Looks until it is there.

local Error = require "cloudjobs.base.error"
local Interval = require "cloudjobs.base.interval"
local Job = require "cloudjobs.job.job"
local JobWait = require "cloudjobs.job.poll"
local core = require "cloudjobs.core"
local member = require "cloudjobs.base.path"
local option = require "cloudjobs.base.options"

local OPTIONS = { timeout = "number", interval = "number|table", cancel = "table" }

-- Clocks of services and of their parts differ a little.
local SLACK = 120

-- Seconds that a run is looked for when nobody knows whether it was started.
local DOUBT = 900

-- Epoch seconds of what may be ISO-8601 text, as everywhere.
local function seconds_of(time, what)
  local seconds = type(time) == "string" and core.epoch(time) or time
  if type(seconds) == "string" then
    option.mistake(("%s: option since: expected epoch seconds or ISO-8601 text, got %q"):format(what, time))
  end
  return seconds
end

-- Calls look(limits) until it answers something, or an error that will not pass.
local function until_found(client, kind, options, what, look)
  options = option.check(options, OPTIONS, what)
  local transport = client:transport()
  local interval = Interval.new(options.interval, kind.interval, what)
  local deadline = options.timeout and transport:clock() + options.timeout
  local pause, grown
  while true do
    local found, err = look(JobWait.limits(transport, deadline, options.cancel))
    if found then
      return found
    elseif err and not JobWait.is_transient(err) then
      return nil, err
    end
    pause, grown = interval:next(grown)
    if deadline then
      pause = interval:within(pause, deadline - transport:clock())
    end
    if not pause then
      return nil, err or Error.new {
        kind = "timeout", code = "timeout", message = what .. ": nothing began in the time given",
      }
    end
    local _, ended = transport:sleep(pause, options.cancel)
    if ended then
      return nil, ended
    end
  end
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
  return until_found(client, kind, options, what, function(limits)
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
  return until_found(client, kind, options, what, function(limits)
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
  if type_of_run ~= "OnDemand" or (submitted and submitted < since - SLACK) then
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
  local deadline = options.timeout and transport:clock() + options.timeout
  local function limits(to_fill)
    return { timeout = deadline and math.max(deadline - transport:clock(), 0), cancel = options.cancel, meta = to_fill }
  end
  local before, err = client:get_execution_history(export, limits(meta))
  if not before then
    return nil, err
  end
  local known = ids_of(kind, member.records(before, "value"))
  local since = meta.date and core.epoch(meta.date) or transport:now()
  local started, doubt = client:execute(
    { scope = params.scope, exportName = params.exportName, run = params.run }, limits()
  )
  if not started and not doubt.ambiguous then
    return nil, doubt
  end
  local from = member.at(params, "run.timePeriod.from", "string")
  local to = member.at(params, "run.timePeriod.to", "string")
  local wanted = from and to and { from = from:sub(1, 10), to = to:sub(1, 10) }
  local job
  job, err = until_found(client, kind, {
    timeout = limits().timeout or doubt and DOUBT, interval = options.interval, cancel = options.cancel,
  }, what, function(look_limits)
    local history, problem = client:get_execution_history(export, look_limits)
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
