--- From settings to the flow that gets tokens: what is not given in code is
--- taken from the variables that Azure's own libraries read.

local ascii = require "cloudjobs.base.ascii"
local azure_certificate = require "cloudjobs.azure.credentials.certificate"
local azure_managed = require "cloudjobs.azure.credentials.managed"
local azure_secret = require "cloudjobs.azure.credentials.secret"
local azure_workload = require "cloudjobs.azure.credentials.workload"

local VARIABLES = {
  tenant_id = "AZURE_TENANT_ID",
  client_id = "AZURE_CLIENT_ID",
  client_secret = "AZURE_CLIENT_SECRET",
  certificate_path = "AZURE_CLIENT_CERTIFICATE_PATH",
  certificate_password = "AZURE_CLIENT_CERTIFICATE_PASSWORD",
  federated_token_file = "AZURE_FEDERATED_TOKEN_FILE",
  authority = "AZURE_AUTHORITY_HOST",
}

-- One of these names a managed identity.
local SELECTORS = { "client_id", "object_id", "resource_id" }

-- `given`, completed by the environment.
local function merged(given, settings)
  local all = {
    transport = settings.transport,
    network = settings.network,
    getenv = settings.getenv,
    authority = settings.authority,
  }
  for name, value in pairs(given) do
    all[name] = value
  end
  for name, variable in pairs(VARIABLES) do
    all[name] = given[name] or settings.getenv(variable) or all[name]
  end
  if not all.authority:find("://", 1, true) then
    all.authority = "https://" .. all.authority -- Azure's own libraries accept a host alone, too
  end
  if all.send_certificate_chain == nil then
    local text = settings.getenv("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN")
    all.send_certificate_chain = text == "1" or (text ~= nil and ascii.lower(text) == "true")
  end
  return all
end

-- A message for what is missing of `names`, nil when nothing is.
local function missing(all, ...)
  local absent = {}
  for _, name in ipairs { ... } do
    if not all[name] or all[name] == "" then
      absent[#absent + 1] = ("%s (%s)"):format(name, VARIABLES[name])
    end
  end
  return #absent > 0 and "missing " .. table.concat(absent, ", ") or nil
end

local KINDS = {}

function KINDS.client_secret(given, settings)
  local all = merged(given, settings)
  local message = missing(all, "tenant_id", "client_id", "client_secret")
  if message then
    return nil, message
  end
  return azure_secret.new(all)
end

function KINDS.certificate(given, settings)
  local all = merged(given, settings)
  local message = missing(all, "tenant_id", "client_id")
    or (not all.certificate and missing(all, "certificate_path") or nil)
  if not message and all.certificate_algorithm and all.certificate_algorithm ~= "PS256"
    and all.certificate_algorithm ~= "RS256" then
    message = "certificate_algorithm: expected PS256 or RS256"
  end
  if message then
    return nil, message
  end
  return azure_certificate.new(all)
end

function KINDS.workload_identity(given, settings)
  local all = merged(given, settings)
  local message = missing(all, "tenant_id", "client_id", "federated_token_file")
  if message then
    return nil, message
  end
  return azure_workload.new(all)
end

-- `given.probe` probes for the metadata service first.
function KINDS.managed_identity(given, settings)
  local selector
  for _, name in ipairs(SELECTORS) do
    if given[name] then
      if selector then
        return nil, ("expected one of %s"):format(table.concat(SELECTORS, ", "))
      end
      selector = { name = name, value = given[name] }
    end
  end
  return azure_managed.new {
    transport = settings.transport,
    getenv = settings.getenv,
    selector = selector,
    probe = given.probe,
    arc_folder = given.arc_folder,
  }
end

function KINDS.cli(given, settings)
  -- It loads cloudjobs.os, which most programs do not need.
  local azure_cli = require "cloudjobs.azure.credentials.cli"
  return azure_cli.new {
    transport = settings.transport,
    tenant_id = given.tenant_id,
    subscription = given.subscription,
    process_timeout = given.process_timeout,
  }
end

--- A service principal of the environment.
function KINDS.environment(given, settings)
  local all = merged(given, settings)
  local message = missing(all, "tenant_id", "client_id")
  if message then
    return nil, message
  elseif all.client_secret then
    return azure_secret.new(all)
  elseif all.certificate_path then
    return azure_certificate.new(all)
  elseif settings.getenv("AZURE_USERNAME") then
    return nil, "AZURE_USERNAME and AZURE_PASSWORD are not supported: Entra is ending them"
  end
  return nil, "missing client_secret (AZURE_CLIENT_SECRET) or certificate_path (AZURE_CLIENT_CERTIFICATE_PATH)"
end

--- The kind that the given settings mean, nil where they name none.
---@param given table
---@return string|nil
local function kind_of(given)
  return given.kind
    or given.client_secret and "client_secret"
    or (given.certificate or given.certificate_path) and "certificate"
    or given.federated_token_file and "workload_identity"
    or (given.object_id or given.resource_id) and "managed_identity"
    or nil
end

--- A flow of that kind.
---@param kind string
---@param given table settings given in code
---@param settings { transport: table, network: table|nil, getenv: function, authority: string }
---@return table|nil flow with `get(scope, claims)`
---@return string|nil message what is missing
local function new(kind, given, settings)
  return KINDS[kind](given, settings)
end

return { new = new, kind_of = kind_of, kinds = KINDS }
