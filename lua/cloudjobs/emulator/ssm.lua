--- Systems Manager's maintenance windows: every operation that has
--- MaintenanceWindow in its name, and tagging.

local core = require "cloudjobs.core"
local refuse = require("cloudjobs.emulator.refuse").refuse
local tags = require "cloudjobs.emulator.tags"
local windows = require "cloudjobs.emulator.windows"

local Ssm = {}
local ssm_mt = { __name = "cloudjobs.emulator.ssm", __index = Ssm }

local function new(world)
  return setmetatable({ _world = world, _windows = {} }, ssm_mt)
end

--- Brings every window to the time `now`.
function Ssm:advance(now)
  for _, window in ipairs(self._windows) do
    windows.advance(self._world, window, now)
  end
end

--- Opens a window at once, whatever its schedule says; gives the execution's id.
function Ssm:open(window_id, now)
  for _, window in ipairs(self._windows) do
    if window.WindowId == window_id then
      return windows.begin(self._world, window, now).id
    end
  end
end

local WINDOW = {
  "WindowId", "Name", "Description", "StartDate", "EndDate", "Schedule", "ScheduleTimezone", "ScheduleOffset",
  "Duration", "Cutoff", "AllowUnassociatedTargets", "Enabled",
}
local IDENTITY = {
  "WindowId", "Name", "Description", "Enabled", "Duration", "Cutoff", "Schedule", "ScheduleTimezone", "ScheduleOffset",
  "EndDate", "StartDate",
}
local TARGET = { "WindowId", "WindowTargetId", "ResourceType", "Targets", "OwnerInformation", "Name", "Description" }
local TASK = {
  "WindowId", "WindowTaskId", "Targets", "TaskArn", "ServiceRoleArn", "TaskType", "TaskParameters",
  "TaskInvocationParameters", "Priority", "MaxConcurrency", "MaxErrors", "LoggingInfo", "Name", "Description",
  "CutoffBehavior", "AlarmConfiguration",
}

local function pick(from, names)
  local picked = {}
  for _, name in ipairs(names) do
    picked[name] = from[name]
  end
  return picked
end

--- Takes the settable members of an update; `Replace` empties what it leaves out.
local function update(record, params, names, fixed)
  for _, name in ipairs(names) do
    if not fixed[name] and (params[name] ~= nil or params.Replace) then
      record[name] = params[name]
    end
  end
end

local function missing(what, id)
  refuse("DoesNotExistException", ("%s %s does not exist."):format(what, id))
end

local function find(list, key, id, what)
  for i, item in ipairs(list) do
    if item[key] == id then
      return item, i
    end
  end
  missing(what, id)
end

