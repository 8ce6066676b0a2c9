--- The assembly of clients for both clouds: addresses,
--- timeouts, the transport's own settings. A mistake in an option is raised
--- at the caller's line.

local Env = require "cloudjobs.cloud.env"
local Error = require "cloudjobs.base.error"
local Network = require "cloudjobs.transport.network"
local option = require "cloudjobs.base.options"
local quote = require "cloudjobs.base.quote"
local transports = require "cloudjobs.transport"
local url = require "cloudjobs.http.url"
local version = require "cloudjobs.version"

local TIMEOUT = { connect = 10, total = 60 } -- seconds, for one attempt
local SECONDS = { connect = "number", total = "number" }

--- `special` and the options of the transport, as options.check expects them.
---@param special table<string, string>
---@return table<string, string>
local function reachable(special)
  local all = { transport = "table", env = "table" }
  for _, name in ipairs(Network.OPTIONS) do
    all[name] = "string"
  end
  for name, expected in pairs(special) do
    all[name] = expected
  end
  return all
end

---@class cloudjobs.Options
---@field credentials? table what an identity is made of, or a provider
---@field endpoint? string an address in place of the service's own
---@field retry? { mode: string, max_attempts: integer, generation: string, quota: table }
---@field timeout? { connect: number, total: number } seconds for each attempt
---@field proxy? string
---@field no_proxy? string
---@field ca_bundle? string
---@field client_cert? string
---@field client_key? string
---@field app_id? string
---@field logger? fun(event: table)
---@field transport? table to share with other clients
---@field env? table<string, string> stands for the process's environment

--- The options of every client, and those of one cloud.
---@param special table<string, string>
---@return table<string, string>
local function known(special)
  local all = reachable(special)
  all.credentials = "table"
  all.endpoint = "string"
  all.retry = "table"
  all.timeout = "table"
  all.app_id = "string"
  all.logger = "function"
  return all
end

---@return { connect: number, total: number }
local function timeout(options, what)
  local given = option.check(options.timeout, SECONDS, what .. ": timeout")
  for name, seconds in pairs(given) do
    if seconds <= 0 then
      option.mistake(("%s: timeout: option %s: expected seconds above 0, got %s"):format(what, name, seconds))
    end
  end
  return { connect = given.connect or TIMEOUT.connect, total = given.total or TIMEOUT.total }
end

--- The option `retry`: of `fields`, and how many attempts.
---@param fields table<string, string> what else it may hold
---@return table
local function retry(options, fields, what)
  what = what .. ": retry"
  local all = { max_attempts = "number" }
  for name, expected in pairs(fields) do
    all[name] = expected
  end
  local given = option.check(options.retry, all, what)
  local attempts = given.max_attempts
  if attempts and (attempts < 1 or attempts % 1 ~= 0) then
    option.mistake(("%s: option max_attempts: expected a whole number from 1, got %s"):format(what, attempts))
  end
  return given
end

-- What cloudjobs.Transport requires.
local METHODS = { "send", "sleep", "now", "clock", "single" }

--- A client's transport: the option's, else the process's own. The option
--- `env` is checked as well.
---@return table
local function transport_of(options, what)
  for name, value in pairs(options.env or {}) do
    if type(name) ~= "string" or type(value) ~= "string" then
      option.mistake(("%s: option env: %s: expected text, got %s"):format(what, quote.name(name), type(value)))
    end
  end
  local given = options.transport
  for _, name in ipairs(given and METHODS or {}) do
    if type(given[name]) ~= "function" then
      option.mistake(("%s: option transport: expected a method %s, got %s"):format(what, name, type(given[name])))
    end
  end
  return given or transports.default()
end

--- The environment of a client: the options', the transport's, the process's.
---@return cloudjobs.Env
local function env_of(options, transport)
  return Env.new(options.env or transport.env)
end

--- What the transport has to honour; an option that it cannot is a mistake.
---@return table
local function network(options, transport, what)
  local honours = transport.honours or {}
  for _, name in ipairs(Network.OPTIONS) do
    -- The hosts without a proxy are decided here, not by the transport.
    local support = honours[name == "no_proxy" and "proxy" or name]
    if options[name] and support ~= true then
      local reason = type(support) == "string" and ", which " .. support or ""
      option.mistake(("%s: option %s: this transport cannot honour it%s"):format(what, name, reason))
    end
  end
  local env = env_of(options, transport)
  return Network.new(options, honours, function(name)
    return env:raw(name)
  end)
end

--- Where a client's events go: to the option `logger`, else to stderr where
--- CLOUDJOBS_LOG=debug is set, else nowhere (nil).
---@return table|nil
local function log(options, model, transport)
  local logger = options.logger
  if not logger and env_of(options, transport):get("CLOUDJOBS_LOG") == "debug" then
    logger = require("cloudjobs.call.log").print
  end
  return logger and require("cloudjobs.call.log").new(logger, model, transport)
end

--- Runs `f`, which then waits for nothing any more once its time is over or the
--- canceller says so. Where nothing may wait, as in some of nginx's phases, it
--- just runs.
---@param seconds number|nil
---@param cancel cloudjobs.Canceller|nil
---@param f fun(): any, any
---@return any value
---@return any err
local function within(seconds, cancel, f)
  if not transports.scheduler().may_wait() then
    return f()
  end
  local result = require "cloudjobs.transport.parallel"({ f }, { timeout = seconds, cancel = cancel })[1]
  if not result.ok and not Error.is(result.err) then
    error(result.err, 0)
  end
  return result.value, result.err
end

---@param app_id string|nil
---@return string
local function user_agent(app_id)
  -- What a token may not hold would end the line or the word.
  local app = app_id and " app/" .. app_id:gsub("[^A-Za-z0-9!$%%&'*+%-.^_`|~]", "-") or ""
  return ("cloudjobs/%s lang/lua#%s%s"):format(version, _VERSION:match("[%d.]+"), app)
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
    message = ("%s %s: %s"):format(source, quote.url(text), message)
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
  transport = transport_of,
  env = env_of,
  network = network,
  log = log,
  within = within,
  user_agent = user_agent,
  address = address,
}
