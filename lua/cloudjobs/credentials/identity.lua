--- An AWS identity: one table, never two values of which a careless caller
--- could log the secret one.

---@class cloudjobs.Identity
---@field access_key_id string
---@field secret_access_key string
---@field session_token string|nil
---@field account_id string|nil
---@field expiration number|nil epoch seconds
---@field source string where it came from
local identity_mt = { __name = "cloudjobs.identity" }

function identity_mt.__tostring(self)
  return ("cloudjobs.identity: %s from %s"):format(self.access_key_id, self.source)
end

--- Keeps `fields` as an identity. It is never changed: a refresh makes another.
---@return cloudjobs.Identity
local function new(fields)
  return setmetatable(fields, identity_mt)
end

return { new = new }
