--- Which of an export's deliveries are wanted.

local core = require "cloudjobs.core"
local option = require "cloudjobs.base.options"
local quote = require "cloudjobs.base.quote"

---@class cloudjobs.DeliveryFilter
---@field period? string "2026-10", "2026-10-05", "last" (the newest that was delivered) or "all", which is the default
---@field since? number|string epoch seconds or ISO 8601: only what was delivered from then on
---@field execution_id? string only what this execution or run delivered
---@field timeout? number seconds for everything together
---@field cancel? cloudjobs.Canceller
local OPTIONS = {
  period = "string", since = "number|string", execution_id = "string", timeout = "number", cancel = "canceller",
}

local Filter = {}
local filter_mt = { __name = "cloudjobs.delivery_filter", __index = Filter }

-- "2026-10-05" or "2026-10", or nil.
local function is_period(text)
  local month, day = text:match("^%d%d%d%d%-(%d%d)$"), nil
  if not month then
    month, day = text:match("^%d%d%d%d%-(%d%d)%-(%d%d)$")
  end
  month, day = tonumber(month), tonumber(day or 1)
  return month ~= nil and month >= 1 and month <= 12 and day >= 1 and day <= 31
end

--- Whether a period is wanted; with "last" each is.
---@param period string
function Filter:accepts(period)
  return not self.period or period == self.period or period:sub(1, #self.period + 1) == self.period .. "-"
end

--- Whether something delivered at that time is wanted.
---@param time number epoch seconds
function Filter:accepts_time(time)
  return not self.since or time >= self.since
end

-- Epoch seconds; raises a mistake for a text that is no time.
local function seconds_of(since, what)
  if type(since) ~= "string" then
    return since
  end
  local time, message = core.epoch(since)
  if not time then
    option.mistake(("%s: option since: %s"):format(what, message))
  end
  return time
end

--- A filter of these options; raises at the caller's line for a mistake in them.
---@param options cloudjobs.DeliveryFilter|nil
---@param what string the function, for the message
local function new(options, what)
  options = option.check(options, OPTIONS, what)
  local period = options.period or "all"
  if period ~= "all" and period ~= "last" and not is_period(period) then
    option.mistake(('%s: option period: expected "YYYY-MM", "last" or "all", got %s'):format(what, quote.word(period)))
  elseif options.execution_id == "" then
    option.mistake(what .. ": option execution_id: expected an id, got none")
  end
  return setmetatable({
    period = is_period(period) and period or nil,
    last = period == "last",
    since = seconds_of(options.since, what),
    execution_id = options.execution_id,
    timeout = options.timeout,
    cancel = options.cancel,
  }, filter_mt)
end

return { new = new, is_period = is_period, OPTIONS = OPTIONS }
