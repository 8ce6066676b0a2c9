--- What the emulator refuses, in the hands of a boto3 that does not check what it
--- sends, and checks each refusal by its model.

local core = require "cloudjobs.core"
local judges = require "spec.support.judges"

local ARN = "arn:aws:bcm-data-exports:us-east-1:111122223333:export/none"
local WINDOW = "mw-00000000000000000"
local EXECUTION = "00000000-0000-0000-0000-000000000000"
local CATALOG = "AWS"

local function export(changes)
  local made = {
    Name = "nightly",
    DataQuery = { QueryStatement = "SELECT bill_payer_account_id FROM COST_AND_USAGE_REPORT" },
    DestinationConfigurations = { S3Destination = {
      S3Bucket = "bucket", S3Prefix = "prefix", S3Region = "us-east-1",
      S3OutputConfigurations = {
        OutputType = "CUSTOM", Format = "TEXT_OR_CSV", Compression = "GZIP", Overwrite = "OVERWRITE_REPORT",
      },
    } },
    RefreshCadence = { Frequency = "SYNCHRONOUS" },
  }
  for name, value in pairs(changes) do
    made[name] = value
  end
  return { Export = made }
end

local function query(statement)
  return export { DataQuery = { QueryStatement = statement } }
end

local function window(changes)
  local made = {
    Name = "patching", Schedule = "rate(1 day)", Duration = 3, Cutoff = 1, AllowUnassociatedTargets = false,
    ClientToken = "token",
  }
  for name, value in pairs(changes) do
    made[name] = value
  end
  return made
end

-- One constraint that a member fails.
local function invalid(member, constraint)
  return { "ValidationException",
    ("1 validation error detected: Value at '%s' failed to satisfy constraint: Member must %s"):format(member, constraint) }
end

local NO_EXPORT = { "ResourceNotFoundException", ("Export %s was not found."):format(ARN) }
local NO_WINDOW = { "DoesNotExistException", "Maintenance window mw-<id> does not exist." }
local NO_EXECUTION = { "DoesNotExistException", ("Maintenance window execution %s does not exist."):format(EXECUTION) }
local NO_ENGAGEMENT = { "ResourceNotFoundException", "The engagement eng-<id> was not found." }
local NO_JOB = { "ResourceNotFoundException", "The resource snapshot job job-<id> was not found." }
local BAD_TOKEN = { "ValidationException", "The NextToken is not valid." }

