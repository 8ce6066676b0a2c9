--- The wait for one job's end: what its polls have seen, and whether it goes on.
--- Job:wait drives one, watch.lua many.

local Deadline = require "cloudjobs.base.deadline"
local Error = require "cloudjobs.base.error"
local Interval = require "cloudjobs.base.interval"

-- Seconds in which a job that was just started may not be found.
local NOT_FOUND_GRACE = 60

-- The options of every wait.
local OPTIONS = {
  timeout = "number",
  interval = "number|table",
  on_change = "function",
  on_poll = "function",
  cancel = "canceller",
  not_found_grace = "number",
}

--- Whether a poll that failed says nothing about the job, so that the wait goes
--- on. A network comes back; a client that was closed does not, nor do nginx's
--- phases change.
---@param err cloudjobs.Error
---@return boolean
local function is_transient(err)
  if err.kind == "transport" and (err.code == "closed" or err.code == "phase") then
    return err.retryable
  end
  return err.retryable or err.kind == "transport" or err.kind == "timeout" or err.kind == "response"
end

local function same(a, b)
  return a ~= nil and a.state == b.state and a.code == b.code and a.reason == b.reason
end

-- The status, or nil and an error where another state was expected.
local function compare(status, expect)
  if not expect or status.state == expect or (expect == "ok" and status.ok) then
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

--- Records the result of a poll.
---@param status cloudjobs.Status|nil
---@param err cloudjobs.Error|nil
---@return boolean over
---@return cloudjobs.Status|nil
---@return cloudjobs.Error|nil err
function Wait:record(status, err)
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
      return true, compare(status, options.expect)
    end
    return false
  end
  self.error = err
  local missing = self.job:is_missing(err)
  if missing and not self.last and self.plan.transport:clock() < self.plan.found_by then
    return false
  elseif missing or not is_transient(err) then
    return true, nil, err
  end
  return false
end

--- The error when the time is over.
---@return cloudjobs.Error
function Wait:expired()
  local last, cause = self.last, self.error
  if not last then
    return cause
  end
  local message = ("%s did not end in the time given"):format(tostring(last))
  if cause then
    message = ("%s; the last poll failed: %s"):format(message, tostring(cause))
  end
  return Error.new { kind = "timeout", code = "timeout", message = message, status = last, cause = cause }
end

--- What the waits of one client and kind have in common when they begin together.
---@param job table one of them
---@param options table those of Job:wait, checked
local function plan(job, options)
  local transport = job._client:transport()
  return {
    options = options,
    transport = transport,
    deadline = Deadline.new(transport, options.timeout, options.cancel),
    found_by = transport:clock() + (options.not_found_grace or NOT_FOUND_GRACE),
    interval = Interval.new(options.interval, job._kind.interval, "wait"),
  }
end

local function begin(job, common)
  return setmetatable({ job = job, plan = common }, wait_mt)
end

return { OPTIONS = OPTIONS, plan = plan, begin = begin, is_transient = is_transient }
