--- A run of an AWS Glue job. A retry is a run of its own, with another id.

local Error = require "cloudjobs.base.error"
local member = require "cloudjobs.base.path"

---@class cloudjobs.jobs
---@field glue_job_run cloudjobs.Maker
---@field next_glue_job_run cloudjobs.Finder
---@field start_glue_job_run cloudjobs.Finder

---@type cloudjobs.Kind
return {
  kind = "glue_job_run",
  title = "Glue job run",
  about = "run of an AWS Glue job",
  cloud = "aws",
  service = "glue",
  service_id = "Glue",
  params = { "JobName", "RunId" },
  id = "RunId",
  example = { JobName = "nightly", RunId = "jr_0123456789abcdef" },
  name = function(params)
    return params.JobName
  end,
  operation = "get_job_run",
  record = "JobRun",
  listing = { operation = "get_job_runs", params = { "JobName" }, items = "JobRuns" },
  record_id = function(record)
    return record.Id
  end,
  began = "StartedOn",
  members = {
    code = "JobRunState",
    reason = { "ErrorMessage", "StateDetail" },
    started_at = "StartedOn",
    updated_at = "LastModifiedOn",
    ended_at = "CompletedOn",
  },
  states = {
    WAITING = "queued",
    STARTING = "running",
    RUNNING = "running",
    STOPPING = "running",
    SUCCEEDED = "succeeded",
    FAILED = "failed",
    ERROR = "failed",
    TIMEOUT = "timed_out",
    STOPPED = "stopped",
    -- Glue ends the run of a streaming job to start it again in its maintenance window.
    EXPIRED = "stopped",
  },
  missing = { EntityNotFoundException = true },
  interval = { start = 15, growth = 1.25, cap = 30, floor = 1 },
  -- A run that cannot be stopped is in the list of errors of a response with status 200.
  cancel = function(client, params)
    local output, err = client:batch_stop_job_run { JobName = params.JobName, JobRunIds = { params.RunId } }
    local failed = output and member.at(output, "Errors[0].ErrorDetail", "table")
    if failed then
      return nil, Error.new {
        kind = "service", code = failed.ErrorCode or "BatchStopJobRunError", message = failed.ErrorMessage or "",
        service = "Glue", operation = "BatchStopJobRun",
      }
    end
    return output, err
  end,
  next = { finder = "next_glue_job_run" },
  run = { finder = "start_glue_job_run", operation = "start_job_run", ids = { RunId = "JobRunId" } },
}
