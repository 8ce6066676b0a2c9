--- One run of a function for all requests that wait for it. It runs in a timer
--- of its own: a request that is aborted takes no other's result with it.
---
--- No local of that request may be used by the timer either. nginx hands the
--- stack of a request that it aborted to other requests, and functions that
--- close over its locals read what these leave there, or nil. So the timer
--- gets arguments, and what it runs was made by a function that has returned.

local clock = require("cloudjobs.os").clock

local ngx = ngx

local POLL = 0.25 -- seconds between two checks of a group that waits for a flight
local DROPPED = 1 -- seconds after which a flight that has not begun has no timer any more

local function forget(flights, key, flight)
  if flights[key] == flight then
    flights[key] = nil
  end
end

local function fly(_, flights, key, flight, f)
  flight.begun = true
  flight.ran, flight.value, flight.err = pcall(f)
  forget(flights, key, flight)
  flight.over = true
  flight.semaphore:post(flight.waiting)
end

-- Nothing where nginx has as many timers as it may.
local function start(flights, key, f)
  local flight = { waiting = 0, semaphore = require("ngx.semaphore").new() }
  if not ngx.timer.at(0, fly, flights, key, flight, f) then
    return nil
  end
  flights[key] = flight
  return flight
end

--- Joins the flight for `key`, or starts one. Where nginx has no timer for it,
--- each runs `f` for itself.
---@param flights table<string, table> those in the air
---@param key string
---@param f fun(): any, any made by a function that has returned
---@param task table|nil of cloudjobs.parallel: the caller waits no longer than its group
---@return any value what `f` answers
---@return any err
local function join(flights, key, f, task)
  local flight = flights[key] or start(flights, key, f)
  if not flight then
    return f()
  end
  flight.waiting = flight.waiting + 1
  local dropped_at = clock() + DROPPED
  while not flight.over do
    flight.semaphore:wait(POLL)
    if task and task.group.over then
      return nil, task.group:refusal()
    elseif not flight.begun and clock() >= dropped_at then -- over lua_max_running_timers nginx drops them
      forget(flights, key, flight)
      return f()
    end
  end
  if not flight.ran then
    error(flight.value, 0)
  end
  return flight.value, flight.err
end

return { join = join }
