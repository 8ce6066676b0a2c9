--- The clock that jobs live by. It starts at the wall clock and may run faster,
--- be set and be advanced; dates, signatures and tokens stay on the wall clock.

local Clock = {}
local clock_mt = { __name = "cloudjobs.emulator.clock", __index = Clock }

---@param wall fun(): number the wall clock, epoch seconds with their fraction
---@param speed number|nil seconds of job time in one second of the wall's
local function new(wall, speed)
  local clock = setmetatable({ _wall = wall, _speed = speed or 1 }, clock_mt)
  clock:set(wall())
  return clock
end

function Clock:now()
  return self._base + (self._wall() - self._since) * self._speed
end

function Clock:set(time)
  self._base = time
  self._since = self._wall()
end

function Clock:advance(seconds)
  self:set(self:now() + seconds)
end

--- Changes the speed from now on; without an argument, returns it.
function Clock:speed(speed)
  if speed then
    self:set(self:now())
    self._speed = speed
  end
  return self._speed
end

return { new = new }
