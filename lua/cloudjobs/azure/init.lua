--- Puts Azure clients together: with aws.lua the only file that names
--- concrete layers. Nothing is read or opened before a client's first call.

local Bearer = require "cloudjobs.azure.auth"
local Endpoint = require "cloudjobs.azure.endpoint"
local UserProvider = require "cloudjobs.cloud.provider"
local Model = require "cloudjobs.model"
local Retry = require "cloudjobs.azure.retry"
local assembly = require "cloudjobs.cloud.options"
local azure = require "cloudjobs.azure.protocol"
local azure_cache = require "cloudjobs.azure.credentials.cache"
local azure_chain = require "cloudjobs.azure.credentials.chain"
local azure_flow = require "cloudjobs.azure.credentials"
local azure_static = require "cloudjobs.azure.credentials.static"
local export = require "cloudjobs.azure.export"
local fingerprint = require "cloudjobs.base.cache_key"
local message = require "cloudjobs.http.message"
local models = require "cloudjobs.models.index"
local option = require "cloudjobs.base.options"
local quote = require "cloudjobs.base.quote"
local services = require "cloudjobs.cloud.services"
local suggest = require "cloudjobs.base.suggest"

-- The addresses of each cloud; a table with the same members is taken too.
local CLOUDS = {
  public = {
    endpoint = "https://management.azure.com",
    authority = "https://login.microsoftonline.com",
    token_scope = "https://management.azure.com/.default",
    blob_suffix = "blob.core.windows.net",
  },
  us_government = {
    endpoint = "https://management.usgovcloudapi.net",
    authority = "https://login.microsoftonline.us",
    token_scope = "https://management.usgovcloudapi.net/.default",
    blob_suffix = "blob.core.usgovcloudapi.net",
  },
  china = {
    endpoint = "https://management.chinacloudapi.cn",
    authority = "https://login.chinacloudapi.cn",
    token_scope = "https://management.chinacloudapi.cn/.default",
    blob_suffix = "blob.core.chinacloudapi.cn",
  },
}

local ADDRESSES = { endpoint = "string", authority = "string", token_scope = "string", blob_suffix = "string" }

---@class cloudjobs.azure.Cloud the addresses of a cloud; the public cloud's where one is absent
---@field endpoint? string
---@field authority? string
---@field token_scope? string
---@field blob_suffix? string what follows a storage account's name in the host of its blobs

---@class cloudjobs.azure.Options: cloudjobs.Options
---@field scope? string for calls that name none
---@field cloud? "public"|"us_government"|"china"|cloudjobs.azure.Cloud
---@field api_version? string
---@field client_type? string by which throttling identifies this client
---@field validate? boolean false leaves what is required to the service
local OPTIONS = assembly.known {
  scope = "string",
  cloud = "string|table",
  api_version = "string",
  client_type = "string",
  validate = "boolean",
}

---@class cloudjobs.azure.BlobOptions: cloudjobs.Options
---@field account? string the storage account's name; or `endpoint`, the URL of its blobs
---@field sas? string a shared access signature, in place of `credentials`
---@field cloud? "public"|"us_government"|"china"|cloudjobs.azure.Cloud
---@field api_version? string
---@field validate? boolean false leaves what is required to the service
local BLOB_OPTIONS = assembly.known {
  account = "string",
  sas = "string",
  cloud = "string|table",
  api_version = "string",
  validate = "boolean",
}

-- The settings of an identity. Without any of these it is found by the chain of
-- DefaultAzureCredential.
local IDENTITY = {
  kind = "string",
  token = "string",
  expiration = "number",
  tenant_id = "string",
  client_id = "string",
  client_secret = "string",
  certificate = "string",
  certificate_path = "string",
  certificate_password = "string",
  certificate_algorithm = "string",
  send_certificate_chain = "boolean",
  federated_token_file = "string",
  object_id = "string",
  resource_id = "string",
  arc_folder = "string",
  process_timeout = "number",
  subscription = "string",
  authority = "string",
}

local function cloud_of(given, what)
  if type(given) == "table" then
    option.check(given, ADDRESSES, what .. ": cloud")
    local cloud = {}
    for name, address in pairs(CLOUDS.public) do
      cloud[name] = given[name] or address
    end
    -- No other cloud's token goes to the public cloud's storage.
    cloud.blob_suffix = given.blob_suffix or (not given.endpoint and cloud.blob_suffix or nil)
    return cloud
  end
  local cloud = CLOUDS[given or "public"]
  if not cloud then
    option.mistake(("%s: option cloud: expected public, us_government, china or a table, got %s%s"):format(
      what, quote.word(given), suggest(given, option.sorted_keys(CLOUDS))))
  end
  return cloud
end

-- A provider of the identity that `given` describes.
local function provider_of(given, settings, what)
  if given.process_timeout and given.process_timeout <= 0 then
    option.mistake(what .. ": option process_timeout: expected seconds above 0")
  elseif given.token then
    return azure_static.new(given)
  end
  local kind = azure_flow.kind_of(given)
  if kind and not azure_flow.kinds[kind] then
    option.mistake(("%s: unknown kind %s%s"):format(
      what, quote.name(kind), suggest(kind, option.sorted_keys(azure_flow.kinds))))
  end
  local flow, problem
  if kind then
    flow, problem = azure_flow.new(kind, given, settings)
  else
    flow = azure_chain.new(given, settings)
  end
  if not flow then
    option.mistake(("%s: %s"):format(what, problem))
  end
  local provider = azure_cache.new(flow, {
    transport = settings.transport,
    scope = settings.cloud.token_scope,
    shared = settings.transport.store and fingerprint { "azure", given, settings.authority, env = settings.env },
  })
  return provider
