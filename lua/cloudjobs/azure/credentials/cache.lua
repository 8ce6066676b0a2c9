--- Caches a flow's tokens: one for each scope, refreshed before it expires, once
--- for all callers.

local Error = require "cloudjobs.base.error"
local azure_token = require "cloudjobs.azure.credentials.token"

-- Seconds before the expiration in which a token is not sent any more.
local EXPIRATION_MARGIN = 10
-- Seconds until the next refresh after one has failed, while the old token is valid.
local RETRY_AFTER_FAILURE = 30

---@class cloudjobs.azure.credentials.cache: cloudjobs.Provider
local Cache = {}
local cache_mt = { __name = "cloudjobs.azure.credentials.cache", __index = Cache }

local function is_valid(entry, now)
  return entry and now < entry.identity.expiration - EXPIRATION_MARGIN
end

-- A new token of the flow; where workers share tokens, one for all of them.
local function load(self, scope, seen)
  local claims = self._claims[scope]
  local store = self._transport.store
  if not self._shared or claims then
    return self._flow:get(scope, claims)
  end
  return store:fetch(self._shared .. scope, azure_token.new, seen, function()
    local identity, err = self._flow:get(scope)
    return identity, err, identity and identity.refresh_at - self._transport:now()
  end)
end

-- Runs inside of transport:single, so one caller at a time for each scope.
local function refresh(self, scope, seen)
  local entry = self._entries[scope]
  if entry and entry ~= seen then
    return entry.identity
  elseif entry then
    entry.refreshing = true
  end
  local identity, err = load(self, scope, entry and entry.identity)
  if identity then
    self._claims[scope] = nil
    self._entries[scope] = { identity = identity, refresh_at = identity.refresh_at }
    return identity
  end
  local now = self._transport:now()
  if entry then
    entry.refreshing = false
    entry.refresh_at = now + RETRY_AFTER_FAILURE
  end
  if is_valid(entry, now) then
    return entry.identity
  end
  return nil, err
end

-- By itself, since in nginx what it closes over has to outlive the caller.
local function refresher(self, scope, seen)
  return function()
    return refresh(self, scope, seen)
  end
end

--- The token for a scope where it is at hand without any wait.
---@param scope string|nil
---@return cloudjobs.azure.Identity|nil
function Cache:cached(scope)
  local entry = self._entries[scope or self._scope]
  local now = self._transport:now()
  if is_valid(entry, now) and (now < entry.refresh_at or entry.refreshing) then
    return entry.identity
  end
end

--- The token for a scope.
---@param scope string|nil the cloud's own resource manager when nil
---@return cloudjobs.azure.Identity|nil identity
---@return cloudjobs.Error|nil err
function Cache:get(scope)
  scope = scope or self._scope
  local cached = self:cached(scope)
  if cached then
    return cached
  end
  local entry = self._entries[scope]
  local identity, err = self._transport:single(self._key .. scope, refresher(self, scope, entry))
  if not identity then
    return nil, Error.copy(err)
  end
  return identity
end

--- Drops a token that a service refused, where it is still the cached one.
---@param identity cloudjobs.azure.Identity
---@param claims string|nil what the service wants to see in the next one
function Cache:expire(identity, claims)
  for scope, entry in pairs(self._entries) do
    if entry.identity == identity then
      self._entries[scope] = nil
      self._claims[scope] = claims
      if self._shared then
        self._transport.store:drop(self._shared .. scope, identity)
      end
    end
  end
end

--- A provider over `flow`, whose `get(scope, claims)` returns an identity or `nil, err`.
---@param flow table
---@param options { transport: table, scope: string, shared: string|nil } scope: the default; shared: a name under
---   which the transport's store keeps the tokens for other workers
local function new(flow, options)
  local self = setmetatable({
    _flow = flow,
    _transport = options.transport,
    _scope = options.scope,
    _shared = options.shared,
    _entries = {},
    _claims = {},
  }, cache_mt)
  self._key = tostring(self) .. " "
  return self
end

return { new = new }
