--- Finds an identity as DefaultAzureCredential does: one flow after the other
--- until one has it. "Unavailable" moves on; any other failure stops, so that
--- a wrong secret is not hidden by whatever comes after it.

local Error = require "cloudjobs.base.error"
local ascii = require "cloudjobs.base.ascii"
local azure_flow = require "cloudjobs.azure.credentials"
local quote = require "cloudjobs.base.quote"

-- By the names that AZURE_TOKEN_CREDENTIALS has for them.
local STEPS = {
  { name = "EnvironmentCredential", kind = "environment", group = "prod" },
  { name = "WorkloadIdentityCredential", kind = "workload_identity", group = "prod" },
  { name = "ManagedIdentityCredential", kind = "managed_identity", group = "prod" },
  { name = "AzureCliCredential", kind = "cli", group = "dev" },
}

local ELSEWHERE = "VisualStudioCodeCredential AzurePowerShellCredential AzureDeveloperCliCredential "
  .. "InteractiveBrowserCredential BrokerCredential"

---@class cloudjobs.azure.credentials.chain: cloudjobs.Provider
local Chain = {}
local chain_mt = { __name = "cloudjobs.azure.credentials.chain", __index = Chain }

local function fail(code, message, hint, cause)
  return nil, Error.new { kind = "credentials", code = code, message = message, hint = hint, cause = cause }
end

-- The steps that AZURE_TOKEN_CREDENTIALS leaves.
local function steps_of(choice)
  local wanted, steps = ascii.lower(ascii.trim(choice)), {}
  for _, step in ipairs(STEPS) do
    if wanted == "" or wanted == step.group or wanted == ascii.lower(step.name) then
      steps[#steps + 1] = step
    end
  end
  if #steps > 0 then
    return steps
  elseif (ascii.lower(ELSEWHERE) .. " "):find(wanted .. " ", 1, true) then
    return fail("config", ("AZURE_TOKEN_CREDENTIALS: %s is not supported"):format(quote.name(choice)))
  end
  return fail("config",
    ("AZURE_TOKEN_CREDENTIALS: expected prod, dev or the name of a credential, got %s"):format(
      quote.value(choice)))
end

local function flow_of(self, step, alone)
  local given, settings = self._given, self._settings
  if step.kind == "managed_identity" then
    -- In a pod with workload identity that is what a managed identity means.
    local flow = alone and azure_flow.new("workload_identity", given, settings)
    if flow then
      return flow
    end
    given = {
      client_id = given.client_id or settings.getenv("AZURE_CLIENT_ID"),
      arc_folder = given.arc_folder,
      probe = not alone,
    }
  end
  return azure_flow.new(step.kind, given, settings)
end

--- Requests a token; the flow that had the first one is used alone from then on.
---@param scope string
---@param claims string|nil
---@return cloudjobs.azure.Identity|nil identity
---@return cloudjobs.Error|nil err code "unavailable" where there is no identity at all; its cause has all reasons
function Chain:get(scope, claims)
  if self._found then
    return self._found:get(scope, claims)
  end
  local steps, err = steps_of(self._settings.getenv("AZURE_TOKEN_CREDENTIALS") or "")
  if not steps then
    return nil, err
  end
  local reasons = {}
  for _, step in ipairs(steps) do
    local flow, reason = flow_of(self, step, #steps == 1)
    local identity
    if flow then
      identity, err = flow:get(scope, claims)
      if identity then
        self._found = flow
        return identity
      elseif err.code ~= "unavailable" then
        return nil, err
      end
    end
    reasons[#reasons + 1] = flow and err.message or step.name .. ": " .. reason
  end
  local _, tried = fail("unavailable", "tried " .. table.concat(reasons, "; "))
  -- Where one step alone is asked for, its reason is what matters.
  return fail("unavailable", "no identity was found" .. (#steps == 1 and ": " .. reasons[1] or ""),
    "Set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, sign in with az login, or pass credentials", tried)
end

--- The chain. Nothing is read before its first `get`.
---@param given table settings given in code, which go before the environment
---@param settings table as for azure_flow.new
local function new(given, settings)
  return setmetatable({ _given = given, _settings = settings }, chain_mt)
end

return { new = new }
