--- Puts AWS clients together: with azure/init.lua the only file that names
--- concrete layers. Nothing is read or opened before a client's first call.

local AwsCredentials = require "cloudjobs.aws.credentials"
local AwsEndpoint = require "cloudjobs.aws.endpoint"
local Config = require "cloudjobs.aws.config"
local Customizations = require "cloudjobs.aws.customizations"
local Model = require "cloudjobs.model"
local Quota = require "cloudjobs.aws.retry.quota"
local Sigv4 = require "cloudjobs.aws.auth"
local Skew = require "cloudjobs.aws.clock_skew"
local Standard = require "cloudjobs.aws.retry.standard"
local assembly = require "cloudjobs.cloud.options"
local aws_retry = require "cloudjobs.aws.retry"
local core = require "cloudjobs.core"
local merged = require "cloudjobs.base.merged"
local message = require "cloudjobs.http.message"
local models = require "cloudjobs.models.index"
local option = require "cloudjobs.base.options"
local quote = require "cloudjobs.base.quote"
local services = require "cloudjobs.cloud.services"
local transports = require "cloudjobs.transport"
local url = require "cloudjobs.http.url"

-- Modules, each loaded for the first client that needs it.
local PROTOCOLS = {
  ["json-1.0"] = "cloudjobs.aws.protocol.json_rpc",
  ["json-1.1"] = "cloudjobs.aws.protocol.json_rpc",
  ["rest-json"] = "cloudjobs.aws.protocol.rest_json",
  ["rest-xml"] = "cloudjobs.aws.protocol.rest_xml",
  query = "cloudjobs.aws.protocol.query",
  ec2 = "cloudjobs.aws.protocol.query",
  ["smithy-rpc-v2-cbor"] = "cloudjobs.aws.protocol.cbor",
}

---@class cloudjobs.aws.Options: cloudjobs.Options
---@field region? string
---@field profile? string of the shared config files
---@field use_fips? boolean
---@field use_dualstack? boolean
---@field ignore_configured_endpoint_urls? boolean
---@field validate? boolean false leaves what is required to the service
---@field disable_request_compression? boolean bodies go as they are
---@field request_min_compression_size_bytes? integer bytes of a body that is compressed, where the service reads that
---@field disable_host_prefix? boolean operations go to the client's host alone, for an endpoint that has no others
---@field request_checksum_calculation? "when_supported"|"when_required"
---@field response_checksum_validation? "when_supported"|"when_required"
---@field s3? { addressing_style: string, use_accelerate_endpoint: boolean, use_arn_region: boolean,
---   disable_multiregion_access_points: boolean, us_east_1_regional_endpoint: string }
local OPTIONS = assembly.known {
  region = "string",
  profile = "string",
  use_fips = "boolean",
  use_dualstack = "boolean",
  ignore_configured_endpoint_urls = "boolean",
  validate = "boolean",
  disable_host_prefix = "boolean",
  disable_request_compression = "boolean",
  request_min_compression_size_bytes = "number",
  request_checksum_calculation = "string",
  response_checksum_validation = "string",
  s3 = "table",
}

local WORDS = {
  request_checksum_calculation = { "when_supported", "when_required" },
  response_checksum_validation = { "when_supported", "when_required" },
}

local S3_OPTIONS = {
  addressing_style = "string", use_accelerate_endpoint = "boolean", use_arn_region = "boolean",
  disable_multiregion_access_points = "boolean", us_east_1_regional_endpoint = "string",
}
local S3_WORDS = {
  addressing_style = { "auto", "path", "virtual" }, us_east_1_regional_endpoint = { "regional", "legacy" },
}

-- Raises unless each of these options is one of its words.
local function check_words(options, words, what)
  for _, name in ipairs(option.sorted_keys(words)) do
    local known = {}
    for _, word in ipairs(words[name]) do
      known[word] = true
    end
    if options[name] ~= nil and not known[options[name]] then
      option.mistake(("%s: option %s: expected %s, got %s"):format(
        what, name, table.concat(words[name], " or "), quote.word(options[name])
      ))
    end
  end
end

-- As in the AWS tools: a body of more bytes is always compressed.
local MAX_COMPRESSION_SIZE = 10485760

local function check_compression(options, what)
  local size = options.request_min_compression_size_bytes
  if size and not (size >= 0 and size <= MAX_COMPRESSION_SIZE and size % 1 == 0) then
    local name = "request_min_compression_size_bytes"
    option.mistake(("%s: option %s: expected a whole number from 0 to %d, got %s"):format(
      what, name, MAX_COMPRESSION_SIZE, size))
  end
end

local assemble

-- What a service's client does beyond its model, by the service's name.
local EXTENSIONS = { bcm_data_exports = "cloudjobs.aws.services.bcm_data_exports" }

-- A client of a service whose model is shipped.
local function connect(service, options)
  local context = assemble(Model.load(service), options, "cloudjobs.aws." .. service)
  local extension = EXTENSIONS[service]
  return services.client(context, extension and require(extension))
