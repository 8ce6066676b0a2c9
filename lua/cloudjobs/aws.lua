--- Puts AWS clients together: with azure.lua the only file that names
--- concrete layers. Nothing is read or opened before a client's first call.

local Client = require "cloudjobs.client"
local Config = require "cloudjobs.config"
local Env = require "cloudjobs.credentials.env"
local Error = require "cloudjobs.error"
local Model = require "cloudjobs.model"
local Retry = require "cloudjobs.retry"
local Sigv4 = require "cloudjobs.auth.sigv4"
local Static = require "cloudjobs.credentials.static"
local assembly = require "cloudjobs.assembly"
local core = require "cloudjobs.core"
local json_rpc = require "cloudjobs.protocol.json_rpc"
local option = require "cloudjobs.options"
local transports = require "cloudjobs.transport"

local PROTOCOLS = { ["json-1.0"] = json_rpc, ["json-1.1"] = json_rpc }

local OPTIONS = assembly.known {
  region = "string",
  profile = "string",
}

local KEYS = {
  access_key_id = "string",
  secret_access_key = "string",
  session_token = "string",
  account_id = "string",
}

--- Where a service of the standard partition answers, and what to sign for.
local function standard_address(service, region)
  if service.id == "BCM Data Exports" then
    return "https://bcm-data-exports.us-east-1.api.aws", "us-east-1"
  elseif service.id == "PartnerCentral Selling" then
    return ("https://partnercentral-selling.%s.api.aws"):format(region), region
  end
  return ("https://%s.%s.amazonaws.com"):format(service.endpoint, region), region
end

local Endpoint = {}
local endpoint_mt = { __name = "cloudjobs.aws.endpoint", __index = Endpoint }

local function config_error(message, hint)
  return nil, Error.new { kind = "config", code = "config", message = message, hint = hint }
end

--- The address and what to sign for. Found at the first call and kept.
---@return { origin: string, host: string, path: string, signing: { region: string, name: string } }|nil
---@return cloudjobs.Error|nil err
function Endpoint:resolve()
  if self._resolved then
    return self._resolved
  end
  local service = self._service
  local region = self._config:get("region")
  if not region then
    return config_error("no region", "Pass region = \"us-east-1\" or set AWS_REGION")
  elseif not region:find("^[%w%-]+$") or #region > 63 then
    return config_error(("region %q: expected letters, digits and hyphens"):format(region))
  end
  local address, source = self._config:endpoint_url(service.id)
  local signing_region = region
  if not address then
    address, signing_region = standard_address(service, region)
  end
  local resolved, err = assembly.address(address, source)
  if not resolved then
    return nil, err
  end
  resolved.signing = { region = signing_region, name = service.signing }
  self._resolved = resolved
  return self._resolved
end

--- Credentials as a provider: `:get()` answers an identity or `nil, err`.
--- Keys make a static one; without keys the environment is asked.
---@param options { access_key_id: string, secret_access_key: string, session_token: string|nil, env: table|nil }|nil
local function credentials(options)
  local known = { env = "table" }
  for name, expected in pairs(KEYS) do
    known[name] = expected
  end
  options = option.check(options, known, "cloudjobs.aws.credentials", 2)
  if options.access_key_id or options.secret_access_key then
    if not (options.access_key_id and options.secret_access_key) then
      error("cloudjobs.aws.credentials: expected access_key_id and secret_access_key together", 2)
    end
    return Static.new(options)
  end
  local config = Config.new(options)
  return Env.new(function(name)
    return config:getenv(name)
  end)
end

local function credentials_of(options, config, what, level)
  local given = options.credentials
  if not given then
    return Env.new(function(name)
      return config:getenv(name)
    end)
  elseif given.get then
    return given
  end
  option.check(given, KEYS, what .. ": credentials", level + 1)
  if not (given.access_key_id and given.secret_access_key) then
    error(what .. ": credentials: expected access_key_id and secret_access_key, or a provider", level + 1)
  end
  return Static.new(given)
end

-- "attempt=n; max=m" for the attempts a client may make, written once.
local function attempt_texts(max_attempts)
  return setmetatable({}, {
    __index = function(texts, attempt)
      texts[attempt] = ("attempt=%d; max=%d"):format(attempt, max_attempts)
      return texts[attempt]
    end,
  })
end

-- The headers that tell the service which call and which attempt this is.
local function annotate(headers, attempt, context)
  if attempt == 1 then
    headers["amz-sdk-invocation-id"] = core.uuid()
  end
  headers["amz-sdk-request"] = context.attempt_texts[attempt]
end

local function settings(context)
  local config = context.config
  return { region = config:get("region"), profile = config:get("profile") }
end

local function assemble(model, options, what, level)
  options = option.check(options, OPTIONS, what, level + 1)
  local given_retry = assembly.retry(options, what, level + 1)
  local timeout = assembly.timeout(options, what, level + 1)
  local protocol = PROTOCOLS[model.service.protocol]
  if not protocol then
    error(("%s: protocol %s is not supported"):format(what, tostring(model.service.protocol)), level + 1)
  end
  local config = Config.new(options)
  local transport = options.transport or transports.default()
  local retry = Retry.standard {
    max_attempts = given_retry.max_attempts or tonumber(config:get("max_attempts")),
  }
  return Client.new {
    model = model,
    protocol = protocol,
    auth = Sigv4.new(),
    credentials = credentials_of(options, config, what, level + 1),
    endpoint = setmetatable({ _config = config, _service = model.service }, endpoint_mt),
    retry = retry,
    transport = transport,
    network = assembly.network(options, transport, what, level + 1),
    timeout = timeout,
    user_agent = assembly.user_agent(options.app_id),
    annotate = annotate,
    config = config,
    settings = settings,
    attempt_texts = attempt_texts(retry.max_attempts),
  }
end

local SERVICES = { "bcm_data_exports", "ssm", "partnercentral_selling" }

local aws = { credentials = credentials }

for _, name in ipairs(SERVICES) do
  local what = "cloudjobs.aws." .. name
  aws[name] = function(options)
    local client = assemble(Model.load(name), options, what, 2)
    return client
  end
end

--- A client for any AWS service.
---@param options table a client's options and `model`: the path of a description in botocore's JSON form,
--- or that description as a table
function aws.client(options)
  if type(options) ~= "table" or options.model == nil then
    error("cloudjobs.aws.client: expected the option model, a path or a table", 2)
  end
  local rest = {}
  for name, value in pairs(options) do
    rest[name] = value
  end
  rest.model = nil
  local Import = require "cloudjobs.import"
  local model, message
  if type(options.model) == "string" then
    model, message = Import.load(options.model)
  else
    model, message = Import.parse(options.model)
  end
  if not model then
    error("cloudjobs.aws.client: model: " .. tostring(message), 2)
  end
  local client = assemble(Model.new(model), rest, "cloudjobs.aws.client", 2)
  return client
end

return aws
