--- `cloudjobs watch REF…` or `cloudjobs watch KIND --Id …`: follows jobs to their ends.

local access = require "cloudjobs.cli.access"
local cloudjobs = require "cloudjobs"
local follow = require "cloudjobs.cli.follow"
local catalog = require "cloudjobs.cli.catalog"

local EXAMPLES = [[
   cloudjobs watch "$REF" --timeout 2h && ./load-billing-data
   cloudjobs watch export-run --scope subscriptions/ID --exportName nightly --run_id ID
   cloudjobs status --output json | jq -r '.[] | select(.health == "running") | .ref' | xargs cloudjobs watch]]

-- The ids of a kind are options under their own names; the scope is one already.
local function add_ids(command, kind)
  local taken = access.option_names()
  for _, list in ipairs { kind.params, kind.optional or {} } do
    for _, name in ipairs(list) do
      if not taken["--" .. name] then
        command:option("--" .. name):target("id " .. name):argname("<id>")
      end
    end
  end
end

local function define(command, args)
  local message = catalog.define_kinds(command, args)
  local argument = command:argument("ref"):target("job"):args("+"):argname("<ref>")
    :description("References of jobs, or one kind with its ids as options; `cloudjobs kinds` lists them.")
  argument.offers = catalog.names()
  access.define(command)
  follow.define(command)
  local kind = catalog.find(args[2])
  if kind then
    add_ids(command, kind)
  end
  return message
end

-- The job of a kind and its ids; `word` is the kind's name on the command line.
local function job_of_ids(kind, word, reach, parsed)
  local params = {}
  for _, list in ipairs { kind.params, kind.optional or {} } do
    for _, name in ipairs(list) do
      params[name] = parsed["id " .. name] or parsed[name]
    end
  end
  for _, name in ipairs(kind.params) do
    if not params[name] then
      return nil, ("%s: expected --%s"):format(word, name)
    end
  end
  return cloudjobs.jobs[kind.kind](reach:client(kind), params)
end

--- Follows the jobs. Returns the exit status, or nil and a message for a mistake on the command line.
local function run(parsed)
  local reach = access.new(parsed, true)
  local kind = catalog.find(parsed.job[1])
  if kind and #parsed.job > 1 then
    return nil, ("%s takes its ids as options, not '%s'"):format(parsed.job[1], parsed.job[2])
  end
  local jobs = {}
  for i, word in ipairs(parsed.job) do
    local job, message
    if kind then
      job, message = job_of_ids(kind, word, reach, parsed)
    else
      job, message = catalog.job_of_ref(word, reach)
    end
    if not job then
      return nil, message
    end
    jobs[i] = job
  end
  parsed.not_found_grace = 0 -- a job that is named exists
  return follow.follow(jobs, parsed)
end

return { EXAMPLES = EXAMPLES, define = define, run = run }
