--- Puts the providers of AWS credentials together: the default chain of a
--- client, and the providers of cloudjobs.aws.credentials.

local Config = require "cloudjobs.aws.config"
local assembly = require "cloudjobs.cloud.options"
local option = require "cloudjobs.base.options"

local KEYS = {
  access_key_id = "string",
  secret_access_key = "string",
  session_token = "string",
  account_id = "string",
}

local MEMBERS = { "access_key_id", "secret_access_key" } -- of an identity

local ROLE = {
  role_arn = "string",
  session_name = "string",
  external_id = "string",
  duration = "number",
  policy = "string",
  tags = "table",
  transitive_tags = "table",
  mfa_serial = "string",
}

local OPTIONS = assembly.known {
  region = "string",
  profile = "string",
  use_fips = "boolean",
  use_dualstack = "boolean",
  ignore_configured_endpoint_urls = "boolean",
  mfa = "function",
  process_timeout = "number",
}
OPTIONS.endpoint = nil -- each service that is called has its own
for _, names in ipairs { KEYS, ROLE } do
  for name, expected in pairs(names) do
    OPTIONS[name] = expected
  end
end

-- The options that a call on behalf of credentials has in common with the
-- client it is made for.
local INHERITED = {
  "profile", "env", "retry", "timeout", "proxy", "no_proxy", "ca_bundle", "client_cert", "client_key", "app_id",
  "logger", "use_fips", "use_dualstack", "ignore_configured_endpoint_urls",
}

-- What providers are given of the world; `api` makes the API calls they need.
local function world_of(options, transport, connect)
  local function api(service, operation, params, given)
    given = given or {}
    local inner = { transport = transport, region = given.region or options.region, credentials = given.credentials }
    for _, name in ipairs(INHERITED) do
      inner[name] = options[name]
    end
    local client = connect(service, inner)
    return client[operation](client, params)
  end
  return { api = api, transport = transport, mfa = options.mfa, process_timeout = options.process_timeout }
end

-- A cache that shares with other workers what it keeps, where its settings
-- alone decide what that is.
local function cache(provider, transport, settings)
  local shared = transport.store and require "cloudjobs.base.cache_key"(settings)
  return require("cloudjobs.aws.credentials.cache").new(provider, transport, shared)
end

-- Keys or a provider as an option's value.
local function provider_of(given, what)
  if given.get then
    local provider = require("cloudjobs.cloud.provider").new(given, MEMBERS, nil, what)
    return provider
  end
  option.check(given, KEYS, what)
  if not (given.access_key_id and given.secret_access_key) then
    option.mistake(what .. ": expected access_key_id and secret_access_key together")
  end
  return require("cloudjobs.aws.credentials.static").new(given)
end

--- The provider of a client: its option `credentials`, else the default chain.
---@param options table the client's
---@param config cloudjobs.Config
---@param transport table
---@param connect fun(service: string, options: table): table makes a client
---@param what string the function, for a mistake's message
local function of_client(options, config, transport, connect, what)
  if options.credentials then
    local provider = provider_of(options.credentials, what .. ": credentials")
    return provider
  end
  local settings = { "default", profile = options.profile, env = options.env or transport.env }
  local chain = require("cloudjobs.aws.credentials.default").new(config, world_of(options, transport, connect))
  return cache(chain, transport, settings)
end

-- What decides whose role it is and which.
local function role_settings(options, source)
  local settings = { "role", source = source }
  for name in pairs(ROLE) do
    settings[name] = options[name]
  end
  return settings
end

-- Keys that stand among the options themselves.
local function keys_of(options, what)
  if not (options.access_key_id or options.secret_access_key or options.session_token) then
    return nil
  elseif options.credentials then
    option.mistake(what .. ": expected access_key_id and secret_access_key or credentials, not both")
  end
  return {
    access_key_id = options.access_key_id,
    secret_access_key = options.secret_access_key,
    session_token = options.session_token,
    account_id = options.account_id,
  }
end

--- The provider behind cloudjobs.aws.credentials.
---@param options table|nil
---@param connect fun(service: string, options: table): table
---@param what string
local function new(options, connect, what)
  options = option.check(options, OPTIONS, what)
  if options.process_timeout and options.process_timeout <= 0 then
    option.mistake(what .. ": option process_timeout: expected seconds above 0")
  end
  local keys = keys_of(options, what)
  local provider = keys and provider_of(keys, what)
  if provider and not options.role_arn then
    return provider -- for which no transport is made
  end
  local transport = assembly.transport(options, what)
  provider = provider
    or of_client(options, Config.new(options, transport.env), transport, connect, what)
  if not options.role_arn then
    return provider
  end
  local world = world_of(options, transport, connect)
  local role = require("cloudjobs.aws.credentials.assume_role").new(options, provider, world)
  return cache(role, transport, role_settings(options, keys or provider.shared or options.credentials or provider))
end

return { new = new, of_client = of_client }
