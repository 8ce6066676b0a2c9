--- Several providers: the first that is configured provides the identity.

local Error = require "cloudjobs.base.error"

---@class cloudjobs.aws.credentials.chain: cloudjobs.Provider
local Chain = {}
local chain_mt = { __name = "cloudjobs.aws.credentials.chain", __index = Chain }

--- A provider that is set up and fails ends the search: falling through to
--- another account's keys would be worse than no keys.
---@return cloudjobs.Identity|nil identity
---@return cloudjobs.Error|nil err where none is configured; its cause has the reason of each
function Chain:get()
  local tried, unreadable = {}, nil
  for i, provider in ipairs(self._providers) do
    local identity, err = provider:get()
    if identity then
      return identity
    elseif not err.absent then
      return nil, err
    end
    tried[i] = err.code .. ": " .. err.message
    unreadable = unreadable or err.unreadable
  end
  return nil, Error.new {
    kind = "credentials",
    code = "none",
    message = "no AWS credentials were found" .. (unreadable and ": " .. unreadable or ""),
    cause = Error.new { kind = "credentials", code = "none", message = "tried " .. table.concat(tried, "; ") },
    hint = self._hint or "Pass credentials, set AWS_PROFILE or AWS_ACCESS_KEY_ID, or run aws configure",
    absent = true,
  }
end

---@param providers cloudjobs.Provider[] in their order
---@param hint string|nil what to do where none is set up
local function new(providers, hint)
  return setmetatable({ _providers = providers, _hint = hint }, chain_mt)
end

return { new = new }
