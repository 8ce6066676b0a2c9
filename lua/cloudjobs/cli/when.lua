--- Times for people: durations, ages, moments.

local core = require "cloudjobs.core"

local MAX_TEXT = 64 -- bytes of a duration or a time

local UNITS = { { "d", 86400 }, { "h", 3600 }, { "m", 60 }, { "s", 1 } }
local SECONDS = { s = 1, m = 60, h = 3600, d = 86400, w = 7 * 86400 }

--- The two largest units: "45s", "3m 20s", "2h", "3d 4h".
---@param seconds number
---@return string
local function duration(seconds)
  local left, parts = math.floor(math.max(0, seconds)), {}
  for i, unit in ipairs(UNITS) do
    local count = math.floor(left / unit[2])
    left = left - count * unit[2]
    if count > 0 then
      parts[#parts + 1] = ("%d%s"):format(count, unit[1])
      local below = UNITS[i + 1]
      local rest = below and math.floor(left / below[2]) or 0
      if rest > 0 then
        parts[#parts + 1] = ("%d%s"):format(rest, below[1])
      end
      break
    end
  end
  return #parts > 0 and table.concat(parts, " ") or "0s"
end

--- How long ago: as a duration, without seconds once it is minutes.
---@param seconds number
---@return string
local function age(seconds)
  return duration(seconds < 60 and seconds or seconds - seconds % 60)
end

--- A moment: local time, or UTC with its Z.
---@param time number epoch seconds
---@param utc boolean|nil
---@return string
local function moment(time, utc)
  return os.date(utc and "!%Y-%m-%d %H:%M:%SZ" or "%Y-%m-%d %H:%M:%S", math.floor(time))
end

--- Reads a duration: "90", "90s", "15m", "24h", "7d", "2w", "1h30m".
---@param text string
---@return number|nil seconds
---@return string|nil message
local function parse_duration(text)
  if #text > MAX_TEXT then
    return nil, ("expected a duration such as 90s, got a text of %d bytes"):format(#text)
  end
  local number = text:find("^%d+%.?%d*$") and tonumber(text)
  if number then
    return number
  end
  local total, at = 0, 1
  repeat
    local count, unit, after = text:match("^(%d+%.?%d*)([smhdw])%s*()", at)
    if not count then
      return nil, ("expected a duration such as 90s, 15m, 24h or 7d, got '%s'"):format(text)
    end
    total, at = total + tonumber(count) * SECONDS[unit], after
  until at > #text
  return total
end

--- Reads a moment of the past: a duration back from now, a day, or a time in ISO-8601.
---@param text string
---@return number|nil epoch seconds
---@return string|nil message
local function parse_since(text)
  if #text > MAX_TEXT then
    return nil, ("expected a duration or a time, got a text of %d bytes"):format(#text)
  end
  local time = text:find("^%d+%-") and (core.epoch(text) or core.epoch(text .. "T00:00:00Z") or core.epoch(text .. "Z"))
  if time then
    return time
  end
  local ago = text:find("%a") and parse_duration(text)
  if ago then
    return os.time() - ago
  end
  return nil, ("expected a duration such as 24h, or a time such as 2026-01-31 or 2026-01-31T12:00:00Z, got '%s'")
    :format(text)
end

return {
  duration = duration, age = age, moment = moment, parse_duration = parse_duration, parse_since = parse_since,
}
