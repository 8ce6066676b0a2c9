--- An Azure Cost Management export's run. A run has no address of its own: it
--- is looked up in its export's history, and cannot be cancelled.
return {
  kind = "export_run",
  cloud = "azure",
  service = "cost_exports",
  service_id = "Cost Management Exports",
  params = { "scope", "exportName", "run_id" },
  id = "run_id",
  listing = { operation = "get_execution_history", params = { "scope", "exportName" }, items = "value" },
  record_id = function(record)
    local id = type(record.id) == "string" and record.id:match("[^/]+$")
    return id or type(record.name) == "string" and record.name or nil
  end,
  members = {
    code = "properties.status",
    reason = "properties.error.message",
    started_at = "properties.processingStartTime",
    updated_at = "properties.submittedTime",
    ended_at = "properties.processingEndTime",
  },
  states = {
    Queued = "queued",
    InProgress = "running",
    Completed = "succeeded",
    Failed = "failed",
    Timeout = "timed_out",
    NewDataNotAvailable = "no_data",
    DataNotAvailable = "no_data",
  },
  missing = { ["404"] = true, NotFound = true },
  -- Reads count against a few requests a minute and scope.
  interval = { start = 30, growth = 1.25, cap = 60, floor = 15 },
}
