--- Adaptive mode's limit on how often a client sends: a bucket of tokens whose
--- rate follows the responses, as TCP's CUBIC follows losses. Off until the first
--- throttling. The time is a parameter.

-- CUBIC: a throttled rate falls to this share, and grows back by the cube of
-- the time since.
local BETA = 0.7
local SCALE = 0.4
-- The rate that is measured: counted over half a second, smoothed.
local WINDOW = 0.5
local SMOOTHING = 0.8
-- Sends a second.
local MIN_RATE = 0.5
local MAX_OVER_MEASURED = 2
-- Seconds: no clock moves by less than some fraction of this.
local MIN_WAIT = 0.001

local Limiter = {}
local limiter_mt = { __name = "cloudjobs.aws.retry.limiter", __index = Limiter }

local function fill(self, now)
  if self._filled_at then
    self._tokens = math.min(self._capacity, self._tokens + (now - self._filled_at) * self.rate)
  end
  self._filled_at = now
end

-- What came in under the old rate stays.
local function set_rate(self, rate, now)
  fill(self, now)
  self.rate = math.max(rate, MIN_RATE)
  self._capacity = math.max(rate, 1)
  self._tokens = math.min(self._tokens, self._capacity)
end

local function measure(self, now)
  local window = math.floor(now / WINDOW) * WINDOW
  self._window = self._window or math.floor(now)
  self._count = self._count + 1
  if window > self._window then
    local current = self._count / (window - self._window)
    self.measured = current * SMOOTHING + self.measured * (1 - SMOOTHING)
    self._count = 0
    self._window = window
  end
  return self.measured
end

-- When the rate is back where it was throttled.
local function plateau(peak)
  return (peak * (1 - BETA) / SCALE) ^ (1 / 3)
end

--- Acquires a token to send.
---@param now number seconds, of a monotonic clock
---@return number seconds until the next try; 0: acquired
function Limiter:acquire(now)
  if not self.enabled then
    return 0
  end
  fill(self, now)
  if self._tokens < 1 then
    return math.max((1 - self._tokens) / self.rate, MIN_WAIT)
  end
  self._tokens = self._tokens - 1
  return 0
end

--- Adapts the rate to the end of an attempt.
---@param throttled boolean
---@param now number
function Limiter:observe(throttled, now)
  local measured = measure(self, now)
  local rate
  if throttled then
    self._peak = self.enabled and math.min(measured, self.rate) or measured
    self._plateau = plateau(self._peak)
    self._throttled_at = now
    self.enabled = true
    rate = self._peak * BETA
  else
    self._throttled_at = self._throttled_at or now
    rate = SCALE * (now - self._throttled_at - self._plateau) ^ 3 + self._peak
  end
  set_rate(self, math.min(rate, MAX_OVER_MEASURED * measured), now)
end

local function new()
  return setmetatable({
    enabled = false,
    rate = 1,
    measured = 0,
    _tokens = 0,
    _capacity = 1,
    _count = 0,
    _peak = 0,
    _plateau = 0,
  }, limiter_mt)
end

return { new = new }
