--- Keys written into a profile of one of the shared files.

local Error = require "cloudjobs.base.error"
local Identity = require "cloudjobs.aws.credentials.identity"

local SOURCES = { credentials = "shared-credentials-file", config = "config-file" }

---@class cloudjobs.aws.credentials.profile: cloudjobs.Provider
local Profile = {}
local profile_mt = { __name = "cloudjobs.aws.credentials.profile", __index = Profile }

local function text(value)
  return type(value) == "string" and value ~= "" and value or nil
end

---@return cloudjobs.Identity|nil identity
---@return cloudjobs.Error|nil err
function Profile:get()
  local source = SOURCES[self._which]
  local keys, path = self._config:profile_in(self._which, self._name)
  if Error.is(path) then
    return nil, path
  elseif not keys then
    return Identity.absent(source, ("%s has no profile %q"):format(path, self._name))
  end
  local id, secret = text(keys.aws_access_key_id), text(keys.aws_secret_access_key)
  if not id then
    return Identity.absent(source, ("profile %q in %s has no aws_access_key_id"):format(self._name, path))
  elseif not secret then
    return Identity.failure(
      source, ("profile %q in %s has aws_access_key_id but no aws_secret_access_key"):format(self._name, path)
    )
  end
  return Identity.new {
    access_key_id = id,
    secret_access_key = secret,
    session_token = text(keys.aws_security_token) or text(keys.aws_session_token),
    account_id = text(keys.aws_account_id),
    source = source,
  }
end

--- A provider of the keys that one file has for a profile.
---@param config cloudjobs.Config
---@param name string
---@param which "credentials"|"config"
local function new(config, name, which)
  return setmetatable({ _config = config, _name = name, _which = which }, profile_mt)
end

return { new = new }
