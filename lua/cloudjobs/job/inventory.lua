--- Every export of a fleet with its last run and its health, and on request
--- open window executions and snapshot jobs, over many accounts at once. What
--- fails, fails in its row.

local Error = require "cloudjobs.base.error"
local Job = require "cloudjobs.job.job"
local core = require "cloudjobs.core"
local member = require "cloudjobs.base.path"
local option = require "cloudjobs.base.options"

local DAY = 86400

local OPTIONS = { concurrency = "number", cadence = "number", transport = "table" }

-- Hundreds of accounts at once: each is a chain of calls that mostly waits.
local CONCURRENCY = 512
local CONCURRENCY_OF_ONE = 8

-- What an entry may say, and which of it goes to its clients.
local ENTRY = {
  cloud = "string", profile = "string", role_arn = "string", credentials = "table", region = "string",
  endpoint = "string", account = "string", exports = "boolean", windows = "boolean", snapshot_catalogs = "table",
  scope = "string", api_version = "string",
}
local CLIENT_OPTIONS = {
  aws = { "profile", "credentials", "region", "endpoint" },
  azure = { "scope", "credentials", "api_version", "endpoint" },
}

-- Seconds between two runs, by Azure's word for it. AWS exports are refreshed at least once a day.
local CADENCE = { Daily = DAY, Weekly = 7 * DAY, Monthly = 31 * DAY, Annually = 366 * DAY }

local HEALTH = {
  succeeded = "ok", no_data = "ok",
  queued = "running", running = "running",
  failed = "failing", timed_out = "failing", cancelled = "failing", skipped = "failing",
}

---@class cloudjobs.Row
---@field cloud "aws"|"azure"
---@field kind "export"|"window"|"snapshot_job"
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
---@field err cloudjobs.Error|nil why nothing is known

local function health_of(status, cadence, age)
  local health = status and HEALTH[status.state] or "unknown"
  if health == "ok" and cadence and age and age > 2 * cadence then
    return "stale"
  end
  return health
end

-- Fills a row from its last run's job, whose record is known.
local function describe(row, job, record, cadence, now)
  local status = job:read(record)
  local time = status.ended_at or status.started_at or status.updated_at
  row.state, row.code, row.reason = status.state, status.code, status.reason
  row.started_at, row.ended_at = status.started_at, status.ended_at
  row.age = time and math.max(0, now - time)
  row.health = health_of(status, cadence, row.age)
  row.ref = job:ref()
  return row
end

local function failed(row, err)
  row.health = "unknown"
  row.err = err
  return row
end

local function newest(records, time_of)
  local best, best_time
  for _, record in ipairs(records) do
    local time = time_of(record)
    if time and (not best_time or time > best_time) then
      best, best_time = record, time
    end
  end
  return best
end

local function account_of(entry, arn)
  return arn and arn:match("^arn:[^:]*:[^:]*:[^:]*:(%d+):") or entry.account
    or (entry.role_arn and entry.role_arn:match("::(%d+):")) or entry.profile
end

local function row_of(entry, kind, fields)
  local row = { cloud = entry.cloud, kind = kind, region = entry.region, scope = entry.scope, health = "unknown" }
  for name, value in pairs(fields) do
    row[name] = value
  end
  return row
end

-- The values that functions gave, in order; an error becomes what `on_error` makes of it.
local function gather(self, functions, on_error)
  local rows = {}
  local results = self.parallel(functions, { concurrency = CONCURRENCY_OF_ONE })
  for i = 1, #functions do
    local result = results[i]
    if not result.ok and not Error.is(result.err) then
      error(result.err, 0)
    end
    rows[i] = result.ok and result.value or on_error(i, result.err)
  end
  return rows
end

local function export_row(self, entry, exports, export)
  local row = row_of(entry, "export", { account = account_of(entry, export.ExportArn), export = export.ExportName })
  local list, err = exports:all("list_executions", { ExportArn = export.ExportArn })
  if not list then
    return failed(row, err)
  end
  local last = newest(list, function(execution)
    return member.at(execution, "ExecutionStatus.CreatedAt", "number") or 0
  end)
  if last and last.ExecutionId then
    local job = Job.new(self.kinds.export_execution, exports, {
      ExportArn = export.ExportArn, ExecutionId = last.ExecutionId,
    })
    describe(row, job, last, self.cadence or DAY, self.now)
  end
  -- An export can be broken before a run of it is.
  local status = export.ExportStatus or {}
  if status.StatusCode == "UNHEALTHY" and row.health ~= "failing" then
    row.health, row.code, row.reason = "failing", status.StatusCode, status.StatusReason
  end
  return row
