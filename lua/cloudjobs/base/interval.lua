--- The pause between two polls: starts somewhere, grows up to a cap,
--- never falls below the kind's floor, and is spread by jitter so that many
--- waits begun together do not ask together.

local core = require "cloudjobs.core"
local option = require "cloudjobs.base.options"

local FIELDS = { start = "number", growth = "number", cap = "number", jitter = "number" }
local JITTER = 0.1

local Interval = {}
local interval_mt = { __name = "cloudjobs.interval", __index = Interval }

--- Seconds until the next poll, and the `grown` of the call after it. One
--- interval serves any number of waits, each with a `grown` of its own.
---@param grown number|nil nil at the first poll
---@return number pause
---@return number grown
function Interval:next(grown)
  grown = grown or self._start
  local pause = math.max(self._floor, grown * (1 - self._jitter * self._random()))
  return pause, math.min(grown * self._growth, self._cap)
end

--- The pause when only `left` seconds are left: the last poll falls on their
--- end, and keeps the distance of the floor from the one before.
---@param pause number
---@param left number
---@return number|nil pause nil when there is no time for another poll
function Interval:within(pause, left)
  if left <= 0 or left < self._floor then
    return nil
  end
  return left - pause < self._floor and left or pause
end

--- Raises at the caller's line for a setting that makes no sense.
---@param given number|table|nil seconds, or `{ start, growth, cap, jitter }`
---@param defaults { start: number, growth: number, cap: number, floor: number }
---@param what string
---@param random (fun(): number)|nil
local function new(given, defaults, what, random)
  if type(given) == "number" then
    given = { start = given, growth = 1, cap = given, jitter = 0 }
  end
  given = option.check(given, FIELDS, what .. ": interval")
  for _, name in ipairs(option.sorted_keys(given)) do
    local value = given[name]
    if value < 0 then
      option.mistake(("%s: interval: %s: expected a number from 0 on, got %s"):format(what, name, value))
    end
  end
  local start = given.start or defaults.start
  return setmetatable({
    _start = start,
    _growth = math.max(1, given.growth or defaults.growth),
    _cap = math.max(start, given.cap or defaults.cap),
    _jitter = math.min(1, given.jitter or JITTER),
    _floor = defaults.floor,
    _random = random or core.random,
  }, interval_mt)
end

return { new = new }
