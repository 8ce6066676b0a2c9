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
  -- As in botocore, a configured address has no hosts for buckets unless the setting asks for them.
  ["AWS::S3::ForcePathStyle"] = function(given)
    local style, err = given.config:get("s3_addressing_style")
    if style == "path" or style == "virtual" or err then
      return style == "path", err
    end
    local accelerate
    accelerate, err = given.config:get("s3_use_accelerate_endpoint")
    return given.address ~= nil and not accelerate, err
  end,
  ["AWS::S3::Accelerate"] = function(given)
    return given.config:get("s3_use_accelerate_endpoint")
  end,
  ["AWS::S3::UseGlobalEndpoint"] = function(given)
    local mode, err = given.config:get("s3_us_east_1_regional_endpoint")
    return mode == "legacy", err
  end,
  ["AWS::S3::UseArnRegion"] = function(given)
    return given.config:get("s3_use_arn_region")
  end,
  ["AWS::S3Control::UseArnRegion"] = function(given)
    return given.config:get("s3_use_arn_region")
  end,
  ["AWS::S3::DisableMultiRegionAccessPoints"] = function(given)
    return given.config:get("s3_disable_multiregion_access_points")
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

-- The names under which S3's family signs. Its paths are signed as they are on the wire: a key may hold "//".
local RAW_PATHS = { s3 = true, ["s3-outposts"] = true, ["s3-object-lambda"] = true }

local SCHEMES = {
  sigv4a = "it is signed for several regions (SigV4a)",
  ["sigv4-s3express"] = "directory buckets have sessions of their own (S3 Express)",
}

local function unsupported(schemes)
  local names = {}
  for i, scheme in ipairs(schemes) do
    names[i] = tostring(scheme.name)
  end
  return config_error(("this endpoint needs the authentication scheme %s, which cloudjobs does not support"):format(
    table.concat(names, " or ")
  ), SCHEMES[names[1]])
end

-- The rules' last word on signing, else the service's own name and the client's region.
local function signing_of(answer, service, region)
  local signing = { region = region, name = service.signing }
  local schemes = answer.properties.authSchemes or {}
  local chosen
  for _, scheme in ipairs(schemes) do
    chosen = chosen or scheme.name == "sigv4" and scheme
  end
  if chosen then
    signing.region = chosen.signingRegion or signing.region
    signing.name = chosen.signingName or signing.name
  elseif #schemes > 0 then
    return unsupported(schemes)
  end
  signing.raw_path = RAW_PATHS[signing.name]
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
    params[name] = rules.parameters[name] and value -- the default rules have none of an operation's
  end
  return require("cloudjobs.aws.endpoint.rule_set").resolve(rules, params)
end

local VARIANTS = { "use_fips", "use_dualstack" }

-- The rules of all shipped services but S3's use a configured address as it is,
-- so none need be loaded; variants, which they refuse beside it, are for them.
local function is_final(self)
  if self._service.signing == "s3" then
    return false
  end
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
  resolved.signing, err = signing_of(answer, self._service, region)
  if not resolved.signing then
    return nil, err
  end
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

-- GetBucketLocation works at the address of any region: the bucket's own host might be in another one, which refuses
-- the signature. The ARN of an access point cannot stand in a path.
local function add_s3_parameters(own, op)
  if op.name == "GetBucketLocation" then
    own.ForcePathStyle = true
  elseif type(own.Bucket) == "string" and own.Bucket:find("^arn:") then
    own.ForcePathStyle = false
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
    local own = own_parameters(op.context, params or {})
    resolved, err = find(self, self._service.id == "S3" and add_s3_parameters(own, op) or own)
  elseif self._resolved then
    resolved = self._resolved
  else
    resolved, err = find(self)
    self._resolved = resolved
  end
  if resolved and op and op.host_prefix then
    local disabled
    disabled, err = self._config:get("disable_host_prefix")
    if err then
      return nil, err
    elseif not disabled then
      resolved, err = prefixed(resolved, op.host_prefix, params)
    end
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
