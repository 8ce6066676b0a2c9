--- The transport for concurrent calls on libcurl: in a coroutine that cloudjobs
--- made (see parallel.lua) it waits by yielding, anywhere else it blocks. The
--- clients that share it share one connection pool.

local Canceller = require "cloudjobs.base.canceller"
local Curl = require "cloudjobs.transport.curl"
local Error = require "cloudjobs.base.error"
local Scheduler = require "cloudjobs.transport.scheduler"
local curl = require "cloudjobs.curl"
local failure = require "cloudjobs.transport.failure"
local message = require "cloudjobs.http.message"
local option = require "cloudjobs.base.options"
local single = require "cloudjobs.transport.single"

local OPTIONS = { max_body = "number", gzip = "boolean", max_connections = "number", max_per_host = "number" }

-- A quarter of the descriptors that most systems allow.
local MAX_CONNECTIONS = 256

-- The kinds of error that end a request although its response may arrive yet.
local ENDED = { cancelled = true, timeout = true }

---@class cloudjobs.transport.multi: cloudjobs.Transport
local Multi = {}
local multi_mt = { __name = "cloudjobs.transport.multi", __index = Multi }

Multi.honours = Curl.honours

--- Wall time in epoch seconds, with a fraction.
function Multi:now() -- luacheck: ignore 212
  return curl.now()
end

--- Seconds on the monotonic clock.
function Multi:clock() -- luacheck: ignore 212
  return curl.clock()
end

local CLOSED = "this transport was closed"

local function closed()
  return Error.new { kind = "transport", code = "closed", message = CLOSED }
end

-- Scheduling

-- Ends all running requests, each with an error object of its own.
function Multi:_fail(code, problem)
  self._multi:close()
  local waiters = self._waiters
  self._waiters = {}
  for _, waiter in pairs(waiters) do
    self:_release()
    waiter:wake(nil, Error.new { kind = "transport", code = code, message = problem, ambiguous = true })
  end
end

--- For schedulers: works for up to `seconds`, and wakes the tasks whose requests have ended.
---@param seconds number
---@param scheduler table|nil the caller
function Multi:step(seconds, scheduler)
  local multi = self._multi
  local ok, problem = multi:step(seconds)
  if not ok then
    self:_fail("memory", "libcurl: " .. problem)
  end
  while true do
    local id, status, lines, body, sent = multi:next()
    if not id then
      return
    end
    local waiter = self._waiters[id]
    if waiter and status == true then
      waiter:on_event()
    elseif waiter then -- otherwise a finalizer has closed this transport meanwhile
      self._waiters[id] = nil
      self:_release(scheduler)
      if waiter.stream then
        waiter:on_end { status = status, lines = lines, body = body, sent = sent }
      elseif status then
        waiter:wake(message.new { status = status, lines = lines, body = body })
      else
        waiter:wake(nil, failure(waiter.request, lines, body, sent))
      end
    end
  end
end

function Multi:timeout()
  return self._multi:timeout()
end

function Multi:watch(poller)
  poller:watch(self._multi)
end

function Multi:join(scheduler)
  self._schedulers[scheduler] = true
end

--- The remaining schedulers read the timeouts anew, for which this one may have waited.
function Multi:leave(scheduler, poller)
  if poller then
    poller:unwatch(self._multi)
  end
  self._schedulers[scheduler] = nil
  for other in pairs(self._schedulers) do
    other:nudge()
  end
end

-- Slots: so many transfers run at the same time, further ones wait in a queue

-- Wakes queued tasks while there are free slots. A task of `scheduler`, which is
-- running, has its slot from now on. One of another scheduler looks for a free slot
-- when it is resumed, because that scheduler may never run again.
function Multi:_admit(scheduler)
  while self._busy < self._limit and self._queue[self._queue_first] do
    local entry = self._queue[self._queue_first]
    self._queue[self._queue_first] = nil
    self._queue_first = self._queue_first + 1
    local task = entry.task
    if entry.waiting and task:wake(true) and task.scheduler == scheduler then
      self._busy = self._busy + 1
      self._granted[task] = true
    end
  end
end

function Multi:_release(scheduler)
  self._busy = self._busy - 1
  self:_admit(scheduler)
end

