--- An execution of an AWS billing data export (BCM Data Exports).

local DAY = 86400

local UUID = "%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x"

---@class cloudjobs.jobs
---@field export_execution cloudjobs.Maker
---@field next_execution cloudjobs.Finder

---@type cloudjobs.Kind
return {
  kind = "export_execution",
  title = "AWS export",
  about = "execution of an AWS billing data export",
  cloud = "aws",
  service = "bcm_data_exports",
  service_id = "BCM Data Exports",
  params = { "ExportArn", "ExecutionId" },
  id = "ExecutionId",
  example = {
    ExportArn = "arn:aws:bcm-data-exports:us-east-1:111122223333:export/nightly-0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
    ExecutionId = "0123456789abcdef",
  },
  -- The ARN ends in the export's name and a UUID.
  name = function(params)
    local name = params.ExportArn:match("export/(.+)$") or params.ExportArn
    return (name:gsub("%-" .. UUID .. "$", ""))
  end,
  operation = "get_execution",
  listing = { operation = "list_executions", params = { "ExportArn" }, items = "Executions" },
  record_id = function(record)
    return record.ExecutionId
  end,
  began = "ExecutionStatus.CreatedAt",
  members = {
    code = "ExecutionStatus.StatusCode",
    reason = "ExecutionStatus.StatusReason",
    started_at = "ExecutionStatus.CreatedAt",
    updated_at = "ExecutionStatus.LastUpdatedAt",
    ended_at = "ExecutionStatus.CompletedAt",
  },
  states = {
    INITIATION_IN_PROCESS = "queued",
    QUERY_QUEUED = "queued",
    QUERY_IN_PROCESS = "running",
    DELIVERY_IN_PROCESS = "running",
    DELIVERY_SUCCESS = "succeeded",
    QUERY_FAILURE = "failed",
    DELIVERY_FAILURE = "failed",
  },
  missing = { ResourceNotFoundException = true },
  interval = { start = 15, growth = 1.5, cap = 120, floor = 1 },
  deliveries = { "ExportArn" },
  next = { finder = "next_execution" },
  source = {
    word = "exports",
    hint = "the ARN of an AWS export",
    param = "ExportArn",
    matches = function(text)
      return text:find("^arn:[^:]*:bcm%-data%-exports:") ~= nil
    end,
    region = function(arn)
      return arn:match("^arn:[^:]*:[^:]*:([^:]+):")
    end,
    operation = "list_exports",
    columns = {
      { "NAME", "name", "ExportName" }, { "HEALTH", "health", "ExportStatus.StatusCode" }, { "ARN", "id", "ExportArn" },
    },
  },
  inventory = {
    option = "exports",
    type = "boolean",
    default = true,
    row = "export",
    empty = "no exports",
    label = "ExportName",
    arn = "ExportArn",
    job = function(export)
      return { ExportArn = export.ExportArn }
    end,
    -- Exports are refreshed at least once a day.
    cadence = function()
      return DAY
    end,
    -- An export can be broken before a run of it is.
    health = function(row, export)
      local status = export.ExportStatus or {}
      if status.StatusCode == "UNHEALTHY" and row.health ~= "failing" then
        row.health, row.code, row.reason = "failing", status.StatusCode, status.StatusReason
      end
    end,
  },
}
