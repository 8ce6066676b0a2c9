--- Many functions at once. Each runs in a coroutine of ours, in which the
--- transport `multi` waits by yielding; so while one waits the others go on.
--- Inside nginx they are its light threads.

local Error = require "cloudjobs.base.error"
local option = require "cloudjobs.base.options"
local transports = require "cloudjobs.transport"

local OPTIONS = { concurrency = "number", timeout = "number", cancel = "canceller", wait = "function" }

local CONCURRENCY = 50

local Group = {}
local group_mt = { __name = "cloudjobs.group", __index = Group }

--- Ends the group: its waiting tasks get the error, and none waits again.
---@param over { kind: string, code: string, message: string }
function Group:stop(over)
  if self.over or self.left == 0 then
    return
  end
  self.over = over
  for task in pairs(self._tasks) do
    task:wake(nil, self:refusal())
  end
  for group in pairs(self._inner) do
    group:stop(over)
  end
end

--- Why nothing of the group waits any more, as an error of its own.
function Group:refusal()
  local over = self.over
  return Error.new { kind = over.kind, code = over.code, message = over.message }
end

local function outcome(ok, value, err)
  if not ok then
    return { ok = false, err = value }
  elseif not value and err ~= nil then
    return { ok = false, err = err }
  end
  return { ok = true, value = value }
end

-- One worker's end.
function Group:_leave(task)
  self._tasks[task] = nil
  self.left = self.left - 1
  if self.left > 0 then
    return
  end
  if self._outer then
    self._outer:wake()
  end
  if self._timer then
    self._timer:wake()
  end
end

--- Leaves a function behind that yields by itself and ignores the end.
function Group:abandon(task)
  self:_leave(task)
end

-- Runs functions until none is left to begin with.
function Group:_work(task)
  while self._next < #self._functions and not self.over do
    local i = self._next + 1
    self._next = i
    self._results[i] = outcome(pcall(self._functions[i]))
  end
  self:_leave(task)
end

-- Stops the group when its time is over. The group does not wait
-- for its task, which ends with the group.
function Group:_watch_time(scheduler, seconds)
  self._timer = scheduler:spawn(function(task)
    if self.left > 0 then
      task:park(seconds)
    end
    self:stop { kind = "timeout", code = "timeout", message = "the time for all functions together is over" }
  end, {})
end

-- Waits, in a task of another group, until this one has ended.
function Group:_wait_in(outer)
  outer.group._inner[self] = true
  self._outer = outer
  while self.left > 0 do
    local _, refusal = outer:park()
    if refusal then
      self:stop(outer.group.over)
    end
  end
  outer.group._inner[self] = nil
end

local function start(functions, concurrency, scheduler)
  local self = setmetatable({
    left = math.min(#functions, concurrency),
    _functions = functions,
    _results = { n = #functions },
    _next = 0,
    _tasks = {},
    _inner = {},
  }, group_mt)
  local function work(task)
    self:_work(task)
  end
  for _ = 1, self.left do
    self._tasks[scheduler:spawn(work, self)] = true
  end
  return self
end

--- Runs `functions` and waits for all of them. Their calls overlap where their
--- clients' transport is cloudjobs.transport.multi, which is the default.
---@param functions (fun(): any, any)[]
---@param options { concurrency: integer|nil, timeout: number|nil, cancel: table|nil, wait: function|nil }|nil
---   concurrency: how many at once, 50 unless given; timeout: seconds for all together; wait: waits in somebody
---   else's event loop, as cqueues.poll does (see docs/many-at-once.md)
---@return { n: integer } results in the functions' order: { ok = true, value = … } or { ok = false, err = … }, where
---   err may also be what the function raised
local function parallel(functions, options)
  options = option.check(options, OPTIONS, "cloudjobs.parallel")
  if type(functions) ~= "table" then
    option.mistake("cloudjobs.parallel: expected a list of functions, got " .. type(functions))
  end
  local concurrency = math.floor(options.concurrency or CONCURRENCY)
  if concurrency < 1 or concurrency ~= concurrency then
    option.mistake("cloudjobs.parallel: option concurrency: expected 1 or more")
  end
  for i = 1, #functions do
    if type(functions[i]) ~= "function" then
      option.mistake(("cloudjobs.parallel: function %d: expected function, got %s"):format(i, type(functions[i])))
    end
  end

  local Scheduler = transports.scheduler()
  local outer = Scheduler.current()
  local scheduler = outer and outer.scheduler or Scheduler.new(options.wait)
  local group = start(functions, concurrency, scheduler)
  local cancel, forget = options.cancel, nil
  local function stop(reason)
    group:stop { kind = "cancelled", code = "cancelled", message = tostring(reason or "cancelled") }
  end
  if cancel and cancel.cancelled then
    stop(cancel.reason)
  elseif cancel then
    forget = cancel:listen(stop)
  end
  if options.timeout then
    group:_watch_time(scheduler, options.timeout)
  end
  if outer then
    group:_wait_in(outer)
  else
    scheduler:run(group)
  end
  if forget then
    forget()
  end

  local results = group._results
  for i = 1, results.n do
    results[i] = results[i] or { ok = false, err = group:refusal() }
  end
  return results
end

return parallel
