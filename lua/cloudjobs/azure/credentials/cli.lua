--- A token from the Azure CLI, of whoever signed in with `az login`.

local azure_token = require "cloudjobs.azure.credentials.token"
local core = require "cloudjobs.core"
local process = require "cloudjobs.os"

local SOURCE = "Azure CLI"
local TIMEOUT = 10 -- seconds
-- A folder where nobody can put a program of their own in az's way.
local SAFE_FOLDER = "/bin"
local LOGIN = "Sign in with: az login"

---@class cloudjobs.azure.credentials.cli: cloudjobs.Provider
local Cli = {}
local cli_mt = { __name = "cloudjobs.azure.credentials.cli", __index = Cli }

local function fail(code, message, hint)
  return azure_token.failure(SOURCE, { code = code, message = message, hint = hint })
end

-- What az says when it ends badly.
local function explain(result)
  local said = result.stderr
  if result.status == 127 or said:find("az: not found", 1, true) or said:find("az: command not found", 1, true) then
    return fail("unavailable", "az is not installed", "Install Azure CLI")
  elseif said:find("az login", 1, true) or said:find("az account set", 1, true) then
    return fail("unavailable", "nobody is signed in", LOGIN)
  end
  local line = said:match("ERROR: ([^\r\n]+)") or said:match("([^\r\n]+)") or "no message"
  return fail("failed", ("az ended with status %s: %s"):format(tostring(result.status or result.signal), line))
end

-- "2031-03-02 09:15:44.000000", in local time and without its zone.
local function local_time(text)
  local year, month, day, hour, min, sec = text:match("^(%d+)-(%d+)-(%d+) (%d+):(%d+):(%d+)")
  return year and os.time { year = year, month = month, day = day, hour = hour, min = min, sec = sec }
end

local function read(text, now)
  local reply = core.json_decode(text)
  local token = type(reply) == "table" and reply.accessToken
  if type(token) ~= "string" or not token:find("^[%w%-._~+/=]+$") then
    return fail("reply", "az printed no token")
  end
  local expiration = type(reply.expires_on) == "number" and reply.expires_on
    or type(reply.expiresOn) == "string" and local_time(reply.expiresOn)
  if not expiration then
    return fail("reply", "az does not say when the token expires", "Update Azure CLI to 2.54 or later")
  elseif expiration <= now then
    return fail("reply", "az gave a token that is over: check this machine's clock")
  end
  return azure_token.new {
    token = token,
    expiration = expiration,
    refresh_at = math.max(expiration - 300, now + (expiration - now) / 2),
    source = SOURCE,
  }
end

--- Runs az, by an argument vector.
---@param scope string
---@return cloudjobs.azure.Identity|nil identity
---@return cloudjobs.Error|nil err code "unavailable" where az is absent or nobody is signed in
function Cli:get(scope)
  local transport = self._transport
  local reason = transport.no_children and transport:no_children()
  if reason then
    return fail("unavailable", "az " .. reason, "Ask for the token in init_by_lua, or use another identity")
  elseif not scope:find("^[%w%-_.:/]+$") then
    return fail("config", ("scope %q: expected letters, digits and - _ . : /"):format(scope))
  end
  local command = { "az", "account", "get-access-token", "--output", "json", "--resource" }
  command[#command + 1] = scope:gsub("/%.default$", "")
  if self._tenant_id then
    command[#command + 1] = "--tenant"
    command[#command + 1] = self._tenant_id
  elseif self._subscription then
    command[#command + 1] = "--subscription"
    command[#command + 1] = self._subscription
  end
  local result, code, message = self._run(command, { cwd = SAFE_FOLDER, timeout = self._timeout })
  if not result then
    return fail(code == "start" and "unavailable" or code, message, code == "start" and "Install Azure CLI" or nil)
  elseif result.status ~= 0 then
    return explain(result)
  end
  return read(result.stdout, self._transport:now())
end

---@param options { transport: table, tenant_id: string|nil, subscription: string|nil, timeout: number|nil }
---   tenant_id goes before subscription; run stands for cloudjobs.os.run
local function new(options)
  return setmetatable({
    _transport = options.transport,
    _tenant_id = options.tenant_id,
    _subscription = options.subscription,
    _timeout = options.timeout or TIMEOUT,
    _run = options.run or process.run,
  }, cli_mt)
end

return { new = new }
