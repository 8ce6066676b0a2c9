--- An AWS identity: one table, never two values of which a careless caller
--- could log the secret one. And the two errors of a provider without one.

local Error = require "cloudjobs.base.error"

---@class cloudjobs.Identity
---@field access_key_id string
---@field secret_access_key string
---@field session_token string|nil
---@field account_id string|nil
---@field expiration number|nil epoch seconds
---@field source string where it came from, in botocore's words: "env", "sso", "assume-role", …
local identity_mt = { __name = "cloudjobs.identity" }

function identity_mt.__tostring(self)
  return ("cloudjobs.identity: %s from %s"):format(self.access_key_id, self.source)
end

--- Keeps `fields` as an identity. It is never changed: a refresh makes another.
---@return cloudjobs.Identity
local function new(fields)
  return setmetatable(fields, identity_mt)
end

--- The error of a provider that is not configured: a chain goes on to the next.
---@param source string
---@param why string
---@return nil, cloudjobs.Error
local function absent(source, why)
  return nil, Error.new { kind = "credentials", code = source, message = why, absent = true }
end

--- The error of a provider that is configured and fails: a chain ends there.
---@param source string
---@param message string never with a secret in it
---@param hint string|nil what to do
---@param cause cloudjobs.Error|nil
---@return nil, cloudjobs.Error
local function failure(source, message, hint, cause)
  return nil, Error.new {
    kind = "credentials",
    code = source,
    message = cause and message .. ": " .. tostring(cause) or message,
    hint = hint,
    cause = cause,
  }
end

return { new = new, absent = absent, failure = failure }
