--- A service principal that shows a client secret.

local azure_authority = require "cloudjobs.azure.credentials.authority"

---@class cloudjobs.azure.credentials.secret: cloudjobs.Provider
local Secret = {}
local secret_mt = { __name = "cloudjobs.azure.credentials.secret", __index = Secret }

--- Requests a new token; credentials/cache caches it.
---@param scope string
---@param claims string|nil
---@return cloudjobs.azure.Identity|nil identity
---@return cloudjobs.Error|nil err
function Secret:get(scope, claims)
  return self._authority:request(scope, { { "client_secret", self._secret } }, self._secret, claims)
end

---@param options { transport: table, authority: string, tenant_id: string, client_id: string, client_secret: string }
local function new(options)
  return setmetatable({
    _authority = azure_authority.new(options, "client secret"),
    _secret = options.client_secret,
  }, secret_mt)
end

return { new = new }
