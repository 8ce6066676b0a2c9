--- The options with which a subcommand reaches the clouds, and the clients
--- made of them.

local assembly = require "cloudjobs.cloud.options"
local azure_scope = require "cloudjobs.azure.scope"
local cloudjobs = require "cloudjobs"
local interrupt = require "cloudjobs.cli.interrupt"
local notice = require "cloudjobs.cli.notice"
local os_ = require "cloudjobs.os"
local outage = require "cloudjobs.cli.outage"
local quote = require "cloudjobs.base.quote"

-- A malformed value is refused before any credentials are searched.
local CONVERT = {}

function CONVERT.region(text)
  if text:find("^[%w%-]+$") then
    return text
  end
  return nil, ("--region: expected letters, digits and hyphens, got '%s'"):format(text)
end

function CONVERT.endpoint(text)
  local address, err = assembly.address(text, "--endpoint-url", true)
  return address and text, err and err.message
end

function CONVERT.scope(text)
  local checked, message = azure_scope.check(text)
  return checked and text, message and "--scope: " .. message
end

local OPTIONS = {
  { "--profile", "profile", "<name>", "Profile of the shared AWS configuration." },
  { "--region", "region", "<name>", "AWS region, else AWS_REGION or the profile's." },
  { "--endpoint-url --endpoint", "endpoint", "<url>", "Address to call in place of the service's own." },
  { "--scope", "scope", "<scope>", "Azure scope, such as subscriptions/ID." },
  { "--ca-bundle", "ca_bundle", "<file>", "Certificates to trust, in PEM, in place of the system's." },
}

--- Adds the options that every subcommand with clients has.
local function define(command)
  for _, option in ipairs(OPTIONS) do
    local added = command:option(option[1]):target(option[2]):argname(option[3]):description(option[4])
    if CONVERT[option[2]] then
      added:convert(CONVERT[option[2]])
    end
  end
  command:flag("--debug"):description("Log requests and responses on standard error, without secrets.")
end

--- The names of the options that `define` adds.
---@return table<string, boolean>
local function option_names()
  local names = { ["--debug"] = true, ["--help"] = true, ["-h"] = true }
  for _, option in ipairs(OPTIONS) do
    for name in option[1]:gmatch("%S+") do
      names[name] = true
    end
  end
  return names
end

--- A word for a shell, quoted where it must be.
---@param text string
---@return string
local function shell_word(text)
  return text:find("^[%w%-._/:@,=+]+$") and text or "'" .. text:gsub("'", "'\\''") .. "'"
end

--- Those of the named options that were given, as words of a command that continues.
---@param parsed table
---@param ... string as the options' targets are called
---@return string
local function words(parsed, ...)
  local parts = {}
  for _, target in ipairs { ... } do
    for _, option in ipairs(OPTIONS) do
      if option[2] == target and parsed[target] then
        parts[#parts + 1] = (" %s %s"):format(option[1]:match("^%S+"), shell_word(parsed[target]))
      end
    end
  end
  return table.concat(parts)
end

-- Asks the person at the terminal for the code of an MFA device.
local function ask_mfa(serial)
  io.stderr:write("Code of the MFA device " .. quote.clean(serial) .. ": ") -- one write, beside other programs' output
  io.stderr:flush()
  local code = io.stdin:read("*l")
  return code and code:match("%d+")
end

-- The provider, which says under --debug where it looked in vain.
local function shown(provider, parsed)
  return parsed.debug and require("cloudjobs.cli.debug").provider(provider) or provider
end

local Access = {}
local access_mt = { __index = Access }

--- One provider for all clients of a profile: one search, one prompt.
function Access:aws_credentials(profile, region)
  local key = profile or ""
  local provider = self._providers[key]
  if not provider then
    provider = shown(cloudjobs.aws.credentials {
      profile = profile,
      region = region,
      ca_bundle = self._parsed.ca_bundle,
      transport = self.transport,
      mfa = os_.isatty(0) and os_.isatty(2) and ask_mfa or nil, -- without a terminal the error names what is missing
    }, self._parsed)
    self._providers[key] = provider
  end
  return provider
end

--- The options of an AWS client. The command line's win over `given`.
---@param given { profile: string|nil, region: string|nil }|nil
---@return table
function Access:aws(given)
  local profile = self._parsed.profile or (given and given.profile)
  local region = self._parsed.region or (given and given.region)
  return {
    profile = profile,
    region = region,
    endpoint = self._parsed.endpoint,
    ca_bundle = self._parsed.ca_bundle,
    transport = self.transport,
    credentials = self:aws_credentials(profile, region),
  }
end

--- One provider for all clients of an Azure cloud.
function Access:azure_credentials(cloud)
  local key = cloud or "public"
  self._azure[key] = self._azure[key] or shown(cloudjobs.azure.credentials {
    cloud = cloud, ca_bundle = self._parsed.ca_bundle, transport = self.transport,
  }, self._parsed)
  return self._azure[key]
end

--- The options of an Azure client. The command line's win over `given`.
---@param given { scope: string|nil, cloud: string|nil, api_version: string|nil }|nil
---@return table
function Access:azure(given)
  given = given or {}
  return {
    scope = self._parsed.scope or given.scope,
    cloud = given.cloud,
    api_version = given.api_version,
    endpoint = self._parsed.endpoint,
    ca_bundle = self._parsed.ca_bundle,
    transport = self.transport,
    credentials = self:azure_credentials(given.cloud),
  }
end

--- The client for a kind of job: one for all jobs that have the same settings, so that they share their listings.
---@param kind table see jobs/
---@param settings table|nil as a reference has them
function Access:client(kind, settings)
  settings = settings or {}
  local key = kind.service
  for _, name in ipairs { "profile", "region", "cloud", "api_version" } do
    key = key .. "\n" .. (settings[name] or "")
  end
  if not self._clients[key] then
    local options, make = self[kind.cloud](self, settings), cloudjobs[kind.cloud][kind.service]
    if not make then
      options.service, make = kind.service, cloudjobs.aws.client
    end
    self._clients[key] = make(options)
  end
  return self._clients[key]
end

---@param parsed table the parsed command line
---@param waits boolean|nil the subcommand waits, and repeats what failed
local function new(parsed, waits)
  local transport = interrupt.cancellable(cloudjobs.transport.default())
  transport = waits and outage(transport, notice.report) or transport
  return setmetatable({
    transport = parsed.debug and require("cloudjobs.cli.debug").transport(transport) or transport,
    _parsed = parsed,
    _providers = {},
    _azure = {},
    _clients = {},
  }, access_mt)
end

return { define = define, option_names = option_names, words = words, shell_word = shell_word, new = new }
