--- Settings: what the caller gave, else the environment, else the profile in
--- the shared config files, else the default. Files are read when a setting
--- is first asked for.

local ConfigFile = require "cloudjobs.aws.config.file"
local Env = require "cloudjobs.cloud.env"
local Error = require "cloudjobs.base.error"
local SETTINGS = require "cloudjobs.aws.config.settings"

---@class cloudjobs.Config
local Config = {}
local config_mt = { __name = "cloudjobs.aws.config", __index = Config }

local function failure(message, hint)
  return nil, Error.new { kind = "config", code = "config", message = message, hint = hint }
end

--- An environment variable, or nil. An empty one counts as unset, as in the AWS tools.
---@param name string
---@return string|nil
function Config:getenv(name)
  return self._env:get(name)
end

--- The table that stands for the process environment, or nil.
---@return table<string, string>|nil
function Config:environment()
  return self._env.values
end

--- A path with `$VARIABLE`, `${VARIABLE}` and a leading `~` filled in. What is
--- not set stays as it is written.
---@param path string
---@return string
function Config:expand(path)
  local function value(whole, name)
    return self:getenv(name) or whole
  end
  path = path:gsub("(%$([%a_][%w_]*))", value):gsub("(%${([^}]*)})", value)
  local home = self:getenv("HOME")
  if home and (path == "~" or path:find("^~/")) then
    path = home .. path:sub(2)
  end
  return path
end

-- Both files, parsed; read once until `forget`.
local function files_of(self)
  if self._files then
    return self._files
  end
  local config_path = self:expand(self:get("config_file"))
  local credentials_path = self:expand(self:get("credentials_file"))
  local config, err = ConfigFile.load(config_path, ConfigFile.parse_config)
  if not config then
    return nil, err
  end
  local credentials
  credentials, err = ConfigFile.load(credentials_path, ConfigFile.parse_credentials)
  if not credentials then
    return nil, err
  end
  self._files = {
    config = config,
    credentials = credentials,
    config_path = config_path,
    credentials_path = credentials_path,
    merged = {},
  }
  return self._files
end

--- Lets go of what the files said, so that the next question reads them again.
function Config:forget()
  self._files = nil
end

local function merge(below, above)
  if not (below and above) then
    return below or above
  end
  local merged = {}
  for key, value in pairs(below) do
    merged[key] = value
  end
  for key, value in pairs(above) do
    merged[key] = value
  end
  return merged
end

--- A profile: its keys from both files, the credentials file's where both have one.
---@param name string
---@return table|nil profile nil alone when there is none of that name
---@return cloudjobs.Error|nil err
function Config:profile(name)
  local files, err = files_of(self)
  if not files then
    return nil, err
  end
  if not files.merged[name] then
    files.merged[name] = merge(files.config.profiles[name], files.credentials.profiles[name])
  end
  return files.merged[name]
end

--- What one of the two files alone says of a profile.
---@param which "config"|"credentials"
---@param name string
---@return table|nil profile nil alone when there is none of that name
---@return cloudjobs.Error|string|nil path or, on failure, the error
function Config:profile_in(which, name)
  local files, err = files_of(self)
  if not files then
    return nil, err
  end
  return files[which].profiles[name], files[which .. "_path"]
end

--- The profile in force: its name, and whether the caller named it in code.
---@return string name
---@return boolean explicit
function Config:profile_name()
  return self:get("profile") or "default", self._options.profile ~= nil
end

local function profile_names(files)
  local names = {}
  for name in pairs(files.config.profiles) do
    names[#names + 1] = name
  end
  for name in pairs(files.credentials.profiles) do
    names[#names + 1] = name
  end
  return names
end

--- The profile in force. A missing `default` is empty; a missing one that was
--- named is an error.
---@return table|nil profile
---@return cloudjobs.Error|nil err
function Config:current_profile()
  local name = self:get("profile")
  local profile, err = self:profile(name or "default")
  if profile then
    return profile
  elseif err then
    return nil, err
  elseif not name then
    return {}
  end
  local files = self._files
  return failure(
    ("profile %q is neither in %s nor in %s%s"):format(
      name, files.config_path, files.credentials_path, require "cloudjobs.base.suggest"(name, profile_names(files))
    )
  )
end

-- The setting's text and where it was found; nil alone when it is nowhere.
local function find(self, setting)
  for _, variable in ipairs(setting.env or {}) do
    local text = self:getenv(variable)
    if text then
      return text, variable
    end
  end
  if not setting.key then
    return nil
  end
  local profile, err = self:current_profile()
  if not profile then
    return nil, err
  end
  local text = profile[setting.key]
  if type(text) == "string" and text ~= "" then
    return text, ("profile %q: %s"):format(self:profile_name(), setting.key)
  end
end

--- A setting's value. nil alone when it is not set and has no default.
---@param name string see settings.lua
---@return any value
---@return cloudjobs.Error|nil err kind "config"
function Config:get(name)
  local setting = SETTINGS[name]
  local options, option = self._options, name
  if setting.option then
    options, option = options[setting.option[1]] or {}, setting.option[2]
  end
  if options[option] ~= nil then
    return options[option]
  end
  local text, source = find(self, setting)
  if not text then
    if source then
      return nil, source
    end
    return setting.default
  elseif not setting.parse then
    return text
  end
  local value, expected = setting.parse(text)
  if value == nil then
    return failure(("%s: %s, got %q"):format(source, expected, text))
  end
  return value
end

-- The endpoint in the `services` section that the profile names.
local function services_url(self, profile, key)
  local name = profile.services
  if not name then
    return nil
  end
  local section = self._files.config.services[name]
  if not section then
    return failure(("profile %q: services = %s, but %s has no section [services %s]"):format(
      self:profile_name(), name, self._files.config_path, name
    ))
  end
  local service = section[key]
  return type(service) == "table" and service.endpoint_url or nil
end

--- The endpoint URL configured for a service. nil alone when there is none:
--- the service's own rules apply then.
---@param service_id string e.g. "BCM Data Exports"
---@return string|nil url
---@return string|cloudjobs.Error|nil source where it came from or, on failure, the error
function Config:endpoint_url(service_id)
  if self._options.endpoint then
    return self._options.endpoint, "endpoint"
  end
  local ignore, err = self:get("ignore_configured_endpoint_urls")
  if ignore or err then
    return nil, err
  end
  local key = service_id:gsub("[ %-]", "_"):lower()
  for _, variable in ipairs { "AWS_ENDPOINT_URL_" .. key:upper(), "AWS_ENDPOINT_URL" } do
    local url = self:getenv(variable)
    if url then
      return url, variable
    end
  end
  local profile
  profile, err = self:current_profile()
  if not profile then
    return nil, err
  end
  local url
  url, err = services_url(self, profile, key)
  if url then
    return url, ("[services %s]: %s: endpoint_url"):format(profile.services, key)
  elseif err then
    return nil, err
  end
  if profile.endpoint_url then
    return profile.endpoint_url, ("profile %q: endpoint_url"):format(self:profile_name())
  end
end

--- The `[sso-session NAME]` section, or nil.
---@param name string
---@return table|nil section
---@return cloudjobs.Error|nil err
function Config:sso_session(name)
  local files, err = files_of(self)
  if not files then
    return nil, err
  end
  return files.config.sso_sessions[name]
end

--- Reads nothing yet.
---@param options table a client's options; `env` stands for the process environment
---@param env table<string, string>|nil where the process has one of its own that stands for it
local function new(options, env)
  return setmetatable({ _options = options, _env = Env.new(options.env or env) }, config_mt)
end

return { new = new }
