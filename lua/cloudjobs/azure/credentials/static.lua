--- A token given in code.

local azure_token = require "cloudjobs.azure.credentials.token"

---@class cloudjobs.azure.credentials.static: cloudjobs.Provider
local Static = {}
local static_mt = { __name = "cloudjobs.azure.credentials.static", __index = Static }

---@return cloudjobs.azure.Identity
function Static:get()
  return self._identity
end

Static.cached = Static.get

---@param options { token: string, expiration: number|nil }
local function new(options)
  return setmetatable({
    _identity = azure_token.new { token = options.token, expiration = options.expiration, source = "static" },
  }, static_mt)
end

return { new = new }
