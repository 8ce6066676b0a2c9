--- Workload identity federation: a token of the cluster is changed for one of Entra.

local azure_authority = require "cloudjobs.azure.credentials.authority"
local azure_token = require "cloudjobs.azure.credentials.token"
local file = require "cloudjobs.cloud.file"
local quote = require "cloudjobs.base.quote"

local SOURCE = "workload identity"
local MAX_TOKEN = 64 * 1024

---@class cloudjobs.azure.credentials.workload: cloudjobs.Provider
local Workload = {}
local workload_mt = { __name = "cloudjobs.azure.credentials.workload", __index = Workload }

-- The file is rewritten every hour or so, so it is read each time.
local function read_token(path)
  local text, message = file.read_text(path, MAX_TOKEN)
  if text and not text:find("^[A-Za-z0-9%-_.]+$") then
    text, message = nil, quote.path(path) .. ": it holds no token"
  end
  if not text then
    return azure_token.failure(SOURCE, { code = "unavailable", message = message })
  end
  return text
end

--- Requests a new token; credentials/cache caches it.
---@param scope string
---@param claims string|nil
---@return cloudjobs.azure.Identity|nil identity
---@return cloudjobs.Error|nil err
function Workload:get(scope, claims)
  local assertion, err = read_token(self._path)
  if not assertion then
    return nil, err
  end
  return self._authority:request_by_assertion(scope, assertion, claims)
end

---@param options { transport: table, authority: string, tenant_id: string, client_id: string }
---   and federated_token_file, the path of the cluster's token
local function new(options)
  return setmetatable({
    _authority = azure_authority.new(options, SOURCE),
    _path = options.federated_token_file,
  }, workload_mt)
end

return { new = new }
