--- Light threads: coroutines that wait for time, for transfers and for each
--- other. A scheduler resumes the coroutines it made itself and no others, in
--- the coroutine that runs it. Of the network it only knows what to step.

local curl = require "cloudjobs.curl"

-- Yielded by `park` alone, so that a function's own coroutine.yield is told
-- from it.
local PARKED = {}

local FOREVER = 3600 -- seconds; what waits longer looks up once an hour

-- The tasks by their coroutines. Whoever is to wake a task holds it.
local tasks = setmetatable({}, { __mode = "kv" })

-- Lua 5.1 does not tell, and cannot yield out of the pcall that is around every task's function: there it waits.
local is_yieldable = coroutine.isyieldable or function() -- luacheck: ignore 143
  return false
end

-- Pollers that nobody uses now. They stay open: a foreign loop may still know
-- their descriptors.
local idle_pollers = {}

local function take_poller()
  local poller = table.remove(idle_pollers)
  return poller and poller:is_ours() and poller or curl.poller()
end

-- Alarms: a heap by time, as an array of { at, task, turn }.

local function push(heap, alarm)
  local i = #heap + 1
  while i > 1 do
    local above = math.floor(i / 2)
    if heap[above].at <= alarm.at then
      break
    end
    heap[i] = heap[above]
    i = above
  end
  heap[i] = alarm
end

local function pop(heap)
  local first, last = heap[1], table.remove(heap)
  local n, i = #heap, 1
  while n > 0 do
    local below = 2 * i
    if below < n and heap[below + 1].at < heap[below].at then
      below = below + 1
    end
    if below > n or last.at <= heap[below].at then
      heap[i] = last
      break
    end
    heap[i] = heap[below]
    i = below
  end
  return first
end

local Task = {}
local task_mt = { __name = "cloudjobs.task", __index = Task }

--- Waits, from inside of the task, until somebody wakes it.
---@param seconds number|nil give up after so long
---@return any, any what `wake` was given; nothing when the time was over
function Task:park(seconds)
  self._turn = self._turn + 1
  self._parked = true
  if seconds then
    push(self.scheduler._alarms, { at = curl.clock() + seconds, task = self, turn = self._turn })
  end
  coroutine.yield(PARKED)
  local a, b = self._a, self._b
  self._a, self._b = nil, nil
  return a, b
end

--- Lets a parked task go on; one that is not parked, or was woken already, is
--- left alone.
---@return boolean woken
function Task:wake(a, b)
  if not self._parked then
    return false
  end
  self._parked = false
  self._a, self._b = a, b
  self.scheduler:_make_ready(self)
  return true
end

local Scheduler = {}
local scheduler_mt = { __name = "cloudjobs.scheduler", __index = Scheduler }

--- A coroutine of ours that runs `f`, which must not raise. `group` is the
--- caller's. Once it is `over`, nothing of it waits any more: transports answer
--- with `group:refusal()`, and a task that yields by itself is not resumed
--- again but told to `group:abandon(task)`.
---@param f fun(task: table)
---@param group table
function Scheduler:spawn(f, group)
  local task = setmetatable({ scheduler = self, group = group, _turn = 0 }, task_mt)
  task._thread = coroutine.create(function()
    f(task)
  end)
  tasks[task._thread] = task
  self:_make_ready(task)
  return task
end

function Scheduler:_make_ready(task)
  self._last = self._last + 1
  self._ready[self._last] = task
  if self._asleep then
    self._poller:wake()
  end
end

function Scheduler:_resume(task)
  local ok, what = coroutine.resume(task._thread)
  if not ok then
    error(what, 0)
  elseif what == PARKED or coroutine.status(task._thread) == "dead" then
    return
  elseif task.group.over then
    task.group:abandon(task)
  else
    self:_make_ready(task) -- it yielded by itself: the others go first
  end
end

-- Resumes what is ready now; what becomes ready meanwhile has its turn after
-- the network's.
function Scheduler:_resume_ready()
  for i = self._first, self._last do
    local task = self._ready[i]
    self._ready[i] = nil
    self._first = i + 1
    self:_resume(task)
  end
end

-- Wakes whose time has come; seconds until the next.
function Scheduler:_ring()
  local alarms = self._alarms
  local now = #alarms > 0 and curl.clock()
  while alarms[1] do
    local alarm = alarms[1]
    local stale = not alarm.task._parked or alarm.task._turn ~= alarm.turn
    if not stale and alarm.at > now then
      return alarm.at - now
    end
    pop(alarms)
    if not stale then
      alarm.task:wake()
    end
  end
  return FOREVER
end

--- Has the scheduler step `transport` (`step(seconds)`, `timeout()`) while it
--- waits. Twice is as good as once.
function Scheduler:use(transport)
  if not self._uses[transport] then
    self._uses[transport] = true
    self._transports[#self._transports + 1] = transport
    transport:join(self)
  end
end

--- Makes the scheduler look again at what it waits for.
function Scheduler:nudge()
  if self._asleep then
    self._poller:wake()
  end
end

-- Through the poller's descriptor: for several transports, and for somebody
-- else's event loop.
function Scheduler:_wait_by_poller(seconds)
  self._poller = self._poller or take_poller()
  for _, transport in ipairs(self._transports) do
    transport:watch(self._poller)
    seconds = math.min(seconds, transport:timeout() or seconds)
  end
  self._asleep = true
  if self._foreign then
    self._pollable.pollfd = self._poller:pollfd()
    self._pollable.timeout = seconds
    self._foreign(self._pollable)
    seconds = 0
  end
  self._poller:wait(seconds)
  self._asleep = false
end

function Scheduler:_wait(seconds)
  local transports = self._transports
  if self._foreign and seconds > 0 or #transports > 1 then
    self:_wait_by_poller(seconds)
    seconds = 0
  end
  for _, transport in ipairs(transports) do
    transport:step(seconds)
  end
  if #transports == 0 and seconds > 0 then
    curl.sleep(seconds)
  end
end

--- Runs until `group.left` is 0.
function Scheduler:run(group)
  while group.left > 0 do
    self:_resume_ready()
    if group.left > 0 then
      local seconds = self:_ring()
      self:_wait(self._first <= self._last and 0 or seconds)
      self:_ring()
    end
  end
  for _, transport in ipairs(self._transports) do
    transport:leave(self, self._poller)
  end
  if self._poller then
    self._poller:wait(0) -- takes a wake-up away
    idle_pollers[#idle_pollers + 1] = self._poller
  end
end

--- The task that is running, when it is one and can wait.
---@return table|nil
local function current()
  local thread = coroutine.running()
  local task = thread and tasks[thread]
  return task and is_yieldable() and task or nil
end

--- A scheduler. `wait(pollable)` waits in an event loop that is not ours until
--- `pollable.pollfd` (a number) is readable (`events` is "r") or
--- `pollable.timeout` seconds are over; cqueues.poll is such a function.
---@param wait fun(pollable: table)|nil
local function new(wait)
  return setmetatable({
    _ready = {}, _first = 1, _last = 0,
    _alarms = {},
    _transports = {}, _uses = {},
    _foreign = wait,
    _pollable = { events = "r" },
  }, scheduler_mt)
end

--- Whether anything may wait here: always.
local function may_wait()
  return true
end

return { new = new, current = current, may_wait = may_wait }
