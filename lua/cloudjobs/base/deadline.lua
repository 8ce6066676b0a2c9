--- The time that several requests and pauses share, and the canceller that may
--- end them sooner.

local Canceller = require "cloudjobs.base.canceller"

-- The poll that begins at the deadline gets a tenth of the whole time, within these seconds.
local LAST_POLL = { least = 1, most = 5, part = 0.1 }

---@class cloudjobs.Deadline
local Deadline = {}
local deadline_mt = { __name = "cloudjobs.deadline", __index = Deadline }

--- Seconds that are left: 0 when the time is over, nil when there is no limit.
---@return number|nil
function Deadline:left()
  return self._ends and math.max(self._ends - self._transport:clock(), 0)
end

--- The options with which a request keeps the time.
---@return { timeout: number|nil, cancel: cloudjobs.Canceller|nil }
function Deadline:limits()
  return { timeout = self:left(), cancel = self._cancel }
end

--- The same for a poll. The last one begins at the deadline and gets a little
--- time of its own.
---@return { timeout: number|nil, cancel: cloudjobs.Canceller|nil }
function Deadline:poll_limits()
  local left = self:left()
  return { timeout = left and math.max(left, self._last_poll), cancel = self._cancel }
end

--- The same for a listing, whose pages share the time.
---@return { deadline: number|nil, cancel: cloudjobs.Canceller|nil }
function Deadline:page_limits()
  return { deadline = self._ends, cancel = self._cancel }
end

--- The same for a poll that is a listing.
---@return { deadline: number|nil, cancel: cloudjobs.Canceller|nil }
function Deadline:poll_page_limits()
  local limits = self:poll_limits()
  return { deadline = limits.timeout and self._transport:clock() + limits.timeout, cancel = limits.cancel }
end

--- The error for a wait that the canceller has ended, else nil.
---@return cloudjobs.Error|nil err kind "cancelled"
function Deadline:refusal()
  local cancel = self._cancel
  return cancel and cancel.cancelled and Canceller.refusal(cancel) or nil
end

--- Pauses.
---@param seconds number
---@return true|nil
---@return cloudjobs.Error|nil err kind "cancelled"
function Deadline:sleep(seconds)
  return self._transport:sleep(seconds, self._cancel)
end

--- A deadline that begins now.
---@param transport table whose clock counts
---@param timeout number|nil seconds, without limit when nil
---@param cancel cloudjobs.Canceller|nil
---@return cloudjobs.Deadline
local function new(transport, timeout, cancel)
  return setmetatable({
    _transport = transport,
    _ends = timeout and transport:clock() + timeout,
    _last_poll = timeout and math.min(LAST_POLL.most, math.max(LAST_POLL.least, timeout * LAST_POLL.part)),
    _cancel = cancel,
  }, deadline_mt)
end

return { new = new }
