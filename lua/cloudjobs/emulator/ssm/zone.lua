--- The clocks of a time zone: how far they are from UTC, by the rule at the end
--- of the zone's file, which holds from the last change of law on. (Morocco's
--- clocks follow the moon, and no such rule.)

local core = require "cloudjobs.core"

local FOLDER = "/usr/share/zoneinfo/"
local HOUR, DAY = 3600, 86400
local TURN = 2 * HOUR -- the hour of a change whose rule names none

--- "-5:30" as seconds.
local function seconds(text)
  local sign, hours, minutes = text:match("^([+-]?)(%d+):?(%d*)")
  local count = tonumber(hours) * HOUR + (tonumber(minutes) or 0) * 60
  return sign == "-" and -count or count
end

--- When a rule such as M3.5.0/3 (March's last Sunday at three) falls in a year,
--- as the clocks show it before they change.
local function turn(rule, year)
  local month, week, weekday, time = rule:match("^M(%d+)%.(%d)%.(%d)/?(.*)$")
  local function first_of(count)
    return core.epoch(("%04d-%02d-01T00:00:00Z"):format(year + math.floor((count - 1) / 12), (count - 1) % 12 + 1))
  end
  local first = first_of(tonumber(month))
  local day = first + (tonumber(weekday) - math.floor(first / DAY) - 4) % 7 * DAY + (tonumber(week) - 1) * 7 * DAY
  if day >= first_of(tonumber(month) + 1) then -- a fifth week means the last
    day = day - 7 * DAY
  end
  return day + (time == "" and TURN or seconds(time))
end

--- A rule without the abbreviation it begins with, CET or <+03>.
local function without_name(rule)
  return (rule:gsub(rule:find("^<") and "^<[^>]*>" or "^%a+", "", 1))
end

--- Reads a rule such as CET-1CEST,M3.5.0,M10.5.0/3: a function from a time to the
--- seconds that the zone's clocks are ahead of UTC. Nil where it is no such rule.
local function parse(rule)
  local rest = without_name(rule)
  local west = rest:match("^[+-]?%d[%d:]*")
  if not west then
    return nil
  end
  local standard = -seconds(west)
  local changed, from, to = rest:sub(#west + 1):match("^([^,]+),(M[^,]+),(M[^,]+)$")
  if not changed then
    return function()
      return standard
    end
  end
  local summer_west = without_name(changed)
  local summer = summer_west == "" and standard + HOUR or -seconds(summer_west)
  return function(time)
    local year = tonumber(core.iso(time + standard):sub(1, 4))
    local begins, ends = turn(from, year) - standard, turn(to, year) - summer
    local is_summer
    if begins < ends then
      is_summer = time >= begins and time < ends
    else -- the southern half
      is_summer = time >= begins or time < ends
    end
    return is_summer and summer or standard
  end
end

--- The clocks of a zone by its name, such as Europe/Berlin: see parse. Nil where
--- there is no such zone; a machine without a database of them has UTC alone.
---@param name string
---@return (fun(time: number): number)|nil
local function load(name)
  if name == "UTC" or name == "Etc/UTC" then
    return parse "UTC0"
  elseif not name:find("^%a[%w_/+-]*$") then
    return nil
  end
  local file = io.open(FOLDER .. name, "rb")
  local text = file and file:read("*a")
  if file then
    file:close()
  end
  local rule = text and text:sub(1, 4) == "TZif" and text:match("\n([^\n]+)\n$")
  return rule and parse(rule) or nil
end

return { load = load, parse = parse }