--- For schedulers: ends the requests of one that will not run again.
function Multi:abandon(scheduler)
  for id, waiter in pairs(self._waiters) do
    if waiter.scheduler == scheduler then
      self._waiters[id] = nil
      self._multi:cancel(id)
      self._busy = self._busy - 1
    end
  end
  for task in pairs(self._granted) do
    if task.scheduler == scheduler then
      self._granted[task] = nil
      self._busy = self._busy - 1
    end
  end
  for i = self._queue_first, self._queue_last do
    local entry = self._queue[i]
    entry.waiting = entry.waiting and entry.task.scheduler ~= scheduler
  end
  self:_admit()
end

-- Abandons the schedulers whose coroutine was collected as garbage.
function Multi:_abandon_lost()
  local lost = {}
  for _, waiter in pairs(self._waiters) do
    if waiter.scheduler and waiter.scheduler:is_lost() then
      lost[waiter.scheduler] = true
    end
  end
  for scheduler in pairs(lost) do
    self:abandon(scheduler)
  end
end

-- Waits for a slot, which `_add` has to use without yielding before. Returns true
-- and the seconds that are left, and true if it was queued; or false and the error.
function Multi:_acquire(task, request)
  local timeout = request.timeout
  if self._busy >= self._limit then
    self:_abandon_lost()
  end
  if self._busy < self._limit then
    return true, timeout
  end
  local started, left = self:clock(), timeout
  task.scheduler:use(self) -- the requests in the slots may be another scheduler's
  repeat
    local woken, err = self:_wait_in_queue(task, left)
    if not woken then
      return false, err or failure(request, "timeout", "all connections of the transport were in use", false)
    elseif task.group.over or (request.cancel and request.cancel.cancelled) then
      self:_admit(task.scheduler)
      return false, task.group.over and task.group:refusal() or Canceller.refusal(request.cancel)
    end
    left = timeout and timeout - (self:clock() - started)
  until self._busy < self._limit
  return true, left, true
end

function Multi:_wait_in_queue(task, seconds)
  local entry = { task = task, waiting = true }
  self._queue_last = self._queue_last + 1
  self._queue[self._queue_last] = entry
  local woken, err = task:park(seconds)
  entry.waiting = false
  if self._granted[task] then
    self._granted[task] = nil
    self._busy = self._busy - 1 -- `_add` counts it again
  end
  return woken, err
end

-- Sending

local function is_stream(request)
  return rawget(request, "sink") ~= nil or type(rawget(request, "body")) == "table"
end

-- Begins the request, whose end wakes `waiter`. Returns its id, or nil and the
-- error; raises for a malformed request.
function Multi:_add(request, waiter, timeout)
  if is_stream(request) then
    return require("cloudjobs.transport.multi_stream").add(self, request, waiter, timeout)
  end
  local endpoint, headers = message.parts(request)
  local id, code, problem, sent = self._multi:add(
    endpoint.method, endpoint.url, headers, request.body, timeout, endpoint.connect_timeout, endpoint.network,
    rawget(request, "non_idempotent")
  )
  if not id then
    return nil, failure(request, code, problem, sent)
  end
  self._busy = self._busy + 1
  waiter.request = request
  self._waiters[id] = waiter
  return id
end

function Multi:_send_in(task, request)
  local entered, left, in_queue = self:_acquire(task, request)
  if not entered then
    return nil, left
  end
  local ok, id, err = true
  if in_queue then
    ok, id, err = pcall(self._add, self, request, task, left)
  else
    id, err = self:_add(request, task, left)
  end
  if not ok or not id then
    self:_admit(task.scheduler)
    if not ok then
      error(id, 0)
    end
    return nil, err
  end
  task.scheduler:use(self)
  local response
  if self._waiters[id].stream then
    response, err = require("cloudjobs.transport.multi_stream").run(self, id, task)
  else
    response, err = task:park()
  end
  if self._waiters[id] == task then -- woken before the request's end
    self._waiters[id] = nil
    self._multi:cancel(id)
    self:_release(task.scheduler)
  end
  if err and ENDED[err.kind] then -- also if the response arrived before the task was resumed
    err.ambiguous = true
  end
  return response, err
end