end

-- A client of another service with this one's credentials, transport and settings, in another region. An endpoint on a
-- loopback address is an emulator's, which has the other service as well.
local function neighbour(context, service, region)
  local options = merged(context.options, {
    credentials = context.credentials, transport = context.transport, region = region,
  })
  local parts = options.endpoint and url.parse(options.endpoint)
  if not (parts and url.is_loopback(parts.host)) then
    options.endpoint = nil
  end
  return connect(service, options)
end

-- "attempt=n; max=m" for the attempts a client may make, written once.
local function attempt_infos(context)
  return setmetatable({}, {
    __index = function(texts, attempt)
      texts[attempt] = ("attempt=%.0f; max=%.0f"):format(attempt, context.retry.max_attempts)
      return texts[attempt]
    end,
  })
end

-- When the attempt times out, by the clock of the service that sent
-- this response.
local function ttl(response, context)
  local date = message.field(response, "date")
  date = date and core.epoch(date)
  local given_up = date and core.iso(math.floor(date + context.timeout.total)) -- up to the year 9999
  return given_up and "ttl=" .. given_up:gsub("[-:]", "") .. "; " or ""
end

-- The headers that identify the call and the attempt to the service.
local ATTEMPT_HEADER_NAMES = { "amz-sdk-invocation-id", "amz-sdk-request" }

local function attempt_headers(request, attempt, context, response)
  local attempt_info = context.attempt_infos[attempt]
  local call_id = attempt == 1 or message.kept(request, ATTEMPT_HEADER_NAMES[1])
  return call_id, response and ttl(response, context) .. attempt_info or attempt_info
end

local function frame_body(...)
  return require("cloudjobs.aws.upload").frame(...)
end

local function body_verifier(...)
  return require("cloudjobs.aws.upload").verifier(...)
end

local function settings(context)
  local config = context.config
  return { region = config:get("region"), profile = config:get("profile") }
end

local LOADED = {
  "retry_mode", "retry_generation", "max_attempts", "disable_clock_skew_correction", "ca_bundle", "app_id",
}

--- Loads the settings of environment and files into the context, at its first call.
---@return cloudjobs.Error|nil err
local function load_settings(context)
  local found = {}
  for _, name in ipairs(LOADED) do
    local value, err = context.config:get(name)
    if err then
      return err
    end
    found[name] = value
  end
  context.retry = aws_retry.policy(found, context.model.service.id, context.retry.quota)
  context.skew.corrects = not found.disable_clock_skew_correction
  context.user_agent = assembly.user_agent(found.app_id)
  context.network:trust(found.ca_bundle)
  context.load_settings = nil
end

-- Where workers share a store, those of the same settings share what retries may cost.
local function shared_quota(model, options, transport)
  if not transport.store then
    return nil
  end
  local name = require "cloudjobs.base.cache_key" {
    model.service.id, region = options.region, endpoint = options.endpoint, profile = options.profile,
    credentials = options.credentials and (options.credentials.shared or options.credentials),
  }
  return name and transport.store:quota("quota " .. name, Quota.CAPACITY)
end

function assemble(model, options, what)
  options = option.check(options, OPTIONS, what)
  check_words(options, WORDS, what)
  check_compression(options, what)
  check_words(option.check(options.s3, S3_OPTIONS, what .. ": s3"), S3_WORDS, what .. ": s3")
  local retry = aws_retry.check(options, what)
  local timeout = assembly.timeout(options, what)
  local protocol = PROTOCOLS[model.service.protocol]
  if not protocol then
    option.mistake(("%s: protocol %s is not supported"):format(what, tostring(model.service.protocol)))
  end
  local transport = assembly.transport(options, what)
  local config = Config.new(options, transport.env)
  local context = {
    model = model,
    protocol = require(protocol),
    auth = Sigv4.new(),
    config = config,
    load_settings = load_settings,
    credentials = AwsCredentials.of_client(options, config, transport, connect, what),
    endpoint = AwsEndpoint.new(model, config),
    retry = Standard.new { quota = retry.quota or shared_quota(model, options, transport) }, -- until it is settled
    skew = Skew.new(),
    transport = transport,
    network = assembly.network(options, transport, what),
    log = assembly.log(options, model, transport),
    timeout = timeout,
    within = assembly.within,
    attempt_headers = attempt_headers,
    frame_body = frame_body,
    body_verifier = body_verifier,
    hooks = Customizations.new(),
    attempt_header_names = ATTEMPT_HEADER_NAMES,
    routes = setmetatable({}, { __mode = "k" }),
    settings = settings,
    options = options,
    neighbour = neighbour,
    validate = options.validate,
  }
  context.attempt_infos = attempt_infos(context)
  return context
end

-- What is loaded when it is first named: module and member.
local LAZY = {
  export = { "cloudjobs.aws.export", "new" },
  resolve_endpoint = { "cloudjobs.aws.endpoint.rule_set", "resolve" },
  retry_quota = { "cloudjobs.aws.retry.quota", "new" },
}

