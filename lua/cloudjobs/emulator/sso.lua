--- IAM Identity Center: a role's keys for an access token, and the next token
--- for a refresh token.

local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"
local form = require "cloudjobs.emulator.form"
local option = require "cloudjobs.base.options"

local LIFETIME = 3600

local PATHS = {
  ["GET /federation/credentials"] = "GetRoleCredentials",
  ["POST /token"] = "CreateToken",
}

local Sso = {}
local sso_mt = { __name = "cloudjobs.emulator.sso", __index = Sso }

--- `world.sso`: access_token and refresh_token, each good until it is replaced.
local function new(world)
  return setmetatable({ _world = world }, sso_mt)
end

local function json(self, status, body, code)
  return {
    status = status,
    headers = {
      ["content-type"] = "application/json",
      ["x-amzn-requestid"] = self._world.uuid(),
      ["x-amzn-errortype"] = code,
    },
    body = core.json_encode(body),
  }
end

local function refuse(self, status, code, message)
  return json(self, status, { message = message, __type = code }, code)
end

local OPERATIONS = {}

function OPERATIONS.GetRoleCredentials(self, request)
  local world, fields = self._world, form.parse(request.query)
  if request.headers["x-amz-sso_bearer_token"] ~= world.sso.access_token then
    return refuse(self, 401, "UnauthorizedException", "Session token not found or invalid")
  elseif not (fields.role_name and fields.account_id) then
    return refuse(self, 400, "InvalidRequestException", "Invalid request provided")
  end
  local id = "ASIA" .. ascii.upper(world.uuid():gsub("-", "")):sub(1, 16)
  local key = {
    secret = world.uuid(), session_token = world.uuid(), account = fields.account_id,
    expires_at = math.floor(world.wall()) + LIFETIME,
  }
  world.keys[id] = key
  return json(self, 200, { roleCredentials = {
    accessKeyId = id,
    secretAccessKey = key.secret,
    sessionToken = key.session_token,
    expiration = key.expires_at * 1000,
  } })
end

function OPERATIONS.CreateToken(self, request)
  local sso, fields = self._world.sso, core.json_decode(request.body) or {}
  if fields.grantType ~= "refresh_token" then
    return refuse(self, 400, "UnsupportedGrantTypeException", "Only refresh tokens are emulated")
  elseif fields.refreshToken ~= sso.refresh_token then
    return refuse(self, 400, "InvalidGrantException", "Invalid refresh token provided")
  end
  sso.access_token = "emulator-sso-" .. self._world.uuid()
  return json(self, 200, {
    accessToken = sso.access_token, tokenType = "Bearer", expiresIn = LIFETIME, refreshToken = sso.refresh_token,
  })
end

--- Which operation a request is for, or nil.
function Sso.route(_, request)
  local name = PATHS[request.method .. " " .. request.path]
  return name and { service_name = "sso", name = name }
end

--- Service -> its operations, for the faults that name them.
function Sso.operations()
  return { sso = option.sorted_keys(OPERATIONS) }
end

function Sso:respond(target, request)
  return OPERATIONS[target.name](self, request)
end

--- An error that a fault rule ordered.
function Sso:fail(_, fault)
  return refuse(self, fault.status or fault.throttle and 429 or 500,
    fault.code or fault.throttle and "TooManyRequestsException" or "InternalServerException",
    fault.message or "An internal error occurred.")
end

return { new = new }