end

local function settings_of(options, what)
  local transport = assembly.transport(options, what)
  local env = assembly.env(options, transport)
  local cloud = cloud_of(options.cloud, what)
  local network = assembly.network(options, transport, what)
  network:trust(env:get("REQUESTS_CA_BUNDLE")) -- as Azure CLI and Azure's libraries for Python do
  return {
    transport = transport,
    network = network,
    cloud = cloud,
    env = env.values,
    authority = cloud.authority,
    getenv = function(name)
      return env:get(name)
    end,
  }
end

local CREDENTIALS = assembly.reachable(IDENTITY)
CREDENTIALS.cloud = "string|table"

--- Credentials as a provider: `:get(scope)` returns an identity or `nil, err`.
---@param options table|nil
local function credentials(options)
  local what = "cloudjobs.azure.credentials"
  options = option.check(options, CREDENTIALS, what)
  local provider = provider_of(options, settings_of(options, what), what)
  return provider
end

-- The provider behind a client's `credentials` option, for one scope.
local function credentials_of(options, settings, scope, what)
  local provider = options.credentials or {}
  what = what .. ": credentials"
  if not provider.get then
    option.check(provider, IDENTITY, what)
    provider = provider_of(provider, settings, what)
  end
  provider = UserProvider.new(provider, { "token" }, scope, what)
  return provider
end

-- One id for all attempts of a call, as Azure's own clients do it.
local ATTEMPT_HEADER_NAMES = { "x-ms-client-request-id", "authorization" }

local function attempt_headers(request, attempt)
  return attempt == 1 or message.kept(request, ATTEMPT_HEADER_NAMES[1])
end

-- What a job's reference keeps of its client.
local function settings(context)
  return { scope = context.scope, cloud = context.cloud, api_version = context.api_version }
end

-- What the clients of all services have.
local function assemble(model, options, what)
  local timeout = assembly.timeout(options, what)
  local retry = assembly.retry(options, {}, what)
  local given = settings_of(options, what)
  return {
    model = model,
    retry = Retry.new { max_attempts = retry.max_attempts },
    transport = given.transport,
    network = given.network,
    log = assembly.log(options, model, given.transport),
    timeout = timeout,
    within = assembly.within,
    user_agent = assembly.user_agent(options.app_id),
    attempt_headers = attempt_headers,
    attempt_header_names = ATTEMPT_HEADER_NAMES,
    cloud = type(options.cloud) == "string" and options.cloud or nil,
    api_version = options.api_version or model.service.api_version,
    validate = options.validate,
  }, given
end

-- The context of a client of Azure Resource Manager.
local function assemble_manager(model, options, what)
  options = option.check(options, OPTIONS, what)
  local context, given = assemble(model, options, what)
  if options.client_type and not options.client_type:find("^[A-Za-z0-9%-._]+$") then
    option.mistake(what .. ": option client_type: expected letters, digits and - . _")
  end
  context.protocol = azure
  context.auth = Bearer.new()
  context.credentials = credentials_of(options, given, given.cloud.token_scope, what)
  context.endpoint = Endpoint.new(options.endpoint or given.cloud.endpoint)
  context.settings = settings
  context.scope = options.scope
  -- A name of its own keeps a client out of the tenant's shared throttling bucket.
  context.client_type = options.client_type or "cloudjobs"
  -- Where the storage of its exports is.
  context.addresses, context.has_own_endpoint = given.cloud, options.endpoint ~= nil
  return context
end

-- The context of a client of blobs.
local function assemble_blobs(model, options, what)
  local blob = require "cloudjobs.azure.blob"
  options = option.check(options, BLOB_OPTIONS, what)
  if options.sas and options.credentials then
    option.mistake(what .. ": expected credentials or sas, got both")
  end
  local context, given = assemble(model, options, what)
  local address = blob.address_of(options, given.cloud, what)
  if not options.sas then
    context.credentials = credentials_of(options, given, blob.TOKEN_SCOPE, what)
  end
  local completed, problem = blob.complete(context, address, options.sas)
  if not completed then
    option.mistake(("%s: option sas: %s"):format(what, problem))
  end
  return completed
end

-- What a service's client does beyond its model, by the service's name.
local EXTENSIONS = { cost_exports = "cloudjobs.azure.services.cost_exports" }

-- The methods of every client beside its operations: those of long-running operations.
local METHODS = { "poll_operation", "start_operation" }

-- A client of a service whose model is shipped.
local function connect(service, options)
  local model, what = Model.load("azure_" .. service), "cloudjobs.azure." .. service
  if service == "blobs" then
    return services.client(assemble_blobs(model, options, what))
  end
  local context = assemble_manager(model, options, what)
  local extension = EXTENSIONS[service]
  local client = services.client(context, extension and require(extension))
  for _, name in ipairs(METHODS) do
    client[name] = function(...)
      local result, err = require("cloudjobs.azure.operation").methods[name](...)
      return result, err
    end
  end
  return client
end

---@class cloudjobs.azure
---@field credentials fun(options?: table): { get: fun(self, scope?): cloudjobs.azure.Identity?, cloudjobs.Error? }
---@field export fun(options: table): table
local public = { credentials = credentials, export = export.new }

-- A client for one scope, or for the scopes its calls name.
for _, entry in ipairs(models) do
  if entry.cloud == "azure" and entry.name then
    public[entry.name] = function(options)
      return connect(entry.name, options)
    end
  end
end

return public
