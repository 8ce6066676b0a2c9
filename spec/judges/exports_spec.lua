--- Billing exports, judged by boto3 and the AWS SDK for JavaScript.

local judges = require "spec.support.judges"

local START = judges.START
local ARN = "arn:aws:bcm-data-exports:us-east-1:111122223333:export/nightly-<uuid>"

local LIFE = {
  { "creates an export", { ExportArn = ARN } },
  { "is refused another of its name", {
    code = "ValidationException",
    message = "An export with the name nightly already exists.",
    status = 400,
    attempts = 1,
    members = { Reason = "fieldValidationFailed", Fields = { { Name = "Export.Name", Message = "already exists" } } },
  } },
  { "gets it", {
    Export = {
      ExportArn = ARN,
      Name = "nightly",
      DataQuery = {
        QueryStatement = "SELECT bill_payer_account_id, line_item_unblended_cost FROM COST_AND_USAGE_REPORT",
        TableConfigurations = { COST_AND_USAGE_REPORT = { TIME_GRANULARITY = "DAILY" } },
      },
      DestinationConfigurations = {
        S3Destination = {
          S3Bucket = "bucket",
          S3Prefix = "prefix",
          S3Region = "us-east-1",
          S3OutputConfigurations = {
            OutputType = "CUSTOM",
            Format = "TEXT_OR_CSV",
            Compression = "GZIP",
            Overwrite = "OVERWRITE_REPORT",
          },
        },
      },
      RefreshCadence = { Frequency = "SYNCHRONOUS" },
    },
    ExportStatus = { StatusCode = "HEALTHY", CreatedAt = START, LastUpdatedAt = START },
  } },
  { "lists page after page", { { "nightly" }, { "other" } } },
  { "updates it", { ExportArn = ARN } },
  { "sees the change", { "changed", START + 10 } },
  { "tags it", { ResourceTags = { { Key = "team", Value = "ops" }, { Key = "tier", Value = "1" } } } },
  { "untags it", { ResourceTags = { { Key = "tier", Value = "1" } } } },
  { "follows an execution", {
    "INITIATION_IN_PROCESS", "QUERY_QUEUED", "QUERY_IN_PROCESS", "DELIVERY_IN_PROCESS", "DELIVERY_SUCCESS",
  } },
  { "sees how it ended", {
    StatusCode = "DELIVERY_SUCCESS",
    CreatedAt = START + 60,
    LastUpdatedAt = START + 360,
    CompletedAt = START + 360,
  } },
  { "sees the export refreshed", {
    StatusCode = "HEALTHY",
    CreatedAt = START,
    LastUpdatedAt = START + 10,
    LastRefreshedAt = START + 360,
  } },
  { "lists the tables", {
    "CARBON_EMISSIONS", "COST_AND_USAGE_DASHBOARD", "COST_AND_USAGE_REPORT", "COST_OPTIMIZATION_RECOMMENDATIONS",
    "FOCUS_1_0_AWS", "FOCUS_1_2_AWS",
  } },
  { "gets a table", { "MONTHLY", { Name = "bill_bill_type", Type = "string" } } },
  { "deletes it", { ExportArn = ARN } },
  { "misses it then", {
    code = "ResourceNotFoundException",
    message = ("Export %s was not found."):format(ARN),
    status = 400,
    attempts = 1,
    members = { ResourceId = ARN, ResourceType = "Export" },
  } },
}

describe("billing exports in the hands of", function()
  judges.hold(judges.boto3, "exports", LIFE)
  judges.hold(judges.javascript, "exports", LIFE)
end)
