--- A role's keys, from STS, with a token of another identity provider: a
--- Kubernetes service account, a CI system. The token's file is read anew for
--- each refresh, for it is replaced while we run.

local AssumeRole = require "cloudjobs.aws.credentials.assume_role"
local Identity = require "cloudjobs.aws.credentials.identity"
local file = require "cloudjobs.cloud.file"
local quote = require "cloudjobs.base.quote"

local SOURCE = "assume-role-with-web-identity"

local VARIABLES = {
  web_identity_token_file = "AWS_WEB_IDENTITY_TOKEN_FILE",
  role_arn = "AWS_ROLE_ARN",
  role_session_name = "AWS_ROLE_SESSION_NAME",
}

local ONE_LINE = { "web_identity_token_file", "role_arn", "role_session_name" }

---@class cloudjobs.aws.credentials.web_identity: cloudjobs.Provider
local WebIdentity = {}
local web_identity_mt = { __name = "cloudjobs.aws.credentials.web_identity", __index = WebIdentity }

---@return cloudjobs.Identity|nil identity
---@return cloudjobs.Error|nil err
function WebIdentity:get()
  local profile, err = self._config:profile(self._name, ONE_LINE)
  if err then
    return nil, err
  end
  local function setting(key)
    return self._use_env and self._config:getenv(VARIABLES[key]) or profile and profile[key]
  end
  local path = setting("web_identity_token_file")
  if not path then
    return Identity.absent(
      SOURCE,
      ("neither AWS_WEB_IDENTITY_TOKEN_FILE nor web_identity_token_file of profile %s is set"):format(
        quote.value(self._name)
      )
    )
  end
  local role_arn = setting("role_arn")
  if not role_arn then
    return Identity.failure(
      SOURCE, "a web identity token file is set but no role", "Set AWS_ROLE_ARN or role_arn in the profile"
    )
  end
  local token, message = file.read_text(self._config:expand(path))
  if not token then
    return Identity.failure(SOURCE, "the web identity token cannot be read: " .. message)
  end
  local output
  output, err = self._world.api("sts", "assume_role_with_web_identity", {
    RoleArn = role_arn,
    RoleSessionName = setting("role_session_name") or AssumeRole.session_name(self._world.transport),
    WebIdentityToken = token,
  })
  if not output then
    return Identity.failure(SOURCE, ("%s cannot be assumed"):format(quote.name(role_arn)), nil, err)
  end
  return AssumeRole.identity_of(output, SOURCE)
end

--- A provider of a web identity's role.
---@param config cloudjobs.Config
---@param name string the profile
---@param options { world: table, use_env: boolean } use_env: environment variables count, before the profile
local function new(config, name, options)
  return setmetatable({
    _config = config,
    _name = name,
    _world = options.world,
    _use_env = options.use_env,
  }, web_identity_mt)
end

return { new = new }
