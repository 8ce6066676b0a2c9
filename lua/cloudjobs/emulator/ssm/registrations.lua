--- What is registered with a maintenance window: targets and tasks.

local refuse = require("cloudjobs.emulator.refuse").refuse
local store = require "cloudjobs.emulator.ssm.store"

local by_member, find, passes, pick, update = store.by_member, store.find, store.passes, store.pick, store.update

local TARGET = { "WindowId", "WindowTargetId", "ResourceType", "Targets", "OwnerInformation", "Name", "Description" }
local TASK = {
  "WindowId", "WindowTaskId", "Targets", "TaskArn", "ServiceRoleArn", "TaskType", "TaskParameters",
  "TaskInvocationParameters", "Priority", "MaxConcurrency", "MaxErrors", "LoggingInfo", "Name", "Description",
  "CutoffBehavior", "AlarmConfiguration",
}

local operations = {}

function operations.RegisterTargetWithMaintenanceWindow(self, params, caller)
  local window = self:find_window(params.WindowId, caller)
  local target = pick(params, TARGET)
  target.WindowTargetId = self.world.uuid()
  window.targets[#window.targets + 1] = target
  return { WindowTargetId = target.WindowTargetId }
end

function operations.UpdateMaintenanceWindowTarget(self, params, caller)
  local window = self:find_window(params.WindowId, caller)
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
  local window = self:find_window(params.WindowId, caller)
  local _, at = find(window.targets, "WindowTargetId", params.WindowTargetId, "Maintenance window target")
  if params.Safe and is_used(window, params.WindowTargetId) then
    refuse("TargetInUseException", "The target is used by a task of the maintenance window.")
  end
  table.remove(window.targets, at)
  return { WindowId = window.WindowId, WindowTargetId = params.WindowTargetId }
end

function operations.DescribeMaintenanceWindowTargets(self, params, caller)
  local window = self:find_window(params.WindowId, caller)
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
  local window = self:find_window(params.WindowId, caller)
  local task = pick(params, TASK)
  task.WindowTaskId = self.world.uuid()
  task.Priority = task.Priority or 1
  window.tasks[#window.tasks + 1] = task
  return { WindowTaskId = task.WindowTaskId }
end

local function find_task(self, params, caller)
  local window = self:find_window(params.WindowId, caller)
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
  local window = self:find_window(params.WindowId, caller)
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

return operations
