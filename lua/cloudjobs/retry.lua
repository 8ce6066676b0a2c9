--- How long to wait after an error, or nil to stop. Owns the quota; never
--- sleeps. Two policies: AWS's standard mode in its 2026 numbers, and Azure's.

local core = require "cloudjobs.core"

-- AWS standard mode, as botocore 1.44 and the JavaScript SDK 3.1166 keep it.
local QUOTA = 500
local COST = 14
local COST_THROTTLING = 5
local MAX_DELAY = 20
local SCALE = 0.05
local SCALE_THROTTLING = 1
local HINT_SLACK = 5

-- Azure's own pipeline: 1 s doubling to 64 s, half of it random.
local AZURE_BASE = 1
local AZURE_MAX_DELAY = 64
-- A server that says "now" is still given a moment.
local AZURE_FLOOR = 0.5

local function set(...)
  local t = {}
  for _, name in ipairs { ... } do
    t[name] = true
  end
  return t
end

local THROTTLING = set(
  "BandwidthLimitExceeded", "EC2ThrottledException", "LimitExceededException", "PriorRequestNotComplete",
  "ProvisionedThroughputExceededException", "RequestLimitExceeded", "RequestThrottled",
  "RequestThrottledException", "SlowDown", "ThrottledException", "Throttling", "ThrottlingException",
  "TooManyRequestsException", "TransactionInProgressException"
)
local TRANSIENT = set("RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete", "IDPCommunicationError")
local TRANSIENT_STATUS = set(500, 502, 503, 504)

--- Marks an answer's error as AWS's rules see it. `modeled` is what the
--- service's model says of the code, or nil.
---@param err cloudjobs.Error
---@param modeled { retryable: boolean, throttling: boolean }|nil
local function classify_aws(err, modeled)
  err.throttling = THROTTLING[err.code] or (modeled and modeled.throttling) or false
  err.retryable = err.throttling or TRANSIENT[err.code] or TRANSIENT_STATUS[err.status]
    or (modeled and modeled.retryable) or false
end

--- Marks an answer's error as Azure's rules see it.
---@param err cloudjobs.Error
local function classify_azure(err)
  local status = err.status
  err.throttling = status == 429 or (status == 503 and err.retry_after ~= nil)
  err.retryable = err.throttling or status == 408 or (status >= 500 and status ~= 501 and status ~= 505)
end

local Standard = {}
local standard_mt = { __name = "cloudjobs.retry", __index = Standard }

--- The delay before the next attempt, or nil when there shall be none.
---@param err cloudjobs.Error why the attempt failed
---@param attempt integer how many were made, the first counted
---@param call table the call's own notes; keeps what its last retry cost
---@return number|nil seconds
function Standard:after(err, attempt, call)
  if not err.retryable or attempt >= self.max_attempts then
    return nil
  end
  local cost = err.throttling and COST_THROTTLING or COST
  if cost > self.quota then
    call.quota_reached = true
    return nil
  end
  self.quota = self.quota - cost
  call.cost = cost
  local scale = err.throttling and SCALE_THROTTLING or SCALE
  local delay = self.random() * math.min(scale * 2 ^ (attempt - 1), MAX_DELAY)
  if err.retry_after then
    delay = math.max(delay, math.min(err.retry_after, delay + HINT_SLACK))
  end
  return delay
end

--- A success gives back what the call's last retry took, or one.
---@param call table|nil the call's notes, nil when it needed no retry
function Standard:succeeded(call)
  if self.quota < QUOTA then
    self.quota = math.min(QUOTA, self.quota + (call and call.cost or 1))
  end
end

--- AWS's standard mode. The quota belongs to the client that owns the policy.
---@param options { max_attempts: integer|nil, random: (fun(): number)|nil }
local function standard(options)
  return setmetatable({
    max_attempts = options.max_attempts or 3,
    random = options.random or core.random,
    quota = QUOTA,
    classify = classify_aws,
  }, standard_mt)
end

local Azure = {}
local azure_mt = { __name = "cloudjobs.retry", __index = Azure }

--- As Standard:after. A delay the server names is kept to the second.
function Azure:after(err, attempt)
  if not err.retryable or attempt >= self.max_attempts then
    return nil
  end
  if err.retry_after then
    return math.max(err.retry_after, AZURE_FLOOR)
  end
  local ceiling = math.min(AZURE_MAX_DELAY, AZURE_BASE * 2 ^ (attempt - 1))
  return ceiling / 2 + self.random() * ceiling / 2
end

function Azure:succeeded() end -- luacheck: ignore 212

--- Azure's rules: four attempts, throttling waits as long as the service asks.
---@param options { max_attempts: integer|nil, random: (fun(): number)|nil }
local function azure(options)
  return setmetatable({
    max_attempts = options.max_attempts or 4,
    random = options.random or core.random,
    classify = classify_azure,
  }, azure_mt)
end

return { standard = standard, azure = azure }
