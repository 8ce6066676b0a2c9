--- `cloudjobs status [FLEET]`: every export with its last run and its health. `cloudjobs status REF…` polls jobs once.

local Fleet = require "cloudjobs.cli.fleet"
local access = require "cloudjobs.cli.access"
local catalog = require "cloudjobs.cli.catalog"
local cloudjobs = require "cloudjobs"
local follow = require "cloudjobs.cli.follow"
local member = require "cloudjobs.base.path"
local out = require "cloudjobs.cli.out"
local rows = require "cloudjobs.cli.rows"
local terminal = require "cloudjobs.cli.terminal"
local when = require "cloudjobs.cli.when"

local EXAMPLES = [[
   cloudjobs status
   cloudjobs status fleet.lua --failed
   cloudjobs status "$REF"
   cloudjobs status fleet.lua --output csv --since 7d > exports.csv

A fleet is a Lua file that returns a list:
   return {
     { cloud = "aws", profile = "billing", region = "us-east-1", windows = true },
     { cloud = "azure", scope = "subscriptions/00000000-0000-0000-0000-000000000001" },
   }

Exits with 0 when all is well, 1 when an export is failing or stale, 2 when something is not known.]]

-- A health as exit status; a run under way has not failed.
local EXIT = {
  ok = out.EXIT.succeeded, running = out.EXIT.succeeded,
  failing = out.EXIT.failed, stale = out.EXIT.failed,
  unknown = out.EXIT.unknown,
}

local FIELDS = {
  "cloud", "label", "kind", "account", "region", "scope", "export", "health", "state", "code", "reason",
  "started_at", "ended_at", "age", "ref", "err",
}

local function define(command, args)
  command:argument("fleet"):args("*"):argname("<fleet>")
    :description("File that lists accounts and scopes, else the options' account or scope; or references of jobs.")
  local message = catalog.define_kinds(command, args)
  command:flag("--failed"):description("Only what is failing, stale or unknown.")
  command:option("--since"):argname("<time>"):convert(when.parse_since)
    :description("Leave out what is well and ran before then: 24h, 7d, 2026-01-31.")
  command:flag("--windows"):description("Without a fleet: open maintenance-window executions, too.")
  command:flag("--refs"):description("Add the references for `cloudjobs watch`.")
  access.define(command)
  rows.define(command)
  return message
end

-- The fleet that the options name: the AWS account, or the scope where one is given.
local function fleet_of(parsed)
  if parsed.scope then
    return { { cloud = "azure", scope = parsed.scope } }
  end
  return { { cloud = "aws", exports = true, windows = parsed.windows } }
end

local function is_text(value)
  return value == nil or type(value) == "string"
end

-- An entry for cloudjobs.inventory: options of the command line replace what the entry lacks. Values of a wrong type
-- are refused there.
local function complete(entry, reach, parsed)
  local filled = {}
  for name, value in pairs(entry) do
    filled[name] = value
  end
  filled.endpoint = entry.endpoint or parsed.endpoint
  filled.ca_bundle = entry.ca_bundle or parsed.ca_bundle
  if entry.cloud == "aws" then
    filled.profile = entry.profile or parsed.profile
    filled.region = entry.region or (not entry.regions and parsed.region) or nil
    if is_text(filled.profile) and is_text(filled.region) then
      filled.credentials = entry.credentials or reach:aws_credentials(filled.profile, filled.region)
    end
  elseif entry.cloud == "azure" then
    filled.credentials = entry.credentials or reach:azure_credentials()
  end
  return filled
end

local function why(row)
  if row.err then
    return tostring(row.err)
  elseif row.health == "failing" and row.code then
    return row.reason and row.code .. ": " .. row.reason or row.code
  end
  return row.reason or (not row.state and "never ran") or nil
end

