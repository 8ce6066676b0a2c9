--- cloudjobs starts long-running cloud jobs, waits for them and reports how they
--- ended. This file is the list of what is public.

local native = require "cloudjobs.base.native"

local is_loaded, problem = pcall(require, "cloudjobs.core")
if not is_loaded then
  error(native.explain(problem), 0)
end

local core = require "cloudjobs.core"
local json = require "cloudjobs.base.json"
local version = require "cloudjobs.version"

-- What a program does not use is not loaded.
local LAZY = {
  aws = "cloudjobs.aws",
  azure = "cloudjobs.azure",
  parallel = "cloudjobs.transport.parallel",
  sigv4 = "cloudjobs.aws.sigv4",
  transport = "cloudjobs.transport",
}

---@class cloudjobs
---@field aws cloudjobs.aws
---@field azure cloudjobs.azure
---@field jobs cloudjobs.jobs
---@field parallel fun(functions: function[], options?: table): table
---@field sigv4 { sign: function }
---@field transport { curl: function, multi: function, nginx: function }
local cloudjobs = {
  _VERSION = "cloudjobs " .. version,
  epoch = core.epoch,
  iso = core.iso,
  json = json,
  null = core.null,
}

--- Ends whatever it was given to; see base/canceller.lua.
---@return cloudjobs.Canceller
function cloudjobs.canceller()
  local canceller = require("cloudjobs.base.canceller").new()
  return canceller
end

--- Follows many jobs at once, until all have ended; see job/watch.lua.
---@param jobs table[]
---@param options table|nil
---@return cloudjobs.Status[]
function cloudjobs.watch(jobs, options)
  local statuses = require "cloudjobs.job.watch"(require "cloudjobs.transport.parallel", jobs, options)
  return statuses
end

--- Every export of a fleet with its last run and its health; see job/inventory.lua.
---@param fleet table[]
---@param options { concurrency: integer|nil, cadence: number|nil, timeout: number|nil, transport: table|nil }|nil
---@return cloudjobs.Row[]
function cloudjobs.inventory(fleet, options)
  local context = {
    parallel = require "cloudjobs.transport.parallel",
    make = { aws = require "cloudjobs.aws", azure = require "cloudjobs.azure" },
    transport = options and options.transport or require("cloudjobs.transport").default(),
  }
  local rows = require "cloudjobs.job.inventory"(context, fleet, options)
  return rows
end

-- The source of an export's deliveries, and the filter among the options; raises a mistake of the caller.
local function delivery_source(client, ids, options, what)
  local option = require "cloudjobs.base.options"
  local known = { storage = "table", request_payer = "boolean" }
  for name, expected in pairs(require("cloudjobs.cloud.delivery_filter").OPTIONS) do
    known[name] = expected
  end
  local make = type(client) == "table" and rawget(client, "delivery_source")
  if not make then
    option.mistake(what .. ": expected a client of cloudjobs.aws.bcm_data_exports or cloudjobs.azure.cost_exports")
  end
  local filter = {}
  for name, value in pairs(option.check(options, known, what)) do
    filter[name] = value
  end
  local settings = { storage = filter.storage, request_payer = filter.request_payer }
  filter.storage, filter.request_payer = nil, nil
  return make(client, ids, settings), filter
end

--- What an export delivered, period by period; docs/collect.md has the fields.
---@param client cloudjobs.Client of bcm_data_exports or cost_exports
---@param ids { ExportArn: string|nil, exportName: string|nil, scope: string|nil } the export's
---@param options cloudjobs.DeliveryFilter|{ storage: cloudjobs.Client|nil, request_payer: boolean|nil }|nil storage: a
--- client of S3 or of blobs in place of one that is made from the client's credentials
---@return cloudjobs.Delivery[]|nil deliveries oldest period first; without any an empty list
---@return cloudjobs.Error|nil err
function cloudjobs.deliveries(client, ids, options)
  local source, filter = delivery_source(client, ids, options, "cloudjobs.deliveries")
  local deliveries, err = source:list(filter)
  if not deliveries then
    return nil, err
  end
  return deliveries
end

-- A client of a service: of its own constructor, or by a description.
local function client_of(cloud, service, settings)
  local make = cloudjobs[cloud][service]
  if make then
    return make(settings)
  end
  settings.service = service
  return cloudjobs.aws.client(settings)
end

-- The description of a service, or nil and a message.
local function model_of(cloud, service)
  if cloud == "aws" then
    return require("cloudjobs.aws.description").find({ service = service }, os.getenv)
  end
  for _, entry in ipairs(require "cloudjobs.models.index") do
    if entry.cloud == cloud and entry.name == service then
      return require("cloudjobs.model").load(entry.model)
    end
  end
  return nil, ("cloudjobs.%s has no service %s"):format(cloud, service)
end

-- The job room knows no cloud by itself.
local function load_jobs()
  return require "cloudjobs.job".new { client = client_of, model = model_of }
end

return setmetatable(cloudjobs, {
  __index = function(self, name)
    local module = LAZY[name]
    local loaded = module and require(module) or name == "jobs" and load_jobs() or nil
    if loaded then
      rawset(self, name, loaded)
    end
    return loaded
  end,
})
