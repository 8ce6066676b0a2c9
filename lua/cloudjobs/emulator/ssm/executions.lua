--- The executions of maintenance windows, their tasks and invocations.

local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"
local store = require "cloudjobs.emulator.ssm.store"
local windows = require "cloudjobs.emulator.ssm.windows"

local find, passes = store.find, store.passes

local operations = {}

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
  for _, window in ipairs(self:own(caller)) do
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
  local execution = self:find_execution(params.WindowExecutionId, caller)
  local output = windows.status(execution, caller.now)
  output.WindowExecutionId = execution.id
  output.TaskIds = {}
  for i, task in ipairs(execution.tasks) do
    output.TaskIds[i] = task.TaskExecutionId
  end
  return output
end

function operations.CancelMaintenanceWindowExecution(self, params, caller)
  local execution = self:find_execution(params.WindowExecutionId, caller)
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
    return ascii.upper(key) == "STATUS" and view.Status == value
  end
end

function operations.DescribeMaintenanceWindowExecutionTasks(self, params, caller)
  local execution = self:find_execution(params.WindowExecutionId, caller)
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
  local execution = self:find_execution(params.WindowExecutionId, caller)
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

return operations
