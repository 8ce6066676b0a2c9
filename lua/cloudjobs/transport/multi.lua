--- The transport that lets others go on: in a coroutine that cloudjobs made
--- (see parallel.lua) it waits by yielding, anywhere else it blocks. One pool
--- of connections for all clients that share it.

local Canceller = require "cloudjobs.base.canceller"
local Curl = require "cloudjobs.transport.curl"
local Error = require "cloudjobs.base.error"
local Scheduler = require "cloudjobs.transport.scheduler"
local curl = require "cloudjobs.curl"
local failure = require "cloudjobs.transport.failure"
local message = require "cloudjobs.http.message"
local option = require "cloudjobs.base.options"

local OPTIONS = { max_body = "number", gzip = "boolean", max_connections = "number", max_per_host = "number" }

-- A quarter of the descriptors that most systems grant.
local MAX_CONNECTIONS = 256

-- Kinds of errors by which a task is woken when nobody waits for its answer.
local ENDED = { cancelled = true, timeout = true }

-- Seconds after which whoever runs for a key is taken for lost: its coroutine
-- may never be resumed again.
local PATIENCE = 120

---@class cloudjobs.transport.multi: cloudjobs.Transport
local Multi = {}
local multi_mt = { __name = "cloudjobs.transport.multi", __index = Multi }

Multi.honours = Curl.honours

--- Wall time in epoch seconds, with a fraction.
function Multi:now() -- luacheck: ignore 212
  return curl.now()
end

--- Seconds on a clock that nobody sets.
function Multi:clock() -- luacheck: ignore 212
  return curl.clock()
end

local CLOSED = "this transport was closed"

local function closed()
  return Error.new { kind = "transport", code = "closed", message = CLOSED }
end

-- Scheduling

-- Ends all that is on its way, each with an error of its own.
function Multi:_fail(code, problem)
  self._multi:close()
  local waiters = self._waiters
  self._waiters = {}
  for _, waiter in pairs(waiters) do
    self:_release()
    waiter:wake(nil, Error.new { kind = "transport", code = code, message = problem, ambiguous = true })
  end
end

--- For schedulers: works for up to `seconds`, and wakes whose answers came.
function Multi:step(seconds)
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
    if waiter then -- else a finalizer closed this meanwhile
      self._waiters[id] = nil
      self:_release()
      if status then
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

--- The schedulers that stay see to the timeouts that this one saw to.
function Multi:leave(scheduler, poller)
  if poller then
    poller:unwatch(self._multi)
  end
  self._schedulers[scheduler] = nil
  for other in pairs(self._schedulers) do
    other:nudge()
  end
end

-- Places: so many transfers at once, the others wait in line

-- Lets those in line go on as far as there are places, which count for them from now on.
function Multi:_let_in()
  while self._busy < self._limit and self._line[self._line_first] do
    local place = self._line[self._line_first]
    self._line[self._line_first] = nil
    self._line_first = self._line_first + 1
    if place.waiting and place.task:wake(true) then
      self._busy = self._busy + 1
    end
  end
end

function Multi:_release()
  self._busy = self._busy - 1
  self:_let_in()
end

-- Waits for a place, for which `_add` then has to be called at once: whether
-- there is one, and the seconds that are left or the error; true when others
-- wait in line for it.
function Multi:_enter(task, request)
  local timeout = request.timeout
  if self._busy < self._limit then
    return true, timeout
  end
  local started = self:clock()
  local place = { task = task, waiting = true }
  self._line_last = self._line_last + 1
  self._line[self._line_last] = place
  local ours, err = task:park(timeout)
  place.waiting = false
  if not ours then
    return false, err or failure(request, "timeout", "all connections of the transport were in use", false)
  end
  self._busy = self._busy - 1 -- until it is taken
  if task.group.over or (request.cancel and request.cancel.cancelled) then
    self:_let_in()
    return false, task.group.over and task.group:refusal() or Canceller.refusal(request.cancel)
  end
  return true, timeout and timeout - (self:clock() - started), true
