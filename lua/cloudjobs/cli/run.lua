--- `cloudjobs run NAME`: starts an Azure export or a Partner Central snapshot job, and follows what it started.

local access = require "cloudjobs.cli.access"
local ascii = require "cloudjobs.base.ascii"
local cloudjobs = require "cloudjobs"
local find = require "cloudjobs.job.find"
local follow = require "cloudjobs.cli.follow"
local interrupt = require "cloudjobs.cli.interrupt"
local catalog = require "cloudjobs.cli.catalog"
local out = require "cloudjobs.cli.out"

local EXAMPLES = [[
   cloudjobs run nightly --scope subscriptions/ID && ./load-billing-data
   cloudjobs run nightly --scope subscriptions/ID --from 2026-01-01 --to 2026-01-31
   cloudjobs run job-0123456789abc --catalog AWS]]

local function define(command)
  command:argument("name"):argname("<name>"):description(catalog.hints("run"):gsub("^%l", ascii.upper) .. ".")
  catalog.define_options(command, "run")
  command:option("--from"):argname("<day>"):description("First day of the data that an Azure export delivers.")
  command:option("--to"):argname("<day>"):description("Last day of it.")
  access.define(command)
  follow.define_found(command)
end

-- The time period of a run, in whole days; nil without --from and --to.
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

--- Starts and follows. Returns the exit status, or nil and a message for a mistake on the command line.
local function run(parsed)
  local period, message = period_of(parsed)
  if message then
    return nil, message
  elseif parsed.scope and parsed.catalog then
    return nil, "--scope and --catalog exclude each other"
  end
  local kind, params = catalog.of_source("run", parsed.name, parsed)
  if not kind then
    return nil, ("expected %s"):format(catalog.hints "run")
  elseif period and not kind.run.period then
    return nil, ("--from and --to: a job of the kind %s has no time period"):format(kind.title)
  elseif period then
    params[kind.run.period] = period
  end
  local client = access.new(parsed, true):client(kind)
  local job, err = interrupt.run(function(canceller)
    return find.run(kind, client, params, { timeout = parsed.timeout, cancel = canceller })
  end)
  if not job then
    return out.fail(err)
  end
  return follow.found(job, parsed)
end

return { EXAMPLES = EXAMPLES, define = define, run = run }
