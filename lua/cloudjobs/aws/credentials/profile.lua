--- Keys written into a profile of one of the shared files.

local Error = require "cloudjobs.base.error"
local Identity = require "cloudjobs.aws.credentials.identity"
local quote = require "cloudjobs.base.quote"

local SOURCES = { credentials = "shared-credentials-file", config = "config-file" }

local ONE_LINE = {
  "aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_security_token", "aws_account_id",
}

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
  end
  local name = quote.value(self._name)
  path = quote.path(path)
  if not keys then
    local unreadable = self._config:unreadable()
    local _, err = Identity.absent(source, unreadable or ("%s has no profile %s"):format(path, name))
    err.unreadable = unreadable
    return nil, err
  end
  local _, err = self._config:profile(self._name, ONE_LINE)
  if err then
    return nil, err
  end
  local id, secret = text(keys.aws_access_key_id), text(keys.aws_secret_access_key)
  if not id then
    return Identity.absent(source, ("profile %s in %s has no aws_access_key_id"):format(name, path))
  elseif not secret then
    return Identity.failure(
      source, ("profile %s in %s has aws_access_key_id but no aws_secret_access_key"):format(name, path)
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
