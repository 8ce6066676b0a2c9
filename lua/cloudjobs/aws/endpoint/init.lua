--- Where an AWS client's requests go, and what they are signed for: by the
--- configured address and the service's endpoint rules. Found at the first
--- call and kept.

local Error = require "cloudjobs.base.error"
local assembly = require "cloudjobs.cloud.options"
local quote = require "cloudjobs.base.quote"

-- What signs for a service's global address, used where no region is set.
local GLOBAL_REGION = "us-east-1"

local AwsEndpoint = {}
local endpoint_mt = { __name = "cloudjobs.aws.endpoint", __index = AwsEndpoint }

local function config_error(message, hint)
  return nil, Error.new { kind = "config", code = "config", message = message, hint = hint }
end

local function region_of(self)
  local region, err = self._config:get("region")
  if err then
    return nil, err
  elseif not region and self._service.global_endpoint then
    return GLOBAL_REGION
  elseif not region then
    local reason = self._config:unreadable()
    return config_error(
      "no region" .. (reason and ": " .. reason or ""),
      "Pass region = \"us-east-1\", set AWS_REGION or give the profile a region"
    )
  elseif not region:find("^[A-Za-z0-9%-]+$") or #region > 63 then
    return config_error(("region %s: expected letters, digits and hyphens"):format(quote.word(region)))
  end
  return region
end

-- Where the rules' built-in parameters come from; others have their defaults.
local BUILT_INS = {
  ["AWS::Region"] = function(given)
    return given.region
  end,
  ["SDK::Endpoint"] = function(given)
    return given.address
  end,
  ["AWS::UseFIPS"] = function(given)
    return given.config:get("use_fips")
  end,
  ["AWS::UseDualStack"] = function(given)
    return given.config:get("use_dualstack")
  end,
  -- Without a region the AWS tools, too, use the global address of STS.
  ["AWS::STS::UseGlobalEndpoint"] = function(given)
    local mode, err = given.config:get("sts_regional_endpoints")
    return mode == "legacy" or not given.config:get("region"), err
  end,
}

local function parameters_of(rules, given)
  local params = {}
  for name, parameter in pairs(rules.parameters) do
    local read = BUILT_INS[parameter.builtIn]
    if read then
      local value, err = read(given)
      if err then
        return nil, err
      end
      params[name] = value
    end
  end
  return params
end

-- The rules' last word on signing, else the service's own name and the client's region.
local function signing_of(answer, service, region)
  local signing = { region = region, name = service.signing }
  for _, scheme in ipairs(answer.properties.authSchemes or {}) do
    if scheme.name == "sigv4" then
      signing.region = scheme.signingRegion or signing.region
      signing.name = scheme.signingName or signing.name
      break
    end
  end
  return signing
end

-- What the service's rules, or those of most services, make of the settings and
-- of what one operation adds to them.
local function by_rules(self, region, address, own)
  local rules = self._model:endpoints() or require "cloudjobs.aws.endpoint.default_rules"(self._service.endpoint)
  local params, err = parameters_of(rules, { config = self._config, region = region, address = address })
  if not params then
    return nil, err
  end
  for name, value in pairs(own or {}) do
    params[name] = value
  end
  return require("cloudjobs.aws.endpoint.rule_set").resolve(rules, params)
end

local VARIANTS = { "use_fips", "use_dualstack" }

-- The rules of all shipped services use a configured address as it is, so
-- none need be loaded; variants, which they refuse beside it, are for them.
local function is_final(self)
  for _, name in ipairs(VARIANTS) do
    local value, err = self._config:get(name)
    if value or err then
      return false
    end
  end
  return self._model:is_shipped()
end

-- The address for an operation that wants something in front of the host:
-- "{AccountId}." with the caller's parameters for labels.
local function prefixed(resolved, template, params)
  local problems = {}
  local prefix = template:gsub("{([^}]+)}", function(name)
    local label = params[name]
    if type(label) ~= "string" or not label:find("^[A-Za-z0-9][A-Za-z0-9-]*$") or #label > 63 then
      problems[#problems + 1] = { path = name, message = "expected letters, digits and hyphens, 63 at most" }
    end
    return tostring(label)
  end)
  if #problems > 0 then
    return nil, Error.new { kind = "validation", code = "validation", problems = problems }
  end
  local host = prefix .. resolved.host
  return {
    origin = resolved.origin:match("^%a+://") .. host,
    host = host,
    path = resolved.path,
    signing = resolved.signing,
  }
end

local function find(self, own)
  local region, err = region_of(self)
  if not region then
    return nil, err
  end
  local address, source = self._config:endpoint_url(self._service.id)
  if source and not address then
    return nil, source
  end
  local answer, resolved
  if address and is_final(self) then
    answer = { url = address, properties = {} }
  else
    answer, err = by_rules(self, region, address, own)
  end
  if not answer then
    return nil, err
  end
  -- As for the AWS tools: a signature reveals no secret, and http://localstack:4566 is in use.
  resolved, err = assembly.address(answer.url, source or "endpoint rules", true)
  if not resolved then
    return nil, err
  end
  resolved.signing = signing_of(answer, self._service, region)
  return resolved
end

-- The parameters of an operation for the rules: constants, and values of its own parameters.
local function own_parameters(context, params)
  local own = {}
  for name, from in pairs(context) do
    if from.path then
      own[name] = require("cloudjobs.base.jmespath").compile(from.path)(params)
    elseif from.member then
      own[name] = params[from.member]
    else
      own[name] = from.value
    end
  end
  return own
end

--- Where requests go; an operation's own may go to another host.
---@param op table|nil
---@param params table|nil the operation's
---@return { origin: string, host: string, path: string, signing: { region: string, name: string } }|nil
---@return cloudjobs.Error|nil err
function AwsEndpoint:resolve(op, params)
  local resolved, err
  if op and op.context then
    resolved, err = find(self, own_parameters(op.context, params or {}))
  elseif self._resolved then
    resolved = self._resolved
  else
    resolved, err = find(self)
    self._resolved = resolved
  end
  if resolved and op and op.host_prefix then
    resolved, err = prefixed(resolved, op.host_prefix, params)
  end
  return resolved, err
end

--- The endpoint of one client.
---@param model cloudjobs.Model
---@param config table
local function new(model, config)
  return setmetatable({ _model = model, _service = model.service, _config = config }, endpoint_mt)
end

return { new = new }
