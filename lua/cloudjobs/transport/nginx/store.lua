--- What the workers of one nginx share, in a lua_shared_dict: credentials,
--- tokens and retry quotas. A full or a lost dictionary costs a refresh for
--- each worker, and nothing else.

local Phase = require "cloudjobs.transport.nginx.phase"
local Scheduler = require "cloudjobs.transport.nginx.scheduler"
local core = require "cloudjobs.core"

local ngx = ngx

local LOCK = 60 -- seconds after which a refresh counts as lost
local LEASE = 3 -- the same for one that a request holds, and extends
local FIRST_POLL, MAX_POLL = 0.005, 0.25 -- seconds between two polls of another's refresh
local FULL = 1 -- seconds for which a worker believes a quota to be full

--- The contract of a transport's store, which several processes share.
---@class cloudjobs.Store
---@field fetch fun(self: cloudjobs.Store, key: string, make: (fun(fields: table): table), seen: table|nil,
---   ask: (fun(): table|nil, any, number|nil)): table|nil, any the value of `key`, which one process asks for: `ask`
---   returns the value, an error, and the seconds for which the value is good; `make` makes a value of what was stored;
---   `seen` is a value that will not do
---@field drop fun(self: cloudjobs.Store, key: string, value: table) removes the value, unless another has replaced it
---@field quota fun(self: cloudjobs.Store, key: string, capacity: integer): table what retries may cost all processes

---@class cloudjobs.transport.nginx.store: cloudjobs.Store
local Store = {}
local store_mt = { __name = "cloudjobs.transport.nginx.store", __index = Store }

local function is_alive(pid)
  local ffi = require "ffi"
  ffi.cdef "int kill(int pid, int sig);"
  return ffi.C.kill(pid, 0) == 0
end

local function same(a, b)
  for name, value in pairs(b) do
    if a[name] ~= value then
      return false
    end
  end
  return true
end

function Store:_read(key, make)
  local text = self._dict:get(key)
  return text and make(core.json_decode(text))
end

-- The value, when there is one that the caller has not seen.
function Store:_news(key, make, seen)
  local found = self:_read(key, make)
  return found and not (seen and same(found, seen)) and found or nil
end

-- Extends a lock again and again, in a light thread that ends with its request.
local function renew(dict, lock)
  while true do
    ngx.sleep(LEASE / 3)
    dict:expire(lock, LEASE)
  end
end

-- Takes the lock for a refresh; nil where another has it, false where there is
-- none: nothing may wait, or the dictionary is full. A timer runs to its end. A
-- request may be aborted, and its lock has to be extended or is free soon.
function Store:_lock(lock)
  if not Phase.may_wait() then
    return false
  end
  local is_request = ngx.get_phase() ~= "timer"
  local ok, message = self._dict:add(lock, ngx.worker.pid() or 0, is_request and LEASE or LOCK)
  if message == "exists" then
    return nil
  elseif not ok then
    return false
  end
  return is_request and ngx.thread.spawn(renew, self._dict, lock) or true
end

function Store:_unlock(lock, held)
  if type(held) == "thread" then
    ngx.thread.kill(held)
  end
  if held then
    self._dict:delete(lock)
  end
end

-- Waits for another's refresh; the error for a group of cloudjobs.parallel that
-- ended meanwhile.
local function wait(seconds)
  local task = Scheduler.current()
  if not task then
    ngx.sleep(seconds)
    return nil
  end
  task:park(seconds)
  return task.group.over and task.group:refusal() or nil
end

-- Asks, and keeps the value.
function Store:_ask(key, ask)
  local ran, value, err, seconds = pcall(ask)
  if ran and value and seconds and seconds > 0 then
    local ok, message = self._dict:set(key, core.json_encode(value), seconds)
    if not ok then
      ngx.log(ngx.WARN, "cloudjobs: lua_shared_dict: ", message, "; each worker keeps its own")
    end
  end
  return ran, value, err
end

--- The value of `key`, asked for once for all workers. `ask` answers a value
--- and for how many seconds it is good, or nil and an error.
---@param key string
---@param make fun(fields: table): table what the dictionary keeps of a value -> a value
---@param seen table|nil a value that will not do
---@param ask fun(): table|nil, any, number|nil value, err, seconds
---@return table|nil value
---@return any err
function Store:fetch(key, make, seen, ask)
  local lock, pause = key .. " lock", FIRST_POLL
  while true do
    local found = self:_news(key, make, seen)
    if found then
      return found
    end
    local held = self:_lock(lock)
    if held ~= nil then
      local ran, err = true, nil
      found = self:_news(key, make, seen) -- it may just have come
      if not found then
        ran, found, err = self:_ask(key, ask)
      end
      self:_unlock(lock, held)
      if not ran then
        error(found, 0)
      end
      return found, err
    end
    local over = wait(pause)
    if over then
      return nil, over
    end
    pause = math.min(pause * 2, MAX_POLL)
    local holder = self._dict:get(lock)
    if holder and not is_alive(holder) then
      self._dict:delete(lock)
    end
  end
end

--- Forgets a value, if it is still the one kept.
function Store:drop(key, value)
  local kept = self:_read(key, function(fields)
    return fields
  end)
  if kept and same(kept, value) then
    self._dict:delete(key)
  end
end

-- As cloudjobs.retry.quota, for all workers together.
local Quota = {}
local quota_mt = { __name = "cloudjobs.transport.nginx.quota", __index = Quota }

---@param cost integer
---@return boolean
function Quota:consume(cost)
  self._full_until = 0
  local left = self._dict:incr(self._key, -cost, self._capacity)
  if left and left < 0 then
    self._dict:incr(self._key, cost)
    return false
  end
  return true -- also where a full dictionary cannot count
end

--- A quota that was full is read again only after a moment, since each success
--- gives to it.
---@param amount integer
function Quota:restore(amount)
  local now = ngx.now()
  if now < self._full_until then
    return
  end
  local left = self._dict:get(self._key) or self._capacity
  if left >= self._capacity then
    self._full_until = now + FULL
  else
    self._dict:incr(self._key, math.min(amount, self._capacity - left))
  end
end

--- What retries may cost, shared under `key`.
---@param key string
---@param capacity integer
function Store:quota(key, capacity)
  return setmetatable({ _dict = self._dict, _key = key, _capacity = capacity, _full_until = 0 }, quota_mt)
end

---@param dict table of ngx.shared
local function new(dict)
  return setmetatable({ _dict = dict }, store_mt)
end

return { new = new }
