--- Settings: what the caller gave, else the environment, else the profile in
--- the shared config files, else the default. Files are read when a setting
--- is first read.

local ConfigFile = require "cloudjobs.aws.config.file"
local Env = require "cloudjobs.cloud.env"
local Error = require "cloudjobs.base.error"
local SETTINGS = require "cloudjobs.aws.config.settings"
local ascii = require "cloudjobs.base.ascii"
local quote = require "cloudjobs.base.quote"

-- In the order in which their keys count.
local WHICH = { "credentials", "config" }
local LOADERS = { credentials = ConfigFile.parse_credentials, config = ConfigFile.parse_config }

---@class cloudjobs.Config
local Config = {}
local config_mt = { __name = "cloudjobs.aws.config", __index = Config }

local MAX_PATH = 4096 -- bytes; no file has a longer one

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
  if #path > MAX_PATH then
    return path
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
  local files = { merged = {} }
  for _, which in ipairs(WHICH) do
    local path, err = self:get(which .. "_file")
    if err then
      return nil, err
    end
    path = self:expand(path)
    files[which], err = ConfigFile.load(path, LOADERS[which])
    if not files[which] then
      return nil, err
    end
    files[which .. "_path"] = path
  end
  self._files = files
  return files
end

--- The reasons for which files could not be read, or nil where both could or are missing.
---@return string|nil
function Config:unreadable()
  local files = files_of(self)
  local reasons = {}
  for _, which in ipairs(files and WHICH or {}) do
    reasons[#reasons + 1] = files[which]:unreadable()
  end
  return #reasons > 0 and table.concat(reasons, "; ") or nil
end

--- Forgets what the files said: the next setting reads them again.
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

-- "; line 3 is indented: it continues line 2" where that is why a profile's value has a line break.
local function continuation(files, name, key)
  for _, which in ipairs(WHICH) do
    local section = files[which].profiles[name]
    if section and section[key] ~= nil then
      local note = files[which]:continuation(section, key)
      return note and ("; in %s %s"):format(quote.path(files[which .. "_path"]), note) or ""
    end
  end
  return ""
end

local function has_break(value)
  return type(value) == "string" and value:find("\n", 1, true) ~= nil
end

local function broken(files, name, key, value)
  return failure(("profile %s: %s: expected one line, got %s%s"):format(
    quote.value(name), key, quote.value(value), continuation(files, name, key)
  ))
end

--- A profile: its keys from both files, the credentials file's where both have one.
---@param name string
---@param one_line string[]|nil keys whose values the caller uses, which have to be of one line
---@return table|nil profile nil alone when there is none of that name
---@return cloudjobs.Error|nil err
function Config:profile(name, one_line)
  local files, err = files_of(self)
  if not files then
    return nil, err
  end
  local profile = files.merged[name]
  if not profile then
    profile = merge(files.config.profiles[name], files.credentials.profiles[name])
    files.merged[name] = profile
  end
  for _, key in ipairs(profile and one_line or {}) do
    if has_break(profile[key]) then
      return broken(files, name, key, profile[key])
    end
  end
  return profile
end

--- A profile as one of the two files alone has it.
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

-- A suggestion for a profile that does not exist.
local function hint_of(files, name)
  if files.config:has_other(name) then
    return (" (%s has a section [%s]: write [profile %s] there)"):format(
      quote.path(files.config_path), quote.line(name), name:find("[^A-Za-z0-9_.-]") and quote.value(name) or name)
  elseif files.credentials.profiles["profile " .. name] then
    return (" (%s has a section [profile %s]: write [%s] there)"):format(
      quote.path(files.credentials_path), quote.line(name), quote.line(name))
  end
  local names = {}
  for _, which in ipairs(WHICH) do
    for known in pairs(files[which].profiles) do
      names[#names + 1] = known
    end
  end
  return require "cloudjobs.base.suggest"(name, names)
end

--- The profile in force. A missing `default` is empty; a missing one that was
--- named is an error.
---@return table|nil profile
---@return cloudjobs.Error|nil err
function Config:current_profile()
  local name, err = self:get("profile")
  if err then
    return nil, err
  end
  local profile
  profile, err = self:profile(name or "default")
  if profile then
    return profile
  elseif err then
    return nil, err
  elseif not name then
    return {}
  end
  local files = self._files
  return failure(
    ("profile %s is neither in %s nor in %s%s"):format(
      quote.value(name), quote.path(files.config_path), quote.path(files.credentials_path), hint_of(files, name)
    ), self:unreadable()
  )
end

local function first_variable(self, names)
  for _, variable in ipairs(names or {}) do
    local text = self:getenv(variable)
    if text then
      return text, variable
    end
  end
end

-- The setting's text, where it was found, and a note for an error about it; nil alone when it is nowhere.
local function find(self, setting)
  local text, source = first_variable(self, setting.env)
  if text or not setting.key then
    return text, source, ""
  end
  local profile, err = self:current_profile()
  if not profile then
    return nil, err
  end
  local section = profile
  if setting.section then
    section = type(profile[setting.section]) == "table" and profile[setting.section] or {}
  end
  text = section[setting.key]
  if type(text) == "string" and text ~= "" then
    local name = self:profile_name()
    return text, ("profile %s: %s"):format(quote.value(name), setting.key), continuation(self._files, name, setting.key)
  end
  text, source = first_variable(self, setting.env_after)
  return text, source, ""
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
  local text, source, note = find(self, setting)
  if not text then
    if source then
      return nil, source
    end
    return setting.default
  elseif note ~= "" and has_break(text) then
    return failure(("%s: expected one line, got %s%s"):format(source, quote.value(text), note))
  elseif not setting.parse then
    return text
  end
  local value, expected = setting.parse(text)
  if value == nil then
    return failure(("%s: %s, got %s"):format(source, expected, quote.word(text)))
  end
  return value
end

-- The endpoint in the `services` section that the profile names.
local function services_url(self, profile, key)
  local name = profile.services
  if not name then
    return nil
  end
  local files, current = self._files, self:profile_name()
  if has_break(name) then
    return broken(files, current, "services", name)
  end
  local section = type(name) == "string" and files.config.services[name]
  if not section then
    return failure(("profile %s: services = %s, but %s has no section [services %s]"):format(
      quote.value(current), quote.name(name), quote.path(files.config_path), quote.name(name)
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
  local key = ascii.lower((service_id:gsub("[ %-]", "_")))
  local url, source = first_variable(self, { "AWS_ENDPOINT_URL_" .. ascii.upper(key), "AWS_ENDPOINT_URL" })
  if url then
    return url, source
  end
  local profile
  profile, err = self:current_profile()
  if not profile then
    return nil, err
  end
  url, err = services_url(self, profile, key)
  if url then
    return url, ("[services %s]: %s: endpoint_url"):format(quote.name(profile.services), key)
  elseif err then
    return nil, err
  end
  url, err = self:get("profile_endpoint_url")
  if url then
    return url, ("profile %s: endpoint_url"):format(quote.value((self:profile_name())))
  end
  return nil, err
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
