--- Every export of a fleet with its last run and its health, and on request
--- open window executions and snapshot jobs, over many accounts at once. An
--- error is in the row that it concerns. The kinds of job say how their rows
--- are made.

local Deadline = require "cloudjobs.base.deadline"
local Error = require "cloudjobs.base.error"
local Fleet = require "cloudjobs.job.fleet"
local Job = require "cloudjobs.job.job"
local Status = require "cloudjobs.job.status"
local core = require "cloudjobs.core"
local kinds = require "cloudjobs.job.kinds"
local member = require "cloudjobs.base.path"
local option = require "cloudjobs.base.options"

local OPTIONS = { concurrency = "number", cadence = "number", timeout = "number", transport = "table" }

-- Seconds for all pages of one listing: a service may send page after page without end.
local LISTING_TIMEOUT = 300

-- Accounts at once, and calls at once for each: most of the time they wait.
local CONCURRENCY = 512
local CONCURRENCY_OF_ONE = 8

local HEALTH = {
  succeeded = "ok", no_data = "ok",
  queued = "running", running = "running",
  failed = "failing", timed_out = "failing", cancelled = "failing", skipped = "failing",
}

---@class cloudjobs.Row
---@field cloud "aws"|"azure"
---@field kind string "export", "window", "snapshot_job"
---@field label string|nil the fleet entry's
---@field account string|nil AWS account id
---@field region string|nil
---@field scope string|nil Azure scope
---@field export string|nil the export's name; a window's or a snapshot job's in their rows
---@field health "ok"|"running"|"failing"|"stale"|"unknown"
---@field state string|nil the last run's, as a job's status has it
---@field code string|nil
---@field reason string|nil
---@field started_at number|nil
---@field ended_at number|nil
---@field age number|nil seconds since the last run ended, or began
---@field ref string|nil the last run as a job: cloudjobs.jobs.open
---@field err cloudjobs.Error|nil why the run is not known

local function health_of(status, cadence, age)
  local health = status and HEALTH[status.state] or "unknown"
  if health == "ok" and cadence and age and age > 2 * cadence then
    return "stale"
  end
  return health
end

-- Fills a row from a run's job, whose record is known.
local function describe(self, row, job, record, cadence)
  local status = job:read(record)
  local time = status.ended_at or status.started_at or status.updated_at
  row.state, row.code, row.reason = status.state, status.code, status.reason
  row.started_at, row.ended_at = status.started_at, status.ended_at
  row.age = time and math.max(0, self.now - time)
  row.health = health_of(status, cadence and (self.cadence or cadence), row.age)
  row.ref = job:ref()
end

local function failed(row, err)
  row.health = "unknown"
  row.err = err
  return row
end

local function account_of(entry, arn)
  return arn and arn:match("^arn:[^:]*:[^:]*:[^:]*:(%d+):") or entry.account
    or (entry.role_arn and entry.role_arn:match("::(%d+):")) or entry.profile
end

-- A row about a record of the kind's source listing; without one, about the listing itself.
local function new_row(kind, entry, source, label)
  local inventory = kind.inventory
  local row = {
    cloud = entry.cloud, kind = inventory.row, label = entry.label, region = entry.region, scope = entry.scope,
    health = "unknown",
  }
  if entry.cloud == "aws" then
    row.account = account_of(entry, inventory.arn and member.at(source, inventory.arn, "string"))
  end
  row.export = label
  if source then
    row.export = member.at(source, inventory.label, "string") or inventory.job(source, {}, entry)[kind.source.param]
  end
  return row
end

local function is_under_way(kind, record)
  local state = kind.states[member.at(record, kind.members.code, "string")]
  return state == "queued" or state == "running"
end

-- The newest of the records, or of those that have ended.
local function newest(kind, records, has_ended)
  local best, best_time
  for _, record in ipairs(records) do
    local time = Status.time_at(record, kind.began) or 0
    if (not best_time or time > best_time) and not (has_ended and is_under_way(kind, record)) then
      best, best_time = record, time
    end
  end
  return best
end

