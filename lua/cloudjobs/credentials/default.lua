--- The places the AWS tools look for keys, in botocore's order.

local Chain = require "cloudjobs.credentials.chain"
local Container = require "cloudjobs.credentials.container"
local Env = require "cloudjobs.credentials.env"
local Imds = require "cloudjobs.credentials.imds"
local KeyFile = require "cloudjobs.credentials.key_file"
local Login = require "cloudjobs.credentials.login"
local Process = require "cloudjobs.credentials.process"
local Profile = require "cloudjobs.credentials.profile"
local RoleProfile = require "cloudjobs.credentials.role_profile"
local Sso = require "cloudjobs.credentials.sso"
local WebIdentity = require "cloudjobs.credentials.web_identity"

local Default = {}
local default_mt = { __name = "cloudjobs.credentials.default", __index = Default }

-- What a profile alone can give, appended to `list`.
local function add_profile(list, config, name, world, use_env)
  list[#list + 1] = WebIdentity.new(config, name, { world = world, use_env = use_env })
  list[#list + 1] = Sso.new(config, name, world)
  list[#list + 1] = Profile.new(config, name, "credentials")
  list[#list + 1] = Login.new(config, name)
  list[#list + 1] = Process.new(config, name, world.transport)
  list[#list + 1] = Profile.new(config, name, "config")
  return list
end

-- A profile that is named in code is wanted: the environment's keys do not
-- come before it, nor do the environment's web identity settings.
local function build(config, world)
  local name, explicit = config:profile_name()
  local function getenv(variable)
    return config:getenv(variable)
  end
  local env = Env.new(getenv)
  local container = Container.new(getenv, world.transport)
  local imds = Imds.new(config, world.transport)
  local list = {}
  if not explicit then
    list[1] = env
  end
  list[#list + 1] = RoleProfile.new(config, name, {
    world = world,
    places = { Environment = env, EcsContainer = container, Ec2InstanceMetadata = imds },
    profile_chain = function(source)
      return Chain.new(add_profile({}, config, source, world, false))
    end,
  })
  add_profile(list, config, name, world, not explicit)
  list[#list + 1] = KeyFile.new(config)
  list[#list + 1] = container
  list[#list + 1] = imds
  return Chain.new(list)
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
