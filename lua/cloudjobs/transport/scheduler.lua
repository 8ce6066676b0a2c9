--- Light threads (tasks): coroutines that wait for time, for transfers and for
--- each other. A scheduler resumes only the coroutines that it made, from the
--- coroutine that runs it. Of a transport it uses step and timeout alone.

local curl = require "cloudjobs.curl"

-- Yielded by `park` alone, to distinguish it from a function's own yield.
local PARKED = {}

local MAX_WAIT = 3600 -- seconds of a single wait

-- The tasks by their coroutines. Weak: what will wake a task refers to it.
local tasks = setmetatable({}, { __mode = "kv" })

-- Lua 5.1 lacks it, and cannot yield across the pcall around every task's function: there a task blocks.
local is_yieldable = coroutine.isyieldable or function() -- luacheck: ignore 143
  return false
end

-- Whether `wait` may yield out of a pcall.
local yields_across_pcall = coroutine.isyieldable ~= nil -- luacheck: ignore 143

-- Pollers for reuse. They stay open, because another event loop may still watch
-- their descriptors.
local idle_pollers = {}

local function borrow_poller()
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

--- Waits, called by the task itself, until it is woken.
---@param seconds number|nil the longest wait
---@return any, any the arguments of `wake`; nothing after `seconds`
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

--- Resumes a parked task at its next turn; has no effect on another one.
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

--- Makes a task that runs `f`, which must not raise. `group` is the caller's. Once
--- it is `over`, none of its tasks waits: transports return `group:refusal()`,
--- and a task that yields by itself is passed to `group:abandon(task)` and not
--- resumed.
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
    self:_make_ready(task) -- a yield of its own: the others have their turn
  end
end

-- Resumes the tasks that are ready now; the network has its turn before those
-- that become ready meanwhile.
function Scheduler:_resume_ready()
  for i = self._first, self._last do
    local task = self._ready[i]
    self._ready[i] = nil
    self._first = i + 1
    self:_resume(task)
  end
end

-- Wakes the tasks whose time is over. Returns the seconds until the next alarm.
function Scheduler:_wake_due()
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
  return MAX_WAIT
end

--- Makes the scheduler step `transport` (`step(seconds)`, `timeout()`) while it
--- waits. A second call changes nothing.
function Scheduler:use(transport)
  if not self._uses[transport] then
    self._uses[transport] = true
    self._transports[#self._transports + 1] = transport
    transport:join(self)
  end
end

--- Makes a waiting scheduler read the timeouts again.
function Scheduler:nudge()
  if self._asleep then
    self._poller:wake()
  end
end

-- Waits for the poller's descriptor: for several transports, or in another event
-- loop.
function Scheduler:_wait_by_poller(seconds)
  local foreign = seconds > 0 and self._foreign
  self._poller = self._poller or borrow_poller()
  for _, transport in ipairs(self._transports) do
    transport:watch(self._poller)
    seconds = math.min(seconds, transport:timeout() or seconds)
  end
  self._asleep = true
  if foreign then
    self._pollable.pollfd = self._poller:pollfd()
    self._pollable.timeout = seconds
    foreign(self._pollable)
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
    transport:step(seconds, self)
  end
  if #transports == 0 and seconds > 0 then
    curl.sleep(seconds)
  end
end

function Scheduler:_loop(group)
  while group.left > 0 do
    self:_resume_ready()
    if group.left > 0 then
      local seconds = self:_wake_due()
      self:_wait(self._first <= self._last and 0 or seconds)
      self:_wake_due()
    end
  end
end

--- Runs until `group.left` is 0. What is raised meanwhile, by `wait` or by the
--- handler of a signal, ends all its tasks.
function Scheduler:run(group)
  local ok, problem = true, nil
  self._host = setmetatable({ coroutine.running() or true }, { __mode = "v" })
  if self._foreign and not yields_across_pcall then
    self:_loop(group)
  else
    ok, problem = pcall(self._loop, self, group)
  end
  self._asleep = false
  for _, transport in ipairs(self._transports) do
    if not ok then
      transport:abandon(self)
    end
    transport:leave(self, self._poller)
  end
  if self._poller then
    self._poller:wait(0) -- clears the wake-up
    idle_pollers[#idle_pollers + 1] = self._poller
  end
  if not ok then
    error(problem, 0)
  end
end

--- Whether the coroutine that runs the scheduler was collected as garbage.
function Scheduler:is_lost()
  return self._host ~= nil and self._host[1] == nil
end

--- The running task, if there is one and it can yield.
---@return table|nil
local function current()
  local thread = coroutine.running()
  local task = thread and tasks[thread]
  return task and is_yieldable() and task or nil
end

--- Makes a scheduler. `wait(pollable)` waits in another event loop until
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

--- Whether a call may wait here: always.
local function may_wait()
  return true
end

return { new = new, current = current, may_wait = may_wait }