-- Sends from a coroutine that is no task, while tasks wait: it blocks, the
-- network serves all, and no task is resumed here.
function Multi:_send_beside(request)
  if is_stream(request) then
    local streams = require "cloudjobs.transport.multi_stream"
    local id, refused = streams.add(self, request, nil, request.timeout)
    if not id then
      return nil, refused
    end
    return streams.run(self, id)
  end
  local waiter = { wake = function(waiter, response, err)
    waiter.done, waiter.response, waiter.err = true, response, err
  end }
  -- Beyond the limit, because the queue does not move meanwhile.
  local id, err = self:_add(request, waiter, request.timeout)
  if not id then
    return nil, err
  end
  local cancel = request.cancel
  while not waiter.done do
    self:step(1)
    if not waiter.done and cancel and cancel.cancelled then
      self._waiters[id] = nil
      self._multi:cancel(id)
      self:_release()
      err = Canceller.refusal(cancel)
      err.ambiguous = true
      return nil, err
    end
  end
  return waiter.response, waiter.err
end

-- Runs `f`, during which the canceller wakes the task with nil and an error.
local function cancellable(task, cancel, f)
  if cancel.cancelled then
    return nil, Canceller.refusal(cancel)
  end
  local forget = cancel:listen(function()
    task:wake(nil, Canceller.refusal(cancel))
  end)
  local ok, a, b = pcall(f)
  forget()
  if not ok then
    error(a, 0)
  end
  return a, b
end

--- Sends one request and waits for the whole response; see transport/curl.lua.
---@return { status: integer, headers: table<string, string>, body: string }|nil
---@return cloudjobs.Error|nil err
function Multi:send(request)
  if self._closed then
    return nil, closed()
  end
  local task = Scheduler.current()
  if not task then
    if self._busy > 0 then
      return self:_send_beside(request)
    end
    return self._blocking:send(request)
  elseif task.group.over then
    return nil, task.group:refusal()
  elseif not request.cancel then
    return self:_send_in(task, request)
  end
  return cancellable(task, request.cancel, function()
    return self:_send_in(task, request)
  end)
end

--- Waits; in a task, it yields.
---@param seconds number
---@param cancel table|nil a canceller that may end it early
---@return true|nil
---@return cloudjobs.Error|nil err what ended it before its time
function Multi:sleep(seconds, cancel)
  local task = Scheduler.current()
  if not task then
    local wake = self:clock() + seconds
    while self._busy > 0 and seconds > 0 and not (cancel and cancel.cancelled) do
      self:step(seconds)
      seconds = wake - self:clock()
    end
    return self._blocking:sleep(seconds, cancel)
  elseif task.group.over then
    return nil, task.group:refusal()
  end
  local _, err
  if cancel then
    _, err = cancellable(task, cancel, function()
      return task:park(seconds)
    end)
  else
    _, err = task:park(seconds)
  end
  if err then
    return nil, err
  end
  return true
end

--- Runs `f` once for all tasks that ask for `key` meanwhile: see transport/single.lua.
---@param key string
---@param f fun(): any, any
function Multi:single(key, f)
  return single(self._singles, key, f)
end

--- A new file that replaces `path` when it is complete: see transport/file.lua.
function Multi:create(path) -- luacheck: ignore 212
  return require("cloudjobs.transport.file").create(path)
end

--- Closes the connections. Running requests fail, and later ones.
function Multi:close()
  if self._closed then
    return
  end
  self._closed = true
  self._blocking:close()
  for i = self._queue_first, self._queue_last do
    if self._queue[i].waiting then
      self._queue[i].task:wake(nil, closed())
    end
  end
  self:_fail("closed", CLOSED)
end

--- A transport to share between clients.
---@param options table|nil max_body, gzip: see transport/curl.lua; max_connections: transfers at the same time, 256
---   by default, further ones wait; max_per_host: connections to one host
local function new(options)
  options = option.check(options, OPTIONS, "cloudjobs.transport.multi")
  for _, name in ipairs { "max_body", "max_connections", "max_per_host" } do
    option.check_count(options, name, "cloudjobs.transport.multi")
  end
  local own = { max_body = options.max_body, gzip = options.gzip }
  return setmetatable({
    _blocking = Curl.new(own),
    _multi = curl.multi { max_body = own.max_body, gzip = own.gzip, max_host = options.max_per_host },
    _limit = options.max_connections or MAX_CONNECTIONS,
    _waiters = {}, _busy = 0,
    _queue = {}, _queue_first = 1, _queue_last = 0,
    _granted = {},
    _singles = {},
    _schedulers = setmetatable({}, { __mode = "k" }),
  }, multi_mt)
end

return { new = new }
