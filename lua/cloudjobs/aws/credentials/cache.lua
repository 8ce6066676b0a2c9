--- Caches a provider's identity and refreshes it before it expires, once for all
--- callers: while the old one is valid, one caller refreshes and the others use it.

local Error = require "cloudjobs.base.error"
local Identity = require "cloudjobs.aws.credentials.identity"
local core = require "cloudjobs.core"

-- Seconds before the expiration: from the first on one caller refreshes while
-- the others use the old keys; from the second on all wait for the refresh.
local ADVISORY_WINDOW = 15 * 60
local MANDATORY_WINDOW = 10 * 60
-- Seconds until the next refresh after an advisory one has failed.
local RETRY_AFTER_FAILURE = 60

---@class cloudjobs.aws.credentials.cache: cloudjobs.Provider
local Cache = {}
local cache_mt = { __name = "cloudjobs.aws.credentials.cache", __index = Cache }

-- Keys that live shorter than the windows are kept for most of their life.
local function windows(expiration, now)
  if not expiration then
    return math.huge, math.huge
  end
  local refresh_at, wait_at = expiration - ADVISORY_WINDOW, expiration - MANDATORY_WINDOW
  if refresh_at <= now then
    local left = expiration - now
    return now + left / 2, math.max(wait_at, now + left * 2 / 3)
  end
  return refresh_at, wait_at
end

-- The identity is set last: where memory runs out before, there is none.
local function set_identity(self, identity, now)
  self._refresh_at, self._wait_at = windows(identity.expiration, now)
  self._identity = identity
end

local function expired(identity)
  return Identity.failure(
    "expired", ("the keys from %s expired at %s"):format(identity.source, core.iso(identity.expiration)),
    "Renew them, or check this machine's clock"
  )
end

-- The provider's identity, or nil and the error; and for how many seconds other
-- workers may use it. An identity without an expiration is not shared.
local function load(self)
  local identity, err = self._provider:get()
  if not identity then
    return nil, err
  end
  local now = self._transport:now()
  if identity.expiration and identity.expiration <= now then
    return expired(identity)
  end
  return identity, nil, identity.expiration and windows(identity.expiration, now) - now
end

-- Runs inside of transport:single. `seen` is what the caller found too old.
local function refresh(self, seen)
  if self._identity and self._identity ~= seen then
    return self._identity
  elseif not self.shared then
    return load(self)
  end
  return self._transport.store:fetch(self.shared, Identity.new, seen, function()
    return load(self)
  end)
end

-- By itself, since in nginx what it closes over has to outlive the caller.
local function refresher(self, seen)
  return function()
    return refresh(self, seen)
  end
end

local function refresh_once(self, seen)
  local identity, err = self._transport:single(self._key, refresher(self, seen))
  if not identity then
    return nil, Error.copy(err)
  elseif identity ~= self._identity then
    set_identity(self, identity, self._transport:now())
  end
  return identity
end

--- The identity where it is at hand without any wait.
---@return cloudjobs.Identity|nil
function Cache:cached()
  local identity = self._identity
  if identity and (self._refresh_at == math.huge or self._transport:now() < self._refresh_at) then
    return identity
  end
end

--- The identity, the same table until a refresh.
---@return cloudjobs.Identity|nil identity
---@return cloudjobs.Error|nil err
function Cache:get()
  local identity = self:cached()
  if identity then
    return identity
  end
  identity = self._identity
  if not identity then
    return refresh_once(self)
  end
  local now = self._transport:now()
  if now >= self._wait_at then
    return refresh_once(self, identity)
  end
  self._refresh_at = now + RETRY_AFTER_FAILURE
  return refresh_once(self, identity) or identity
end

--- Drops keys that a service calls expired: the next `get` loads others.
---@param identity cloudjobs.Identity
function Cache:expire(identity)
  if self._identity == identity then
    self._identity = nil
    if self.shared then
      self._transport.store:drop(self.shared, identity)
    end
  end
end

--- A provider that caches the identity of `provider`.
---@param provider table
---@param transport table
---@param shared string|nil a name under which the transport's store keeps the identity for other workers
local function new(provider, transport, shared)
  local self = setmetatable({ shared = shared, _provider = provider, _transport = transport }, cache_mt)
  self._key = shared or tostring(self)
  return self
end

return { new = new }
