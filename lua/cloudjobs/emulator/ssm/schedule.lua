--- When a maintenance window opens: `rate(…)`, `cron(…)` and `at(…)`.

local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"

local MINUTE, DAY = 60, 86400
local UNITS = { minute = MINUTE, minutes = MINUTE, hour = 3600, hours = 3600, day = DAY, days = DAY }
local FARTHEST = 5 * 366 -- days to search for a date that matches

local MONTHS = {
  JAN = 1, FEB = 2, MAR = 3, APR = 4, MAY = 5, JUN = 6, JUL = 7, AUG = 8, SEP = 9, OCT = 10, NOV = 11, DEC = 12,
}
local WEEKDAYS = { SUN = 1, MON = 2, TUE = 3, WED = 4, THU = 5, FRI = 6, SAT = 7 }

--- The fields of a cron expression: smallest and largest value, names.
local FIELDS = {
  { "minute", 0, 59 },
  { "hour", 0, 23 },
  { "day", 1, 31 },
  { "month", 1, 12, MONTHS },
  { "weekday", 1, 7, WEEKDAYS },
  { "year", 1970, 2199 },
}

--- The values that one field of a cron expression allows, as a set; nil where
--- the text means nothing.
local function parse_field(text, smallest, largest, names)
  local function number(word)
    local value = names and names[ascii.upper(word)] or tonumber(word)
    return value and value >= smallest and value <= largest and value or nil
  end
  local set = {}
  for item in text:gmatch("[^,]+") do
    local range, step = item:match("^([^/]+)/(%d+)$")
    range = range or item
    local first, last = range:match("^(%w+)%-(%w+)$")
    if range == "*" or range == "?" then
      first, last = smallest, largest
    elseif first then
      first, last = number(first), number(last)
    else
      first = number(range)
      last = step and largest or first
    end
    step = tonumber(step or 1)
    if not first or not last or step < 1 then
      return nil
    end
    for value = first, last, step do
      set[value] = true
    end
  end
  return next(set) and set or nil
end

--- How a day field that is more than a set of numbers is matched: `L` is the
--- last day of the month, `TUE#2` the second Tuesday, `6L` the last Friday.
local function special_day(field, text)
  if field == "day" and text == "L" then
    return function(date)
      return date.day == date.last_day
    end
  end
  local weekday, nth = text:match("^(%w+)#([1-5])$")
  local last = text:match("^(%w+)L$")
  weekday = weekday or last
  weekday = weekday and (WEEKDAYS[ascii.upper(weekday)] or tonumber(weekday))
  if field == "weekday" and weekday then
    return function(date)
      local right_week = last and date.day + 7 > date.last_day or math.ceil(date.day / 7) == tonumber(nth)
      return date.weekday == weekday and right_week
    end
  end
end

local function parse_cron(text)
  local words = {}
  for word in text:gmatch("%S+") do
    words[#words + 1] = word
  end
  if #words == 7 then -- seconds first
    table.remove(words, 1)
  end
  if #words ~= #FIELDS then
    return nil
  end
  local fields = {}
  for i, field in ipairs(FIELDS) do
    local name = field[1]
    fields[name] = special_day(name, words[i]) or parse_field(words[i], field[2], field[3], field[4])
    if not fields[name] then
      return nil
    end
  end
  return fields
end

--- The calendar's day that a time falls on.
local function date_of(time)
  local text = core.iso(time)
  local year, month, day = text:match("^(%d+)%-(%d+)%-(%d+)")
  local next_month = core.iso(time + (32 - tonumber(day)) * DAY):sub(1, 8) .. "01T00:00:00Z"
  local first_of_next = core.epoch(next_month)
  local start = time - time % DAY
  return {
    year = tonumber(year),
    month = tonumber(month),
    day = tonumber(day),
    weekday = (math.floor(start / DAY) + 4) % 7 + 1,
    last_day = tonumber(core.iso(first_of_next - DAY):sub(9, 10)),
    start = start,
  }
end

local function allows(field, value, date)
  if type(field) == "function" then
    return field(date)
  end
  return field[value]
end

local function next_cron(fields, after)
  local first = after - after % MINUTE + MINUTE
  for day = 0, FARTHEST do
    local date = date_of(first - first % DAY + day * DAY)
    local matching = fields.year[date.year] and fields.month[date.month]
      and allows(fields.day, date.day, date) and allows(fields.weekday, date.weekday, date)
    if matching then
      for minute = 0, 24 * 60 - 1 do
        local time = date.start + minute * MINUTE
        if time >= first and fields.hour[math.floor(minute / 60)] and fields.minute[minute % 60] then
          return time
        end
      end
    end
  end
end

local function utc()
  return 0
end

--- The time at which a zone's clocks, so far from UTC before it, show `shown`; where
--- they leap over that, the time at which they had shown it.
local function time_shown(zone, shown, before)
  local unchanged = shown - before
  local changed = shown - zone(unchanged)
  return zone(changed) == zone(unchanged) and changed or unchanged
end

--- Reads a schedule: gives a function from a time to the first opening after it,
--- nil when there is none any more. A rate counts from `base`; the others go by a
--- zone's clocks (see zone.lua), UTC's when there is none. Nil where the text is
--- no schedule.
---@param text string
---@param base number
---@param zone (fun(time: number): number)|nil
---@return (fun(after: number): number|nil)|nil
local function parse(text, base, zone)
  zone = zone or utc
  local kind, inner = text:match("^(%a+)%((.-)%)$")
  if kind == "rate" then
    local count, unit = inner:match("^(%d+) (%a+)$")
    local period = UNITS[unit] and tonumber(count) * UNITS[unit]
    return period and period > 0 and function(after)
      return base + (math.floor((after - base) / period) + 1) * period
    end or nil
  elseif kind == "at" then
    local shown = core.epoch(inner .. "Z")
    local time = shown and time_shown(zone, shown, zone(shown)) or core.epoch(inner)
    return time and function(after)
      return time > after and time or nil
    end
  elseif kind == "cron" then
    local fields = parse_cron(inner)
    return fields and function(after)
      local ahead = zone(after)
      local shown = next_cron(fields, after + ahead)
      return shown and time_shown(zone, shown, ahead)
    end
  end
end

return { parse = parse }
