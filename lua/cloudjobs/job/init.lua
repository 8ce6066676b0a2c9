--- The kinds of job, public: constructors, finders, and `open` for a
--- reference that another process wrote.

local Error = require "cloudjobs.base.error"
local check_definition = require "cloudjobs.job.definition"
local Job = require "cloudjobs.job.job"
local find = require "cloudjobs.job.find"
local kinds = require "cloudjobs.job.kinds"
local option = require "cloudjobs.base.options"
local quote = require "cloudjobs.base.quote"
local ref = require "cloudjobs.job.ref"
local suggest = require "cloudjobs.base.suggest"

---@alias cloudjobs.Maker fun(client: cloudjobs.Client, ids: table): cloudjobs.Job
---@alias cloudjobs.Finder fun(client: cloudjobs.Client, ids: table, options?: table): cloudjobs.Job?, cloudjobs.Error?

---@class cloudjobs.jobs the functions of each kind are in its file
---@field define fun(definition: cloudjobs.Kind): cloudjobs.Maker
---@field open fun(text: string, options?: table|function): cloudjobs.Job?, cloudjobs.Error?

local function maker(kind)
  return function(client, params)
    local job = Job.new(kind, client, params)
    return job
  end
end

local function finder(name, kind, find_job)
  local what = "cloudjobs.jobs." .. name
  return function(client, params, options)
    Job.check_client(kind, client, what)
    local job, err = find_job(kind, client, params, options)
    if not job then
      return nil, err
    end
    return job
  end
end

local function bad_ref(text, message)
  message = ("reference %s: %s"):format(quote.value(text), message)
  return nil, Error.new { kind = "validation", code = "ref", message = message }
end

-- The settings of a client that a reference may hold, by cloud, with their values where there are a few. An endpoint is
-- not one of them: the author of a reference must not decide where signed requests go.
local SETTINGS = {
  aws = { region = true, profile = true },
  azure = { cloud = { public = true, us_government = true, china = true }, api_version = true },
}

-- Seconds as a reference has them: JSON's numbers, no hexadecimal ones and no infinity.
local function seconds_in(text)
  local seconds = text:find("^%d[%d.eE+-]*$") and tonumber(text)
  return seconds and seconds < math.huge and seconds or nil
end

-- A reference's fields apart: the job's own, and the client's settings.
local function split(kind, fields)
  local params, settings = {}, {}
  for _, list in ipairs { kind.params, kind.optional or {} } do
    for _, name in ipairs(list) do
      params[name], fields[name] = fields[name], nil
    end
  end
  if kind.outcome and (fields.since or fields.failure) then
    local since = fields.since and seconds_in(fields.since)
    if fields.since and not since then
      return nil, "since: expected seconds, got " .. quote.value(fields.since)
    end
    params.since = { success = since, failure = fields.failure }
    fields.since, fields.failure = nil, nil
  end
  for name, value in pairs(fields) do
    local known = SETTINGS[kind.cloud][name]
    if not known then
      return nil, "unknown field " .. name
    elseif known ~= true and not known[value] then
      return nil, ("unknown %s %s"):format(name, quote.value(value))
    end
    settings[name] = value
  end
  for _, name in ipairs(kind.params) do
    if not params[name] then
      return nil, "expected " .. name
    end
  end
  return params, settings
end

local function names()
  local list = {}
  for i, kind in ipairs(kinds) do
    list[i] = kind.kind
  end
  return list
end

-- The client for a reference: made of its settings and of the options, which win.
local function client_of(clouds, kind, settings, options)
  if type(options) == "function" then
    return options(kind, settings)
  elseif options ~= nil and type(options) ~= "table" then
    option.mistake("cloudjobs.jobs.open: options: expected table or function, got " .. type(options))
  end
  for name, value in pairs(options or {}) do
    settings[name] = value
  end
  return clouds.client(kind.cloud, kind.service, settings)
end

--- Opens a job that another process saved. The client is made from the settings
--- in the reference and from `options`, which win.
---@param clouds cloudjobs.jobs.Clouds
---@param text string what `job:ref()` gave
---@param options table|function|nil a client's options: credentials, transport, …; or a function of the kind and the
--- reference's settings that returns the client, so that several jobs share one
---@return table|nil job
---@return cloudjobs.Error|nil err kind "validation" for a text that is no reference
local function open(clouds, text, options)
  if type(text) ~= "string" then
    option.mistake("cloudjobs.jobs.open: expected a reference, got " .. type(text))
  end
  local kind_name, fields = ref.parse(text)
  if not kind_name then
    return bad_ref(text, fields)
  end
  local kind = kinds[kind_name]
  if not kind then
    return bad_ref(text, "unknown kind " .. kind_name .. suggest(kind_name, names()))
  elseif kind.not_resumable then
    return bad_ref(text, ("jobs of the kind %s have no reference: %s"):format(kind_name, kind.not_resumable))
  end
  local params, settings = split(kind, fields)
  local refusal = not params and settings or kind.refuse and kind.refuse(params)
  if refusal then
    return bad_ref(text, refusal)
  end
  return Job.new(kind, client_of(clouds, kind, settings, options), params)
end

-- Adds the functions of a kind: its constructor and those that find or start its jobs.
local function publish(jobs, kind)
  jobs[kind.kind] = maker(kind)
  if kind.next then
    jobs[kind.next.finder] = finder(kind.next.finder, kind, find.next)
  end
  if kind.run and kind.run.finder then
    jobs[kind.run.finder] = finder(kind.run.finder, kind, find.run)
  end
end

--- Defines a kind of job; docs/jobs.md has the fields. The kind is then used as the shipped ones are: its constructor
--- is `cloudjobs.jobs[kind]`, and `cloudjobs.jobs["start_" .. kind]` starts one where `run` says how. Raises for a
--- definition with mistakes, and names all of them.
---@param jobs cloudjobs.jobs
---@param clouds cloudjobs.jobs.Clouds
---@param definition cloudjobs.Kind
---@return cloudjobs.Maker
local function define(jobs, clouds, definition)
  if type(definition) ~= "table" then
    option.mistake("cloudjobs.jobs.define: expected table, got " .. type(definition))
  end
  local kind, problems = check_definition(definition, clouds.model, jobs)
  if not kind then
    local name = type(definition.kind) == "string" and quote.name(definition.kind) or "definition"
    option.mistake(("cloudjobs.jobs.define: %s: %s"):format(name, table.concat(problems, "; ")))
  end
  kinds[#kinds + 1], kinds[kind.kind] = kind, kind
  publish(jobs, kind)
  return jobs[kind.kind]
end

---@class cloudjobs.jobs.Clouds functions of the clouds, which this folder does not require
---@field client fun(cloud: string, service: string, settings: table): cloudjobs.Client
---@field model fun(cloud: string, service: string): cloudjobs.Model|nil, string|nil the service's description, or why
--- there is none

--- The public functions.
---@param clouds cloudjobs.jobs.Clouds
---@return cloudjobs.jobs
local function new(clouds)
  local jobs = {
    open = function(text, options)
      local job, err = open(clouds, text, options)
      return job, err
    end,
  }
  function jobs.define(definition)
    local make = define(jobs, clouds, definition)
    return make
  end
  for _, kind in ipairs(kinds) do
    publish(jobs, kind)
  end
  return jobs
end

return { new = new }
