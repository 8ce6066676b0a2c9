--- A job of Amazon S3 Batch Operations. It is Complete when tasks of it have
--- failed, too; its completion report has the result for each object.

local member = require "cloudjobs.base.path"

local function count(record, name)
  return member.at(record, "ProgressSummary." .. name, "number")
end

-- A complete job by the counts of its tasks.
local function state(record, _, general)
  local total, failed = count(record, "TotalNumberOfTasks"), count(record, "NumberOfTasksFailed") or 0
  if general ~= "succeeded" or not total then
    return nil
  elseif total == 0 then
    return "no_data", "the manifest named no object"
  elseif failed > 0 then
    return failed >= total and "failed" or nil, ("%d of %d tasks failed"):format(failed, total)
  end
end

---@class cloudjobs.jobs
---@field s3_batch_job cloudjobs.Maker
---@field start_s3_batch_job cloudjobs.Finder

---@type cloudjobs.Kind
return {
  kind = "s3_batch_job",
  title = "S3 Batch job",
  about = "job of Amazon S3 Batch Operations",
  cloud = "aws",
  service = "s3control",
  service_id = "S3 Control",
  params = { "AccountId", "JobId" },
  id = "JobId",
  example = { AccountId = "111122223333", JobId = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d" },
  name = function(params)
    return params.JobId
  end,
  operation = "describe_job",
  record = "Job",
  members = {
    code = "Status",
    reason = { "FailureReasons[0].FailureReason", "StatusUpdateReason" },
    started_at = "CreationTime",
    ended_at = "TerminationDate",
  },
  states = {
    New = "queued",
    Preparing = "queued",
    Ready = "queued",
    Suspended = "queued",
    Active = "running",
    Completing = "running",
    Pausing = "running",
    Paused = "running",
    Cancelling = "running",
    Failing = "running",
    Complete = "succeeded",
    Failed = "failed",
    Cancelled = "cancelled",
  },
  state = state,
  hints = { Suspended = "somebody has to confirm the job" },
  missing = { NotFoundException = true, NoSuchJob = true },
  interval = { start = 15, growth = 1.5, cap = 60, floor = 1 },
  cancel = {
    operation = "update_job_status",
    request = { AccountId = "{AccountId}", JobId = "{JobId}", RequestedJobStatus = "Cancelled" },
  },
  run = { finder = "start_s3_batch_job", operation = "create_job", ids = { JobId = "JobId" } },
}
