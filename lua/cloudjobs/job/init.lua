--- The kinds of job, public: constructors, finders, and `open` for a
--- reference that another process wrote.

local Error = require "cloudjobs.base.error"
local Job = require "cloudjobs.job.job"
local find = require "cloudjobs.job.find"
local kinds = require "cloudjobs.job.kinds"
local option = require "cloudjobs.base.options"
local quote = require "cloudjobs.base.quote"
local ref = require "cloudjobs.job.ref"

---@alias cloudjobs.Maker fun(client: cloudjobs.Client, ids: table): cloudjobs.Job
---@alias cloudjobs.Finder fun(client: cloudjobs.Client, ids: table, options?: table): cloudjobs.Job?, cloudjobs.Error?

---@class cloudjobs.jobs the functions of each kind are in its file
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

-- The settings of a client that a reference may hold. An endpoint is not one of
-- them: the author of a reference must not decide where signed requests go.
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
local function client_of(cloud_of, kind, settings, options)
  if type(options) == "function" then
    return options(kind, settings)
  elseif options ~= nil and type(options) ~= "table" then
    option.mistake("cloudjobs.jobs.open: options: expected table or function, got " .. type(options))
  end
  for name, value in pairs(options or {}) do
    settings[name] = value
  end
  return cloud_of(kind.cloud)[kind.service](settings)
end

--- Opens a job that another process saved. The client is made from the settings
--- in the reference and from `options`, which win.
---@param cloud_of fun(name: string): table
---@param text string what `job:ref()` gave
---@param options table|function|nil a client's options: credentials, transport, …; or a function of the kind and the
--- reference's settings that returns the client, so that several jobs share one
---@return table|nil job
---@return cloudjobs.Error|nil err kind "validation" for a text that is no reference
local function open(cloud_of, text, options)
  if type(text) ~= "string" then
    option.mistake("cloudjobs.jobs.open: expected a reference, got " .. type(text))
  end
  local kind_name, fields = ref.parse(text)
  if not kind_name then
    return bad_ref(text, fields)
  end
  local kind = kinds[kind_name]
  if not kind then
    return bad_ref(text, "unknown kind " .. kind_name)
  end
  local params, settings = split(kind, fields)
  if not params then
    return bad_ref(text, settings)
  end
  return Job.new(kind, client_of(cloud_of, kind, settings, options), params)
end

--- The public functions.
---@param cloud_of fun(name: string): table the constructors of a cloud's clients, by their services
---@return cloudjobs.jobs
local function new(cloud_of)
  local jobs = {
    open = function(text, options)
      local job, err = open(cloud_of, text, options)
      return job, err
    end,
  }
  for _, kind in ipairs(kinds) do
    jobs[kind.kind] = maker(kind)
    for _, how in ipairs { "next", "run" } do
      local name = kind[how] and kind[how].finder
      if name then
        jobs[name] = finder(name, kind, find[how])
      end
    end
  end
  return jobs
end

return { new = new }
