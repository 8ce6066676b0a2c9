--- A role's keys from IAM Identity Center, by the token of `aws sso login`.

local Error = require "cloudjobs.base.error"
local Identity = require "cloudjobs.aws.credentials.identity"
local quote = require "cloudjobs.base.quote"
local sso_token = require "cloudjobs.aws.credentials.sso_token"

local SOURCE = "sso"
local REQUIRED = { "sso_start_url", "sso_region", "sso_role_name", "sso_account_id" }
local ONE_LINE = { "sso_session", "sso_start_url", "sso_region", "sso_role_name", "sso_account_id" }

---@class cloudjobs.aws.credentials.sso: cloudjobs.Provider
local Sso = {}
local sso_mt = { __name = "cloudjobs.aws.credentials.sso", __index = Sso }

local function misconfigured(message, hint)
  return nil, Error.new { kind = "config", code = SOURCE, message = message, hint = hint }
end

-- The profile's SSO settings with those of the sso-session it names.
local function merged(self, profile)
  local settings = {}
  for key, value in pairs(profile) do
    settings[key] = value
  end
  local name = profile.sso_session
  if not name then
    return settings
  end
  local session, err = self._config:sso_session(name)
  if not session then
    if err then
      return nil, err
    end
    return misconfigured(
      ("profile %s: there is no section [sso-session %s]"):format(quote.value(self._name), quote.name(name)),
      self._config:unreadable()
    )
  end
  for key, value in pairs(session) do
    if settings[key] and settings[key] ~= value and key:find("^sso_") then
      return misconfigured(
        ("profile %s: its %s is not the one of [sso-session %s]; remove one"):format(
          quote.value(self._name), key, quote.name(name)
        )
      )
    end
    settings[key] = value
  end
  return settings
end

local function settings_of(self, profile)
  local settings, err = merged(self, profile)
  if not settings then
    return nil, err
  end
  local missing = {}
  for _, key in ipairs(REQUIRED) do
    if type(settings[key]) ~= "string" or settings[key] == "" then
      missing[#missing + 1] = key
    end
  end
  if #missing > 0 then
    return misconfigured(("profile %s: SSO needs %s too"):format(quote.value(self._name), table.concat(missing, ", ")))
  end
  return settings
end

local function failure(self, message, cause)
  return Identity.failure(
    SOURCE, ("profile %s: %s"):format(quote.value(self._name), message),
    "Run aws sso login --profile " .. quote.line(self._name), cause
  )
end

---@return cloudjobs.Identity|nil identity
---@return cloudjobs.Error|nil err
function Sso:get()
  local profile, err = self._config:profile(self._name, ONE_LINE)
  if err then
    return nil, err
  elseif not (profile and (profile.sso_role_name or profile.sso_account_id)) then
    return Identity.absent(
      SOURCE, ("profile %s has neither sso_role_name nor sso_account_id"):format(quote.value(self._name))
    )
  end
  local settings
  settings, err = settings_of(self, profile)
  if not settings then
    return nil, err
  end
  local token, message = sso_token.get(settings, self._config, self._world)
  if not token then
    return failure(self, message)
  end
  local output
  output, err = self._world.api("sso", "get_role_credentials", {
    roleName = settings.sso_role_name,
    accountId = settings.sso_account_id,
    accessToken = token,
  }, { region = settings.sso_region })
  if not output then
    return failure(self, ("the role %s of account %s cannot be had"):format(
      quote.name(settings.sso_role_name), quote.name(settings.sso_account_id)), err)
  end
  local keys = output.roleCredentials
  if not (keys and keys.accessKeyId and keys.secretAccessKey) then
    return failure(self, "the response has no keys")
  end
  return Identity.new {
    access_key_id = keys.accessKeyId,
    secret_access_key = keys.secretAccessKey,
    session_token = keys.sessionToken,
    account_id = settings.sso_account_id,
    expiration = keys.expiration and keys.expiration / 1000,
    source = SOURCE,
  }
end

--- A provider of the role that a profile has by SSO.
---@param config cloudjobs.Config
---@param name string
---@param world { api: function, transport: table }
local function new(config, name, world)
  return setmetatable({ _config = config, _name = name, _world = world }, sso_mt)
end

return { new = new }
