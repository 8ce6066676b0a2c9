--- Azure's retry rules: a throttled call waits for Retry-After.

local core = require "cloudjobs.core"

-- Azure's own pipeline: 1 s doubling to 64 s, half of it random.
local BASE = 1
local MAX_DELAY = 64
-- The shortest delay after a Retry-After, in s.
local MIN_DELAY = 0.5

--- Classifies a response's error by Azure's rules.
---@param err cloudjobs.Error
local function classify(err)
  local status = err.status
  err.throttling = status == 429 or (status == 503 and err.retry_after ~= nil)
  err.retryable = err.throttling or status == 408 or (status >= 500 and status ~= 501 and status ~= 505)
end

local Azure = {}
local azure_mt = { __name = "cloudjobs.azure.retry", __index = Azure }

--- As Standard:after. A delay the server names is kept to the second.
function Azure:after(err, attempt)
  if not err.retryable or attempt >= self.max_attempts then
    return nil
  end
  if err.retry_after then
    return math.max(err.retry_after, MIN_DELAY)
  end
  local ceiling = math.min(MAX_DELAY, BASE * 2 ^ (attempt - 1))
  return ceiling / 2 + self.random() * ceiling / 2
end

function Azure:succeeded() end -- luacheck: ignore 212

---@param options { max_attempts: integer|nil, random: (fun(): number)|nil } four attempts unless given
local function new(options)
  return setmetatable({
    max_attempts = options.max_attempts or 4,
    random = options.random or core.random,
    classify = classify,
  }, azure_mt)
end

return { new = new }
