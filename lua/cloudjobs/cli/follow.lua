--- Follows jobs to their ends: a live table on a terminal, else a line at each
--- change. Ctrl-C ends it with the references to go on with.

local Live = require "cloudjobs.cli.live"
local cloudjobs = require "cloudjobs"
local interrupt = require "cloudjobs.cli.interrupt"
local kinds = require "cloudjobs.cli.kinds"
local os_ = require "cloudjobs.os"
local out = require "cloudjobs.cli.out"
local rows = require "cloudjobs.cli.rows"
local table_ = require "cloudjobs.cli.table"
local terminal = require "cloudjobs.cli.terminal"
local when = require "cloudjobs.cli.when"

--- Adds the options of waiting.
local function define(command)
  command:option("--timeout"):argname("<time>"):convert(when.parse_duration)
    :description("Give up after so long, such as 45m; without it there is no end.")
  command:option("--interval"):argname("<time>"):convert(when.parse_duration)
    :description("Time between two looks, else what suits the kind of job.")
  rows.define(command)
end

-- Why a job is not well, in the service's words or in ours.
local function reason_of(status)
  return status.err and tostring(status.err) or status.reason
end

local function took(status)
  if status.final and status.started_at and status.ended_at then
    return when.duration(status.ended_at - status.started_at)
  end
end

-- The columns of the table; a row is `{ job, status }`. They are as wide as what is to be expected in them, so that
-- one row's change leaves the others as they are.
local function columns(utc)
  return {
    { title = "STATE", always = true, least = 9, value = function(row)
      return row.status and row.status.state or row.job and "looking" or "starting"
    end, color = function(row)
      return row.status and terminal.meaning(row.status.state)
    end },
    { title = "NAME", shrinks = true, least = 20, value = function(row)
      return row.job and kinds.name_of(row.job) or ""
    end },
    { title = "KIND", spare = true, value = function(row)
      return row.title or kinds.title(row.job)
    end },
    { title = "CODE", always = true, shrinks = true, least = 21, value = function(row)
      return row.status and row.status.code
    end },
    { title = "STARTED", spare = true, always = true, least = utc and 20 or 19, value = function(row)
      return row.status and row.status.started_at and when.moment(row.status.started_at, utc)
    end },
    { title = "TOOK", spare = true, always = true, value = function(row)
      return row.status and took(row.status)
    end },
    { title = "WHY", shrinks = true, value = function(row)
      return row.status and reason_of(row.status)
    end },
  }
end

-- What a program is told of each job at the end.
local FIELDS = { "kind", "id", "state", "ok", "final", "code", "reason", "started_at", "ended_at", "ref", "err" }

local View = {}
local view_mt = { __index = View }

function View:draw()
  local width, height = self.terminal:size()
  local lines = table_.render(self.columns, self.rows, { width = width, paint = self.terminal.paint })
  self.live:draw(lines, width or 80, height or 24)
end

-- `2026-11-22 01:02:03Z  nightly (AWS export): failed (QUERY_FAILURE), 4m 5s: why`
function View:line(row)
  local status, words = row.status, {}
  words[1] = ("%s  %s (%s): %s"):format(
    when.moment(os.time(), self.utc), kinds.name_of(row.job), row.title or kinds.title(row.job), status.state)
  words[2] = status.code and " (" .. status.code .. ")"
  words[#words + 1] = took(status) and ", " .. took(status)
  words[#words + 1] = reason_of(status) and ": " .. reason_of(status)
  out.write(table.concat(words), "\n")
end

--- Shows that a row has changed.
function View:change(row)
  if self.live then
    self:draw()
  elseif self.lines and row.status then
    self:line(row)
  end
end

--- A view of rows `{ job, status, title }`. `rows` may be filled later.
---@param list table[]
---@param parsed table
local function view(list, parsed)
  local screen = terminal.new(parsed)
  local people = (parsed.output or "table") == "table"
  return setmetatable({
    rows = list,
    utc = parsed.utc,
    columns = columns(parsed.utc),
    terminal = screen,
    -- Lines of --debug in between would push the table away.
    live = people and screen.is_terminal and not parsed.debug and Live.new(out.write) or nil,
    lines = people,
  }, view_mt)
end

-- No new data is no failure: there was nothing to deliver.
local WELL = { succeeded = true, no_data = true }

--- One exit status for all: a failure outweighs what could not be told.
---@param statuses cloudjobs.Status[]
---@return integer
local function exit_status(statuses)
  local status = out.EXIT.succeeded
  for _, one in ipairs(statuses) do
    if one.err or one.state == "unknown" then
      status = math.max(status, out.EXIT.unknown)
    elseif not WELL[one.state] then
      return out.EXIT.failed
    end
  end
  return status
end

--- Says how to go on with what was still under way when Ctrl-C came.
local function hand_over(list)
  io.stderr:write(os_.isatty(2) and "\r\27[K" or "", "Interrupted. The jobs go on; to follow them again:\n")
  for _, row in ipairs(list) do
    if not (row.status and row.status.final) then
      io.stderr:write("  cloudjobs watch '", row.job:ref(), "'\n")
    end
  end
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
  return statuses, interrupted
end

--- Follows jobs as the command line asks, prints what became of them.
---@param jobs table[]
---@param parsed table
---@return integer exit status
local function follow(jobs, parsed)
  local list = {}
  for i, job in ipairs(jobs) do
    list[i] = { job = job }
  end
  local statuses, interrupted = watch(view(list, parsed), parsed)
  if interrupted then
    hand_over(list)
  end
  if parsed.output ~= "table" then
    for i, status in ipairs(statuses) do
      status.ref = jobs[i]:ref()
    end
    rows.print(statuses, { fields = FIELDS }, parsed)
  end
  return exit_status(statuses)
end

--- Adds the options of waiting for what a subcommand starts or finds.
local function define_found(command)
  command:flag("--ref-only"):description("Print the run's reference once there is one, and do not follow it.")
  define(command)
end

--- What started or was found is followed, or handed to whoever asked for its reference.
---@param job table
---@param parsed table
---@return integer exit status
local function found(job, parsed)
  if parsed.ref_only then
    out.write(job:ref(), "\n")
    return out.EXIT.succeeded
  end
  return follow({ job }, parsed)
end

return {
  define = define,
  define_found = define_found,
  view = view,
  watch = watch,
  follow = follow,
  found = found,
  hand_over = hand_over,
  exit_status = exit_status,
}
