--- An execution of an AWS Systems Manager Automation runbook.

---@class cloudjobs.jobs
---@field automation_execution cloudjobs.Maker
---@field start_automation_execution cloudjobs.Finder

---@type cloudjobs.Kind
return {
  kind = "automation_execution",
  title = "AWS Automation",
  about = "execution of an AWS Systems Manager Automation runbook",
  cloud = "aws",
  service = "ssm",
  service_id = "SSM",
  params = { "AutomationExecutionId" },
  id = "AutomationExecutionId",
  example = { AutomationExecutionId = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d" },
  name = function(params)
    return params.AutomationExecutionId
  end,
  operation = "get_automation_execution",
  record = "AutomationExecution",
  members = {
    code = "AutomationExecutionStatus",
    reason = "FailureMessage",
    started_at = "ExecutionStartTime",
    ended_at = "ExecutionEndTime",
  },
  states = {
    Pending = "queued",
    Scheduled = "queued",
    InProgress = "running",
    Waiting = "running",
    Cancelling = "running",
    PendingApproval = "running",
    Approved = "running",
    RunbookInProgress = "running",
    PendingChangeCalendarOverride = "running",
    ChangeCalendarOverrideApproved = "running",
    Success = "succeeded",
    CompletedWithSuccess = "succeeded",
    Failed = "failed",
    CompletedWithFailure = "failed",
    TimedOut = "timed_out",
    Cancelled = "cancelled",
    Rejected = "cancelled",
    ChangeCalendarOverrideRejected = "cancelled",
    Exited = "stopped",
  },
  hints = {
    Waiting = "a step waits for a signal",
    PendingApproval = "somebody has to approve it",
    PendingChangeCalendarOverride = "somebody has to override the change calendar",
  },
  missing = { AutomationExecutionNotFoundException = true },
  interval = { start = 5, growth = 1.5, cap = 30, floor = 1 },
  cancel = "stop_automation_execution",
  -- The steps.
  detail = function(client, params, limits)
    return client:all("describe_automation_step_executions", {
      AutomationExecutionId = params.AutomationExecutionId,
    }, limits)
  end,
  -- The description does not mark the token, so no client fills it by itself.
  run = {
    finder = "start_automation_execution",
    operation = "start_automation_execution", token = "ClientToken",
    ids = { AutomationExecutionId = "AutomationExecutionId" },
  },
}
