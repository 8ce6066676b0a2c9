--- The endpoints that give AWS keys to programs beside them: an EC2 instance's metadata service
--- and the agent of a container.

local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"
local option = require "cloudjobs.base.options"

local LIFETIME = 6 * 3600
local ROLE = "emulator-role"
local TOKEN_PATH = "/latest/api/token"
local ROLE_PATH = "/latest/meta-data/iam/security-credentials/"
local CONTAINER_PATH = "/container/credentials"

local Instance = {}
local instance_mt = { __name = "cloudjobs.emulator.instance", __index = Instance }

--- `world.instance`: v1 (whether version 1 is served), container_token, and whose keys are given.
local function new(world)
  return setmetatable({ _world = world, _tokens = {} }, instance_mt)
end

local function plain(status, body)
  return { status = status, headers = { ["content-type"] = "text/plain" }, body = body or "" }
end

local function keys(self)
  local world = self._world
  local id = "ASIA" .. ascii.upper(world.uuid():gsub("-", "")):sub(1, 16)
  local key = {
    secret = world.uuid(), session_token = world.uuid(), account = world.account,
    expires_at = math.floor(world.wall()) + LIFETIME,
  }
  world.keys[id] = key
  local response = plain(200, core.json_encode {
    Code = "Success", Type = "AWS-HMAC", LastUpdated = core.iso(math.floor(world.wall())), AccessKeyId = id,
    SecretAccessKey = key.secret, Token = key.session_token, Expiration = core.iso(key.expires_at),
  })
  response.headers["content-type"] = "application/json"
  return response
end

local OPERATIONS = {}

function OPERATIONS.token(self, request)
  local seconds = tonumber(request.headers["x-aws-ec2-metadata-token-ttl-seconds"])
  if not seconds or seconds < 1 or seconds > 21600 then
    return plain(400)
  end
  local token = self._world.uuid()
  self._tokens[token] = self._world.wall() + seconds
  return plain(200, token)
end

local function is_known(self, request)
  local token = request.headers["x-aws-ec2-metadata-token"]
  if not token then
    return self._world.instance.v1
  end
  return (self._tokens[token] or 0) > self._world.wall()
end

function OPERATIONS.role(self, request)
  return is_known(self, request) and plain(200, ROLE) or plain(401)
end

function OPERATIONS.keys(self, request)
  return is_known(self, request) and keys(self) or plain(401)
end

function OPERATIONS.container(self, request)
  if request.headers.authorization ~= self._world.instance.container_token then
    return plain(403)
  end
  return keys(self)
end

local PATHS = {
  ["PUT " .. TOKEN_PATH] = "token",
  ["GET " .. ROLE_PATH] = "role",
  ["GET " .. ROLE_PATH .. ROLE] = "keys",
  ["GET " .. CONTAINER_PATH] = "container",
}

--- Which of these a request is for, or nil.
function Instance.route(_, request)
  local name = PATHS[request.method .. " " .. request.path]
  return name and { service_name = "instance", name = name }
end

--- Service -> its operations, for the faults that name them.
function Instance.operations()
  return { instance = option.sorted_keys(OPERATIONS) }
end

function Instance:respond(target, request)
  return OPERATIONS[target.name](self, request)
end

--- An error that a fault rule ordered.
function Instance.fail(_, _, fault)
  return plain(fault.status or fault.throttle and 429 or 500, fault.message)
end

return { new = new }
