--- A provider of the program's own, held to the contract of providers.

local Error = require "cloudjobs.base.error"
local option = require "cloudjobs.base.options"

--- The contract: where the identities of a client's requests come from. All providers of both clouds fulfil it, and a
--- program may pass its own as the option `credentials`.
---@class cloudjobs.Provider
---@field get fun(self, scope?: string, claims?: string): table?, cloudjobs.Error? an identity, or nil and why there is
---   none; for Azure alone: `scope` is what a token is for, `claims` what the service wants to see in it
---@field cached? fun(self, scope?: string): table? the identity where it is at hand without any wait, else nil
---@field expire? fun(self, identity: table, claims?: string) a service refused the identity: the next `get` returns
---   another; `claims` is what Azure wants to see in it

---@class cloudjobs.UserProvider: cloudjobs.Provider
local UserProvider = {}
local user_provider_mt = { __name = "cloudjobs.cloud.provider", __index = UserProvider }

local function broken(message)
  return nil, Error.new {
    kind = "credentials",
    code = "provider",
    message = message,
    hint = "Correct the provider passed as credentials: get() returns an identity, or nil and an error",
  }
end

---@return table|nil identity
---@return cloudjobs.Error|nil err
function UserProvider:get()
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

-- Methods of those alone whose own provider has them.
local function expire(self, identity, claims)
  self._provider:expire(identity, claims)
end

local function cached(self)
  return self._provider:cached(self._scope) and self:get()
end

--- The same provider for another scope, where it gives tokens.
---@param scope string
---@return cloudjobs.UserProvider
function UserProvider:with_scope(scope)
  return setmetatable({
    expire = self.expire, cached = self.cached, _provider = self._provider, _members = self._members, _scope = scope,
  }, user_provider_mt)
end

--- Raises unless `provider` has a method `get`.
---@param provider table
---@param members string[] the identity's strings that requests cannot do without
---@param scope string|nil for the provider's `get`
---@param what string the option, for a mistake's message
local function new(provider, members, scope, what)
  if type(provider.get) ~= "function" then
    option.mistake(("%s: expected a method get, got %s"):format(what, type(provider.get)))
  end
  return setmetatable({
    expire = provider.expire and expire,
    cached = provider.cached and cached,
    _provider = provider,
    _members = members,
    _scope = scope,
  }, user_provider_mt)
end

return { new = new }
