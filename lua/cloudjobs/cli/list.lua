--- `cloudjobs list [WHAT]`: exports, windows, snapshot jobs, or the runs of one of them with their references.

local Job = require "cloudjobs.job.job"
local access = require "cloudjobs.cli.access"
local catalog = require "cloudjobs.cli.catalog"
local member = require "cloudjobs.base.path"
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

local function define(command)
  local argument = command:argument("what"):args("?"):argname("<what>")
    :description(("%s: lists these; %s: lists its runs, the newest first."):format(
      table.concat(catalog.words(), ", "), catalog.hints "listing"))
  argument.offers = catalog.words()
  catalog.define_options(command, "source")
  command:option("--limit"):argname("<n>"):convert(number.whole(1))
    :description(("Rows at most; %d runs unless given."):format(LIMIT))
  access.define(command)
  rows.define(command)
end

local function field(name)
  return function(row)
    return row[name]
  end
end

-- The columns of a kind's sources.
local function shape_of(source)
  local columns, fields = {}, {}
  for i, column in ipairs(source.columns) do
    columns[i] = { title = column[1], value = field(column[2]), shrinks = true }
    fields[i] = column[2]
  end
  return { columns = columns, fields = fields }
end

local function row_of(source, record)
  local row = {}
  for _, column in ipairs(source.columns) do
    row[column[2]] = member.at(record, column[3], column[4] or "string")
  end
  return row
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
    { title = "WHY", value = field "reason", shrinks = true, last = true },
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
  local records, err = client:all(kind.listing.operation, params)
  if not records then
    return out.fail(err)
  end
  local found = {}
  for i, record in ipairs(records) do
    local job
    job, err = Job.of_record(kind, client, params, record)
    if not job then
      return out.fail(err)
    end
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

local function list_sources(client, source, parsed)
  local params = source.option and { [source.option.param] = parsed[source.option.name] }
  local records, err = client:all(source.operation, params)
  if not records then
    return out.fail(err)
  end
  local found = {}
  for i, record in ipairs(records) do
    found[i] = row_of(source, record)
  end
  cut(found, parsed.limit or #found)
  rows.print(found, shape_of(source), parsed)
  return out.EXIT.succeeded
end

--- Lists. Returns the exit status, or nil and a message for a mistake on the command line.
local function run(parsed)
  local what = parsed.what or catalog.words()[1]
  local kind, message = catalog.of_word(what, parsed)
  if message then
    return nil, message
  end
  local reach = access.new(parsed)
  if kind then
    return list_sources(reach:client(kind), kind.source, parsed)
  end
  local params
  kind, params = catalog.of_source("listing", what, parsed)
  if not kind then
    return nil, ("'%s' is nothing to list%s"):format(what, suggest(what, catalog.words()))
  end
  return list_runs(reach:client(kind), kind, params, parsed)
end

return { EXAMPLES = EXAMPLES, define = define, run = run }
