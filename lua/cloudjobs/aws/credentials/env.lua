--- AWS keys from the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
--- AWS_SESSION_TOKEN (AWS_SECURITY_TOKEN before it, as botocore reads them),
--- AWS_CREDENTIAL_EXPIRATION, AWS_ACCOUNT_ID.

local core = require "cloudjobs.core"
local Identity = require "cloudjobs.aws.credentials.identity"

local SOURCE = "env"

---@class cloudjobs.aws.credentials.env: cloudjobs.Provider
local Env = {}
local env_mt = { __name = "cloudjobs.aws.credentials.env", __index = Env }

--- The environment is read at each call, so a rotated key is seen.
---@return cloudjobs.Identity|nil identity
---@return cloudjobs.Error|nil err
function Env:get()
  local getenv = self._getenv
  local id, secret = getenv("AWS_ACCESS_KEY_ID"), getenv("AWS_SECRET_ACCESS_KEY")
  if not id then
    return Identity.absent(SOURCE, "AWS_ACCESS_KEY_ID is not set")
  elseif not secret then
    return Identity.failure(SOURCE, "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not")
  end
  local last = self._identity
  local token = getenv("AWS_SECURITY_TOKEN") or getenv("AWS_SESSION_TOKEN")
  if last and last.access_key_id == id and last.secret_access_key == secret and last.session_token == token then
    return last
  end
  local expiration, message
  local text = getenv("AWS_CREDENTIAL_EXPIRATION")
  if text then
    expiration, message = core.epoch(text)
    if not expiration then
      return Identity.failure(SOURCE, "AWS_CREDENTIAL_EXPIRATION: " .. message)
    end
  end
  self._identity = Identity.new {
    access_key_id = id,
    secret_access_key = secret,
    session_token = token,
    account_id = getenv("AWS_ACCOUNT_ID"),
    expiration = expiration,
    source = SOURCE,
  }
  return self._identity
end

--- A provider over `getenv`, a function of a name like os.getenv.
local function new(getenv)
  return setmetatable({ _getenv = getenv }, env_mt)
end

return { new = new }
