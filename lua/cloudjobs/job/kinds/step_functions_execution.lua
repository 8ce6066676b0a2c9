--- An execution of an AWS Step Functions state machine. One that failed may be
--- started again under the same ARN (redrive); its wait has ended by then.

---@class cloudjobs.jobs
---@field step_functions_execution cloudjobs.Maker
---@field start_step_functions_execution cloudjobs.Finder

---@type cloudjobs.Kind
return {
  kind = "step_functions_execution",
  title = "Step Functions",
  about = "execution of an AWS Step Functions state machine",
  cloud = "aws",
  service = "stepfunctions",
  service_id = "SFN",
  params = { "executionArn" },
  id = "executionArn",
  example = { executionArn = "arn:aws:states:us-east-1:111122223333:execution:nightly:run-1" },
  name = function(params)
    return params.executionArn:match(":execution:(.+)$") or params.executionArn
  end,
  refuse = function(params)
    if params.executionArn:find(":express:", 1, true) then
      return "executionArn: Step Functions cannot describe EXPRESS executions"
    end
  end,
  operation = "describe_execution",
  -- Without input and output no permission for their key is needed.
  request = { executionArn = "{executionArn}", includedData = "METADATA_ONLY" },
  members = { code = "status", reason = { "error", "cause" }, started_at = "startDate", ended_at = "stopDate" },
  states = {
    PENDING_REDRIVE = "queued",
    RUNNING = "running",
    SUCCEEDED = "succeeded",
    FAILED = "failed",
    TIMED_OUT = "timed_out",
    ABORTED = "cancelled",
  },
  missing = { ExecutionDoesNotExist = true },
  interval = { start = 2, growth = 1.5, cap = 30, floor = 1 },
  cancel = "stop_execution",
  -- The name is the token: with the same name and input a second start gives the first execution.
  run = {
    finder = "start_step_functions_execution",
    operation = "start_execution", token = "name", ids = { executionArn = "executionArn" },
  },
}
