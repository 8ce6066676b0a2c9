--- `login_session` of a profile, which `aws login` writes. Its keys cannot be
--- had without a proof of possession that we do not make, so it is named in a
--- clear error and not passed over in silence.

local Identity = require "cloudjobs.aws.credentials.identity"
local quote = require "cloudjobs.base.quote"

local SOURCE = "login"

---@class cloudjobs.aws.credentials.login: cloudjobs.Provider
local Login = {}
local login_mt = { __name = "cloudjobs.aws.credentials.login", __index = Login }

---@return nil
---@return cloudjobs.Error err
function Login:get()
  local profile, err = self._config:profile(self._name)
  if err then
    return nil, err
  elseif not (profile and profile.login_session) then
    return Identity.absent(SOURCE, ("profile %s has no login_session"):format(quote.value(self._name)))
  end
  return Identity.failure(
    SOURCE, ("profile %s signs in by login_session, which cloudjobs does not support"):format(quote.value(self._name)),
    "Let the AWS command line give the keys: credential_process = aws configure export-credentials --profile "
      .. quote.line(self._name) .. " --format process"
  )
end

---@param config cloudjobs.Config
---@param name string
local function new(config, name)
  return setmetatable({ _config = config, _name = name }, login_mt)
end

return { new = new }
