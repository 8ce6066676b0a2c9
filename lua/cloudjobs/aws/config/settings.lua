--- Every setting: where the caller's options, the environment and the profile
--- have it, how its text is read, and its default.

local ascii = require "cloudjobs.base.ascii"

-- Text from the environment or a file -> a value, or nil and what was expected.

-- As in the AWS tools: anything but `true` is false.
local function boolean(text)
  return ascii.lower(text) == "true"
end

local function region(text)
  if text:find("^[A-Za-z0-9%-]+$") and #text <= 63 then
    return text
  end
  return nil, "expected letters, digits and hyphens"
end

local function positive_integer(text)
  local number = text:find("^[0-9]+$") and tonumber(text)
  if number and number >= 1 then
    return number
  end
  return nil, "expected a whole number from 1"
end

-- As in the AWS tools: bodies from this size on are compressed.
local function compression_size(text)
  local number = text:find("^[0-9]+$") and tonumber(text)
  if number and number <= 10485760 then
    return number
  end
  return nil, "expected a whole number from 0 to 10485760"
end

local function seconds(text)
  local number = tonumber(text)
  if number and number > 0 and number < math.huge then
    return number
  end
  return nil, "expected a number of seconds"
end

local function one_of(...)
  local names = { ... }
  return function(text)
    for _, name in ipairs(names) do
      if ascii.lower(text) == name then
        return name
      end
    end
    return nil, "expected one of " .. table.concat(names, ", ")
  end
end

-- `option`: where the caller's options have it, under the setting's own name
-- unless given. `env`: the first that is set wins. `key`: in the profile, or in its sub-section `section`. `env_after`:
-- variables that count last.
return {
  region = { env = { "AWS_REGION", "AWS_DEFAULT_REGION" }, key = "region", parse = region },
  profile = { env = { "AWS_PROFILE", "AWS_DEFAULT_PROFILE" } },
  config_file = { env = { "AWS_CONFIG_FILE" }, default = "~/.aws/config" },
  credentials_file = { env = { "AWS_SHARED_CREDENTIALS_FILE" }, default = "~/.aws/credentials" },
  retry_mode = {
    option = { "retry", "mode" }, env = { "AWS_RETRY_MODE" }, key = "retry_mode",
    parse = one_of("standard", "adaptive", "legacy"), default = "standard",
  },
  retry_generation = {
    option = { "retry", "generation" }, env = { "AWS_NEW_RETRIES_2026" }, default = "2026",
    parse = function(text)
      return boolean(text) and "2026" or "former"
    end,
  },
  disable_clock_skew_correction = { env = { "AWS_DISABLE_CLOCK_SKEW_CORRECTION" }, parse = boolean },
  max_attempts = {
    option = { "retry", "max_attempts" }, env = { "AWS_MAX_ATTEMPTS" }, key = "max_attempts",
    parse = positive_integer,
  },
  use_fips = { env = { "AWS_USE_FIPS_ENDPOINT" }, key = "use_fips_endpoint", parse = boolean },
  use_dualstack = { env = { "AWS_USE_DUALSTACK_ENDPOINT" }, key = "use_dualstack_endpoint", parse = boolean },
  -- Without its own settings botocore, too, reads the variable of Python's requests.
  ca_bundle = { env = { "AWS_CA_BUNDLE" }, key = "ca_bundle", env_after = { "REQUESTS_CA_BUNDLE" } },
  profile_endpoint_url = { key = "endpoint_url" },
  app_id = { env = { "AWS_SDK_UA_APP_ID" }, key = "sdk_ua_app_id" },
  ignore_configured_endpoint_urls = {
    env = { "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" }, key = "ignore_configured_endpoint_urls", parse = boolean,
  },
  sts_regional_endpoints = {
    env = { "AWS_STS_REGIONAL_ENDPOINTS" }, key = "sts_regional_endpoints",
    parse = one_of("regional", "legacy"), default = "regional",
  },
  request_checksum_calculation = {
    env = { "AWS_REQUEST_CHECKSUM_CALCULATION" }, key = "request_checksum_calculation",
    parse = one_of("when_supported", "when_required"), default = "when_supported",
  },
  response_checksum_validation = {
    env = { "AWS_RESPONSE_CHECKSUM_VALIDATION" }, key = "response_checksum_validation",
    parse = one_of("when_supported", "when_required"), default = "when_supported",
  },
  disable_request_compression = {
    env = { "AWS_DISABLE_REQUEST_COMPRESSION" }, key = "disable_request_compression", parse = boolean,
  },
  request_min_compression_size_bytes = {
    env = { "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES" }, key = "request_min_compression_size_bytes",
    parse = compression_size, default = 10240,
  },
  disable_host_prefix = {
    env = { "AWS_DISABLE_HOST_PREFIX_INJECTION" }, key = "disable_host_prefix_injection", parse = boolean,
  },
  s3_addressing_style = {
    option = { "s3", "addressing_style" }, section = "s3",
    key = "addressing_style", parse = one_of("auto", "path", "virtual"),
  },
  s3_use_accelerate_endpoint = {
    option = { "s3", "use_accelerate_endpoint" }, section = "s3", key = "use_accelerate_endpoint", parse = boolean,
  },
  s3_us_east_1_regional_endpoint = {
    option = { "s3", "us_east_1_regional_endpoint" }, env = { "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT" },
    key = "s3_us_east_1_regional_endpoint",
    parse = one_of("regional", "legacy"), default = "regional",
  },
  s3_use_arn_region = {
    option = { "s3", "use_arn_region" }, env = { "AWS_S3_USE_ARN_REGION" }, key = "s3_use_arn_region", parse = boolean,
  },
  s3_disable_multiregion_access_points = {
    option = { "s3", "disable_multiregion_access_points" }, env = { "AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS" },
    key = "s3_disable_multiregion_access_points", parse = boolean,
  },
  metadata_disabled = { env = { "AWS_EC2_METADATA_DISABLED" }, parse = boolean },
  metadata_v1_disabled = {
    env = { "AWS_EC2_METADATA_V1_DISABLED" }, key = "ec2_metadata_v1_disabled", parse = boolean,
  },
  metadata_endpoint = { env = { "AWS_EC2_METADATA_SERVICE_ENDPOINT" }, key = "ec2_metadata_service_endpoint" },
  metadata_endpoint_mode = {
    env = { "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE" }, key = "ec2_metadata_service_endpoint_mode",
    parse = one_of("ipv4", "ipv6"),
  },
  metadata_ipv6 = { env = { "AWS_IMDS_USE_IPV6" }, key = "imds_use_ipv6", parse = boolean },
  metadata_timeout = {
    env = { "AWS_METADATA_SERVICE_TIMEOUT" }, key = "metadata_service_timeout", parse = seconds, default = 1,
  },
  metadata_attempts = {
    env = { "AWS_METADATA_SERVICE_NUM_ATTEMPTS" }, key = "metadata_service_num_attempts",
    parse = positive_integer, default = 1,
  },
}
