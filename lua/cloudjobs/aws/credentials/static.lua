--- Keys given in code.

local Identity = require "cloudjobs.aws.credentials.identity"

---@class cloudjobs.aws.credentials.static: cloudjobs.Provider
local Static = {}
local static_mt = { __name = "cloudjobs.aws.credentials.static", __index = Static }

---@return cloudjobs.Identity
function Static:get()
  return self._identity
end

Static.cached = Static.get

--- A provider of the one identity.
---@param keys { access_key_id: string, secret_access_key: string, session_token: string|nil, account_id: string|nil }
local function new(keys)
  return setmetatable({
    _identity = Identity.new {
      access_key_id = keys.access_key_id,
      secret_access_key = keys.secret_access_key,
      session_token = keys.session_token,
      account_id = keys.account_id,
      source = "static",
    },
  }, static_mt)
end

return { new = new }
