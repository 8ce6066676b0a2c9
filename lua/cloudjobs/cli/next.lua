--- `cloudjobs next ARN|WINDOW`: waits until an export or a window runs next, and follows that run.

local access = require "cloudjobs.cli.access"
local cloudjobs = require "cloudjobs"
local follow = require "cloudjobs.cli.follow"
local interrupt = require "cloudjobs.cli.interrupt"
local kinds = require "cloudjobs.cli.kinds"
local os_ = require "cloudjobs.os"
local out = require "cloudjobs.cli.out"
local when = require "cloudjobs.cli.when"

local EXAMPLES = [[
   cloudjobs next arn:aws:bcm-data-exports:us-east-1:123456789012:export/nightly-1a2b --timeout 26h
   cloudjobs next mw-0123456789abcdef0 --since 10m]]

local function define(command)
  command:argument("id"):argname("<id>"):description("ARN of an AWS export, or id of a maintenance window (mw-…).")
  command:option("--since"):argname("<time>"):convert(when.parse_since)
    :description("A run counts that began after this, now unless given: 10m, 2026-01-31T12:00:00Z.")
  access.define(command)
  follow.define_found(command)
end

-- What an id is of: the finder, the kind and the finder's parameters.
local function plan(id)
  if id:find("^mw%-%x+$") then
    return "next_window_execution", "maintenance_window_execution", { WindowId = id }
  elseif id:find("^arn:[^:]*:bcm%-data%-exports:") then
    return "next_execution", "export_execution", { ExportArn = id, region = id:match("^arn:[^:]*:[^:]*:([^:]+):") }
  end
end

-- Says how to go on when nothing has begun yet: with the time from which on a run counts.
local function hand_over(parsed, given, since, interrupted)
  follow.hand_over(interrupted, "To go on waiting", {
    ("cloudjobs next %s --since %s%s"):format(parsed.id, cloudjobs.iso(math.floor(since)), given),
  })
end

--- Waits and follows. Returns the exit status, or nil and a message for a mistake on the command line.
local function run(parsed)
  local finder, kind, params = plan(parsed.id)
  if not finder then
    return nil, ("'%s' is neither the ARN of an AWS export nor the id of a maintenance window"):format(parsed.id)
  end
  local reach = access.new(parsed, true)
  local given = access.words(parsed, "profile", "region", "endpoint")
  parsed.region, params.region = parsed.region or params.region, nil
  params.since = parsed.since or reach.transport:now()
  if os_.isatty(2) then
    io.stderr:write(("Waiting for the next run of %s\n"):format(kinds.name(kind, params)))
  end
  local job, err = cloudjobs.jobs[finder](reach:client(kinds.find(kind)), params, {
    timeout = parsed.timeout, interval = parsed.interval, cancel = interrupt.catch(),
  })
  interrupt.release()
  if not job then
    local interrupted = err.kind == "cancelled"
    local status = interrupted and out.EXIT.unknown or out.fail(err)
    if follow.goes_on(err) then
      hand_over(parsed, given, params.since, interrupted)
    end
    return status
  end
  return follow.found(job, parsed)
end

return { EXAMPLES = EXAMPLES, define = define, run = run }
