--- What Systems Manager keeps: the maintenance windows of every account and
--- region, and how handlers find their way in them.

local ascii = require "cloudjobs.base.ascii"
local refuse = require("cloudjobs.emulator.refuse").refuse
local windows = require "cloudjobs.emulator.ssm.windows"

local Ssm = {}
local ssm_mt = { __name = "cloudjobs.emulator.ssm", __index = Ssm }

local function new(world)
  return setmetatable({ world = world, windows = {} }, ssm_mt)
end

--- Brings every window to the time `now`.
function Ssm:advance(now)
  for _, window in ipairs(self.windows) do
    windows.advance(self.world, window, now)
  end
end

--- Opens a window at once, regardless of its schedule; gives the execution's id.
function Ssm:open(window_id, now)
  for _, window in ipairs(self.windows) do
    if window.WindowId == window_id then
      return windows.begin(self.world, window, now).id
    end
  end
end

local function missing(what, id)
  refuse("DoesNotExistException", ("%s %s does not exist."):format(what, id))
end

--- The item of a list whose `key` is `id`, and its place; refuses where there is none.
local function find(list, key, id, what)
  for i, item in ipairs(list) do
    if item[key] == id then
      return item, i
    end
  end
  missing(what, id)
end

--- The windows of the caller's account in its region.
function Ssm:own(caller)
  local list = {}
  for _, window in ipairs(self.windows) do
    if window.account == caller.account and window.region == caller.region then
      list[#list + 1] = window
    end
  end
  return list
end

function Ssm:find_window(id, caller)
  return find(self:own(caller), "WindowId", id, "Maintenance window")
end

function Ssm:find_execution(id, caller)
  for _, window in ipairs(self:own(caller)) do
    for _, execution in ipairs(window.executions) do
      if execution.id == id then
        return execution
      end
    end
  end
  missing("Maintenance window execution", id)
end

--- Some members of a record.
local function pick(from, names)
  local picked = {}
  for _, name in ipairs(names) do
    picked[name] = from[name]
  end
  return picked
end

--- Applies the settable members of an update; `Replace` empties what it leaves out.
local function update(record, params, names, fixed)
  for _, name in ipairs(names) do
    if not fixed[name] and (params[name] ~= nil or params.Replace) then
      record[name] = params[name]
    end
  end
end

--- Whether an item passes filters `{ Key, Values }`: for each, one of its values
--- does by `is(key, value)`.
local function passes(filters, is)
  for _, filter in ipairs(filters or {}) do
    local found = false
    for _, value in ipairs(filter.Values or {}) do
      found = found or is(filter.Key, value)
    end
    if not found then
      return false
    end
  end
  return true
end

--- Filters by the members of an item, whatever their case.
local function by_member(item)
  return function(key, value)
    local member = item[key]
    return member ~= nil and ascii.lower(tostring(member)) == ascii.lower(value)
  end
end

return { new = new, find = find, pick = pick, update = update, passes = passes, by_member = by_member }
