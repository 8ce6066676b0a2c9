--- Settings: what the caller gave, else the environment.

local Config = {}
local config_mt = { __name = "cloudjobs.config", __index = Config }

-- Environment variables for each setting, the first that is set wins.
local ENVIRONMENT = {
  region = { "AWS_REGION", "AWS_DEFAULT_REGION" },
  profile = { "AWS_PROFILE", "AWS_DEFAULT_PROFILE" },
  max_attempts = { "AWS_MAX_ATTEMPTS" },
}

--- An environment variable, or nil. An empty one counts as unset, as in the AWS tools.
---@param name string
---@return string|nil
function Config:getenv(name)
  local value
  if self._env then
    value = self._env[name]
  else
    value = os.getenv(name)
  end
  return value ~= "" and value or nil
end

--- A setting's value, or nil.
---@param name string
---@return any
function Config:get(name)
  local value = self._options[name]
  if value ~= nil then
    return value
  end
  for _, variable in ipairs(ENVIRONMENT[name] or {}) do
    value = self:getenv(variable)
    if value then
      return value
    end
  end
  return nil
end

--- The endpoint URL the environment names for a service:
--- AWS_ENDPOINT_URL_<SERVICE_ID>, then AWS_ENDPOINT_URL.
---@param service_id string e.g. "BCM Data Exports"
---@return string|nil url
---@return string|nil variable where it came from
function Config:endpoint_url(service_id)
  if self._options.endpoint then
    return self._options.endpoint, "endpoint"
  end
  local name = "AWS_ENDPOINT_URL_" .. service_id:gsub("[ %-]", "_"):upper()
  for _, variable in ipairs { name, "AWS_ENDPOINT_URL" } do
    local url = self:getenv(variable)
    if url then
      return url, variable
    end
  end
end

--- Reads nothing yet.
---@param options table a client's options; `env` stands for the process environment
local function new(options)
  return setmetatable({ _options = options, _env = options.env }, config_mt)
end

return { new = new }
