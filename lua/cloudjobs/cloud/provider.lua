--- A provider from outside, held to what providers promise: an identity with
--- its members, or nil and an error object.

local Error = require "cloudjobs.base.error"
local Identity = require "cloudjobs.aws.credentials.identity"
local option = require "cloudjobs.base.options"

local Given = {}
local given_mt = { __name = "cloudjobs.credentials.given", __index = Given }

local function broken(message)
  return Identity.failure("provider", message, "Mend the provider given as credentials: get() answers an identity "
    .. "or nil and why")
end

---@return cloudjobs.Identity|nil identity
---@return cloudjobs.Error|nil err
function Given:get()
  local identity, err = self._provider:get(self._scope)
  if not identity then
    if Error.is(err) then
      return nil, err
    end
    return broken(err and tostring(err) or "the provider gave no identity")
  end
  for _, name in ipairs(self._members) do
    if type(identity) ~= "table" or type(identity[name]) ~= "string" then
      return broken("the provider gave an identity without " .. name)
    end
  end
  return identity
end

-- Methods of those alone whose provider has them: it can do better when asked
-- again, and it may know the identity without asking.
local function expire(self, identity, claims)
  self._provider:expire(identity, claims)
end

local function kept(self)
  return self._provider:kept(self._scope) and self:get()
end

--- Raises unless `provider` has a method to ask.
---@param provider table
---@param members string[] the identity's strings that requests cannot do without
---@param scope string|nil what to ask the provider for
---@param what string the option, for a mistake's message
local function new(provider, members, scope, what)
  if type(provider.get) ~= "function" then
    option.mistake(("%s: expected a method get, got %s"):format(what, type(provider.get)))
  end
  return setmetatable({
    expire = provider.expire and expire,
    kept = provider.kept and kept,
    _provider = provider,
    _members = members,
    _scope = scope,
  }, given_mt)
end

return { new = new }
