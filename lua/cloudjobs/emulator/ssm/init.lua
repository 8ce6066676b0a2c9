--- Systems Manager's maintenance windows: every operation that has
--- MaintenanceWindow in its name, and tagging. This file has the windows
--- themselves.

local core = require "cloudjobs.core"
local executions = require "cloudjobs.emulator.ssm.executions"
local refuse = require("cloudjobs.emulator.refuse").refuse
local registrations = require "cloudjobs.emulator.ssm.registrations"
local store = require "cloudjobs.emulator.ssm.store"
local tags = require "cloudjobs.emulator.tags"
local windows = require "cloudjobs.emulator.ssm.windows"

local by_member, passes, pick, update = store.by_member, store.passes, store.pick, store.update

local WINDOW = {
  "WindowId", "Name", "Description", "StartDate", "EndDate", "Schedule", "ScheduleTimezone", "ScheduleOffset",
  "Duration", "Cutoff", "AllowUnassociatedTargets", "Enabled",
}
local IDENTITY = {
  "WindowId", "Name", "Description", "Enabled", "Duration", "Cutoff", "Schedule", "ScheduleTimezone", "ScheduleOffset",
  "EndDate", "StartDate",
}

local REQUIRED = { "Name", "Schedule", "Duration", "Cutoff", "AllowUnassociatedTargets" }

local function opening_text(time)
  return time and core.iso(time):sub(1, 16) .. "Z" or nil
end

local operations = {}

--- Refuses a schedule or a zone that is none, and a cutoff that leaves no time.
local function check(window)
  if not windows.is_schedule(window.Schedule) then
    refuse("ValidationException", ("The schedule %s is not valid."):format(window.Schedule))
  elseif window.ScheduleTimezone and not windows.is_zone(window.ScheduleTimezone) then
    refuse("ValidationException", ("The timezone %s is not valid."):format(window.ScheduleTimezone))
  elseif window.Cutoff >= window.Duration then
    refuse("ValidationException", "Cutoff must be less than Duration.")
  end
end

function operations.CreateMaintenanceWindow(self, params, caller)
  check(params)
  local window = pick(params, WINDOW)
  window.WindowId = "mw-" .. self.world.uuid():gsub("-", ""):sub(1, 17)
  window.Enabled = true
  window.account, window.region = caller.account, caller.region
  window.created, window.modified, window.seen = caller.now, caller.now, caller.now
  window.targets, window.tasks, window.executions = {}, {}, {}
  window.tags = tags.put({}, params.Tags)
  windows.set_schedule(window, params.Schedule, params.ScheduleTimezone, caller.now)
  self.windows[#self.windows + 1] = window
  return { WindowId = window.WindowId }
end

function operations.UpdateMaintenanceWindow(self, params, caller)
  local window = self:find_window(params.WindowId, caller)
  local changed = pick(window, WINDOW)
  update(changed, params, WINDOW, { WindowId = true, Enabled = params.Enabled == nil })
  for _, name in ipairs(REQUIRED) do
    if changed[name] == nil then
      refuse("ValidationException", ("Replace requires %s as well."):format(name))
    end
  end
  check(changed)
  if changed.Schedule ~= window.Schedule or changed.ScheduleTimezone ~= window.ScheduleTimezone then
    windows.set_schedule(window, changed.Schedule, changed.ScheduleTimezone, caller.now)
  end
  for _, name in ipairs(WINDOW) do
    window[name] = changed[name]
  end
  window.modified = caller.now
  return changed
end

function operations.DeleteMaintenanceWindow(self, params, caller)
  for i, window in ipairs(self.windows) do
    if window.WindowId == params.WindowId and window.account == caller.account and window.region == caller.region then
      table.remove(self.windows, i)
      break
    end
  end
  return { WindowId = params.WindowId }
end

function operations.GetMaintenanceWindow(self, params, caller)
  local window = self:find_window(params.WindowId, caller)
  local output = pick(window, WINDOW)
  output.NextExecutionTime = opening_text(windows.next_opening(window, caller.now))
  output.CreatedDate, output.ModifiedDate = window.created, window.modified
  return output
end

function operations.DescribeMaintenanceWindows(self, params, caller)
  local items = {}
  for _, window in ipairs(self:own(caller)) do
    if passes(params.Filters, by_member(window)) then
      local identity = pick(window, IDENTITY)
      identity.NextExecutionTime = opening_text(windows.next_opening(window, caller.now))
      items[#items + 1] = identity
    end
  end
  local page, token = caller.page(items, "WindowId", params)
  return { WindowIdentities = page, NextToken = token }
end

local function has_target(window, wanted)
  for _, target in ipairs(window.targets) do
    for _, have in ipairs(target.Targets) do
      for _, want in ipairs(wanted) do
        if have.Key == want.Key and table.concat(have.Values or {}, ",") == table.concat(want.Values or {}, ",") then
          return true
        end
      end
    end
  end
  return false
end

function operations.DescribeMaintenanceWindowsForTarget(self, params, caller)
  local items = {}
  for _, window in ipairs(self:own(caller)) do
    if has_target(window, params.Targets) then
      items[#items + 1] = { WindowId = window.WindowId, Name = window.Name }
    end
  end
  local page, token = caller.page(items, "WindowId", params)
  return { WindowIdentities = page, NextToken = token }
end

local SHOWN_OPENINGS = 10 -- openings of each window in a listing of the schedule

function operations.DescribeMaintenanceWindowSchedule(self, params, caller)
  local items = {}
  local chosen = params.WindowId and { (self:find_window(params.WindowId, caller)) } or self:own(caller)
  for _, window in ipairs(chosen) do
    if not params.Targets or has_target(window, params.Targets) then
      local time = windows.next_opening(window, caller.now)
      for _ = 1, SHOWN_OPENINGS do
        if not time then
          break
        end
        local text = opening_text(time)
        local key = window.WindowId .. text
        items[#items + 1] = { WindowId = window.WindowId, Name = window.Name, ExecutionTime = text, key = key }
        time = windows.next_opening(window, time)
      end
    end
  end
  local page, token = caller.page(items, "key", params)
  local shown = {}
  for i, item in ipairs(page) do
    shown[i] = pick(item, { "WindowId", "Name", "ExecutionTime" })
  end
  return { ScheduledWindowExecutions = shown, NextToken = token }
end

local function find_tagged(self, params, caller)
  if params.ResourceType ~= "MaintenanceWindow" then
    refuse("InvalidResourceType", "Only maintenance windows are emulated.")
  end
  for _, window in ipairs(self:own(caller)) do
    if window.WindowId == params.ResourceId then
      return window
    end
  end
  refuse("InvalidResourceId", ("%s is not a maintenance window's id."):format(params.ResourceId))
end

function operations.AddTagsToResource(self, params, caller)
  tags.put(find_tagged(self, params, caller).tags, params.Tags)
  return {}
end

function operations.ListTagsForResource(self, params, caller)
  return { TagList = find_tagged(self, params, caller).tags }
end

function operations.RemoveTagsFromResource(self, params, caller)
  tags.drop(find_tagged(self, params, caller).tags, params.TagKeys)
  return {}
end

for _, handlers in ipairs { registrations, executions } do
  for name, handler in pairs(handlers) do
    operations[name] = handler
  end
end

return {
  new = store.new,
  model = "ssm",
  namespace = "com.amazonaws.ssm",
  operations = operations,
  page_size = 50,
  token_reused = "IdempotentParameterMismatch",
}