local CASES = {
  ["bcm-data-exports"] = {
    { "CreateExport", {}, invalid("export", "not be null") },
    { "CreateExport", export { Name = "" }, invalid("export.name", "have length greater than or equal to 1") },
    { "CreateExport", export { Name = "a b" }, invalid("export.name", "satisfy regular expression pattern: [0-9A-Za-z\\-_]+") },
    { "CreateExport", export { RefreshCadence = { Frequency = "DAILY" } },
      invalid("export.refreshCadence.frequency", "satisfy enum value set: [SYNCHRONOUS]") },
    { "CreateExport", query "SELECT a FROM NOWHERE", { "ValidationException", "The table NOWHERE does not exist." } },
    { "GetExport", { ExportArn = ARN }, NO_EXPORT },
    { "UpdateExport", { ExportArn = ARN, Export = export({}).Export }, NO_EXPORT },
    { "DeleteExport", { ExportArn = ARN }, NO_EXPORT },
    { "GetExecution", { ExportArn = ARN, ExecutionId = "x" }, NO_EXPORT },
    { "ListExecutions", { ExportArn = ARN }, NO_EXPORT },
    { "TagResource", { ResourceArn = ARN, ResourceTags = { { Key = "k", Value = "v" } } }, NO_EXPORT },
    { "ListExports", { MaxResults = 0 }, invalid("maxResults", "have value greater than or equal to 1") },
    { "ListExports", { MaxResults = 301 }, invalid("maxResults", "have value less than or equal to 300") },
    { "ListExports", { NextToken = "junk" }, BAD_TOKEN },
    { "GetTable", { TableName = "none" }, { "ValidationException", "The table none does not exist." } },
  },
  ssm = {
    { "CreateMaintenanceWindow", window { Schedule = "daily" }, { "ValidationException", "The schedule daily is not valid." } },
    { "CreateMaintenanceWindow", window { Cutoff = 3 }, { "ValidationException", "Cutoff must be less than Duration." } },
    { "CreateMaintenanceWindow", window { Duration = 25 }, invalid("duration", "have value less than or equal to 24") },
    { "CreateMaintenanceWindow", window { Name = ("x"):rep(129) }, invalid("name", "have length less than or equal to 128") },
    { "CreateMaintenanceWindow", window { Name = "not so" },
      invalid("name", "satisfy regular expression pattern: ^[a-zA-Z0-9_\\-.]{3,128}$") },
    { "GetMaintenanceWindow", { WindowId = WINDOW }, NO_WINDOW },
    { "GetMaintenanceWindow", { WindowId = ("x"):rep(20) },
      invalid("windowId", "satisfy regular expression pattern: ^mw-[0-9a-f]{17}$") },
    { "UpdateMaintenanceWindow", { WindowId = WINDOW }, NO_WINDOW },
    { "DescribeMaintenanceWindowTargets", { WindowId = WINDOW }, NO_WINDOW },
    { "DescribeMaintenanceWindowTasks", { WindowId = WINDOW }, NO_WINDOW },
    { "RegisterTargetWithMaintenanceWindow", {
      WindowId = WINDOW, ResourceType = "PLANET", Targets = { { Key = "k" } }, ClientToken = "token",
    }, invalid("resourceType", "satisfy enum value set: [INSTANCE, RESOURCE_GROUP]") },
    { "GetMaintenanceWindowExecution", { WindowExecutionId = EXECUTION }, NO_EXECUTION },
    { "CancelMaintenanceWindowExecution", { WindowExecutionId = EXECUTION }, NO_EXECUTION },
    { "DescribeMaintenanceWindowExecutionTasks", { WindowExecutionId = EXECUTION }, NO_EXECUTION },
    { "DescribeMaintenanceWindows", { MaxResults = 101 }, invalid("maxResults", "have value less than or equal to 100") },
    { "DescribeMaintenanceWindows", { NextToken = "junk" }, BAD_TOKEN },
    { "ListTagsForResource", { ResourceType = "MaintenanceWindow", ResourceId = WINDOW },
      { "InvalidResourceId", "mw-<id> is not a maintenance window's id." } },
    { "GetParameter", { Name = "x" }, { "NotImplementedException", "This emulator does not emulate GetParameter." } },
  },
  ["partnercentral-selling"] = {
    { "CreateEngagement", { Catalog = CATALOG }, { "ValidationException", "Title is required." } },
    { "GetEngagement", { Catalog = "Nowhere", Identifier = "e" }, { "ValidationException", "Nowhere is not a catalog." } },
    { "GetEngagement", { Catalog = CATALOG, Identifier = "eng-00000000000000" }, NO_ENGAGEMENT },
    { "ListEngagements", { Catalog = CATALOG, MaxResults = 0 },
      invalid("maxResults", "have value greater than or equal to 1") },
    { "ListEngagements", { Catalog = CATALOG, NextToken = "junk" }, BAD_TOKEN },
    { "ListEngagements", { Catalog = CATALOG, Sort = { SortOrder = "UP", SortBy = "CreatedDate" } },
      invalid("sort.sortOrder", "satisfy enum value set: [ASCENDING, DESCENDING]") },
    { "CreateResourceSnapshotJob", {
      Catalog = CATALOG, EngagementIdentifier = "eng-00000000000000", ResourceType = "Opportunity",
      ResourceIdentifier = "O1", ResourceSnapshotTemplateIdentifier = "summary",
    }, NO_ENGAGEMENT },
    { "GetResourceSnapshotJob", { Catalog = CATALOG, ResourceSnapshotJobIdentifier = "job-0000000000000" }, NO_JOB },
    { "StopResourceSnapshotJob", { Catalog = CATALOG, ResourceSnapshotJobIdentifier = "job-0000000000000" }, NO_JOB },
    { "DeleteResourceSnapshotJob", { Catalog = CATALOG, ResourceSnapshotJobIdentifier = "job-0000000000000" }, NO_JOB },
  },
}

describe("an unchecked boto3", function()
  judges.with(judges.boto3, function()
    local calls, expected = {}, {}
    for _, service in ipairs { "bcm-data-exports", "ssm", "partnercentral-selling" } do
      for _, case in ipairs(CASES[service]) do
        calls[#calls + 1] = { service = service, operation = case[1], params = case[2] }
        expected[#calls] = case[3]
      end
    end

    local report
    setup(function()
      local server = judges.start()
      local words = judges.driver(judges.boto3, "refusals", server.url)
      local result = judges.run(words, { stdin = assert(core.json_encode(calls)) })
      server:stop()
      assert(result.status == 0, result.stderr)
      report = judges.lines(result.stdout)
    end)

    for i, call in ipairs(calls) do
      it(("is refused by %s: %s"):format(call.operation, expected[i][2]), function()
        local seen = report[i][2]
        assert.same(expected[i], { seen.code, seen.message })
      end)
    end
  end)
end)
