--- A query execution of Amazon Athena.

---@class cloudjobs.jobs
---@field athena_query cloudjobs.Maker
---@field start_athena_query cloudjobs.Finder

---@type cloudjobs.Kind
return {
  kind = "athena_query",
  title = "Athena query",
  about = "query execution of Amazon Athena",
  cloud = "aws",
  service = "athena",
  service_id = "Athena",
  params = { "QueryExecutionId" },
  id = "QueryExecutionId",
  example = { QueryExecutionId = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d" },
  name = function(params)
    return params.QueryExecutionId
  end,
  operation = "get_query_execution",
  record = "QueryExecution",
  members = {
    code = "Status.State",
    reason = "Status.StateChangeReason",
    started_at = "Status.SubmissionDateTime",
    ended_at = "Status.CompletionDateTime",
  },
  -- A query goes from RUNNING back to QUEUED when Athena tries it again.
  states = {
    QUEUED = "queued",
    RUNNING = "running",
    SUCCEEDED = "succeeded",
    FAILED = "failed",
    CANCELLED = "cancelled",
  },
  result = function(record)
    return { location = record.ResultConfiguration and record.ResultConfiguration.OutputLocation }
  end,
  -- The code is that of any bad input, so the message decides.
  missing = function(err)
    return err.code == "InvalidRequestException" and err.message:find("was not found", 1, true) ~= nil
  end,
  interval = { start = 1, growth = 1.5, cap = 10, floor = 0.5 },
  cancel = "stop_query_execution",
  run = {
    finder = "start_athena_query",
    operation = "start_query_execution", ids = { QueryExecutionId = "QueryExecutionId" },
  },
}
