--- The wait for one job's end: what it has seen, and when it gives up. Job:wait
--- drives one, watch.lua many.

local Error = require "cloudjobs.base.error"
local Interval = require "cloudjobs.base.interval"

-- Seconds for the look that falls on the deadline.
local LAST_LOOK = 5

-- What was just started may not be found for a while.
local NOT_FOUND_GRACE = 60

--- Whether a look that failed says nothing of the job: it goes on being waited for.
--- A network comes back; a client that was closed does not, nor do nginx's phases change.
local function is_transient(err)
  if err.kind == "transport" and (err.code == "closed" or err.code == "phase") then
    return err.retryable
  end
  return err.retryable or err.kind == "transport" or err.kind == "timeout" or err.kind == "response"
end

local function same(a, b)
  return a ~= nil and a.state == b.state and a.code == b.code and a.reason == b.reason
end

local function timed_out(last, cause)
  if not last then
    return cause
  end
  return Error.new {
    kind = "timeout",
    code = "timeout",
    message = ("%s did not end in the time given"):format(tostring(last)),
    status = last,
    cause = cause,
  }
end

local function judge(status, expect)
  if not expect or status.state == expect then
    return status
  end
  return nil, Error.new {
    kind = "job",
    code = status.state,
    message = ("%s; expected %s"):format(tostring(status), expect),
    status = status,
  }
end

local Wait = {}
local wait_mt = { __index = Wait }

--- What a look may take: no more than is left of the time in all. Nil when
--- nothing limits it.
---@param transport table
---@param deadline number|nil on the transport's clock
---@param cancel table|nil
---@return { timeout: number|nil, cancel: table|nil }|nil
local function limits(transport, deadline, cancel)
  if not deadline then
    return cancel and { cancel = cancel } or nil
  end
  return { timeout = math.max(deadline - transport:clock(), LAST_LOOK), cancel = cancel }
end

function Wait:limits()
  local common = self.plan
  return limits(common.transport, common.deadline, common.options.cancel)
end

function Wait:look()
  return self.job:look(self:limits())
end

--- Takes a look's result in. Answers true when the wait is over, and then
--- the status or nil and the error.
---@return boolean over
---@return cloudjobs.Status|nil
---@return cloudjobs.Error|nil
function Wait:take(status, err)
  local options = self.plan.options
  if status then
    local changed = not same(self.last, status)
    self.last, self.error = status, nil
    if changed and options.on_change then
      options.on_change(status, self.job)
    end
    if options.on_poll then
      options.on_poll(status, self.job)
    end
    if status.final then
      return true, judge(status, options.expect)
    end
    return false
  end
  self.error = err
  local missing = self.job:is_missing(err)
  if missing and not self.last and self.plan.transport:clock() < self.plan.patience then
    return false
  elseif missing or not is_transient(err) then
    return true, nil, err
  end
  return false
end

--- Seconds to pause before the next look, or nil and why there is none.
---@return number|nil
---@return cloudjobs.Error|nil
function Wait:pause()
  local common = self.plan
  local options = common.options
  if options.cancel and options.cancel.cancelled then
    return nil, Error.new {
      kind = "cancelled", code = "cancelled", message = options.cancel.reason, status = self.last,
    }
  end
  local pause
  pause, self.grown = common.interval:next(self.grown)
  if common.deadline then
    pause = common.interval:within(pause, common.deadline - common.transport:clock())
    if not pause then
      return nil, timed_out(self.last, self.error)
    end
  end
  return pause
end

--- What waits that begin together have in common.
---@param job table one of them
---@param options table those of Job:wait, checked
local function plan(job, options)
  local transport = job._client:transport()
  local started = transport:clock()
  return {
    options = options,
    transport = transport,
    deadline = options.timeout and started + options.timeout,
    patience = started + (options.not_found_grace or NOT_FOUND_GRACE),
    interval = Interval.new(options.interval, job._kind.interval, "wait"),
  }
end

local function begin(job, common)
  return setmetatable({ job = job, plan = common }, wait_mt)
end

return { plan = plan, begin = begin, limits = limits, is_transient = is_transient }
