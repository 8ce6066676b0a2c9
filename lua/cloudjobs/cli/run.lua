--- `cloudjobs run NAME`: starts an Azure export or a Partner Central snapshot job, and follows what it started.
--- `cloudjobs run KIND [JSON|@FILE]` does so with a job of any kind that can be started.

local access = require "cloudjobs.cli.access"
local ascii = require "cloudjobs.base.ascii"
local cloudjobs = require "cloudjobs"
local file = require "cloudjobs.cli.file"
local find = require "cloudjobs.job.find"
local follow = require "cloudjobs.cli.follow"
local interrupt = require "cloudjobs.cli.interrupt"
local catalog = require "cloudjobs.cli.catalog"
local out = require "cloudjobs.cli.out"

local EXAMPLES = [[
   cloudjobs run nightly --scope subscriptions/ID && ./load-billing-data
   cloudjobs run nightly --scope subscriptions/ID --from 2026-01-01 --to 2026-01-31
   cloudjobs run job-0123456789abc --catalog AWS
   cloudjobs run athena-query '{"QueryString": "SELECT 1", "WorkGroup": "primary"}'
   cloudjobs run step-functions-execution @execution.json --ref-only]]

local function define(command, args)
  local message = catalog.define_kinds(command, args)
  local argument = command:argument("name"):argname("<name>")
    :description(catalog.hints("run"):gsub("^%l", ascii.upper) .. ", or a kind of job that `cloudjobs kinds` lists.")
  argument.offers = catalog.startable()
  command:argument("params"):args("?"):argname("<json>")
    :description("With a kind: the parameters of its start as JSON, or @FILE to read them from one.")
  catalog.define_options(command, "run")
  command:option("--from"):argname("<day>"):description("First day of the data that an Azure export delivers.")
  command:option("--to"):argname("<day>"):description("Last day of it.")
  access.define(command)
  follow.define_found(command)
  return message
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

-- The kind and the parameters of its start, as `KIND JSON` gives them.
local function kind_of_words(parsed)
  local kind = catalog.find(parsed.name)
  if not (kind and catalog.can_start(kind)) then
    return nil, ("'%s' is no kind of job that can be started this way; `cloudjobs kinds` lists the kinds")
      :format(parsed.name)
  end
  local params, message = {}, nil
  if parsed.params then
    params, message = file.json(parsed.params)
  end
  if type(params) ~= "table" then
    return nil, "parameters: " .. (message or "expected a JSON object")
  elseif parsed.from or parsed.to then
    return nil, ("--from and --to: a job of the kind %s has no time period"):format(kind.title)
  end
  return kind, params
end

-- The kind and the parameters of its start, by the name of the thing that jobs are runs of.
local function kind_of_source(parsed)
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
  return kind, params
end

--- Starts and follows. Returns the exit status, or nil and a message for a mistake on the command line.
local function run(parsed)
  local is_kind = parsed.params or catalog.find(parsed.name)
  local kind, params = (is_kind and kind_of_words or kind_of_source)(parsed)
  if not kind then
    return nil, params
  end
  local client = access.new(parsed, true):client(kind)
  local job, err = interrupt.run(function(canceller)
    return find.run(kind, client, params, { timeout = parsed.timeout, cancel = canceller })
  end)
  if not job and is_kind and err.kind == "validation" then
    return nil, err.message
  elseif not job then
    return out.fail(err)
  end
  return follow.found(job, parsed)
end

return { EXAMPLES = EXAMPLES, define = define, run = run }
