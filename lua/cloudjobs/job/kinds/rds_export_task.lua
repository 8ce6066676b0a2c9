--- An export of an Amazon RDS snapshot or cluster to S3.

local ascii = require "cloudjobs.base.ascii"

local STATES = {
  STARTING = "queued",
  IN_PROGRESS = "running",
  CANCELING = "running",
  COMPLETE = "succeeded",
  FAILED = "failed",
  CANCELED = "cancelled",
}

---@class cloudjobs.jobs
---@field rds_export_task cloudjobs.Maker
---@field start_rds_export_task cloudjobs.Finder

---@type cloudjobs.Kind
return {
  kind = "rds_export_task",
  title = "RDS export",
  about = "export of an Amazon RDS snapshot or cluster to S3",
  cloud = "aws",
  service = "rds",
  service_id = "RDS",
  params = { "ExportTaskIdentifier" },
  id = "ExportTaskIdentifier",
  example = { ExportTaskIdentifier = "nightly-2026-11-30" },
  name = function(params)
    return params.ExportTaskIdentifier
  end,
  operation = "describe_export_tasks",
  record = "ExportTasks[0]",
  members = {
    code = "Status",
    reason = { "FailureCause", "WarningMessage" },
    started_at = "TaskStartTime",
    ended_at = "TaskEndTime",
  },
  states = STATES,
  -- The description has no enumeration, and the case of the words is not fixed.
  state = function(record)
    return STATES[ascii.upper(tostring(record.Status))]
  end,
  result = function(record)
    return { bucket = record.S3Bucket, prefix = record.S3Prefix, gigabytes = record.TotalExtractedDataInGB }
  end,
  missing = { ExportTaskNotFound = true, ExportTaskNotFoundFault = true },
  interval = { start = 60, growth = 1.25, cap = 300, floor = 1 },
  cancel = "cancel_export_task",
  -- The identifier is the caller's, so it is the token.
  run = {
    finder = "start_rds_export_task",
    operation = "start_export_task",
    ids = { ExportTaskIdentifier = "ExportTaskIdentifier" },
    already = { ExportTaskAlreadyExists = true, ExportTaskAlreadyExistsFault = true },
  },
}
