--- AWS STS: roles for trusted callers, over the query protocol. The keys it gives
--- are good for every emulated service until they expire.

local ascii = require "cloudjobs.base.ascii"
local auth = require "cloudjobs.emulator.auth"
local core = require "cloudjobs.core"
local form = require "cloudjobs.emulator.form"
local option = require "cloudjobs.base.options"
local refusal = require "cloudjobs.emulator.refuse"

local refuse = refusal.refuse

local LIFETIME = 3600
local SHORTEST = 900

-- STS has names of its own for what the common front refuses.
local CODES = {
  UnrecognizedClientException = "InvalidClientTokenId",
  InvalidSignatureException = "SignatureDoesNotMatch",
  ExpiredTokenException = "ExpiredToken",
  MissingAuthenticationTokenException = "MissingAuthenticationToken",
  IncompleteSignatureException = "IncompleteSignature",
}

local ENTITIES = { ["<"] = "&lt;", [">"] = "&gt;", ["&"] = "&amp;" }

local Sts = {}
local sts_mt = { __name = "cloudjobs.emulator.sts", __index = Sts }

--- `world.roles`: by ARN, what each requires: external_id, web_identity_token, mfa_code.
local function new(world)
  return setmetatable({ _world = world }, sts_mt)
end

-- Elements of a list of { name, content }; text is escaped, a table is a list again.
local function write(list)
  local parts = {}
  for i, item in ipairs(list) do
    local content = type(item[2]) == "table" and write(item[2]) or tostring(item[2]):gsub("[<>&]", ENTITIES)
    parts[i] = ("<%s>%s</%s>"):format(item[1], content, item[1])
  end
  return table.concat(parts)
end

local function xml(self, status, root, list)
  local id = self._world.uuid()
  list[#list + 1] = status == 200 and { "ResponseMetadata", { { "RequestId", id } } } or { "RequestId", id }
  return {
    status = status,
    headers = { ["content-type"] = "text/xml", ["x-amzn-requestid"] = id },
    body = ('<%s xmlns="https://sts.amazonaws.com/doc/2011-06-15/">%s</%s>'):format(root, write(list), root),
  }
end

local function denied(caller, arn)
  local message = "%s is not authorized to perform: sts:AssumeRole on resource: %s"
  refuse("AccessDenied", message:format(caller, arn), nil, 403)
end

-- Keys of a role, known to every service from now on.
local function issue(world, arn, session, seconds)
  seconds = tonumber(seconds or LIFETIME)
  if seconds < SHORTEST then
    refuse("ValidationError", ("1 validation error detected: Value '%d' at 'durationSeconds' failed to satisfy "
      .. "constraint: Member must have value greater than or equal to %d"):format(seconds, SHORTEST))
  end
  local account, name = arn:match("^arn:aws:iam::(%d+):role/(.+)$")
  local function text(n)
    return (ascii.upper(world.uuid():gsub("-", "")):sub(1, n))
  end
  local id = "ASIA" .. text(16)
  local expires_at = math.floor(world.wall()) + seconds
  local key = { secret = text(32), session_token = text(32), account = account, expires_at = expires_at }
  world.keys[id] = key
  return {
    { "AssumedRoleUser", {
      { "AssumedRoleId", "AROAEMULATOR:" .. session },
      { "Arn", ("arn:aws:sts::%s:assumed-role/%s/%s"):format(account, name, session) },
    } },
    { "Credentials", {
      { "AccessKeyId", id },
      { "SecretAccessKey", key.secret },
      { "SessionToken", key.session_token },
      { "Expiration", core.iso(expires_at) },
    } },
  }
end

local ACTIONS = {}

function ACTIONS.AssumeRole(world, fields, caller)
  local role = world.roles[fields.RoleArn]
  if not role or role.web_identity_token or role.external_id ~= fields.ExternalId then
    denied(caller.access_key_id, fields.RoleArn)
  elseif role.mfa_code ~= fields.TokenCode then
    refuse("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code.", nil, 403)
  end
  return issue(world, fields.RoleArn, fields.RoleSessionName, fields.DurationSeconds)
end

function ACTIONS.AssumeRoleWithWebIdentity(world, fields)
  local role = world.roles[fields.RoleArn]
  if not (role and role.web_identity_token) then
    denied("The web identity", fields.RoleArn)
  elseif role.web_identity_token ~= fields.WebIdentityToken then
    refuse("InvalidIdentityToken", "No OpenIDConnect provider found in your account for this token")
  end
  return issue(world, fields.RoleArn, fields.RoleSessionName, fields.DurationSeconds)
end

function ACTIONS.GetCallerIdentity(_, _, caller)
  return {
    { "Arn", ("arn:aws:iam::%s:user/%s"):format(caller.account, caller.access_key_id) },
    { "UserId", caller.access_key_id },
    { "Account", caller.account },
  }
end

local UNSIGNED = { AssumeRoleWithWebIdentity = true }

--- Which action a request is for, or nil when it is not for STS.
function Sts.route(_, request)
  local kind = request.headers["content-type"] or ""
  if request.method == "POST" and request.path == "/" and kind:find("^application/x%-www%-form%-urlencoded") then
    local fields = form.parse(request.body)
    return { service_name = "sts", name = fields.Action, fields = fields }
  end
end

local function respond(self, target, request)
  local world, fields = self._world, target.fields
  local action = ACTIONS[target.name]
  if not action or fields.Version ~= "2011-06-15" then
    refuse("InvalidAction", ("Could not find operation %s for version %s"):format(
      tostring(target.name), tostring(fields.Version)))
  end
  local caller = not UNSIGNED[target.name] and auth.verify_signature(request, "sts", world.keys, world.wall())
  return action(world, fields, caller)
end

local function refused(self, code, message, status)
  local fault = status >= 500 and "Receiver" or "Sender"
  return xml(self, status, "ErrorResponse", {
    { "Error", { { "Type", fault }, { "Code", code }, { "Message", message } } },
  })
end

--- Service -> its operations, for the faults that name them.
function Sts.operations()
  return { sts = option.sorted_keys(ACTIONS) }
end

function Sts:respond(target, request)
  local ok, result = refusal.attempt(respond, self, target, request)
  if ok then
    return xml(self, 200, target.name .. "Response", { { target.name .. "Result", result } })
  end
  local code = CODES[result.code]
  return refused(self, code or result.code, result.message, code and 403 or result.status)
end

--- An error that a fault rule ordered.
function Sts:fail(_, fault)
  local throttled = fault.throttle
  return refused(self, fault.code or throttled and "Throttling" or "InternalFailure",
    fault.message or throttled and "Rate exceeded" or "An internal error occurred.",
    fault.status or throttled and 400 or 500)
end

return { new = new }
