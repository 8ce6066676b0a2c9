--- Keeps the identity a provider gave and asks again before it expires: once
--- for all that wait, and in good time: then one waits and the others go on.

local Error = require "cloudjobs.base.error"
local Identity = require "cloudjobs.aws.credentials.identity"
local core = require "cloudjobs.core"

-- Seconds before the end: from the first on one caller tries for new keys
-- while the others go on with the old; from the second on all wait.
local ADVISORY = 15 * 60
local MANDATORY = 10 * 60
-- After a refresh that nobody had to wait for has failed.
local TRY_AGAIN = 60

---@class cloudjobs.aws.credentials.cache: cloudjobs.Provider
local Cache = {}
local cache_mt = { __name = "cloudjobs.aws.credentials.cache", __index = Cache }

-- Keys that live shorter than the windows are kept for most of their life.
local function windows(expiration, now)
  if not expiration then
    return math.huge, math.huge
  end
  local refresh_at, wait_at = expiration - ADVISORY, expiration - MANDATORY
  if refresh_at <= now then
    local left = expiration - now
    return now + left / 2, math.max(wait_at, now + left * 2 / 3)
  end
  return refresh_at, wait_at
end

-- The identity last: when memory runs out before, there is none.
local function keep(self, identity, now)
  self._refresh_at, self._wait_at = windows(identity.expiration, now)
  self._identity = identity
end

local function expired(identity)
  return Identity.failure(
    "expired", ("the keys from %s expired at %s"):format(identity.source, core.iso(identity.expiration)),
    "Renew them, or check this machine's clock"
  )
end

-- Of the provider: the identity, or nil and the error; and for how many seconds
-- others need not ask. What never expires is cheap to find, and changes unseen.
local function ask(self)
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
    return ask(self)
  end
  return self._transport.store:fetch(self.shared, Identity.new, seen, function()
    return ask(self)
  end)
end

-- By itself, since in nginx what it closes over has to outlive the caller.
local function refresher(self, seen)
  return function()
    return refresh(self, seen)
  end
end

local function wait(self, seen)
  local identity, err = self._transport:single(self._key, refresher(self, seen))
  if not identity then
    return nil, Error.copy(err)
  elseif identity ~= self._identity then
    keep(self, identity, self._transport:now())
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
    return wait(self)
  end
  local now = self._transport:now()
  if now >= self._wait_at then
    return wait(self, identity)
  end
  self._refresh_at = now + TRY_AGAIN
  return wait(self, identity) or identity
end

--- A service says these keys have expired: the next `get` asks for others.
---@param identity cloudjobs.Identity
function Cache:expire(identity)
  if self._identity == identity then
    self._identity = nil
    if self.shared then
      self._transport.store:drop(self.shared, identity)
    end
  end
end

--- A provider that keeps what `provider` gives.
---@param provider table
---@param transport table
---@param shared string|nil a name under which the transport's store keeps the identity for other workers
local function new(provider, transport, shared)
  local self = setmetatable({ shared = shared, _provider = provider, _transport = transport }, cache_mt)
  self._key = shared or tostring(self)
  return self
end

return { new = new }
