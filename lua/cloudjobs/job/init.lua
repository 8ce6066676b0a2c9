--- The four kinds of job, public: constructors, finders, and `open` for a
--- reference that another process wrote.

local Error = require "cloudjobs.base.error"
local Job = require "cloudjobs.job.job"
local find = require "cloudjobs.job.find"
local option = require "cloudjobs.base.options"
local ref = require "cloudjobs.job.ref"

local KINDS = {
  export_execution = require "cloudjobs.job.kinds.export_execution",
  maintenance_window_execution = require "cloudjobs.job.kinds.maintenance_window_execution",
  resource_snapshot_job = require "cloudjobs.job.kinds.resource_snapshot_job",
  export_run = require "cloudjobs.job.kinds.export_run",
}

-- `kinds` is the data of each, for whoever shows jobs to people.
---@alias cloudjobs.Maker fun(client: cloudjobs.Client, ids: table): cloudjobs.Job
---@alias cloudjobs.Finder fun(client: cloudjobs.Client, ids: table, options?: table): cloudjobs.Job?, cloudjobs.Error?

---@class cloudjobs.jobs
---@field export_execution cloudjobs.Maker
---@field maintenance_window_execution cloudjobs.Maker
---@field resource_snapshot_job cloudjobs.Maker
---@field export_run cloudjobs.Maker
---@field next_execution cloudjobs.Finder
---@field next_window_execution cloudjobs.Finder
---@field run_export cloudjobs.Finder
local jobs = { kinds = KINDS }

for name, kind in pairs(KINDS) do
  jobs[name] = function(client, params)
    local job = Job.new(kind, client, params)
    return job
  end
end

local FINDERS = {
  next_execution = KINDS.export_execution,
  next_window_execution = KINDS.maintenance_window_execution,
  run_export = KINDS.export_run,
}

for name, kind in pairs(FINDERS) do
  local what = "cloudjobs.jobs." .. name
  jobs[name] = function(client, params, options)
    Job.check_client(kind, client, what)
    local job, err = find[name](kind, client, params, options)
    if not job then
      return nil, err
    end
    return job
  end
end

local function bad_ref(text, message)
  return nil, Error.new { kind = "validation", code = "ref", message = ("reference %q: %s"):format(text, message) }
end

-- What a reference may say of the client. An address is not among it: whoever
-- can write a reference must not learn where to send signed requests.
local SETTINGS = { region = true, profile = true, cloud = true, api_version = true }

-- A reference's fields apart: the job's own, and the client's settings.
local function split(kind, fields)
  local params, settings = {}, {}
  for _, list in ipairs { kind.params, kind.optional or {} } do
    for _, name in ipairs(list) do
      params[name], fields[name] = fields[name], nil
    end
  end
  if fields.since then
    params.since = { success = tonumber(fields.since), failure = fields.failure }
    fields.since, fields.failure = nil, nil
  end
  for name, value in pairs(fields) do
    if not SETTINGS[name] then
      return nil, "unknown field " .. name
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

-- The client for a reference: made of its settings and of the options, which win.
local function client_of(kind, settings, options)
  if type(options) == "function" then
    return options(kind, settings)
  elseif options ~= nil and type(options) ~= "table" then
    option.mistake("cloudjobs.jobs.open: options: expected table or function, got " .. type(options))
  end
  for name, value in pairs(options or {}) do
    settings[name] = value
  end
  local client = require("cloudjobs." .. kind.cloud)[kind.service](settings)
  return client
end

--- Takes a saved job up again. The client is made anew from what the
--- reference says and `options`, which win.
---@param text string what `job:ref()` gave
---@param options table|function|nil a client's options: credentials, transport, …; or what gives the client for a kind
--- and the reference's settings, so that several jobs share one
---@return table|nil job
---@return cloudjobs.Error|nil err kind "validation" for a text that is no reference
function jobs.open(text, options)
  if type(text) ~= "string" then
    option.mistake("cloudjobs.jobs.open: expected a reference, got " .. type(text))
  end
  local kind_name, fields = ref.parse(text)
  if not kind_name then
    return bad_ref(text, fields)
  end
  local kind = KINDS[kind_name]
  if not kind then
    return bad_ref(text, "unknown kind " .. kind_name)
  end
  local params, settings = split(kind, fields)
  if not params then
    return bad_ref(text, settings)
  end
  local job = Job.new(kind, client_of(kind, settings, options), params)
  return job
end

return jobs
