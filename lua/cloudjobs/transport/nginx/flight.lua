--- One run of a function for all who wait for it. It runs in a timer of its
--- own: a request that is aborted takes nobody's answer with it.

local ngx = ngx

local LOOK = 1 -- seconds between looks at a flight, should a post be lost with an aborted request

local function fly(flight, f)
  flight.ran, flight.value, flight.err = pcall(f)
end

local function land(flights, key, flight)
  flights[key] = nil
  flight.over = true
  flight.semaphore:post(flight.waiting)
end

--- Joins the flight for `key`, or starts one.
---@param flights table<string, table> those in the air
---@param key string
---@param f fun(): any, any
---@return any value what `f` answers
---@return any err
local function join(flights, key, f)
  local flight = flights[key]
  if not flight then
    flight = { waiting = 0, semaphore = require("ngx.semaphore").new() }
    flights[key] = flight
    local started = ngx.timer.at(0, function()
      fly(flight, f)
      land(flights, key, flight)
    end)
    if not started then -- too many timers
      fly(flight, f)
      land(flights, key, flight)
    end
  end
  flight.waiting = flight.waiting + 1
  while not flight.over do
    flight.semaphore:wait(LOOK)
  end
  if not flight.ran then
    error(flight.value, 0)
  end
  return flight.value, flight.err
end

return { join = join }
