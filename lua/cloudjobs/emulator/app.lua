--- The emulator without its sockets: app(request) gives a response. A request is
--- `{ method, path, query, headers, body }` with the query as it came and
--- lower-case header names; a response `{ status, headers, body }`, and `latency`
--- (seconds to wait first), `cut` (bytes of the body that are sent before the connection
--- is closed) or `drop` (no response at all) where a fault rule orders it.

local ascii = require "cloudjobs.base.ascii"
local aws = require "cloudjobs.emulator.aws"
local azure = require "cloudjobs.emulator.azure"
local blobs = require "cloudjobs.emulator.azure.blobs"
local athena = require "cloudjobs.emulator.athena"
local bcm = require "cloudjobs.emulator.bcm"
local clock = require "cloudjobs.emulator.clock"
local control = require "cloudjobs.emulator.control"
local core = require "cloudjobs.core"
local faults = require "cloudjobs.emulator.faults"
local files = require "cloudjobs.emulator.files"
local identity = require "cloudjobs.emulator.identity"
local instance = require "cloudjobs.emulator.instance"
local metadata = require "cloudjobs.emulator.metadata"
local objects = require "cloudjobs.emulator.objects"
local outcomes = require "cloudjobs.emulator.outcomes"
local record = require "cloudjobs.emulator.record"
local selling = require "cloudjobs.emulator.selling"
local ssm = require "cloudjobs.emulator.ssm"
local sso = require "cloudjobs.emulator.sso"
local sts = require "cloudjobs.emulator.sts"

local SERVICES = { athena, bcm, ssm, selling }

local MAX_REQUESTS = 1000

--- The keys that are accepted by default.
local KEYS = {
  AKIDEMULATOR = { secret = "emulator-secret", account = "111122223333" },
  ASIAEMULATOR = { secret = "emulator-secret", account = "111122223333", session_token = "emulator-session" },
  ASIAEXPIRED = { secret = "emulator-secret", account = "111122223333", session_token = "expired", expires_at = 0 },
  AKIDOTHER = { secret = "emulator-secret", account = "444455556666" },
}
local CLIENTS = { ["00000000-0000-0000-0000-00000000c11e"] = { secret = "emulator-secret" } }
local TOKENS = {
  -- It stands for somebody who has signed in, and is accepted wherever a token is.
  ["emulator-token"] = {
    expires_at = math.huge, audience = { "https://management.azure.com", "https://storage.azure.com" },
  },
  ["expired-token"] = { expires_at = 0, audience = "https://management.azure.com" },
  ["storage-token"] = { expires_at = math.huge, audience = "https://storage.azure.com" },
}

local ROLES = {
  ["arn:aws:iam::111122223333:role/emulator"] = {},
  ["arn:aws:iam::444455556666:role/partner"] = { external_id = "emulator-external-id" },
  ["arn:aws:iam::111122223333:role/ci"] = { web_identity_token = "emulator.web.identity" },
}
local SSO = { access_token = "emulator-sso-token", refresh_token = "emulator-sso-refresh" }
local INSTANCE = { v1 = false, container_token = "emulator-container-token" }

-- The shared key of all storage accounts, with which signatures are made.
local STORAGE_KEY = core.base64_encode "emulator-storage-key"

local MANAGED = { identity_header = "emulator-header" }

local App = {}
local app_mt = { __name = "cloudjobs.emulator.app", __index = App }

local function copy(from)
  local to = {}
  for name, value in pairs(from) do
    to[name] = value
  end
  return to
end

--- Begins anew: no jobs, no faults, no requests, the clock at the wall's time.
function App:reset()
  local options = self._options
  local wall = options.wall or os.time
  local world = {
    wall = wall,
    clock = clock.new(wall, options.speed),
    uuid = options.uuid or core.uuid,
    outcomes = outcomes.new(),
    account = "111122223333",
    region = "us-east-1",
    tenant = "00000000-0000-0000-0000-00000000beef",
    scheme = options.tls and "https" or "http",
    quotas = options.quotas ~= false,
    keys = copy(options.keys or KEYS),
    roles = options.roles or ROLES,
    sso = copy(options.sso or SSO),
    instance = options.instance or INSTANCE,
    clients = options.clients or CLIENTS,
    tokens = copy(options.tokens or TOKENS),
    managed = options.managed or MANAGED,
    objects = objects.new(),
    storage_key = options.storage_key or STORAGE_KEY,
  }
  world.files = files.new(world, options.folder)
  function world.advance()
    self:advance()
  end
  function world.is_keyless(account)
    return self.azure:is_keyless(account)
  end
  self.world = world
  self.requests = {}
  self.aws = aws.new(world, SERVICES)
  self.azure = azure.new(world)
  self.identity = identity.new(world)
  self.metadata = metadata.new(world)
  self.fronts = {
    self.aws, sts.new(world), sso.new(world), instance.new(world), self.azure, self.identity,
    self.metadata, blobs.new(world),
  }
  self:clear_faults()
end

--- Brings every job to the state that it has at the clock's time.
function App:advance()
  local now = self.world.clock:now()
  self.aws:advance(now)
  self.azure:advance(now)
end

-- Service -> its operations, of all fronts.
local function operations(fronts)
  local known = {}
  for _, front in ipairs(fronts) do
    for service, names in pairs(front:operations()) do
      known[service] = known[service] or {}
      for _, name in ipairs(names) do
        table.insert(known[service], name)
      end
    end
  end
  return known
end

function App:clear_faults()
  self.faults = faults.new(operations(self.fronts))
end

--- The front that a request is for, and its target in that front.
local function route(self, request)
  for _, front in ipairs(self.fronts) do
    local target = front:route(request)
    if target then
      return front, target
    end
  end
end

local function add_request(self, request, target, response)
  local list = self.requests
  list[#list + 1] = record.new(request, target, response.status, self.world.wall())
  if #list > MAX_REQUESTS then
    table.remove(list, 1)
  end
end

local function fail(front, target, fault)
  local response
  if fault.body then
    response = { status = fault.status or 502, headers = { ["content-type"] = "text/html" }, body = fault.body }
  else
    response = front:fail(target, fault)
  end
  for name, value in pairs(fault.headers or {}) do
    response.headers[ascii.lower(name)] = value
  end
  response.drop = fault.drop
  return response
end

local function respond(self, request)
  if control.is_for(request) then
    return control.respond(self, request)
  end
  local front, target = route(self, request)
  if not front then
    return {
      status = 404,
      headers = { ["content-type"] = "application/json" },
      body = core.json_encode { message = "No emulated service has this path." },
    }
  end
  local fault = self.faults:consume(target.service_name, target.name)
  local response
  if fault and fault.replaces then
    response = fail(front, target, fault)
  else
    target.fault = fault
    response = front:respond(target, request)
  end
  response.latency, response.cut = fault and fault.latency, fault and fault.cut
  add_request(self, request, target, response)
  return response
end

--- Makes the app. Options: speed, keys, roles, sso, instance, clients, tokens, managed, storage_key, quotas (false
--- lifts them), folder (delivered files are written there, too), tls; and for exact specs wall() and uuid().
---@param options table|nil
---@return fun(request: table): table
local function new(options)
  local self = setmetatable({ _options = options or {} }, app_mt)
  self:reset()
  return function(request)
    local response = respond(self, request)
    response.headers.date = core.http_date(math.floor(self.world.wall()))
    return response
  end
end

return { new = new }
