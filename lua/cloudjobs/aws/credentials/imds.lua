--- Keys of the role of the EC2 instance we run on, from its metadata service:
--- version 2, with a session token; version 1 only where 2 is not available.

local Identity = require "cloudjobs.aws.credentials.identity"
local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"
local document = require "cloudjobs.aws.credentials.document"
local quote = require "cloudjobs.base.quote"
local url = require "cloudjobs.http.url"

local SOURCE = "iam-role"
local IPV4 = "http://169.254.169.254"
local IPV6 = "http://[fd00:ec2::254]"
local TOKEN_PATH = "/latest/api/token"
local ROLE_PATH = "/latest/meta-data/iam/security-credentials/"
local TOKEN_SECONDS = "21600"

-- Statuses that mean "there is no version 2 here".
local NO_TOKENS = { [403] = true, [404] = true, [405] = true }

-- Keys about to expire are used on while the service has no newer ones: AWS
-- still accepts them then. They are refreshed again after this time, in s.
local EXTENSION = 15 * 60
local EXTENSION_JITTER_MIN, EXTENSION_JITTER_MAX = 2 * 60, 10 * 60

---@class cloudjobs.aws.credentials.imds: cloudjobs.Provider
local Imds = {}
local imds_mt = { __name = "cloudjobs.aws.credentials.imds", __index = Imds }

local function base_address(config)
  local endpoint, err = config:get("metadata_endpoint")
  if err then
    return nil, err
  elseif endpoint then
    local parts, message = url.parse(endpoint)
    if not parts then
      return Identity.failure(SOURCE, "the metadata service's endpoint: " .. message)
    end
    return ascii.without_slashes(endpoint)
  end
  local mode
  mode, err = config:get("metadata_endpoint_mode")
  if err then
    return nil, err
  end
  local ipv6 = config:get("metadata_ipv6")
  return (mode == "ipv6" or (not mode and ipv6)) and IPV6 or IPV4
end

local SETTINGS = { timeout = "metadata_timeout", attempts = "metadata_attempts", no_v1 = "metadata_v1_disabled" }

-- The settings of one refresh: address, timeout and attempts.
local function settings_of(config)
  local base, err = base_address(config)
  if not base then
    return nil, err
  end
  local settings = { base = base }
  for key, name in pairs(SETTINGS) do
    settings[key], err = config:get(name)
    if err then
      return nil, err
    end
  end
  return settings
end

-- The first response that `accept` accepts, within the allowed attempts; else
-- nil, a message, and the last response or error.
local function ask(self, settings, method, path, headers, accept)
  local parts = url.parse(settings.base)
  headers.host = parts.authority
  local response, err
  for _ = 1, settings.attempts do
    response, err = self._transport:send {
      method = method,
      url = settings.base .. path,
      headers = headers,
      timeout = settings.timeout,
      connect_timeout = settings.timeout,
    }
    if response and accept(response) then
      return response
    end
  end
  if not response then
    return nil, "it does not answer: " .. tostring(err), err
  end
  return nil, ("it answered %s with status %d"):format(quote.path(path), response.status), response
end

local function is_token_answer(response)
  return response.status == 200 or response.status == 400 or NO_TOKENS[response.status]
end

-- A session token; false where there is none to be had and version 1 may do.
local function session_token(self, settings)
  local headers = { ["x-aws-ec2-metadata-token-ttl-seconds"] = TOKEN_SECONDS }
  local response, message, last = ask(self, settings, "PUT", TOKEN_PATH, headers, is_token_answer)
  if response and response.status == 200 then
    if response.body:find("[%z\1-\32\127]") or response.body == "" then
      return nil, "it answered something that is no session token"
    end
    return response.body
  elseif response and response.status == 400 then
    return nil, "it refused to give a session token (status 400)"
  elseif last and not last.status and last.code ~= "timeout" then
    return nil, message
  elseif settings.no_v1 then
    return nil, "it gave no session token, and version 1 is disabled by AWS_EC2_METADATA_V1_DISABLED"
  end
  return false
end

local function is_filled(response)
  return response.status == 200 and response.body ~= ""
end

-- The keys, or nil and a message. Version 1 has no session token.
local function fetch(self, settings)
  local token, message = session_token(self, settings)
  if token == nil then
    return nil, message
  end
  local headers = { ["x-aws-ec2-metadata-token"] = token or nil }
  local response
  response, message = ask(self, settings, "GET", ROLE_PATH, headers, is_filled)
  if not response then
    return nil, message
  end
  local role = response.body:match("^%s*([%w+=,.@_%-]+)%s*$")
  if not role then
    return nil, "it answered something that is no role's name"
  end
  response, message = ask(self, settings, "GET", ROLE_PATH .. role, headers, is_filled)
  if not response then
    return nil, message
  end
  local answer
  answer, message = document.decode(response.body)
  if not answer then
    return nil, message
  elseif type(answer.Code) == "string" and answer.Code ~= "Success" then
    return nil, ("it has no keys for the role %s: %s"):format(quote.name(role), quote.name(answer.Code))
  end
  return document.identity(answer, "Token", SOURCE)
end

-- `identity` with an expiration after which it is refreshed again.
local function extended(identity, now)
  local jitter = EXTENSION_JITTER_MIN + core.random() * (EXTENSION_JITTER_MAX - EXTENSION_JITTER_MIN)
  local expiration = now + EXTENSION + math.floor(jitter)
  if identity.expiration == nil or identity.expiration >= expiration then
    return identity
  end
  local longer = {}
  for name, value in pairs(identity) do
    longer[name] = value
  end
  longer.expiration = expiration
  return Identity.new(longer)
end

---@return cloudjobs.Identity|nil identity
---@return cloudjobs.Error|nil err
function Imds:get()
  if self._config:get("metadata_disabled") then
    return Identity.absent(SOURCE, "AWS_EC2_METADATA_DISABLED is true")
  end
  local settings, err = settings_of(self._config)
  if not settings then
    return nil, err
  end
  local identity, message = fetch(self, settings)
  identity = identity or self._last
  if not identity then
    message = ("the instance metadata service at %s: %s"):format(quote.url(settings.base), message)
    return Identity.absent(SOURCE, message)
  end
  self._last = identity
  return extended(identity, self._transport:now())
end

--- A provider of the instance's role.
---@param config cloudjobs.Config
---@param transport table
local function new(config, transport)
  return setmetatable({ _config = config, _transport = transport }, imds_mt)
end

return { new = new }
