--- What putting a client together takes, whatever the cloud: addresses,
--- timeouts, the transport's own settings. A mistake in an option is raised
--- at the line that `level` names, as for `error`.

local Error = require "cloudjobs.error"
local option = require "cloudjobs.options"
local url = require "cloudjobs.url"
local version = require "cloudjobs.version"

local TIMEOUT = { connect = 10, total = 60 } -- seconds, for one attempt
local SECONDS = { connect = "number", total = "number" }
local RETRY = { mode = "string", max_attempts = "number" }

-- Options that only a transport can honour: handed on with each request.
local NETWORK = { "proxy", "ca_bundle", "client_cert", "client_key" }

--- `special` and the options of the transport, as options.check takes them.
---@param special table<string, string>
---@return table<string, string>
local function reachable(special)
  local all = { transport = "table", env = "table" }
  for _, name in ipairs(NETWORK) do
    all[name] = "string"
  end
  for name, expected in pairs(special) do
    all[name] = expected
  end
  return all
end

--- The options every client takes, and those of one cloud.
---@param special table<string, string>
---@return table<string, string>
local function known(special)
  local all = reachable(special)
  all.credentials = "table"
  all.endpoint = "string"
  all.retry = "table"
  all.timeout = "table"
  all.app_id = "string"
  return all
end

---@return { connect: number, total: number }
local function timeout(options, what, level)
  local given = option.check(options.timeout, SECONDS, what .. ": timeout", level + 1)
  for name, seconds in pairs(given) do
    if not (seconds > 0) then -- which NaN is neither
      error(("%s: timeout: option %s: expected seconds above 0, got %s"):format(what, name, seconds), level + 1)
    end
  end
  return { connect = given.connect or TIMEOUT.connect, total = given.total or TIMEOUT.total }
end

---@return { mode: string|nil, max_attempts: integer|nil }
local function retry(options, what, level)
  local given = option.check(options.retry, RETRY, what .. ": retry", level + 1)
  return given
end

--- What the transport has to honour; one that cannot is a mistake.
---@return table|nil
local function network(options, transport, what, level)
  local settings
  for _, name in ipairs(NETWORK) do
    if options[name] then
      if not transport.honours[name] then
        error(("%s: option %s: this transport cannot honour it"):format(what, name), level + 1)
      end
      settings = settings or {}
      settings[name] = options[name]
    end
  end
  return settings
end

---@param app_id string|nil
---@return string
local function user_agent(app_id)
  return ("cloudjobs/%s lang/lua#%s%s"):format(version, _VERSION:match("[%d.]+"), app_id and " app/" .. app_id or "")
end

--- The parts of a service's address that calls need.
---@param text string
---@param source string where it was set, for the error
---@param any_http boolean|nil http is fine for hosts other than this one, too
---@return { origin: string, host: string, path: string }|nil
---@return cloudjobs.Error|nil err kind "config"
local function address(text, source, any_http)
  local parts, message = url.parse(text)
  if parts and parts.scheme == "http" and not (any_http or url.is_loopback(parts.host)) then
    message = "expected https; http is for loopback addresses"
  elseif parts and parts.query then
    message = "expected no query"
  end
  if message then
    message = ("%s %s: %s"):format(source, url.shown(text), message)
    return nil, Error.new { kind = "config", code = "config", message = message }
  end
  return {
    origin = parts.scheme .. "://" .. parts.authority,
    host = parts.authority,
    path = parts.path:gsub("/$", ""),
  }
end

return {
  known = known,
  reachable = reachable,
  timeout = timeout,
  retry = retry,
  network = network,
  user_agent = user_agent,
  address = address,
}
