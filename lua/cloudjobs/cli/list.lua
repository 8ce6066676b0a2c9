--- `cloudjobs list [WHAT]`: exports, windows, snapshot jobs, or the runs of one of them with their references.

local access = require "cloudjobs.cli.access"
local cloudjobs = require "cloudjobs"
local kinds = require "cloudjobs.cli.kinds"
local number = require "cloudjobs.cli.number"
local out = require "cloudjobs.cli.out"
local rows = require "cloudjobs.cli.rows"
local suggest = require "cloudjobs.base.suggest"
local terminal = require "cloudjobs.cli.terminal"
local when = require "cloudjobs.cli.when"

local EXAMPLES = [[
   cloudjobs list
   cloudjobs list windows --region eu-west-1
   cloudjobs list snapshot-jobs --catalog AWS
   cloudjobs list arn:aws:bcm-data-exports:us-east-1:123456789012:export/nightly-1a2b
   cloudjobs list nightly --scope subscriptions/ID]]

local LIMIT = 20 -- runs, unless --limit says another

local WORDS = { "exports", "windows", "snapshot-jobs" }

local function define(command)
  local argument = command:argument("what"):args("?"):argname("<what>")
    :description("exports, windows or snapshot-jobs; the ARN of an export, the id of a window or the name of an "
      .. "export in --scope lists its runs, the newest first.")
  argument.offers = WORDS
  command:option("--catalog"):argname("<name>"):description("Partner Central catalog, such as AWS or Sandbox.")
  command:option("--limit"):argname("<n>"):convert(number.whole(1))
    :description(("So many rows at most; runs: %d unless given."):format(LIMIT))
  access.define(command)
  rows.define(command)
end

local function field(name)
  return function(row)
    return row[name]
  end
end

-- A shape whose columns are plain fields: { "TITLE", "field" }.
local function shape(list)
  local columns, fields = {}, {}
  for i, pair in ipairs(list) do
    columns[i] = { title = pair[1], value = field(pair[2]), shrinks = true }
    fields[i] = pair[2]
  end
  return { columns = columns, fields = fields }
end

-- A listing: the client's kind, the operation, what a row holds.
local LISTINGS = {
  exports = {
    kind = "export_execution", operation = "list_exports",
    shape = shape { { "NAME", "name" }, { "HEALTH", "health" }, { "ARN", "id" } },
    row = function(record)
      return { name = record.ExportName, health = record.ExportStatus.StatusCode, id = record.ExportArn }
    end,
  },
  windows = {
    kind = "maintenance_window_execution", operation = "describe_maintenance_windows",
    shape = shape { { "NAME", "name" }, { "ID", "id" }, { "ENABLED", "enabled" }, { "NEXT", "next" } },
    row = function(record)
      return {
        name = record.Name, id = record.WindowId, enabled = record.Enabled, next = record.NextExecutionTime,
      }
    end,
  },
  ["snapshot-jobs"] = {
    kind = "resource_snapshot_job", operation = "list_resource_snapshot_jobs",
    shape = shape { { "ID", "id" }, { "STATUS", "status" }, { "ENGAGEMENT", "engagement" } },
    row = function(record)
      return { id = record.Id, status = record.Status, engagement = record.EngagementId }
    end,
  },
  azure = {
    kind = "export_run", operation = "list",
    shape = shape {
      { "NAME", "name" }, { "SCHEDULE", "schedule" }, { "RECURRENCE", "recurrence" }, { "NEXT", "next" },
    },
    row = function(record)
      local properties = record.properties or {}
      local schedule = properties.schedule or {}
      return {
        name = record.name, schedule = schedule.status, recurrence = schedule.recurrence,
        next = properties.nextRunTimeEstimate,
      }
    end,
  },
}

-- The runs of something: the kind, and the parameters that its listing takes.
local function runs_of(what, parsed)
  if parsed.scope then
    return "export_run", { scope = parsed.scope, exportName = what }
  elseif what:find("^mw%-%x+$") then
    return "maintenance_window_execution", { WindowId = what }
  elseif what:find("^arn:[^:]*:bcm%-data%-exports:") then
    return "export_execution", { ExportArn = what }
  end
end

local function run_columns(utc)
  return {
    { title = "STATE", value = field "state", color = function(row)
      return terminal.meaning(row.state)
    end },
    { title = "CODE", value = field "code", shrinks = true },
    { title = "STARTED", value = function(row)
      return row.started_at and when.moment(row.started_at, utc)
    end },
    { title = "TOOK", value = function(row)
      return row.started_at and row.ended_at and when.duration(row.ended_at - row.started_at)
    end },
    { title = "WHY", value = field "reason", shrinks = true },
    { title = "REF", whole = true, value = field "ref" },
  }
end

local RUN_FIELDS = { "state", "code", "reason", "started_at", "ended_at", "id", "ref" }

local function began(status)
  return status.started_at or status.updated_at or 0
end

-- Leaves the first `limit` of a list.
local function cut(list, limit)
  for i = #list, limit + 1, -1 do
    list[i] = nil
  end
end

local function list_runs(client, kind, params, parsed)
  local listing = kind.listing
  local records, err = client:all(listing.operation, params)
  if not records then
    return out.fail(err)
  end
  local found = {}
  for i, record in ipairs(records) do
    local ids = { [kind.id] = kind.record_id(record) }
    for name, value in pairs(params) do
      ids[name] = value
    end
    local job = cloudjobs.jobs[kind.kind](client, ids)
    found[i] = job:read(record)
    found[i].ref = job:ref()
  end
  table.sort(found, function(a, b)
    return began(a) > began(b)
  end)
  cut(found, parsed.limit or LIMIT)
  rows.print(found, { columns = run_columns(parsed.utc), fields = RUN_FIELDS }, parsed)
  return out.EXIT.succeeded
end

local function list_all(client, listing, params, parsed)
  local records, err = client:all(listing.operation, params)
  if not records then
    return out.fail(err)
  end
  local found = {}
  for i, record in ipairs(records) do
    found[i] = listing.row(record)
  end
  cut(found, parsed.limit or #found)
  rows.print(found, listing.shape, parsed)
  return out.EXIT.succeeded
end

--- Lists. Returns the exit status, or nil and a message for a mistake on the command line.
local function run(parsed)
  local what = parsed.what or "exports"
  if what == "snapshot-jobs" and not parsed.catalog then
    return nil, "snapshot-jobs: expected --catalog"
  end
  local reach = access.new(parsed)
  local listing = LISTINGS[parsed.scope and what == "exports" and "azure" or what]
  if listing then
    return list_all(reach:client(kinds.find(listing.kind)), listing, { Catalog = parsed.catalog }, parsed)
  end
  local kind, params = runs_of(what, parsed)
  if not kind then
    return nil, ("'%s' is nothing to list%s"):format(what, suggest(what, WORDS))
  end
  kind = kinds.find(kind)
  return list_runs(reach:client(kind), kind, params, parsed)
end

return { EXAMPLES = EXAMPLES, define = define, run = run }
