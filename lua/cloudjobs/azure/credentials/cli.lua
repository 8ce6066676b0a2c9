--- A token from the Azure CLI, of the account of `az login`.

local child = require "cloudjobs.cloud.child"
local azure_token = require "cloudjobs.azure.credentials.token"
local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"
local quote = require "cloudjobs.base.quote"

local SOURCE = "Azure CLI"
local TIMEOUT = 10 -- seconds
local MAX_REASON = 4096 -- bytes of what az writes to stderr
-- A folder that only root can write to, so that no other program is run as az.
local SAFE_FOLDER = "/bin"
local LOGIN = "Sign in with: az login"

---@class cloudjobs.azure.credentials.cli: cloudjobs.Provider
local Cli = {}
local cli_mt = { __name = "cloudjobs.azure.credentials.cli", __index = Cli }

local function fail(code, message, hint)
  return azure_token.failure(SOURCE, { code = code, message = message, hint = hint })
end

-- az's own reason: what stands behind the first "ERROR:", else all it wrote, on one line.
local function reason_of(stderr)
  local _, last = stderr:find("ERROR: *")
  local reason = ascii.trim(quote.line(stderr:sub((last or 0) + 1)))
  return reason ~= "" and reason or "no message"
end

-- The error for an az that failed. Entra's refusals (AADSTS…) end with advice to run az login, too.
local function explain(result)
  local stderr = result.stderr:sub(1, MAX_REASON)
  if result.status == 127 or stderr:find("az: not found", 1, true) or stderr:find("az: command not found", 1, true) then
    return fail("unavailable", "az is not installed", "Install Azure CLI")
  elseif not stderr:find("AADSTS", 1, true)
    and (stderr:find("az login", 1, true) or stderr:find("az account set", 1, true)) then
    return fail("unavailable", "no account is signed in", LOGIN)
  end
  return fail("failed", ("az ended with status %s: %s"):format(
    tostring(result.status or result.signal), reason_of(stderr)))
end

-- "2031-03-02 09:15:44.000000", in local time and without its zone.
local function local_time(text)
  local year, month, day, hour, min, sec = text:match("^(%d+)-(%d+)-(%d+) (%d+):(%d+):(%d+)")
  return year and os.time { year = year, month = month, day = day, hour = hour, min = min, sec = sec }
end

local function read(text, now)
  local reply = core.json_decode(text)
  local token = type(reply) == "table" and reply.accessToken
  if type(token) ~= "string" or not token:find("^[A-Za-z0-9%-._~+/=]+$") then
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
---@return cloudjobs.Error|nil err code "unavailable" where az is absent or not signed in
function Cli:get(scope)
  local reason = child.refusal(self._transport)
  if reason then
    return fail("unavailable", "az " .. reason, "Ask for the token in init_by_lua, or use another identity")
  elseif not scope:find("^[A-Za-z0-9%-_.:/]+$") then
    return fail("config", ("scope %s: expected letters, digits and - _ . : /"):format(quote.value(scope)))
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
    if code == "start" then
      return fail("unavailable", quote.line(message), "Install Azure CLI")
    elseif code == "timeout" then
      return fail("timeout", ("az did not end within %g s"):format(self._timeout),
        "Its first run in a container takes longer: pass credentials = { kind = \"cli\", process_timeout = 60 }")
    end
    return fail(code, quote.line(message))
  elseif result.status ~= 0 then
    return explain(result)
  end
  return read(result.stdout, self._transport:now())
end

---@param options { transport: table, tenant_id: string|nil, subscription: string|nil, process_timeout: number|nil }
---   tenant_id goes before subscription; run stands for cloudjobs.os.run
local function new(options)
  return setmetatable({
    _transport = options.transport,
    _tenant_id = options.tenant_id,
    _subscription = options.subscription,
    _timeout = options.process_timeout or TIMEOUT,
    _run = options.run or function(command, how)
      return child.run(options.transport, command, how)
    end,
  }, cli_mt)
end

return { new = new }
