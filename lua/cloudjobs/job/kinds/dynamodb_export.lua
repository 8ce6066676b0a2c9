--- An export of an Amazon DynamoDB table to S3.

---@class cloudjobs.jobs
---@field dynamodb_export cloudjobs.Maker
---@field start_dynamodb_export cloudjobs.Finder

---@type cloudjobs.Kind
return {
  kind = "dynamodb_export",
  title = "DynamoDB export",
  about = "export of an Amazon DynamoDB table to S3",
  cloud = "aws",
  service = "dynamodb",
  service_id = "DynamoDB",
  params = { "ExportArn" },
  id = "ExportArn",
  example = { ExportArn = "arn:aws:dynamodb:us-east-1:111122223333:table/costs/export/01700000000000-a1b2c3d4" },
  name = function(params)
    return params.ExportArn:match(":table/([^/]+)") or params.ExportArn
  end,
  operation = "describe_export",
  record = "ExportDescription",
  members = {
    code = "ExportStatus",
    reason = { "FailureCode", "FailureMessage" },
    started_at = "StartTime",
    ended_at = "EndTime",
  },
  states = { IN_PROGRESS = "running", COMPLETED = "succeeded", FAILED = "failed" },
  result = function(record)
    return {
      bucket = record.S3Bucket, manifest = record.ExportManifest, items = record.ItemCount,
      bytes = record.BilledSizeBytes,
    }
  end,
  missing = { ExportNotFoundException = true },
  interval = { start = 30, growth = 1.5, cap = 300, floor = 1 },
  run = {
    finder = "start_dynamodb_export",
    operation = "export_table_to_point_in_time", ids = { ExportArn = "ExportDescription.ExportArn" },
  },
}