local function columns(parsed, more_regions)
  return {
    { title = "HEALTH", value = function(row)
      return row.health
    end, color = function(row)
      return terminal.meaning(row.health)
    end },
    { title = "LABEL", spare = true, value = function(row)
      return row.label
    end },
    { title = "CLOUD", spare = true, value = function(row)
      return row.cloud
    end },
    { title = "ACCOUNT", spare = true, shrinks = true, value = function(row)
      return row.account or (row.scope and member.tail(row.scope))
    end },
    { title = "REGION", spare = true, value = function(row)
      return more_regions and row.region or nil
    end },
    { title = "NAME", shrinks = true, always = true, last = true, value = function(row)
      return row.export
    end },
    { title = "LAST RUN", spare = true, value = function(row)
      return row.state
    end },
    { title = "AGE", value = function(row)
      return row.age and when.age(row.age)
    end },
    { title = "ENDED", spare = true, value = function(row)
      return parsed.utc and row.ended_at and when.moment(row.ended_at, true)
    end },
    { title = "WHY", shrinks = true, last = true, below = true, value = why },
    { title = "REF", whole = true, value = function(row)
      return parsed.refs and row.ref
    end },
  }
end

-- The options leave out only what is well, so that the exit status is that of all rows.
local function is_shown(row, parsed)
  if EXIT[row.health] ~= out.EXIT.succeeded then
    return true
  elseif parsed.failed then
    return false
  end
  return not parsed.since or (row.ended_at or row.started_at or 0) >= parsed.since
end

local ORDER = { "ok", "running", "stale", "failing", "unknown" }

-- "5 in all: 3 ok, 1 failing, 1 unknown"
local function summary_of(counts, total)
  local parts = {}
  for _, health in ipairs(ORDER) do
    if counts[health] then
      parts[#parts + 1] = ("%d %s"):format(counts[health], health)
    end
  end
  return #parts > 0 and ("%d in all: %s"):format(total, table.concat(parts, ", ")) or "Nothing to show."
end

-- Failing first, then by the fleet's own order.
local RANK = { failing = 1, unknown = 2, stale = 3, running = 4, ok = 5 }

local function sort(found)
  local place = {}
  for i, row in ipairs(found) do
    place[row] = i
  end
  table.sort(found, function(a, b)
    local rank_a, rank_b = RANK[a.health], RANK[b.health]
    if rank_a ~= rank_b then
      return rank_a < rank_b
    end
    return place[a] < place[b]
  end)
end

local function has_regions(found)
  for _, row in ipairs(found) do
    if row.region ~= found[1].region and row.cloud == found[1].cloud then
      return true
    end
  end
  return false
end

local function report(found, parsed)
  local shown, counts, worst = {}, {}, out.EXIT.succeeded
  sort(found)
  for _, row in ipairs(found) do
    if is_shown(row, parsed) then
      shown[#shown + 1] = row
      counts[row.health] = (counts[row.health] or 0) + 1
      local status = row.err and out.status_of(row.err) or EXIT[row.health]
      worst = out.worst(worst, status)
    end
  end
  local shape = { columns = columns(parsed, has_regions(found)), fields = FIELDS }
  rows.print(shown, shape, parsed, summary_of(counts, #shown))
  return worst
end

-- Polls jobs by their references.
local function run_jobs(parsed)
  local reach, jobs = access.new(parsed), {}
  for i, text in ipairs(parsed.fleet) do
    local job, message = catalog.job_of_ref(text, reach)
    if not job then
      return nil, message
    end
    jobs[i] = job
  end
  return follow.poll_once(jobs, parsed)
end

--- Shows the state. Returns the exit status, or nil and a message for a mistake on the command line or in the fleet.
local function run(parsed)
  local path = parsed.fleet[1]
  if path and (catalog.find(path:match("^([^,]*),")) or catalog.looks_like_ref(path)) then
    return run_jobs(parsed)
  elseif parsed.fleet[2] then
    return nil, ("expected one fleet or references of jobs, got '%s' too"):format(parsed.fleet[2])
  end
  local fleet, message
  if path and (parsed.windows or parsed.scope) then
    local option = parsed.windows and "windows" or "scope"
    return nil, ("--%s: expected no fleet file beside it; an entry has %s of its own"):format(option, option)
  elseif path then
    fleet, message = Fleet.load(path)
  else
    fleet = { entries = fleet_of(parsed) }
  end
  if not fleet then
    return nil, message
  end
  local reach = access.new(parsed)
  local entries = {}
  for i, entry in ipairs(fleet.entries) do
    entries[i] = complete(entry, reach, parsed)
  end
  local ok, found = pcall(cloudjobs.inventory, entries, { transport = reach.transport })
  if not ok then
    return nil, path and fleet:mistake(found) or found
  end
  return report(found, parsed)
end

return { EXAMPLES = EXAMPLES, define = define, run = run }
