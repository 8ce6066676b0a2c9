--- `cloudjobs run NAME`: starts an Azure export or a Partner Central snapshot job, and follows what it started.

local access = require "cloudjobs.cli.access"
local cloudjobs = require "cloudjobs"
local follow = require "cloudjobs.cli.follow"
local interrupt = require "cloudjobs.cli.interrupt"
local kinds = require "cloudjobs.cli.kinds"
local out = require "cloudjobs.cli.out"

local EXAMPLES = [[
   cloudjobs run nightly --scope subscriptions/ID && ./load-billing-data
   cloudjobs run nightly --scope subscriptions/ID --from 2026-01-01 --to 2026-01-31
   cloudjobs run job-0123456789abc --catalog AWS]]

local function define(command)
  command:argument("name"):argname("<name>")
    :description("Name of an Azure export in --scope, or id of a snapshot job in --catalog.")
  command:option("--catalog"):argname("<name>"):description("Partner Central catalog, such as AWS or Sandbox.")
  command:option("--from"):argname("<day>"):description("First day of the data that an Azure export is to deliver.")
  command:option("--to"):argname("<day>"):description("Last day of it.")
  access.define(command)
  follow.define_found(command)
end

-- The time period of a run that says one; days are whole.
local function period_of(parsed)
  if not (parsed.from or parsed.to) then
    return nil
  elseif not (parsed.from and parsed.to) then
    return nil, "--from and --to belong together"
  end
  for _, name in ipairs { "from", "to" } do
    if not (parsed[name]:find("^%d%d%d%d%-%d%d%-%d%d$") and cloudjobs.epoch(parsed[name] .. "T00:00:00Z")) then
      return nil, ("--%s: expected a day such as 2026-01-31, got '%s'"):format(name, parsed[name])
    end
  end
  if parsed.from > parsed.to then
    return nil, ("--from %s is after --to %s"):format(parsed.from, parsed.to)
  end
  return { timePeriod = { from = parsed.from .. "T00:00:00Z", to = parsed.to .. "T23:59:59Z" } }
end

local function start_export(reach, parsed, period)
  return cloudjobs.jobs.run_export(reach:client(kinds.find("export_run")), {
    exportName = parsed.name, run = period,
  }, { timeout = parsed.timeout, cancel = interrupt.catch() })
end

local function start_snapshots(reach, parsed)
  local job = cloudjobs.jobs.resource_snapshot_job(reach:client(kinds.find("resource_snapshot_job")), {
    Catalog = parsed.catalog, ResourceSnapshotJobIdentifier = parsed.name,
  })
  -- The coming snapshot is told by what was there before it.
  local status, err = job:status()
  local started
  if status then
    started, err = job:start()
  end
  return started and job, err
end

--- Starts and follows. Returns the exit status, or nil and a message for a mistake on the command line.
local function run(parsed)
  local period, message = period_of(parsed)
  if message then
    return nil, message
  elseif (parsed.scope == nil) == (parsed.catalog == nil) then
    return nil, "expected --scope for an Azure export, or --catalog for a snapshot job"
  elseif period and parsed.catalog then
    return nil, "--from and --to are for Azure exports"
  end
  local start = parsed.catalog and start_snapshots or start_export
  local job, err = start(access.new(parsed, true), parsed, period)
  interrupt.release()
  if not job then
    return out.fail(err)
  end
  return follow.found(job, parsed)
end

return { EXAMPLES = EXAMPLES, define = define, run = run }
