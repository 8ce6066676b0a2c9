--- Requests that stream on the transport for concurrent calls.

local Stream = require "cloudjobs.transport.stream"

local STEP = 1 -- seconds at most of one wait

-- The consumer of a stream's events, which wakes its task where that waits for
-- them: it may also wait for something else, in its sink. `task` is nil where the
-- stream's owner waits by itself.
local StreamWaiter = {}
local stream_waiter_mt = { __index = StreamWaiter }

local function wake_task(waiter)
  if waiter.is_waiting then
    waiter.task:wake()
  end
end

function StreamWaiter:on_event()
  self.stream.has_event = true
  wake_task(self)
end

function StreamWaiter:on_end(result)
  self.stream.result = result
  wake_task(self)
end

-- For `_fail`.
function StreamWaiter:wake(_, err)
  self:on_end { err = err }
end

--- Begins a request that streams.
---@param multi cloudjobs.transport.multi
---@param request cloudjobs.Request
---@param task table|nil without one the caller blocks
---@param timeout number|nil seconds
---@return integer|nil id
---@return cloudjobs.Error|nil err
local function add(multi, request, task, timeout)
  local stream, err = Stream.begin(multi._multi, request, timeout, function(begun)
    multi._waiters[begun.id] = setmetatable({
      task = task, scheduler = task and task.scheduler, request = request, stream = begun,
    }, stream_waiter_mt)
    multi._busy = multi._busy + 1
  end)
  if not stream then
    return nil, err
  end
  return stream.id
end

--- Runs a stream to its end.
---@param multi cloudjobs.transport.multi
---@param id integer that `add` returned
---@param task table|nil
---@return cloudjobs.Response|nil
---@return cloudjobs.Error|nil err
local function run(multi, id, task)
  local waiter = multi._waiters[id]
  return waiter.stream:run(function(seconds)
    if not task then
      multi:step(math.min(seconds, STEP))
      return true
    elseif task.group.over then
      return nil, task.group:refusal()
    end
    waiter.is_waiting = true
    local _, err = task:park(seconds < math.huge and math.min(seconds, STEP) or nil)
    waiter.is_waiting = false
    return not err or nil, err
  end, function()
    multi._waiters[id] = nil
    multi:_release(task and task.scheduler)
  end)
end

return { add = add, run = run }
