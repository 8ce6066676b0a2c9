--- `cloudjobs next NAME`: waits until an export or a window runs next, and follows that run.

local access = require "cloudjobs.cli.access"
local ascii = require "cloudjobs.base.ascii"
local cloudjobs = require "cloudjobs"
local follow = require "cloudjobs.cli.follow"
local interrupt = require "cloudjobs.cli.interrupt"
local catalog = require "cloudjobs.cli.catalog"
local notice = require "cloudjobs.cli.notice"
local os_ = require "cloudjobs.os"
local out = require "cloudjobs.cli.out"
local when = require "cloudjobs.cli.when"

local EXAMPLES = [[
   cloudjobs next arn:aws:bcm-data-exports:us-east-1:123456789012:export/nightly-1a2b --timeout 26h
   cloudjobs next mw-0123456789abcdef0 --since 10m
   cloudjobs next nightly --scope subscriptions/ID]]

local function define(command)
  command:argument("id"):argname("<id>"):description(catalog.hints("next"):gsub("^%l", ascii.upper) .. ".")
  command:option("--since"):argname("<time>"):convert(when.parse_since)
    :description("A run counts that began after this, now unless given: 10m, 2026-01-31T12:00:00Z.")
  catalog.define_options(command, "next")
  access.define(command)
  follow.define_found(command)
end

-- Prints the command that continues, with the time after which a run counts.
local function hand_over(parsed, given, since, interrupted)
  follow.hand_over(interrupted, "To go on waiting", {
    ("cloudjobs next %s --since %s%s"):format(parsed.id, cloudjobs.iso(math.floor(since)), given),
  })
end

--- Waits and follows. Returns the exit status, or nil and a message for a mistake on the command line.
local function run(parsed)
  local kind, params = catalog.of_source("next", parsed.id, parsed)
  if not kind then
    return nil, ("'%s' is not %s"):format(parsed.id, catalog.hints "next")
  end
  local reach = access.new(parsed, true)
  local given = access.words(parsed, "profile", "region", "endpoint", "scope", "ca_bundle")
  parsed.region = parsed.region or (kind.source.region and kind.source.region(parsed.id))
  params.since = parsed.since or reach.transport:now()
  local job, err = interrupt.run(function(canceller)
    if os_.isatty(2) then
      notice.line("Waiting for the next run of " .. kind.name(params))
    end
    return cloudjobs.jobs[kind.next.finder](reach:client(kind), params, {
      timeout = parsed.timeout, interval = parsed.interval, cancel = canceller,
    })
  end)
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