local function under_way(kind, records)
  local open = {}
  for _, record in ipairs(records) do
    open[#open + 1] = is_under_way(kind, record) and record or nil
  end
  return open
end

-- A run under way does not make up for one that failed before it.
local function recall_failure(row, kind, records, job)
  local ended = row.health == "running" and newest(kind, records, true)
  local status = ended and job:read(ended)
  if status and HEALTH[status.state] == "failing" then
    row.health = "failing"
    row.reason = "the run before failed: " .. status.code .. (status.reason and ": " .. status.reason or "")
  end
end

-- A row about one run, of those that are listed. A job without a listing has its record to be read.
local function run_row(self, kind, client, entry, source, params, records, record)
  local row = new_row(kind, entry, source)
  local job, err = Job.of_record(kind, client, params, record)
  if job and not kind.listing then
    record, err = job:fetch(self.deadline:limits())
  end
  if err then
    return failed(row, err)
  end
  describe(self, row, job, record, kind.inventory.cadence and kind.inventory.cadence(source))
  if not kind.inventory.open then
    recall_failure(row, kind, records, job)
  end
  return row, record
end

-- All records of a listing, or nil and the error, which has those that came.
local function list(self, client, operation, params)
  local limits = self.deadline:page_limits()
  limits.deadline = math.min(limits.deadline or math.huge, self.transport:clock() + LISTING_TIMEOUT)
  return client:all(operation, params, limits)
end

-- The rows of one source: its newest run, or all that are under way.
local function source_rows(self, kind, client, entry, group, source)
  local inventory = kind.inventory
  local params = inventory.job(source, group, entry)
  local records, err
  if inventory.records then
    records = inventory.records(source)
  elseif kind.listing then
    records, err = list(self, client, kind.listing.operation, params)
  else
    records = { source }
  end
  if not records then
    return { failed(new_row(kind, entry, source), err) }
  end
  local rows = {}
  for i, record in ipairs(inventory.open and under_way(kind, records) or { newest(kind, records) }) do
    local row, found = run_row(self, kind, client, entry, source, params, records, record)
    if inventory.health and not row.err then
      inventory.health(row, source, found)
    end
    rows[i] = row
  end
  if #rows == 0 and not inventory.open then
    rows[1] = new_row(kind, entry, source)
    if inventory.health then
      inventory.health(rows[1], source, nil)
    end
  end
  return rows
end

-- Runs the functions at once and joins the lists of rows that they return; an
-- error becomes the row that on_error makes of it.
local function gather(self, functions, on_error)
  local rows = {}
  local results = self.parallel(functions, { concurrency = CONCURRENCY_OF_ONE })
  for i = 1, #functions do
    local result = results[i]
    if not result.ok and not Error.is(result.err) then
      error(result.err, 0)
    end
    for _, row in ipairs(result.ok and result.value or { on_error(i, result.err) }) do
      rows[#rows + 1] = row
    end
  end
  return rows
end

-- The rows of one kind for one entry.
local function kind_rows(self, kind, entry)
  local inventory, client = kind.inventory, self:client(entry, kind.service)
  local groups = inventory.groups and inventory.groups(entry) or { {} }
  local functions, about = {}, {}
  for _, group in ipairs(groups) do
    local sources, err = list(self, client, kind.source.operation, group)
    for _, source in ipairs(sources or err.items or {}) do
      about[#functions + 1] = source
      functions[#functions + 1] = function()
        return source_rows(self, kind, client, entry, group, source)
      end
    end
    if not sources then
      functions[#functions + 1] = function()
        return { failed(new_row(kind, entry, nil, group[inventory.group_label]), err) }
      end
    end
  end
  return gather(self, functions, function(i, err)
    return failed(new_row(kind, entry, about[i]), err)
  end)
end

-- The kinds that an entry asks for: those without an option, those whose option
-- it has, and the default ones unless it says false.
local function kinds_of(entry)
  local asked = {}
  for _, kind in ipairs(kinds) do
    local inventory = kind.cloud == entry.cloud and kind.inventory
    if inventory then
      local value = not inventory.option or entry[inventory.option]
      if value or (value == nil and inventory.default) then
        asked[#asked + 1] = kind
      end
    end
  end
  return asked
end

-- An entry whose exports were asked for and that has nothing at all: perhaps another account was meant.
local function empty_row(entry)
  for _, kind in ipairs(kinds_of(entry)) do
    if kind.inventory.empty then
      local row = new_row(kind, entry)
      row.reason = kind.inventory.empty
      return row
    end
  end
end

local Inventory = {}
local inventory_mt = { __index = Inventory }

-- A role is assumed once for all clients of an entry.
function Inventory:role(entry)
  local provider = self.roles[entry.given]
  if not provider then
    provider = self.make.aws.credentials {
      role_arn = entry.role_arn, external_id = entry.external_id, session_name = entry.role_session_name,
      credentials = entry.credentials, profile = entry.profile, region = entry.region,
      ca_bundle = entry.ca_bundle, transport = self.transport,
    }
    self.roles[entry.given] = provider
  end
  return provider
end

function Inventory:client(entry, service)
  local options = Fleet.client_options(entry)
  options.transport = self.transport
  if entry.role_arn then
    options.credentials = self:role(entry)
  end
  return self.make[entry.cloud][service](options)
end

--- Reads the state of a whole fleet.
---@param context { parallel: function, make: table, transport: table } what init.lua assembles
---@param fleet cloudjobs.FleetEntry[]
---@param options { concurrency: integer|nil, cadence: number|nil, timeout: number|nil, transport: table|nil }|nil
--- cadence: seconds between runs, in place of each export's own; timeout: seconds for everything; without it all pages
--- of one listing have 300
---@return cloudjobs.Row[]
local function inventory(context, fleet, options)
  local entries = Fleet.expand(fleet, "cloudjobs.inventory")
  options = option.check(options, OPTIONS, "cloudjobs.inventory")
  local self = setmetatable({
    parallel = context.parallel, make = context.make, now = context.transport:now(),
    cadence = options.cadence, deadline = Deadline.new(context.transport, options.timeout),
    transport = context.transport, roles = {},
  }, inventory_mt)
  local tasks, functions = {}, {}
  for _, entry in ipairs(entries) do
    for _, kind in ipairs(kinds_of(entry)) do
      tasks[#tasks + 1] = { entry = entry, kind = kind }
      functions[#functions + 1] = function()
        return kind_rows(self, kind, entry)
      end
    end
  end
  local results = self.parallel(functions, { concurrency = options.concurrency or CONCURRENCY })
  local rows, of_entry = setmetatable({}, core.array_mt), 0
  for i, task in ipairs(tasks) do
    local result, before = results[i], #rows
    if result.ok then
      for _, row in ipairs(result.value) do
        rows[#rows + 1] = row
      end
    elseif Error.is(result.err) then
      rows[#rows + 1] = failed(new_row(task.kind, task.entry), result.err)
    else
      error(result.err, 0)
    end
    of_entry = of_entry + #rows - before
    if not tasks[i + 1] or tasks[i + 1].entry ~= task.entry then
      rows[#rows + 1] = of_entry == 0 and empty_row(task.entry) or nil
      of_entry = 0
    end
  end
  return rows
end

return inventory