local function own_windows(self, caller)
  local list = {}
  for _, window in ipairs(self._windows) do
    if window.account == caller.account and window.region == caller.region then
      list[#list + 1] = window
    end
  end
  return list
end

local function find_window(self, id, caller)
  return find(own_windows(self, caller), "WindowId", id, "Maintenance window")
end

local function find_execution(self, id, caller)
  for _, window in ipairs(own_windows(self, caller)) do
    for _, execution in ipairs(window.executions) do
      if execution.id == id then
        return execution
      end
    end
  end
  missing("Maintenance window execution", id)
end

local function opening_text(time)
  return time and core.iso(time):sub(1, 16) .. "Z" or nil
end

--- Whether an item passes filters of `{ Key, Values }`; `get` gives the text of a key.
local function passes(filters, get)
  for _, filter in ipairs(filters or {}) do
    local found = false
    for _, value in ipairs(filter.Values or {}) do
      found = found or get(filter.Key, value)
    end
    if not found then
      return false
    end
  end
  return true
end

local function by_member(item)
  return function(key, value)
    local member = item[key]
    return member ~= nil and tostring(member):lower() == value:lower()
  end
end

local operations = {}

function operations.CreateMaintenanceWindow(self, params, caller)
  local window = pick(params, WINDOW)
  window.WindowId = "mw-" .. self._world.uuid():gsub("-", ""):sub(1, 17)
  window.Enabled = true
  window.account, window.region = caller.account, caller.region
  window.created, window.modified, window.seen = caller.now, caller.now, caller.now
  window.targets, window.tasks, window.executions = {}, {}, {}
  window.tags = tags.put({}, params.Tags)
  if not windows.set_schedule(window, params.Schedule, caller.now) then
    refuse("ValidationException", ("The schedule %s is not valid."):format(params.Schedule))
  elseif params.Cutoff >= params.Duration then
    refuse("ValidationException", "Cutoff must be less than Duration.")
  end
  self._windows[#self._windows + 1] = window
  return { WindowId = window.WindowId }
end

function operations.UpdateMaintenanceWindow(self, params, caller)
  local window = find_window(self, params.WindowId, caller)
  local schedule = params.Schedule
  update(window, params, WINDOW, { WindowId = true, Schedule = true })
  if schedule and schedule ~= window.Schedule and not windows.set_schedule(window, schedule, caller.now) then
    refuse("ValidationException", ("The schedule %s is not valid."):format(schedule))
  end
  window.modified = caller.now
  return pick(window, WINDOW)
end

function operations.DeleteMaintenanceWindow(self, params, caller)
  for i, window in ipairs(self._windows) do
    if window.WindowId == params.WindowId and window.account == caller.account and window.region == caller.region then
      table.remove(self._windows, i)
      break
    end
  end
  return { WindowId = params.WindowId }
end

function operations.GetMaintenanceWindow(self, params, caller)
  local window = find_window(self, params.WindowId, caller)
  local output = pick(window, WINDOW)
  output.NextExecutionTime = opening_text(windows.next_opening(window, caller.now))
  output.CreatedDate, output.ModifiedDate = window.created, window.modified
  return output
end

function operations.DescribeMaintenanceWindows(self, params, caller)
  local items = {}
  for _, window in ipairs(own_windows(self, caller)) do
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
  for _, window in ipairs(own_windows(self, caller)) do
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
  local chosen = params.WindowId and { (find_window(self, params.WindowId, caller)) } or own_windows(self, caller)
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

-- Targets and tasks.

function operations.RegisterTargetWithMaintenanceWindow(self, params, caller)
  local window = find_window(self, params.WindowId, caller)
  local target = pick(params, TARGET)
  target.WindowTargetId = self._world.uuid()
  window.targets[#window.targets + 1] = target
  return { WindowTargetId = target.WindowTargetId }
end

function operations.UpdateMaintenanceWindowTarget(self, params, caller)
  local window = find_window(self, params.WindowId, caller)
  local target = find(window.targets, "WindowTargetId", params.WindowTargetId, "Maintenance window target")
  update(target, params, TARGET, { WindowId = true, WindowTargetId = true, ResourceType = true })
  local output = pick(target, TARGET)
  output.ResourceType = nil
  return output
end

local function is_used(window, target_id)
  for _, task in ipairs(window.tasks) do
    for _, target in ipairs(task.Targets or {}) do
      for _, value in ipairs(target.Values or {}) do
        if value == target_id then
          return true
        end
      end
    end
  end
  return false
end

function operations.DeregisterTargetFromMaintenanceWindow(self, params, caller)
  local window = find_window(self, params.WindowId, caller)
  local _, at = find(window.targets, "WindowTargetId", params.WindowTargetId, "Maintenance window target")
  if params.Safe and is_used(window, params.WindowTargetId) then
    refuse("TargetInUseException", "The target is used by a task of the maintenance window.")
  end
  table.remove(window.targets, at)
  return { WindowId = window.WindowId, WindowTargetId = params.WindowTargetId }
end

function operations.DescribeMaintenanceWindowTargets(self, params, caller)
  local window = find_window(self, params.WindowId, caller)
  local items = {}
  for _, target in ipairs(window.targets) do
    if passes(params.Filters, by_member(target)) then
      items[#items + 1] = target
    end
  end
  local page, token = caller.page(items, "WindowTargetId", params)
  return { Targets = page, NextToken = token }
end

function operations.RegisterTaskWithMaintenanceWindow(self, params, caller)
  local window = find_window(self, params.WindowId, caller)
  local task = pick(params, TASK)
  task.WindowTaskId = self._world.uuid()
  task.Priority = task.Priority or 1
  window.tasks[#window.tasks + 1] = task
  return { WindowTaskId = task.WindowTaskId }
end

local function find_task(self, params, caller)
  local window = find_window(self, params.WindowId, caller)
  local task, at = find(window.tasks, "WindowTaskId", params.WindowTaskId, "Maintenance window task")
  return task, at, window
end

function operations.UpdateMaintenanceWindowTask(self, params, caller)
  local task = find_task(self, params, caller)
  update(task, params, TASK, { WindowId = true, WindowTaskId = true, TaskType = true })
  local output = pick(task, TASK)
  output.TaskType = nil
  return output
end

function operations.DeregisterTaskFromMaintenanceWindow(self, params, caller)
  local task, at, window = find_task(self, params, caller)
  table.remove(window.tasks, at)
  return { WindowId = window.WindowId, WindowTaskId = task.WindowTaskId }
end

function operations.GetMaintenanceWindowTask(self, params, caller)
  return pick(find_task(self, params, caller), TASK)
end

function operations.DescribeMaintenanceWindowTasks(self, params, caller)
  local window = find_window(self, params.WindowId, caller)
  local items = {}
  for _, task in ipairs(window.tasks) do
    if passes(params.Filters, by_member(task)) then
      local item = pick(task, TASK)
      item.Type, item.TaskType, item.TaskInvocationParameters = item.TaskType, nil, nil
      items[#items + 1] = item
    end
  end
  local page, token = caller.page(items, "WindowTaskId", params)
  return { Tasks = page, NextToken = token }
end

-- Executions.

local function execution_view(execution, now)
  local view = windows.status(execution, now)
  view.WindowId = execution.window.WindowId
  view.WindowExecutionId = execution.id
  return view
end

local function in_time(view)
  return function(key, value)
    local time = core.epoch(value)
    local started = view.StartTime
    return time and (key == "ExecutedBefore" and started < time or key == "ExecutedAfter" and started > time)
  end
end

function operations.DescribeMaintenanceWindowExecutions(self, params, caller)
  local items = {}
  for _, window in ipairs(own_windows(self, caller)) do
    if window.WindowId == params.WindowId then
      for i = #window.executions, 1, -1 do
        local view = execution_view(window.executions[i], caller.now)
        if passes(params.Filters, in_time(view)) then
          items[#items + 1] = view
        end
      end
    end
  end
  local page, token = caller.page(items, "WindowExecutionId", params)
  return { WindowExecutions = page, NextToken = token }
end

function operations.GetMaintenanceWindowExecution(self, params, caller)
  local execution = find_execution(self, params.WindowExecutionId, caller)
  local output = windows.status(execution, caller.now)
  output.WindowExecutionId = execution.id
  output.TaskIds = {}
  for i, task in ipairs(execution.tasks) do
    output.TaskIds[i] = task.TaskExecutionId
  end
  return output
end

function operations.CancelMaintenanceWindowExecution(self, params, caller)
  local execution = find_execution(self, params.WindowExecutionId, caller)
  windows.cancel(execution, caller.now)
  return { WindowExecutionId = execution.id }
end

local function task_view(execution, task, now)
  local view = windows.status(execution, now)
  view.WindowExecutionId = execution.id
  view.TaskExecutionId = task.TaskExecutionId
  view.TaskArn = task.task.TaskArn
  view.AlarmConfiguration = task.task.AlarmConfiguration
  return view
end

local function by_status(view)
  return function(key, value)
    return key:upper() == "STATUS" and view.Status == value
  end
end

function operations.DescribeMaintenanceWindowExecutionTasks(self, params, caller)
  local execution = find_execution(self, params.WindowExecutionId, caller)
  local items = {}
  for _, task in ipairs(execution.tasks) do
    local view = task_view(execution, task, caller.now)
    view.TaskType = task.task.TaskType
    if passes(params.Filters, by_status(view)) then
      items[#items + 1] = view
    end
  end
  local page, token = caller.page(items, "TaskExecutionId", params)
  return { WindowExecutionTaskIdentities = page, NextToken = token }
end

local function find_execution_task(self, params, caller)
  local execution = find_execution(self, params.WindowExecutionId, caller)
  return execution, find(execution.tasks, "TaskExecutionId", params.TaskId, "Maintenance window execution task")
end

function operations.GetMaintenanceWindowExecutionTask(self, params, caller)
  local execution, task = find_execution_task(self, params, caller)
  local output = task_view(execution, task, caller.now)
  output.Type = task.task.TaskType
  output.ServiceRole = task.task.ServiceRoleArn
  output.Priority = task.task.Priority
  output.MaxConcurrency = task.task.MaxConcurrency
  output.MaxErrors = task.task.MaxErrors
  output.TaskParameters = task.task.TaskParameters and { task.task.TaskParameters } or nil
  return output
end

local function invocation_view(execution, task, invocation, now)
  local view = windows.status(execution, now)
  for name, value in pairs(invocation) do
    view[name] = value
  end
  view.WindowExecutionId = execution.id
  view.TaskExecutionId = task.TaskExecutionId
  view.TaskType = task.task.TaskType
  return view
end

function operations.DescribeMaintenanceWindowExecutionTaskInvocations(self, params, caller)
  local execution, task = find_execution_task(self, params, caller)
  local items = {}
  for _, invocation in ipairs(task.invocations) do
    local view = invocation_view(execution, task, invocation, caller.now)
    if passes(params.Filters, by_status(view)) then
      items[#items + 1] = view
    end
  end
  local page, token = caller.page(items, "InvocationId", params)
  return { WindowExecutionTaskInvocationIdentities = page, NextToken = token }
end

function operations.GetMaintenanceWindowExecutionTaskInvocation(self, params, caller)
  local execution, task = find_execution_task(self, params, caller)
  local what = "Maintenance window execution task invocation"
  local invocation = find(task.invocations, "InvocationId", params.InvocationId, what)
  return invocation_view(execution, task, invocation, caller.now)
end

-- Tags.

local function find_tagged(self, params, caller)
  if params.ResourceType ~= "MaintenanceWindow" then
    refuse("InvalidResourceType", "Only maintenance windows are emulated.")
  end
  for _, window in ipairs(own_windows(self, caller)) do
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

return {
  new = new,
  model = "ssm",
  namespace = "com.amazonaws.ssm",
  operations = operations,
  page_size = 50,
  max_results = 100,
  token_reused = "IdempotentParameterMismatch",
}
