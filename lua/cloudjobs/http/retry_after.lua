--- The header Retry-After: seconds, or the date until which to wait.

local core = require "cloudjobs.core"

local MAX_DIGITS = 18 -- of seconds, and of their fraction

--- Seconds to wait; a date is counted from the response's own Date, since no
--- other clock is known to agree with it.
---@param headers table<string, string>
---@return number|nil
local function read(headers)
  local value = headers["retry-after"]
  if not value then
    return nil
  end
  local seconds, fraction = value:match("^(%d+)%.?(.*)$")
  if seconds and #seconds <= MAX_DIGITS and #fraction <= MAX_DIGITS and not fraction:find("%D") then
    return tonumber(value)
  end
  local till, now = core.epoch(value), headers.date and core.epoch(headers.date)
  return till and now and math.max(till - now, 0) or nil
end

--- Whole seconds, or nil for anything else.
---@param text string|nil
---@return number|nil
local function seconds_of(text)
  return text and #text <= MAX_DIGITS and text:find("^[0-9]+$") and tonumber(text) or nil
end

return { read = read, seconds = seconds_of }
