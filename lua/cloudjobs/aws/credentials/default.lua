--- The default chain of providers, in botocore's order.

local Chain = require "cloudjobs.aws.credentials.chain"

---@class cloudjobs.aws.credentials.default: cloudjobs.Provider
local Default = {}
local default_mt = { __name = "cloudjobs.aws.credentials.default", __index = Default }

-- A provider that is loaded and made at its first `get`.
local function later(make)
  local provider
  return {
    get = function()
      provider = provider or make()
      return provider:get()
    end,
  }
end

-- Appends the providers of one profile to `list`.
local function add_profile(list, config, name, world, use_env)
  local function add(make)
    list[#list + 1] = later(make)
  end
  add(function()
    return require("cloudjobs.aws.credentials.web_identity").new(config, name, { world = world, use_env = use_env })
  end)
  add(function()
    return require("cloudjobs.aws.credentials.sso").new(config, name, world)
  end)
  add(function()
    return require("cloudjobs.aws.credentials.profile").new(config, name, "credentials")
  end)
  add(function()
    return require("cloudjobs.aws.credentials.login").new(config, name)
  end)
  add(function()
    return require("cloudjobs.aws.credentials.process").new(config, name, world)
  end)
  add(function()
    return require("cloudjobs.aws.credentials.profile").new(config, name, "config")
  end)
  return list
end

-- The places that a profile may name as the source of its role's keys.
local function places_of(config, world)
  local function getenv(variable)
    return config:getenv(variable)
  end
  return {
    Environment = later(function()
      return require("cloudjobs.aws.credentials.env").new(getenv)
    end),
    EcsContainer = later(function()
      return require("cloudjobs.aws.credentials.container").new(config, world.transport)
    end),
    Ec2InstanceMetadata = later(function()
      return require("cloudjobs.aws.credentials.imds").new(config, world.transport)
    end),
  }
end

-- A profile that is named in code is wanted: the environment's keys do not
-- come before it, nor do the environment's web identity settings.
local function build(config, world)
  local name, explicit = config:profile_name()
  local places, list = places_of(config, world), {}
  if not explicit then
    list[1] = places.Environment
  end
  list[#list + 1] = later(function()
    return require("cloudjobs.aws.credentials.role_profile").new(config, name, {
      world = world,
      places = places,
      profile_chain = function(source)
        return Chain.new(add_profile({}, config, source, world, false))
      end,
    })
  end)
  add_profile(list, config, name, world, not explicit)
  list[#list + 1] = later(function()
    return require("cloudjobs.aws.credentials.key_file").new(config)
  end)
  list[#list + 1] = places.EcsContainer
  list[#list + 1] = places.Ec2InstanceMetadata
  return Chain.new(list, world.transport.setup_hint)
end

--- Each search reads the shared files anew: they may have been rewritten.
---@return cloudjobs.Identity|nil identity
---@return cloudjobs.Error|nil err
function Default:get()
  self._config:forget()
  local profile, err = self._config:current_profile()
  if not profile then
    return nil, err
  end
  self._chain = self._chain or build(self._config, self._world)
  return self._chain:get()
end

--- The default chain. Nothing is read before its first `get`.
---@param config cloudjobs.Config
---@param world { api: function, transport: table, mfa: function|nil } api: `(service, operation, params,
---   { credentials, region })` makes an API call
local function new(config, world)
  return setmetatable({ _config = config, _world = world }, default_mt)
end

return { new = new }
