--- An AWS Partner Central resource snapshot job: a standing subscription that
--- takes a snapshot again and again. Its wait ends with the next outcome:
--- a success later than `since`, or a failure whose text differs from the one
--- seen at the first look. A repeated identical failure cannot be seen.
return {
  kind = "resource_snapshot_job",
  cloud = "aws",
  service = "partnercentral_selling",
  service_id = "PartnerCentral Selling",
  params = { "Catalog", "ResourceSnapshotJobIdentifier" },
  id = "ResourceSnapshotJobIdentifier",
  operation = "get_resource_snapshot_job",
  members = {
    code = "Status",
    reason = "LastFailure",
    started_at = "CreatedAt",
    updated_at = "LastSuccessfulExecutionDate",
  },
  states = { Running = "running", Stopped = "stopped" },
  --- What later looks are compared with.
  first_look = function(record, digest)
    return { success = record.LastSuccessfulExecutionDate or 0, failure = digest(record.LastFailure) }
  end,
  --- The state that the comparison tells, nil when nothing new happened.
  outcome = function(record, since, digest)
    if (record.LastSuccessfulExecutionDate or 0) > since.success then
      return "succeeded"
    elseif record.LastFailure and digest(record.LastFailure) ~= since.failure then
      return "failed"
    end
  end,
  missing = { ResourceNotFoundException = true },
  interval = { start = 30, growth = 1.5, cap = 300, floor = 1 },
  start = "start_resource_snapshot_job",
  stop = "stop_resource_snapshot_job",
  cancel = "stop_resource_snapshot_job",
}
