--- AWS's standard mode, in two generations: the numbers of 2026, as botocore
--- from 1.44 and the JavaScript SDK from 3.1166 have them, and the former ones.
--- Adaptive mode is the same with a limiter beside it.

local Quota = require "cloudjobs.aws.retry.quota"
local core = require "cloudjobs.core"
local set = require("cloudjobs.base.options").set

local ATTEMPTS = 3
local MAX_DELAY = 20 -- seconds
local MAX_EXTRA_DELAY = 5 -- seconds of a Retry-After beyond our own delay

-- What a retry costs, and the first delay's scale in seconds.
local GENERATIONS = {
  ["2026"] = { cost = 14, throttling_cost = 5, timeout_cost = 14, scale = 0.05, throttling_scale = 1, hints = true },
  former = { cost = 5, throttling_cost = 5, timeout_cost = 10, scale = 1, throttling_scale = 1, hints = false },
}

-- Of 2026: services with shorter delays and one more attempt, and long polls,
-- whose callers repeat them at once, so that the delay is due even at the end.
local EAGER = { attempts = 4, scale = 0.025 }
local SERVICES = { ["DynamoDB"] = EAGER, ["DynamoDB Streams"] = EAGER }
local LONG_POLLS = {
  SQS = { ReceiveMessage = true },
  SFN = { GetActivityTask = true },
  SWF = { PollForActivityTask = true, PollForDecisionTask = true },
}

local THROTTLING = set(
  "BandwidthLimitExceeded", "EC2ThrottledException", "LimitExceededException", "PriorRequestNotComplete",
  "ProvisionedThroughputExceededException", "RequestLimitExceeded", "RequestThrottled",
  "RequestThrottledException", "SlowDown", "ThrottledException", "Throttling", "ThrottlingException",
  "TooManyRequestsException", "TransactionInProgressException"
)
local TRANSIENT = set("RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete", "IDPCommunicationError")
local TRANSIENT_STATUS = set(500, 502, 503, 504)

local SPENT = "The client's retry quota is spent, so this was not tried again: too many calls failed of late"

--- Classifies a response's error by AWS's rules. `modeled` is the code's entry in
--- the service's model, or nil.
---@param err cloudjobs.Error
---@param modeled { retryable: boolean, throttling: boolean }|nil
local function classify(err, modeled)
  err.throttling = THROTTLING[err.code] or (modeled and modeled.throttling) or false
  err.retryable = err.throttling or TRANSIENT[err.code] or TRANSIENT_STATUS[err.status]
    or (modeled and modeled.retryable) or false
end

local Standard = {}
local standard_mt = { __name = "cloudjobs.aws.retry.standard", __index = Standard }

local function cost_of(self, err)
  local numbers = self._numbers
  if err.throttling then
    return numbers.throttling_cost
  end
  return err.kind == "transport" and err.code == "timeout" and numbers.timeout_cost or numbers.cost
end

local function delay_of(self, err, attempt)
  local numbers = self._numbers
  local scale = err.throttling and numbers.throttling_scale or self._scale or numbers.scale
  local delay = self.random() * math.min(scale * 2 ^ (attempt - 1), MAX_DELAY)
  if numbers.hints and err.retry_after then
    delay = math.max(delay, math.min(err.retry_after, delay + MAX_EXTRA_DELAY))
  end
  return delay
end

--- The delay before the next attempt, or nil when there shall be none.
---@param err cloudjobs.Error of the attempt; its hint names the quota where that ends the call
---@param attempt integer how many were made, the first counted
---@param call { operation: string|nil, cost: integer|nil } the call's own notes; keeps what its last retry cost
---@return number|nil seconds
---@return boolean|nil last true when there is no attempt behind this delay
function Standard:after(err, attempt, call)
  if not err.retryable or attempt >= self.max_attempts then
    return nil
  end
  local cost = cost_of(self, err)
  if self.quota:consume(cost) then
    call.cost = cost
    return delay_of(self, err, attempt)
  end
  err.quota_reached = true
  err.hint = err.hint or SPENT
  if self._long_polls and self._long_polls[call.operation] then
    return delay_of(self, err, attempt), true
  end
end

--- A success restores the cost of the call's last retry, or one.
---@param call table|nil the call's notes, nil when it needed no retry
function Standard:succeeded(call)
  local quota = self.quota
  local left = quota.available -- unknown of a shared one
  if not left or left < quota.capacity then
    quota:restore(call and call.cost or 1)
  end
end

--- A policy for one client.
---@param options { max_attempts: integer|nil, mode: "standard"|"adaptive"|nil, generation: "2026"|"former"|nil,
---   quota: table|nil, service: string|nil, random: (fun(): number)|nil } service: its id, for what it has of its own
local function new(options)
  local is_new = options.generation ~= "former"
  local special = is_new and SERVICES[options.service] or {}
  return setmetatable({
    max_attempts = options.max_attempts or special.attempts or ATTEMPTS,
    random = options.random or core.random,
    quota = options.quota or Quota.new(),
    limiter = options.mode == "adaptive" and require("cloudjobs.aws.retry.limiter").new() or nil,
    classify = classify,
    _numbers = GENERATIONS[options.generation or "2026"],
    _scale = special.scale,
    _long_polls = is_new and LONG_POLLS[options.service] or nil,
  }, standard_mt)
end

return { new = new }
