--- Keys from the agent of the container we run in: ECS, or EKS pod identity.

local Identity = require "cloudjobs.aws.credentials.identity"
local Network = require "cloudjobs.transport.network"
local document = require "cloudjobs.aws.credentials.document"
local file = require "cloudjobs.cloud.file"
local quote = require "cloudjobs.base.quote"
local url = require "cloudjobs.http.url"

local SOURCE = "container-role"
local ECS_AGENT = "http://169.254.170.2"
local TIMEOUT = 2 -- seconds
local ATTEMPTS = 3
local PAUSE = 1 -- seconds

-- The agents' own addresses; anywhere else keys travel by https only.
local AGENTS = { ["169.254.170.2"] = true, ["169.254.170.23"] = true, ["[fd00:ec2::23]"] = true }

---@class cloudjobs.aws.credentials.container: cloudjobs.Provider
local Container = {}
local container_mt = { __name = "cloudjobs.aws.credentials.container", __index = Container }

local function address(getenv)
  local relative, full =
    getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI")
  if not (relative or full) then
    return Identity.absent(
      SOURCE, "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set"
    )
  elseif relative and relative:sub(1, 1) ~= "/" then
    return Identity.failure(SOURCE, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: expected a path that begins with /")
  end
  local text = relative and ECS_AGENT .. relative or full
  local parts, message = url.parse(text)
  if not parts then
    return Identity.failure(SOURCE, "AWS_CONTAINER_CREDENTIALS_FULL_URI: " .. message)
  elseif parts.scheme ~= "https" and not (AGENTS[parts.host] or url.is_loopback(parts.host)) then
    return Identity.failure(
      SOURCE,
      ("AWS_CONTAINER_CREDENTIALS_FULL_URI: %s is no loopback address and no container agent"):format(
        quote.line(parts.host)
      ),
      "Use https there"
    )
  end
  return text, parts
end

-- The token is read anew each time: it is replaced while we run.
local function authorization(getenv)
  local path, token = getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"), getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN")
  local name = path and "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE" or "AWS_CONTAINER_AUTHORIZATION_TOKEN"
  if path then
    local message
    token, message = file.read_text(path)
    if not token then
      return Identity.failure(SOURCE, name .. ": " .. message)
    end
  end
  if token and token:find("[\r\n]") then
    return Identity.failure(SOURCE, name .. ": the token has a line break, which no header can carry")
  end
  return token
end

local function ask(transport, request)
  local response, err = transport:send(request)
  if not response then
    return nil, tostring(err), err
  elseif response.status ~= 200 then
    return nil, ("it answered with status %d"):format(response.status)
  end
  local answer, message = document.decode(response.body)
  if not answer then
    return nil, message
  end
  return answer
end

---@return cloudjobs.Identity|nil identity
---@return cloudjobs.Error|nil err
function Container:get()
  local config = self._config
  local function getenv(name)
    return config:getenv(name)
  end
  local text, parts = address(getenv)
  if not text then
    return nil, parts
  end
  local token, err = authorization(getenv)
  if err then
    return nil, err
  end
  local ca_bundle
  if parts.scheme == "https" then
    ca_bundle, err = config:get("ca_bundle")
    if err then
      return nil, err
    end
    local problem = ca_bundle and Network.path_problem("ca_bundle", ca_bundle)
    if problem then
      return Identity.failure(SOURCE, problem)
    end
  end
  local request = {
    method = "GET",
    url = text,
    headers = { host = parts.authority, accept = "application/json", authorization = token },
    timeout = TIMEOUT,
    connect_timeout = TIMEOUT,
    network = ca_bundle and self._honours.ca_bundle and { ca_bundle = ca_bundle } or nil,
  }
  local answer, message
  for attempt = 1, ATTEMPTS do
    if attempt > 1 then
      local _, ended = self._transport:sleep(PAUSE)
      if ended then
        return nil, ended
      end
    end
    answer, message = ask(self._transport, request)
    if answer then
      local identity
      identity, message = document.identity(answer, "Token", SOURCE)
      if identity then
        return identity
      end
      break
    end
  end
  return Identity.failure(SOURCE, ("the container's agent at %s gave no keys: %s"):format(parts.authority, message))
end

--- A provider of the container's role.
---@param config cloudjobs.Config
---@param transport table
local function new(config, transport)
  return setmetatable({ _config = config, _transport = transport, _honours = transport.honours or {} }, container_mt)
end

return { new = new }