end

local ASPECTS = {}

function ASPECTS.exports(self, entry)
  local exports = self:client(entry, "bcm_data_exports")
  local list, err = exports:all("list_exports")
  if not list then
    return nil, err
  end
  local functions = {}
  for i, export in ipairs(list) do
    functions[i] = function()
      return export_row(self, entry, exports, export)
    end
  end
  return gather(self, functions, function(i, problem)
    return failed(row_of(entry, "export", { export = list[i].ExportName }), problem)
  end)
end

local OPEN = { PENDING = true, IN_PROGRESS = true, CANCELLING = true }

-- The open executions of one window, or one row that says why they cannot be had.
local function window_rows(self, entry, ssm, window)
  local function new_row()
    return row_of(entry, "window", { account = account_of(entry), export = window.Name or window.WindowId })
  end
  local list, err = ssm:all("describe_maintenance_window_executions", { WindowId = window.WindowId })
  if not list then
    return { failed(new_row(), err) }
  end
  local rows = {}
  for _, execution in ipairs(list) do
    if OPEN[execution.Status] then
      local job = Job.new(self.kinds.maintenance_window_execution, ssm, {
        WindowId = window.WindowId, WindowExecutionId = execution.WindowExecutionId,
      })
      rows[#rows + 1] = describe(new_row(), job, execution, nil, self.now)
    end
  end
  return rows
end

function ASPECTS.windows(self, entry)
  local ssm = self:client(entry, "ssm")
  local windows, err = ssm:all("describe_maintenance_windows")
  if not windows then
    return nil, err
  end
  local functions = {}
  for i, window in ipairs(windows) do
    functions[i] = function()
      return window_rows(self, entry, ssm, window)
    end
  end
  local rows = {}
  for _, of_window in ipairs(gather(self, functions, function(i, problem)
    return { failed(row_of(entry, "window", { account = account_of(entry), export = windows[i].Name }), problem) }
  end)) do
    for _, row in ipairs(of_window) do
      rows[#rows + 1] = row
    end
  end
  return rows
end

local function snapshot_row(self, entry, selling, catalog, summary)
  local row = row_of(entry, "snapshot_job", { account = account_of(entry, summary.Arn), export = summary.Id })
  local job = Job.new(self.kinds.resource_snapshot_job, selling, {
    Catalog = catalog, ResourceSnapshotJobIdentifier = summary.Id,
  })
  local record, err = selling:get_resource_snapshot_job {
    Catalog = catalog, ResourceSnapshotJobIdentifier = summary.Id,
  }
  if not record then
    return failed(row, err)
  end
  describe(row, job, record, nil, self.now)
  if record.LastFailure then
    row.health, row.reason = "failing", record.LastFailure
  elseif row.state == "running" and record.LastSuccessfulExecutionDate then
    row.health = "ok"
  end
  return row
end

function ASPECTS.snapshot_catalogs(self, entry)
  local selling = self:client(entry, "partnercentral_selling")
  local functions, ids = {}, {}
  for _, catalog in ipairs(entry.snapshot_catalogs) do
    local list, err = selling:all("list_resource_snapshot_jobs", { Catalog = catalog })
    if not list then
      ids[#ids + 1] = catalog
      functions[#functions + 1] = function()
        return nil, err
      end
    end
    for _, summary in ipairs(list or {}) do
      ids[#ids + 1] = summary.Id
      functions[#functions + 1] = function()
        return snapshot_row(self, entry, selling, catalog, summary)
      end
    end
  end
  return gather(self, functions, function(i, problem)
    return failed(row_of(entry, "snapshot_job", { account = account_of(entry), export = ids[i] }), problem)
  end)
end

-- A list of exports carries each one's last run only, which is what is asked for here.
function ASPECTS.azure(self, entry)
  local costs = self:client(entry, "cost_exports")
  local list, err = costs:all("list", { scope = entry.scope, expand = "runHistory" })
  if not list then
    return nil, err
  end
  local rows = {}
  for i, export in ipairs(list) do
    local name = member.at(export, "name", "string")
    local row = row_of(entry, "export", { export = name })
    local last = newest(member.records(export, "properties.runHistory.value"), function(run)
      return member.at(run, "properties.submittedTime", "string") or ""
    end)
    local id = last and self.kinds.export_run.record_id(last)
    if name and id then
      local job = Job.new(self.kinds.export_run, costs, { scope = entry.scope, exportName = name, run_id = id })
      local is_active = member.at(export, "properties.schedule.status", "string") == "Active"
      local cadence = is_active and CADENCE[member.at(export, "properties.schedule.recurrence", "string")] or nil
      describe(row, job, last, cadence and (self.cadence or cadence), self.now)
    end
    rows[i] = row
  end
  return rows
end

local ASPECT_KINDS = {
  exports = "export", windows = "window", snapshot_catalogs = "snapshot_job", azure = "export",
}

-- What is asked of an entry: exports unless only other things are.
local function aspects_of(entry)
  if entry.cloud == "azure" then
    return { "azure" }
  end
  local asked = {}
  if entry.exports or (entry.exports == nil and not entry.windows and not entry.snapshot_catalogs) then
    asked[1] = "exports"
  end
  for _, name in ipairs { "windows", "snapshot_catalogs" } do
    if entry[name] then
      asked[#asked + 1] = name
    end
  end
  return asked
end

local function check_entry(entry, i)
  local what = ("cloudjobs.inventory: entry %d"):format(i)
  option.check(entry, ENTRY, what)
  if not CLIENT_OPTIONS[entry.cloud] then
    option.mistake(("%s: cloud: expected aws or azure, got %s"):format(what, tostring(entry.cloud)))
  elseif entry.cloud == "azure" and not entry.scope then
    option.mistake(("%s: expected scope"):format(what))
  end
end

local Inventory = {}
local inventory_mt = { __index = Inventory }

-- A role is assumed once for all that is asked of an entry.
function Inventory:role(entry)
  local provider = self.roles[entry]
  if not provider then
    provider = self.make.aws.credentials {
      role_arn = entry.role_arn, credentials = entry.credentials, profile = entry.profile, region = entry.region,
      transport = self.transport,
    }
    self.roles[entry] = provider
  end
  return provider
end

function Inventory:client(entry, service)
  local options = {}
  for _, name in ipairs(CLIENT_OPTIONS[entry.cloud]) do
    options[name] = entry[name]
  end
  options.transport = self.transport
  if entry.role_arn then
    options.credentials = self:role(entry)
  end
  return self.make[entry.cloud][service](options)
end

--- Looks at a whole fleet.
---@param context { parallel: function, make: table, kinds: table, transport: table } what init.lua assembles
---@param fleet table[] entries `{ cloud = "aws", profile|role_arn|credentials, region, exports, windows,
--- snapshot_catalogs }` and `{ cloud = "azure", scope, credentials, api_version }`
---@param options { concurrency: integer|nil, cadence: number|nil, transport: table|nil }|nil
--- cadence: seconds between runs, in place of each export's own
---@return cloudjobs.Row[]
local function inventory(context, fleet, options)
  option.check_list(fleet, "cloudjobs.inventory: fleet")
  options = option.check(options, OPTIONS, "cloudjobs.inventory")
  local self = setmetatable({
    parallel = context.parallel, make = context.make, kinds = context.kinds, now = context.transport:now(),
    cadence = options.cadence, transport = context.transport, roles = {},
  }, inventory_mt)
  local tasks, functions = {}, {}
  for i, entry in ipairs(fleet) do
    check_entry(entry, i)
    for _, name in ipairs(aspects_of(entry)) do
      tasks[#tasks + 1] = { entry = entry, name = name }
      functions[#functions + 1] = function()
        return ASPECTS[name](self, entry)
      end
    end
  end
  local results = self.parallel(functions, { concurrency = options.concurrency or CONCURRENCY })
  local rows = setmetatable({}, core.array_mt)
  for i, task in ipairs(tasks) do
    local result = results[i]
    if result.ok then
      for _, row in ipairs(result.value) do
        rows[#rows + 1] = row
      end
    elseif Error.is(result.err) then
      local row = row_of(task.entry, ASPECT_KINDS[task.name], { account = account_of(task.entry) })
      rows[#rows + 1] = failed(row, result.err)
    else
      error(result.err, 0)
    end
  end
  return rows
end

return inventory
