--- `role_arn` of a profile: the role, and the source of the keys that assume it:
--- another profile (`source_profile`), which may be a role itself, or a place keys
--- come from (`credential_source`).

local Error = require "cloudjobs.base.error"
local Identity = require "cloudjobs.aws.credentials.identity"
local quote = require "cloudjobs.base.quote"

local SOURCE = "assume-role"

local ONE_LINE = {
  "role_arn", "source_profile", "credential_source", "role_session_name", "external_id", "mfa_serial",
  "duration_seconds", "aws_access_key_id", "aws_secret_access_key", "aws_session_token",
}

---@class cloudjobs.aws.credentials.role_profile: cloudjobs.Provider
local RoleProfile = {}
local role_profile_mt = { __name = "cloudjobs.aws.credentials.role_profile", __index = RoleProfile }

local function misconfigured(message, hint)
  return nil, Error.new { kind = "config", code = SOURCE, message = message, hint = hint }
end

local function has_role(profile)
  return profile.role_arn ~= nil and profile.web_identity_token_file == nil
end

local function has_keys(profile)
  return profile.aws_access_key_id ~= nil or profile.aws_secret_access_key ~= nil
end

-- The named source; where it is not configured, the profile is wrong.
local function demanding(provider, message)
  return {
    get = function()
      local identity, err = provider:get()
      if not identity and err.absent then
        return Identity.failure(SOURCE, message, nil, err)
      end
      return identity, err
    end,
  }
end

local function named_source(self, name, place)
  local provider = self._places[place]
  if not provider then
    return misconfigured(
      ("profile %s: credential_source = %s is not one of Environment, EcsContainer, Ec2InstanceMetadata"):format(
        quote.value(name), quote.name(place)
      )
    )
  end
  return demanding(provider, ("profile %s: credential_source = %s gives no keys"):format(quote.value(name), place))
end

-- A profile may name itself if it has keys of its own.
local function is_loop(visited, name, source_name, source)
  return visited[source_name] and not (source_name == name and has_keys(source))
end

local provider_of

local function profile_source(self, name, source_name, visited)
  local source, err = self._config:profile(source_name, ONE_LINE)
  if not source then
    if err then
      return nil, err
    end
    return misconfigured(
      ("profile %s: source_profile = %s does not exist"):format(quote.value(name), quote.name(source_name)),
      self._config:unreadable()
    )
  elseif is_loop(visited, name, source_name, source) then
    return misconfigured(
      ("profile %s: source_profile = %s leads in a circle"):format(quote.value(name), quote.name(source_name))
    )
  elseif has_keys(source) or not has_role(source) then
    return demanding(
      self._profile_chain(source_name),
      ("profile %s: source_profile = %s has no credentials"):format(quote.value(name), quote.name(source_name))
    )
  end
  return provider_of(self, source_name, source, visited)
end

-- What the AWS tools make of it: a duration that is not a number is left out.
local function role_of(profile)
  local duration = tonumber(profile.duration_seconds)
  return {
    role_arn = profile.role_arn,
    session_name = profile.role_session_name,
    external_id = profile.external_id,
    duration = duration and math.floor(duration),
    mfa_serial = profile.mfa_serial,
  }
end

function provider_of(self, name, profile, visited)
  visited[name] = true
  local source_name, place = profile.source_profile, profile.credential_source
  if source_name and place then
    return misconfigured(
      ("profile %s has both source_profile and credential_source; remove one"):format(quote.value(name))
    )
  elseif not (source_name or place) then
    return misconfigured(
      ("profile %s has role_arn but neither source_profile nor credential_source"):format(quote.value(name)),
      "Name the profile whose keys may assume the role"
    )
  end
  local source, err
  if place then
    source, err = named_source(self, name, place)
  else
    source, err = profile_source(self, name, source_name, visited)
  end
  if not source then
    return nil, err
  end
  return require("cloudjobs.aws.credentials.assume_role").new(role_of(profile), source, self._world)
end

---@return cloudjobs.Identity|nil identity
---@return cloudjobs.Error|nil err
function RoleProfile:get()
  local profile, err = self._config:profile(self._name, ONE_LINE)
  if err then
    return nil, err
  elseif not (profile and has_role(profile)) then
    return Identity.absent(SOURCE, ("profile %s has no role_arn"):format(quote.value(self._name)))
  end
  local provider
  provider, err = provider_of(self, self._name, profile, {})
  if not provider then
    return nil, err
  end
  return provider:get()
end

--- A provider of the role that a profile names.
---@param config cloudjobs.Config
---@param name string
---@param options { world: table, places: table<string, table>, profile_chain: fun(name: string): table }
--- world: see assume_role; places: the provider behind each credential_source; profile_chain: a profile's
--- other providers
local function new(config, name, options)
  return setmetatable({
    _config = config,
    _name = name,
    _world = options.world,
    _places = options.places,
    _profile_chain = options.profile_chain,
  }, role_profile_mt)
end

return { new = new }
