--- An execution of an AWS Systems Manager maintenance window.

local Error = require "cloudjobs.base.error"
local core = require "cloudjobs.core"

local MISSING = { DoesNotExistException = true }

-- Seconds in which the execution of a window that has just opened may not be listed yet.
local SCHEDULE_TOLERANCE = 120

local function disabled(source, why, remedy)
  return Error.new {
    kind = "job", code = "disabled", message = ("%s: %s, so no execution begins"):format(source.WindowId, why),
    hint = "To wait for one, " .. remedy,
  }
end

---@class cloudjobs.jobs
---@field maintenance_window_execution cloudjobs.Maker
---@field next_window_execution cloudjobs.Finder

---@type cloudjobs.Kind
return {
  kind = "maintenance_window_execution",
  title = "AWS window",
  about = "execution of an AWS maintenance window",
  cloud = "aws",
  service = "ssm",
  service_id = "SSM",
  params = { "WindowExecutionId" },
  -- Executions that know their window share its listing.
  optional = { "WindowId" },
  id = "WindowExecutionId",
  example = { WindowExecutionId = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d" },
  name = function(params)
    return params.WindowId or params.WindowExecutionId
  end,
  operation = "get_maintenance_window_execution",
  listing = {
    operation = "describe_maintenance_window_executions",
    params = { "WindowId" },
    items = "WindowExecutions",
  },
  record_id = function(record)
    return record.WindowExecutionId
  end,
  began = "StartTime",
  members = {
    code = "Status",
    reason = "StatusDetails",
    started_at = "StartTime",
    ended_at = "EndTime",
  },
  states = {
    PENDING = "queued",
    IN_PROGRESS = "running",
    CANCELLING = "running",
    SUCCESS = "succeeded",
    FAILED = "failed",
    TIMED_OUT = "timed_out",
    CANCELLED = "cancelled",
    SKIPPED_OVERLAPPING = "skipped",
  },
  missing = MISSING,
  interval = { start = 5, growth = 1.5, cap = 60, floor = 1 },
  cancel = "cancel_maintenance_window_execution",
  -- The tasks, each with its invocations.
  detail = function(client, params, limits)
    local tasks, err = client:all("describe_maintenance_window_execution_tasks", {
      WindowExecutionId = params.WindowExecutionId,
    }, limits)
    for _, task in ipairs(tasks or {}) do
      task.Invocations, err = client:all("describe_maintenance_window_execution_task_invocations", {
        WindowExecutionId = params.WindowExecutionId,
        TaskId = task.TaskExecutionId,
      }, limits)
      if not task.Invocations then
        return nil, err
      end
    end
    return tasks, err
  end,
  next = {
    finder = "next_window_execution",
    request = function(source, since)
      return {
        WindowId = source.WindowId,
        Filters = { { Key = "ExecutedAfter", Values = { core.iso(math.floor(since)) } } },
      }
    end,
    refusal = function(client, source, limits, waited)
      local window, err = client:get_maintenance_window({ WindowId = source.WindowId }, limits)
      if err then
        return MISSING[err.code] and err or nil -- without the permission to read windows a wait is still possible
      elseif window.Enabled == false then
        return disabled(source, "the window is disabled", "enable the window")
      elseif window.NextExecutionTime == nil and waited >= SCHEDULE_TOLERANCE then
        return disabled(source, "the window's schedule has no further execution", "change its schedule")
      end
    end,
  },
  source = {
    word = "windows",
    hint = "the id of a maintenance window (mw-…)",
    param = "WindowId",
    matches = function(text)
      return text:find("^mw%-%x+$") ~= nil
    end,
    operation = "describe_maintenance_windows",
    columns = {
      { "NAME", "name", "Name" }, { "ID", "id", "WindowId" }, { "ENABLED", "enabled", "Enabled", "boolean" },
      { "NEXT", "next", "NextExecutionTime" },
    },
  },
  inventory = {
    option = "windows",
    type = "boolean",
    row = "window",
    label = "Name",
    open = true,
    job = function(window)
      return { WindowId = window.WindowId }
    end,
  },
}
