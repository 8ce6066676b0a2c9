--- Follows jobs to their ends. Ctrl-C ends it with the references to go on with.

local Error = require "cloudjobs.base.error"
local Status = require "cloudjobs.job.status"
local Wait = require "cloudjobs.job.wait"
local access = require "cloudjobs.cli.access"
local cloudjobs = require "cloudjobs"
local interrupt = require "cloudjobs.cli.interrupt"
local notice = require "cloudjobs.cli.notice"
local os_ = require "cloudjobs.os"
local out = require "cloudjobs.cli.out"
local rows = require "cloudjobs.cli.rows"
local view = require "cloudjobs.cli.view"
local when = require "cloudjobs.cli.when"

--- Adds the options of waiting.
local function define(command)
  command:option("--timeout"):argname("<time>"):convert(when.parse_duration)
    :description("Give up after so long, such as 45m; without it there is no end.")
  command:option("--interval"):argname("<time>"):convert(when.parse_duration)
    :description("Time between two polls, unless given the kind's own.")
  rows.define(command)
end

-- The fields of each job in JSON and CSV.
local FIELDS = {
  "kind", "id", "state", "ok", "final", "code", "reason", "started_at", "ended_at", "ref", "err", "hint", "result",
}

local function exit_status_of(status)
  if status.err then
    return out.status_of(status.err)
  elseif status.state == "unknown" then
    return out.EXIT.unknown
  end
  return status.final and not status.ok and out.EXIT.failed or out.EXIT.succeeded
end

--- One exit status for all: a failure outweighs an unknown state.
---@param statuses cloudjobs.Status[]
---@return integer
local function exit_status(statuses)
  local status = out.EXIT.succeeded
  for _, one in ipairs(statuses) do
    status = out.worst(status, exit_status_of(one))
  end
  return status
end

--- Whether an error ended only the wait: Ctrl-C, or the end of the time.
---@param err cloudjobs.Error|nil
---@return boolean
local function goes_on(err)
  return err ~= nil and (err.kind == "cancelled" or Wait.is_transient(err))
end

--- Prints the commands that continue.
---@param interrupted boolean by Ctrl-C, else the time is over
---@param what string the purpose of the commands
---@param commands string[]
local function hand_over(interrupted, what, commands)
  local why = interrupted and "Interrupted." or "The time is over."
  io.stderr:write(os_.isatty(2) and "\r\27[K" or "")
  notice.line(("%s %s:"):format(why, what))
  for _, command in ipairs(commands) do
    notice.line("  " .. command)
  end
end

-- The options with which a job is reached again.
local function words_of(parsed)
  return access.words(parsed, "endpoint", "ca_bundle")
    .. (parsed.kinds and " --kinds " .. access.shell_word(parsed.kinds) or "")
end

--- Prints how to follow the jobs that are still under way, if there are any; and of those that no other process can
--- follow, why not.
---@param list table[] rows
---@param statuses cloudjobs.Status[]
---@param interrupted boolean
---@param parsed table
local function hand_over_jobs(list, statuses, interrupted, parsed)
  local commands = {}
  for i, row in ipairs(list) do
    if goes_on(statuses[i].err) then
      local reference, err = row.job:ref()
      if reference then
        commands[#commands + 1] = ("cloudjobs watch '%s'%s"):format(reference, words_of(parsed))
      else
        notice.line(err.message)
      end
    end
  end
  if #commands > 0 then
    hand_over(interrupted, "The jobs go on; to follow them again", commands)
  end
end

--- Polls the jobs once and prints their states.
---@param jobs table[]
---@param parsed table
---@return integer exit status
local function poll_once(jobs, parsed)
  local functions, list, statuses = {}, {}, {}
  for i, job in ipairs(jobs) do
    functions[i] = function()
      return job:status()
    end
  end
  for i, result in ipairs(cloudjobs.parallel(functions)) do
    local job = jobs[i]
    if not result.ok and not Error.is(result.err) then
      error(result.err, 0)
    end
    local status = result.value or Status.unknown(job.kind, job.id, nil, result.err)
    status.ref = job:ref()
    statuses[i] = status
    list[i] = setmetatable({ job = job, status = status }, { __index = status })
  end
  rows.print(list, { columns = view.columns(parsed.utc), fields = FIELDS }, parsed)
  return exit_status(statuses)
end

--- Follows the jobs of `shown.rows` to their ends.
---@param shown table a view
---@param parsed table
---@return cloudjobs.Status[] statuses
---@return boolean interrupted by Ctrl-C
local function watch(shown, parsed)
  local row_of, jobs = {}, {}
  for i, row in ipairs(shown.rows) do
    row_of[row.job], jobs[i] = row, row.job
  end
  shown:begin()
  local canceller = interrupt.catch()
  local statuses = cloudjobs.watch(jobs, {
    timeout = parsed.timeout,
    interval = parsed.interval,
    not_found_grace = parsed.not_found_grace,
    cancel = canceller,
    on_change = function(status, job)
      row_of[job].status = status
      shown:change(row_of[job])
    end,
  })
  for i, row in ipairs(shown.rows) do
    local err = statuses[i].err
    if err and err.kind ~= "cancelled" then
      row.status = statuses[i]
      shown:change(row)
    end
  end
  local interrupted = canceller.cancelled
  interrupt.release()
  if not interrupted then
    shown:finish()
  end
  return statuses, interrupted
end

--- Follows jobs with the options of the command line, and prints how they ended.
---@param jobs table[]
---@param parsed table
---@return integer exit status
local function follow(jobs, parsed)
  local list = {}
  for i, job in ipairs(jobs) do
    list[i] = { job = job }
  end
  local statuses, interrupted = watch(view.new(list, parsed), parsed)
  hand_over_jobs(list, statuses, interrupted, parsed)
  if parsed.output ~= "table" then
    for i, status in ipairs(statuses) do
      status.ref = jobs[i]:ref()
    end
    rows.print(statuses, { fields = FIELDS }, parsed)
  end
  return exit_status(statuses)
end

--- Adds the options of waiting for a job that a subcommand starts or finds.
local function define_found(command)
  command:flag("--ref-only"):description("Print the run's reference once there is one, and do not follow it.")
  define(command)
end

--- Follows the job that was started or found, or prints its reference.
---@param job table
---@param parsed table
---@return integer exit status
local function found(job, parsed)
  if parsed.ref_only then
    local reference, err = job:ref()
    if not reference then
      return out.fail(err)
    end
    out.write(reference, "\n")
    return out.EXIT.succeeded
  end
  return follow({ job }, parsed)
end

return {
  define = define,
  define_found = define_found,
  watch = watch,
  follow = follow,
  poll_once = poll_once,
  found = found,
  goes_on = goes_on,
  hand_over = hand_over,
  hand_over_jobs = hand_over_jobs,
  exit_status = exit_status,
}
