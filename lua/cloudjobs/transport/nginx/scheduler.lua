--- What transport/scheduler.lua is elsewhere, on nginx's own light threads:
--- nginx resumes them, and a semaphore is what each waits for.

local Phase = require "cloudjobs.transport.nginx.phase"
local option = require "cloudjobs.base.options"

local ngx = ngx

local LONGEST = 60 -- seconds of one wait; a longer one is repeated
local MAX_SECONDS = 2 ^ 31 / 1000 - 1 -- nginx counts milliseconds in 31 bits, and ends a longer wait at once

-- The tasks by their coroutines.
local tasks = setmetatable({}, { __mode = "k" })

local Task = {}
local task_mt = { __name = "cloudjobs.task", __index = Task }

--- Waits, from inside of the task, until it is woken.
---@param seconds number|nil give up after so long
---@return any, any what `wake` was given; nothing when the time was over
function Task:park(seconds)
  self._parked = true
  repeat
    local woken = self._semaphore:wait(math.min(seconds or LONGEST, MAX_SECONDS))
    if not woken and not self._parked then
      self._semaphore:wait(0) -- woken just as its time was over
    end
  until seconds or not self._parked
  self._parked = false
  local a, b = self._a, self._b
  self._a, self._b = nil, nil
  return a, b
end

--- Lets a parked task go on; one that is not parked is left alone.
---@return boolean woken
function Task:wake(a, b)
  if not self._parked then
    return false
  end
  self._parked = false
  self._a, self._b = a, b
  self._semaphore:post(1)
  return true
end

local Scheduler = {}
local scheduler_mt = { __name = "cloudjobs.scheduler", __index = Scheduler }

--- A light thread that runs `f`, which must not raise.
---@param f fun(task: table)
---@param group table see parallel.lua
function Scheduler:spawn(f, group)
  local task = setmetatable({
    scheduler = self, group = group, _semaphore = require("ngx.semaphore").new(),
  }, task_mt)
  self._tasks[task] = true
  ngx.thread.spawn(function()
    tasks[coroutine.running()] = task
    task._semaphore:wait(LONGEST) -- nginx starts a thread at once; its caller goes on first
    f(task)
    self._tasks[task] = nil
    self._ended:post(1)
  end)
  task._semaphore:post(1)
  return task
end

--- Waits until `group.left` is 0, then wakes the tasks that still wait: nginx
--- ends a request when its last light thread ends.
function Scheduler:run(group)
  while group.left > 0 do
    self._ended:wait(LONGEST)
  end
  for task in pairs(self._tasks) do
    task:wake()
  end
end

--- The task that is running.
---@return table|nil
local function current()
  return tasks[coroutine.running()]
end

local function new()
  if not Phase.may_wait() then
    option.mistake(tostring(Phase.refusal()))
  end
  return setmetatable({ _tasks = {}, _ended = require("ngx.semaphore").new() }, scheduler_mt)
end

return { new = new, current = current, may_wait = Phase.may_wait }
