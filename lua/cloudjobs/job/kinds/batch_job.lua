--- A job of AWS Batch. A parent of an array is PENDING while its children run.

local member = require "cloudjobs.base.path"

local TIMEOUT = "Job attempt duration exceeded timeout"

-- States of an array's children that have left the queue.
local STARTED = { "STARTING", "RUNNING", "SUCCEEDED", "FAILED" }

local function has_running_children(record)
  local summary = member.at(record, "arrayProperties.statusSummary", "table") or {}
  for _, state in ipairs(STARTED) do
    if (tonumber(summary[state]) or 0) > 0 then
      return true
    end
  end
  return false
end

---@class cloudjobs.jobs
---@field batch_job cloudjobs.Maker
---@field start_batch_job cloudjobs.Finder

---@type cloudjobs.Kind
return {
  kind = "batch_job",
  title = "Batch job",
  about = "job of AWS Batch",
  cloud = "aws",
  service = "batch",
  service_id = "Batch",
  params = { "jobId" },
  id = "jobId",
  example = { jobId = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d" },
  name = function(params)
    return params.jobId
  end,
  operation = "describe_jobs",
  request = { jobs = { "{jobId}" } },
  record = "jobs[0]",
  members = {
    code = "status",
    reason = "statusReason",
    started_at = "startedAt",
    updated_at = "createdAt",
    ended_at = "stoppedAt",
  },
  milliseconds = true,
  states = {
    SUBMITTED = "queued",
    PENDING = "queued",
    RUNNABLE = "queued",
    STARTING = "running",
    RUNNING = "running",
    SUCCEEDED = "succeeded",
    FAILED = "failed",
  },
  -- A job that was cancelled is FAILED, too.
  state = function(record)
    if record.status == "PENDING" and has_running_children(record) then
      return "running"
    elseif record.status ~= "FAILED" then
      return nil
    elseif record.isCancelled == true or record.isTerminated == true then
      return "cancelled"
    end
    return record.statusReason == TIMEOUT and "timed_out" or nil
  end,
  hints = { RUNNABLE = "it waits for capacity, without end where no computing environment fits it" },
  missing = {},
  interval = { start = 5, growth = 1.5, cap = 30, floor = 1 },
  -- CancelJob does nothing to a job that has started.
  cancel = { operation = "terminate_job", request = { jobId = "{jobId}", reason = "cancelled by cloudjobs" } },
  run = { finder = "start_batch_job", operation = "submit_job", ids = { jobId = "jobId" } },
}
