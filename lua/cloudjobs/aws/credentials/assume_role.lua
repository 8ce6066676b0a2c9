--- A role's keys, from STS, with another provider's identity as proof.

local Identity = require "cloudjobs.aws.credentials.identity"
local quote = require "cloudjobs.base.quote"

local SOURCE = "assume-role"

---@class cloudjobs.aws.credentials.assume_role: cloudjobs.Provider
local AssumeRole = {}
local assume_role_mt = { __name = "cloudjobs.aws.credentials.assume_role", __index = AssumeRole }

--- The identity in a response of AssumeRole or AssumeRoleWithWebIdentity.
---@param output table
---@param source string
---@return cloudjobs.Identity|nil identity
---@return cloudjobs.Error|nil err
local function identity_of(output, source)
  local keys, arn = output.Credentials or {}, output.AssumedRoleUser and output.AssumedRoleUser.Arn
  if not (keys.AccessKeyId and keys.SecretAccessKey) then
    return Identity.failure(source, "the response of STS has no keys")
  end
  return Identity.new {
    access_key_id = keys.AccessKeyId,
    secret_access_key = keys.SecretAccessKey,
    session_token = keys.SessionToken,
    account_id = arn and arn:match("^arn:[^:]*:[^:]*:[^:]*:(%d+):"),
    expiration = keys.Expiration,
    source = source,
  }
end

--- A name for a session that was given none.
---@param transport table
---@return string
local function session_name(transport)
  return ("cloudjobs-session-%d"):format(math.floor(transport:now()))
end

-- STS has tags as a list; here they are a table of names and values.
local function tag_list(tags)
  local list = {}
  for key, value in pairs(tags) do
    list[#list + 1] = { Key = key, Value = value }
  end
  table.sort(list, function(a, b)
    return a.Key < b.Key
  end)
  return list
end

-- The code of an MFA device, from the callback the program gave.
local function mfa_code(self)
  local serial = self._role.mfa_serial
  if not self._mfa then
    return Identity.failure(
      SOURCE, ("%s needs a code of the MFA device %s"):format(quote.name(self._role.role_arn), quote.name(serial)),
      "Pass mfa = function(serial) return code end to cloudjobs.aws.credentials"
    )
  end
  local code = self._mfa(serial)
  if type(code) ~= "string" then
    return Identity.failure(SOURCE, ("the callback mfa gave no code for the MFA device %s"):format(quote.name(serial)))
  end
  return code
end

---@return cloudjobs.Identity|nil identity
---@return cloudjobs.Error|nil err
function AssumeRole:get()
  local role = self._role
  local params = {
    RoleArn = role.role_arn,
    RoleSessionName = role.session_name or session_name(self._transport),
    ExternalId = role.external_id,
    DurationSeconds = role.duration,
    Policy = role.policy,
    Tags = role.tags and tag_list(role.tags),
    TransitiveTagKeys = role.transitive_tags,
    SerialNumber = role.mfa_serial,
  }
  if role.mfa_serial then
    local code, err = mfa_code(self)
    if not code then
      return nil, err
    end
    params.TokenCode = code
  end
  local output, err = self._api("sts", "assume_role", params, { credentials = self._source })
  if not output then
    return Identity.failure(SOURCE, ("%s cannot be assumed"):format(quote.name(role.role_arn)), nil, err)
  end
  return identity_of(output, SOURCE)
end

--- A provider of a role's keys.
---@param role { role_arn: string, session_name: string|nil, external_id: string|nil, duration: integer|nil,
---   policy: string|nil, tags: table<string, string>|nil, transitive_tags: string[]|nil, mfa_serial: string|nil }
---@param source cloudjobs.Provider whose identity assumes the role
---@param world { api: function, transport: table, mfa: (fun(serial: string): string)|nil }
local function new(role, source, world)
  return setmetatable({
    _role = role,
    _source = source,
    _api = world.api,
    _transport = world.transport,
    _mfa = world.mfa,
  }, assume_role_mt)
end

return { new = new, identity_of = identity_of, session_name = session_name }
