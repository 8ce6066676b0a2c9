--- An AWS billing data export's execution (BCM Data Exports).
return {
  kind = "export_execution",
  cloud = "aws",
  service = "bcm_data_exports",
  service_id = "BCM Data Exports",
  params = { "ExportArn", "ExecutionId" },
  id = "ExecutionId",
  operation = "get_execution",
  listing = { operation = "list_executions", params = { "ExportArn" }, items = "Executions" },
  record_id = function(record)
    return record.ExecutionId
  end,
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
}