end

-- Sending

-- Adds the request for `waiter`; its id, or nil and the error. Raises for what
-- no request may have.
function Multi:_add(request, waiter, timeout)
  local where, headers = message.parts(request)
  local id, code, problem, sent = self._multi:add(
    where.method, where.url, headers, request.body, timeout, where.connect_timeout, where.network,
    rawget(request, "once")
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
  local entered, left, in_line = self:_enter(task, request)
  if not entered then
    return nil, left
  end
  local ok, id, err = true
  if in_line then
    ok, id, err = pcall(self._add, self, request, task, left)
  else
    id, err = self:_add(request, task, left)
  end
  if not ok or not id then
    self:_let_in()
    if not ok then
      error(id, 0)
    end
    return nil, err
  end
  task.scheduler:use(self)
  local response
  response, err = task:park()
  if self._waiters[id] == task then -- something else than the answer woke it
    self._waiters[id] = nil
    self._multi:cancel(id)
    self:_release()
  end
  if err and ENDED[err.kind] then -- also where an answer came before its turn
    err.ambiguous = true
  end
  return response, err
end

-- Somebody else's coroutine, while tasks of ours wait: the network goes on for
-- all, and none of them is resumed from here.
function Multi:_send_beside(request)
  local waiter = { wake = function(waiter, response, err)
    waiter.done, waiter.response, waiter.err = true, response, err
  end }
  -- Over the limit rather than in a line that cannot move.
  local id, err = self:_add(request, waiter, request.timeout)
  if not id then
    return nil, err
  end
  while not waiter.done do
    self:step(1)
  end
  return waiter.response, waiter.err
end

-- Runs `f` so that the canceller wakes the task with nil and an error.
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

--- Sends one request and waits for its whole answer; see transport/curl.lua.
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

--- Waits; in a task, for its own part only.
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

--- One run of `f` for all that wait for `key`; each gets its results. When it
--- raises or is cancelled, or fails because its caller was, that is this caller's
--- affair, and the next one runs `f`.
---@param key string
---@param f fun(): any, any
function Multi:single(key, f)
  local task = Scheduler.current()
  if not task then
    return f()
  end
  local run = self._singles[key]
  while run and run.scheduler == task.scheduler do -- another's may be held up by this one
    local place = { task = task, waiting = true }
    run[#run + 1] = place
    local ended, err = task:park(PATIENCE)
    place.waiting = false
    if err then
      return nil, err
    elseif run.shared then
      return run.value, run.err
    elseif not ended and self._singles[key] == run then
      self._singles[key] = nil
    end
    run = self._singles[key]
  end
  run = { scheduler = task.scheduler }
  self._singles[key] = run
  local ok, value, err = pcall(f)
  if self._singles[key] == run then
    self._singles[key] = nil
  end
  run.value, run.err = value, err
  run.shared = ok and not (Error.is(err) and (task.group.over or err.kind == "cancelled" or err.kind == "timeout"))
  for _, place in ipairs(run) do
    if place.waiting then
      place.task:wake(true)
    end
  end
  if not ok then
    error(value, 0)
  end
  return value, err
end

--- Closes the connections. What is on its way fails, and what is sent later.
function Multi:close()
  if self._closed then
    return
  end
  self._closed = true
  self._blocking:close()
  for i = self._line_first, self._line_last do
    if self._line[i].waiting then
      self._line[i].task:wake(nil, closed())
    end
  end
  self:_fail("closed", CLOSED)
end

--- A transport to share between clients.
---@param options table|nil max_body, gzip: see transport/curl.lua; max_connections: transfers at once, 256 unless
---   given, the others wait; max_per_host: connections to one host
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
    _line = {}, _line_first = 1, _line_last = 0,
    _singles = {},
    _schedulers = setmetatable({}, { __mode = "k" }),
  }, multi_mt)
end

return { new = new }
