--- An AWS Partner Central resource snapshot job: a standing subscription that
--- takes a snapshot again and again. Its wait ends with the next outcome: a
--- success later than `since`, or a failure whose text differs from that of the
--- first poll. An identical failure cannot be distinguished from
--- the one before.

---@class cloudjobs.jobs
---@field resource_snapshot_job cloudjobs.Maker

---@type cloudjobs.Kind
return {
  kind = "resource_snapshot_job",
  title = "AWS snapshots",
  about = "AWS Partner Central snapshot job",
  cloud = "aws",
  service = "partnercentral_selling",
  service_id = "PartnerCentral Selling",
  params = { "Catalog", "ResourceSnapshotJobIdentifier" },
  id = "ResourceSnapshotJobIdentifier",
  example = { Catalog = "AWS", ResourceSnapshotJobIdentifier = "job-0123456789abc" },
  name = function(params)
    return params.ResourceSnapshotJobIdentifier
  end,
  operation = "get_resource_snapshot_job",
  record_id = function(record)
    return record.Id
  end,
  members = {
    code = "Status",
    reason = "LastFailure",
    started_at = "CreatedAt",
    updated_at = "LastSuccessfulExecutionDate",
  },
  states = { Running = "running", Stopped = "stopped" },
  baseline = function(record, digest)
    return { success = record.LastSuccessfulExecutionDate or 0, failure = digest(record.LastFailure) }
  end,
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
  run = {},
  source = {
    word = "snapshot-jobs",
    hint = "the id of a snapshot job in --catalog",
    param = "ResourceSnapshotJobIdentifier",
    option = { name = "catalog", param = "Catalog", description = "Partner Central catalog, such as AWS or Sandbox." },
    operation = "list_resource_snapshot_jobs",
    columns = {
      { "ID", "id", "Id" }, { "STATUS", "status", "Status" }, { "ENGAGEMENT", "engagement", "EngagementId" },
    },
  },
  inventory = {
    option = "snapshot_catalogs",
    type = "table",
    row = "snapshot_job",
    label = "Id",
    group_label = "Catalog",
    arn = "Arn",
    groups = function(entry)
      local groups = {}
      for i, catalog in ipairs(entry.snapshot_catalogs) do
        groups[i] = { Catalog = catalog }
      end
      return groups
    end,
    job = function(_, group)
      return { Catalog = group.Catalog }
    end,
    health = function(row, _, record)
      if record.LastFailure then
        row.health, row.reason = "failing", record.LastFailure
      elseif row.state == "running" and record.LastSuccessfulExecutionDate then
        row.health = "ok"
      end
    end,
  },
}
