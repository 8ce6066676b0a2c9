--- An AWS Systems Manager maintenance window's execution.
return {
  kind = "maintenance_window_execution",
  cloud = "aws",
  service = "ssm",
  service_id = "SSM",
  params = { "WindowExecutionId" },
  -- Known, it lets executions of one window share a listing.
  optional = { "WindowId" },
  id = "WindowExecutionId",
  operation = "get_maintenance_window_execution",
  listing = {
    operation = "describe_maintenance_window_executions",
    params = { "WindowId" },
    items = "WindowExecutions",
  },
  record_id = function(record)
    return record.WindowExecutionId
  end,
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
  missing = { DoesNotExistException = true },
  interval = { start = 5, growth = 1.5, cap = 60, floor = 1 },
  cancel = "cancel_maintenance_window_execution",
  -- `status.detail` when asked: the tasks, each with its invocations.
  detail = function(client, params, limits)
    local tasks, err = client:all("describe_maintenance_window_execution_tasks", {
      WindowExecutionId = params.WindowExecutionId,
    }, limits())
    for _, task in ipairs(tasks or {}) do
      task.Invocations, err = client:all("describe_maintenance_window_execution_task_invocations", {
        WindowExecutionId = params.WindowExecutionId,
        TaskId = task.TaskExecutionId,
      }, limits())
      if not task.Invocations then
        return nil, err
      end
    end
    return tasks, err
  end,
}