---@class cloudjobs.aws
---@field export fun(options: table): table
---@field resolve_endpoint fun(rule_set: table, params: table): table|nil, cloudjobs.Error|nil
---@field retry_quota fun(): table
local aws = {}

--- Credentials as a provider to share between clients: `:get()` returns an
--- identity or `nil, err`. Keys make a static one; `role_arn` the role's, assumed
--- with `credentials` or the default chain; else it is the default chain, of
--- `profile` where one is named. `mfa` returns the codes of MFA devices: `function(serial) return code end`.
---@param options table|nil
---@return { get: fun(self): cloudjobs.Identity|nil, cloudjobs.Error|nil }
function aws.credentials(options)
  return AwsCredentials.new(options, connect, "cloudjobs.aws.credentials")
end

-- What botocore has in files beside a service's description, as decoded tables.
local COMPANIONS = { paginators = "table", waiters = "table", endpoint_rules = "table" }

-- The other options that select the description.
local CHOICES = { model = "string|table", service = "string" }

-- The options of the description and of the client.
local function split(options, what)
  local rest, chosen = {}, {}
  for name, value in pairs(options) do
    local into = (COMPANIONS[name] or CHOICES[name]) and chosen or rest
    into[name] = value
  end
  local known = {}
  for _, names in ipairs { COMPANIONS, CHOICES } do
    for name, expected in pairs(names) do
      known[name] = expected
    end
  end
  return option.check(chosen, known, what), rest
end

local function model_of_table(chosen)
  local data, problem = require("cloudjobs.model.import").wrap(chosen.model, {
    paginators = chosen.paginators, waiters = chosen.waiters, endpoints = chosen.endpoint_rules,
  })
  return data and Model.new(data), problem
end

-- The model that the options describe.
local function model_of(chosen, env, what)
  local model, problem
  if Model.is(chosen.model) then
    return chosen.model
  elseif type(chosen.model) == "table" then
    model, problem = model_of_table(chosen)
  elseif chosen.paginators or chosen.waiters or chosen.endpoint_rules then
    problem = "paginators, waiters and endpoint_rules are read beside a path; pass them with a table"
  else
    model, problem = require("cloudjobs.aws.description").find(chosen, function(name)
      return env:get(name)
    end)
  end
  if not model then
    option.mistake(("%s: %s: %s"):format(what, chosen.model and "model" or "service", problem))
  end
  return model
end

-- A client of a service that is shipped for its jobs alone: an installed description has the other operations.
local function connect_partial(service, options)
  local what = "cloudjobs.aws." .. service
  options = option.check(options, OPTIONS, what)
  local env = assembly.env(options, options.transport or transports.default())
  local extension = EXTENSIONS[service]
  local context = assemble(model_of({ service = service }, env, what), options, what)
  return services.client(context, extension and require(extension))
end

for _, entry in ipairs(models) do
  if entry.cloud == "aws" then
    local make = entry.partial and connect_partial or connect
    aws[entry.name] = function(options)
      return make(entry.name, options)
    end
  end
end

local function check_choice(options, what)
  if type(options) ~= "table" or (options.model == nil and options.service == nil) then
    option.mistake(what .. ": expected the option service, a name, or the option model, a name, a path or a table")
  end
  return split(options, what)
end

--- The description of any AWS service, to make several clients of it.
---@param options table `service` or `model` as for `client`, and `env`
---@return cloudjobs.Model
function aws.model(options)
  local chosen, rest = check_choice(options, "cloudjobs.aws.model")
  option.check(rest, { env = "table", transport = "table" }, "cloudjobs.aws.model")
  return model_of(chosen, assembly.env(rest, rest.transport or transports.default()), "cloudjobs.aws.model")
end

--- A client for any AWS service.
---@param options table a client's options and `service`, the name of one whose description is found: in a folder of
---   CLOUDJOBS_MODELS, with cloudjobs, or with an installed AWS tool; or `model`: the name of a description there, the
---   path of one in botocore's JSON form (`service-2.json`, `service-2.json.gz` or its folder; the documents beside it
---   are read, too), that description as a table, with `paginators`, `waiters` and `endpoint_rules` as tables where the
---   service has them, or a model of `cloudjobs.aws.model`
---@return cloudjobs.Client
function aws.client(options)
  local chosen, rest = check_choice(options, "cloudjobs.aws.client")
  local env = assembly.env(rest, rest.transport or transports.default())
  local model = model_of(chosen, env, "cloudjobs.aws.client")
  local name = not chosen.model and require("cloudjobs.aws.description").shipped_name(chosen.service)
  local extension = EXTENSIONS[name]
  return services.client(assemble(model, rest, "cloudjobs.aws.client"), extension and require(extension))
end

return setmetatable(aws, {
  __index = function(self, name)
    local lazy = LAZY[name]
    if lazy then
      local loaded = require(lazy[1])[lazy[2]]
      rawset(self, name, loaded)
      return loaded
    end
  end,
})
