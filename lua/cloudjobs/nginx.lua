--- cloudjobs inside nginx. One call in init_by_lua sets it up for all workers:
---
---     lua_shared_dict cloudjobs 1m;
---     init_by_lua_block { require("cloudjobs.nginx").setup() }

local Environment = require "cloudjobs.transport.nginx.environment"
local Preload = require "cloudjobs.transport.nginx.preload"
local Transport = require "cloudjobs.transport.nginx"
local models = require "cloudjobs.models.index"
local Uncaught = require "cloudjobs.transport.nginx.uncaught"
local option = require "cloudjobs.base.options"
local transports = require "cloudjobs.transport"

local ngx = ngx

local DICT = "cloudjobs"

-- The modules that workers may need and that no other module names. Models are
-- loaded by the names of their services; the enumerations are for editors.
local function kept_modules()
  local names = { "cloudjobs", "cloudjobs.models.partitions", "cloudjobs.transport.nginx", "ngx.semaphore" }
  for _, entry in ipairs(models) do
    names[#names + 1] = "cloudjobs.models." .. entry.model
    for _, part in ipairs(entry.parts) do
      names[#names + 1] = part ~= "enums" and ("cloudjobs.models.%s_%s"):format(entry.model, part) or nil
    end
  end
  return names
end

--- Sets up the default transport of all clients made from here on, in this
--- process and in its workers.
---@param options table|nil
---   dict: the lua_shared_dict in which workers share credentials, tokens and retry quotas ("cloudjobs")
---   env: stands for the environment, which is captured here because nginx hides it from its workers
---   hosts, idle, max_body, pool_size, verify: see transport/nginx/init.lua
local function setup(options)
  options = option.check(options, Transport.OPTIONS, "cloudjobs.nginx.setup")
  if not ngx or ngx.get_phase() ~= "init" then
    option.mistake("cloudjobs.nginx.setup: call it in nginx's init_by_lua")
  end
  local dict = options.dict or DICT
  if not ngx.shared[dict] then
    option.mistake("cloudjobs.nginx.setup: add to nginx's http block: lua_shared_dict " .. dict .. " 1m;")
  end
  local settings = {}
  for name, value in pairs(options) do
    settings[name] = value
  end
  settings.dict = dict
  -- With lua_code_cache off a worker runs init_by_lua again for each request. It has no environment but what nginx's
  -- directive env gives it, shares the dictionary with requests under way, and reads modules when it needs them.
  local is_start = not Environment.is_worker()
  settings.env = options.env or is_start and Environment.capture() or nil
  if is_start then
    ngx.shared[dict]:flush_all() -- a reload may be for other credentials
  end
  local transport = Transport.new(settings, "cloudjobs.nginx.setup")
  transport.setup_hint = nil
  transports.use(transport)
  Uncaught.install()
  if is_start then
    Preload.all(kept_modules())
  end
end

return { setup = setup }
