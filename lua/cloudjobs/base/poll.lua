--- The one loop that polls: for a job's end, for a job to begin, for what a
--- service's waiter or a registration waits for.

local MAX_AFTER = 3600 -- seconds that a service may put a poll off

--- Calls `attempt(limits)` until it returns true and its result, or the time is
--- over. The last attempt falls on the deadline.
---@param deadline cloudjobs.Deadline
---@param interval table how long to pause, see base/interval.lua
---@param attempt fun(limits: table): boolean, any, cloudjobs.Error|nil, number|nil done, value, err, and the seconds
---   that the service asks to wait for before the next one
---@param expired fun(): cloudjobs.Error|nil makes the error for a time that is over
---@return any value
---@return cloudjobs.Error|nil err that of the last attempt, of `expired`, or kind "cancelled"
local function poll(deadline, interval, attempt, expired)
  local grown
  while true do
    local done, value, err, after = attempt(deadline:poll_limits())
    if done then
      return value, err
    end
    local pause, ok
    pause, grown = interval:next(grown)
    pause = math.max(pause, math.min(after or 0, MAX_AFTER))
    pause = interval:within(pause, deadline:left() or math.huge)
    err = deadline:refusal() or not pause and expired() or nil
    if err then
      return nil, err
    end
    ok, err = deadline:sleep(pause)
    if not ok then
      return nil, err
    end
  end
end

return poll
