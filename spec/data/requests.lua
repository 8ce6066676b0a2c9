--- Calls of every kind of input, for requests to be compared: what they are
--- about, the operation and its parameters. `blob` and `integer` mark what JSON
--- cannot carry to another program as it is.

local core = require "cloudjobs.core"

local special_mt = { __name = "special" }

local function blob(bytes)
  return setmetatable({ ours = bytes, theirs = core.base64_encode(bytes) }, special_mt)
end

-- Past 2^53 an integer on Lua 5.4, decimal text elsewhere.
local function integer(text)
  local to_integer = rawget(math, "tointeger")
  return setmetatable({ ours = to_integer and to_integer(text) or text, theirs = text }, special_mt)
end

--- The parameters for one side: "ours" or "theirs".
local function given(params, side)
  if getmetatable(params) == special_mt then
    return params[side]
  elseif type(params) ~= "table" then
    return params
  end
  local copy = {}
  for name, value in pairs(params) do
    copy[name] = given(value, side)
  end
  return copy
end

local ARN = "arn:aws:bcm-data-exports:us-east-1:111122223333:export/nightly-1"
local WINDOW = "mw-0123456789abcdef0"
local SIGNAL = "5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c"

local function export(changes)
  local made = {
    Name = "nightly",
    DataQuery = { QueryStatement = "SELECT bill_payer_account_id FROM COST_AND_USAGE_REPORT" },
    DestinationConfigurations = { S3Destination = {
      S3Bucket = "bucket",
      S3Prefix = "prefix",
      S3Region = "us-east-1",
      S3OutputConfigurations = {
        OutputType = "CUSTOM", Format = "PARQUET", Compression = "PARQUET", Overwrite = "CREATE_NEW_REPORT",
      },
    } },
    RefreshCadence = { Frequency = "SYNCHRONOUS" },
  }
  for name, value in pairs(changes or {}) do
    made[name] = value
  end
  return made
end

local function query(configurations)
  return export {
    DataQuery = { QueryStatement = "SELECT a FROM COST_AND_USAGE_REPORT", TableConfigurations = configurations },
  }
end

local function task(invocation, more)
  local made = {
    WindowId = WINDOW,
    TaskArn = "arn:aws:lambda:us-east-1:111122223333:function:patch",
    TaskType = "LAMBDA",
    TaskInvocationParameters = invocation,
    ClientToken = "token",
  }
  for name, value in pairs(more or {}) do
    made[name] = value
  end
  return made
end

local function parameter(value)
  return { Name = "/a/b", Value = value, Type = "String", Overwrite = true }
end

local function labelled(version)
  return { Name = "/a", ParameterVersion = integer(version), Labels = { "one" } }
end

local LEAD = {
  Customer = { CompanyName = "Beispiel GmbH & Co. KG", Address = { City = "Köln", CountryCode = "DE" } },
  Interactions = { {
    SourceType = "Event", SourceId = "1", SourceName = "Fair", CustomerAction = "asked",
    InteractionDate = "2026-11-22T08:30:00Z",
    Contact = { BusinessTitle = "Head", Email = "a@example.com", FirstName = "A", LastName = "B" },
  } },
}
local PROJECT = {
  Customer = { Industry = "Energy", CompanyName = "C", WebsiteUrl = "https://example.com", CountryCode = "US" },
  Project = { Title = "T", BusinessProblem = "Too slow by half, they say.", TargetCompletionDate = "2027-01-31" },
}
local SPEND = {
  Amount = "1000.50", CurrencyCode = "EUR", Frequency = "Monthly", TargetCompany = "AWS",
}
local FILLED = {
  Catalog = "AWS",
  PrimaryNeedsFromAws = { "Co-Sell - Architectural Validation", "Co-Sell - Technical Consultation" },
  NationalSecurity = "No",
  PartnerOpportunityIdentifier = "ours-1",
  Customer = {
    Account = {
      Industry = "Software and Internet",
      CompanyName = "Example Corp",
      WebsiteUrl = "https://example.com/?a=1&b=2",
      AwsAccountId = "111122223333",
      Address = { City = "Zürich", PostalCode = "8001", StateOrRegion = "ZH", CountryCode = "CH" },
    },
    Contacts = { { Email = "a@example.com", Phone = "+41441234567" }, {} },
  },
  Project = {
    DeliveryModels = { "SaaS or PaaS", "Other" },
    ExpectedCustomerSpend = { SPEND, SPEND },
    Title = "\"Quoted\" \\ title",
    ApnPrograms = {},
    SalesActivities = { "Initialized discussions with customer" },
  },
  OpportunityType = "Net New Business",
  Marketing = { UseCases = { "AI" }, Channels = { "AWS Marketing Central" }, AwsFundingUsed = "Yes" },
  SoftwareRevenue = { DeliveryModel = "Contract", Value = { Amount = "1.00", CurrencyCode = "USD" } },
  LifeCycle = {
    Stage = "Qualified",
    NextStepsHistory = { { Value = "call", Time = "2026-11-22T08:30:00Z" }, { Value = "write", Time = 1795305600 } },
  },
  Origin = "Partner Referral",
  OpportunityTeam = { { FirstName = "Ö" } },
  Tags = { { Key = "k", Value = "" } },
  ClientToken = "token",
}
local REWRITTEN = given(FILLED, "ours")
REWRITTEN.ClientToken, REWRITTEN.Origin, REWRITTEN.OpportunityTeam, REWRITTEN.Tags = nil, nil, nil, nil
REWRITTEN.Identifier, REWRITTEN.LastModifiedDate = "O1", 1795305600

local SERVICES = {}

SERVICES.bcm_data_exports = {
  { "no parameters", "ListExports", {} },
  { "an integer and a token", "ListExports", { MaxResults = 300, NextToken = "a+b/c==" } },
  { "one string", "GetExport", { ExportArn = ARN } },
  { "two strings", "GetExecution", { ExportArn = ARN, ExecutionId = "" } },
  { "a listing under an id", "ListExecutions", { ExportArn = ARN, MaxResults = 1 } },
  { "nested structures", "CreateExport", { Export = export() } },
  { "a list of structures", "CreateExport", {
    Export = export(),
    ResourceTags = { { Key = "b", Value = "2" }, { Key = "a", Value = "" } },
  } },
  { "an empty list", "CreateExport", { Export = export(), ResourceTags = {} } },
  { "an empty map", "CreateExport", { Export = query {} } },
  { "an empty map in a map", "CreateExport", { Export = query { COST_AND_USAGE_REPORT = {} } } },
  { "maps of maps", "CreateExport", { Export = query {
    COST_AND_USAGE_REPORT = { TIME_GRANULARITY = "DAILY", INCLUDE_RESOURCES = "TRUE" },
    ANOTHER = { b = "2", a = "1", B = "3", ["a.b"] = "4", [""] = "5" },
  } } },
  { "keys that are no ASCII", "CreateExport", { Export = query { ["größe"] = { ["日本"] = "é", ["😀"] = "x" } } } },
  { "a change", "UpdateExport", { ExportArn = ARN, Export = export { ExportArn = ARN, Description = "new\nline\ttab" } } },
  { "a table's properties", "GetTable", { TableName = "T", TableProperties = { TIME_GRANULARITY = "HOURLY" } } },
  { "tags", "TagResource", { ResourceArn = ARN, ResourceTags = { { Key = "k", Value = "v" } } } },
  { "a list of strings", "UntagResource", { ResourceArn = ARN, ResourceTagKeys = { "a", "b", "é" } } },
  { "no strings", "UntagResource", { ResourceArn = ARN, ResourceTagKeys = {} } },
  { "a deletion", "DeleteExport", { ExportArn = ARN } },
}

SERVICES.ssm = {
  { "booleans and integers", "CreateMaintenanceWindow", {
    Name = "patching", Schedule = "rate(1 day)", Duration = 3, Cutoff = 0, AllowUnassociatedTargets = false,
    ScheduleOffset = 1, ClientToken = "token",
  } },
  { "a token that it makes", "CreateMaintenanceWindow", {
    Name = "patching", Schedule = "cron(0 4 ? * SUN *)", Duration = 24, Cutoff = 23, AllowUnassociatedTargets = true,
  } },
  { "a token that nobody asks for", "DeleteInventory", { TypeName = "Custom:Rack", DryRun = true } },
  { "filters", "DescribeMaintenanceWindows", { Filters = { { Key = "Enabled", Values = { "True" } }, {} }, MaxResults = 10 } },
  { "small member names", "DescribeInstanceInformation", {
    InstanceInformationFilterList = { { key = "InstanceIds", valueSet = { "i-1" } } },
  } },
  { "a blob", "RegisterTaskWithMaintenanceWindow", task { Lambda = { Payload = blob "{\"deep\":true}" } } },
  { "a blob of all bytes", "RegisterTaskWithMaintenanceWindow", task {
    Lambda = { Payload = blob((("x"):rep(256):gsub("()x", function(i) return string.char(i - 1) end))), Qualifier = "1" },
  } },
  { "an empty blob", "RegisterTaskWithMaintenanceWindow", task { Lambda = { Payload = blob "" } } },
  { "a command's parameters", "RegisterTaskWithMaintenanceWindow", task({ RunCommand = {
    Comment = "patch", TimeoutSeconds = 600, Parameters = { Operation = { "Install" }, Reboot = {} },
    NotificationConfig = { NotificationArn = "arn", NotificationEvents = { "All" }, NotificationType = "Command" },
    CloudWatchOutputConfig = { CloudWatchOutputEnabled = true },
  } }, { TaskType = "RUN_COMMAND", Priority = 0, MaxConcurrency = "50%", MaxErrors = "1" }) },
  { "a map of structures", "RegisterTaskWithMaintenanceWindow", task({ Automation = { Parameters = { a = { "1", "2" } } } }, {
    TaskType = "AUTOMATION", TaskParameters = { z = { Values = { "1" } }, a = { Values = {} }, ["é"] = {} },
    LoggingInfo = { S3BucketName = "bucket", S3Region = "us-east-1" },
  }) },
  { "JSON in a string", "RegisterTaskWithMaintenanceWindow", task({ StepFunctions = { Input = "{\"a\":[1,2]}" } }, {
    TaskType = "STEP_FUNCTIONS", Targets = { { Key = "WindowTargetIds", Values = { "x" } } },
  }) },
  { "a replacement", "UpdateMaintenanceWindow", { WindowId = WINDOW, Replace = true, Enabled = false, EndDate = "2030-01-01" } },
  { "an execution", "GetMaintenanceWindowExecution", { WindowExecutionId = SIGNAL } },
  { "an invocation", "GetMaintenanceWindowExecutionTaskInvocation", {
    WindowExecutionId = SIGNAL, TaskId = SIGNAL, InvocationId = SIGNAL,
  } },
  { "two-byte letters", "PutParameter", parameter "Grüße" },
  { "three-byte letters", "PutParameter", parameter "日本語のテキスト" },
  { "four-byte letters", "PutParameter", parameter "😀🏳️‍🌈" },
  { "separators of lines", "PutParameter", parameter "a\226\128\168b\226\128\169c" },
  { "quotes and strokes", "PutParameter", parameter "\"\\/' </script> & %41" },
  { "control characters", "PutParameter", parameter "\0\1\8\9\10\12\13\27\31\127" },
  { "an empty string", "PutParameter", parameter "" },
  { "a number in a string", "PutParameter", parameter "1e400" },
  { "a long string", "PutParameter", parameter(("long ü "):rep(1000)) },
  { "the greatest integer", "LabelParameterVersion", labelled "9223372036854775807" },
  { "the least integer", "LabelParameterVersion", labelled "-9223372036854775808" },
  { "an integer past 2^53", "UnlabelParameterVersion", labelled "9007199254740993" },
  { "zero", "UnlabelParameterVersion", { Name = "/a", ParameterVersion = 0, Labels = { "one" } } },
  { "a time as a number", "CreateActivation", { IamRole = "role", ExpirationDate = 1795305600, RegistrationLimit = 1000 } },
  { "a time as a text", "CreateActivation", { IamRole = "role", ExpirationDate = "2026-11-22T00:00:00Z", Tags = {} } },
  { "a time with an offset", "CreateActivation", { IamRole = "role", ExpirationDate = "2026-11-22T01:30:00+01:30" } },
  { "a time before 1970", "PutComplianceItems", {
    ResourceId = "i-1", ResourceType = "ManagedInstance", ComplianceType = "Custom:A", ItemContentHash = "x",
    ExecutionSummary = { ExecutionTime = -1 },
    Items = { { Severity = "HIGH", Status = "COMPLIANT", Details = { b = "2", a = "1" } } },
  } },
  { "many times", "StartChangeRequestExecution", {
    ScheduledTime = 0, ScheduledEndTime = "2038-01-19T03:14:08Z", DocumentName = "D", AutoApprove = true,
    Runbooks = { { DocumentName = "R", Parameters = { a = { "1" } }, TargetMaps = { { x = { "1" } }, {} } } },
  } },
  { "a union", "StartExecutionPreview", {
    DocumentName = "D", ExecutionInputs = { Automation = { Parameters = { Id = { "1" } }, Targets = { {} } } },
  } },
  { "an empty structure", "StartExecutionPreview", { DocumentName = "D", ExecutionInputs = { Automation = {} } } },
  { "lists of maps of lists", "CreateAssociation", {
    Name = "A", TargetMaps = { { a = { "1", "2" }, b = {} }, {} }, SyncCompliance = "AUTO", Duration = 1,
    AlarmConfiguration = { IgnorePollAlarmFailure = false, Alarms = { { Name = "alarm" } } },
    TargetLocations = { { Accounts = { "1" }, IncludeChildOrganizationUnits = true, ExcludeAccounts = { "r-abcd" } } },
    Parameters = { commands = { "echo \"$HOME\"", "exit 1" } },
  } },
  { "a structure within itself", "GetInventory", {
    Aggregators = { {
      Expression = "AWS:InstanceInformation.PlatformType",
      Aggregators = { { Expression = "x", Groups = { { Name = "g", Filters = { { Key = "k", Values = { "v" } } } } } } },
    } },
  } },
  { "lists of maps", "PutInventory", { InstanceId = "i-1", Items = { {
    TypeName = "Custom:Rack", SchemaVersion = "1.0", CaptureTime = "2026-11-22T00:00:00Z",
    Content = { { b = "2", a = "1" }, {} }, Context = {},
  } } } },
  { "patches", "CreatePatchBaseline", {
    Name = "base", ApprovedPatchesEnableNonSecurity = false, ClientToken = "token",
    ApprovalRules = { PatchRules = { {
      PatchFilterGroup = { PatchFilters = { { Key = "PRODUCT", Values = { "*" } } } }, ApproveAfterDays = 0,
    } } },
    Sources = { { Name = "s", Products = { "p" }, Configuration = "[main]\nname=x" } },
  } },
  { "data of operations", "CreateOpsItem", {
    Description = "d", Source = "s", Title = "t", Priority = 5, PlannedStartTime = 1795305600,
    OperationalData = { ["/aws/b"] = { Value = "2", Type = "String" }, ["/aws/a"] = {} },
  } },
  { "a signal", "SendAutomationSignal", { AutomationExecutionId = SIGNAL, SignalType = "Approve", Payload = { Comment = { "ok" } } } },
  { "a path", "GetParametersByPath", { Path = "/", Recursive = true, WithDecryption = false, MaxResults = 10 } },
}

SERVICES.partnercentral_selling = {
  { "everything at once", "CreateOpportunity", FILLED },
  { "the least", "CreateOpportunity", { Catalog = "Sandbox", ClientToken = "x" } },
  { "a token that it makes", "CreateOpportunity", { Catalog = "AWS" } },
  { "a change of everything", "UpdateOpportunity", REWRITTEN },
  { "times in a filter", "ListOpportunities", {
    Catalog = "AWS", MaxResults = 100, Sort = { SortOrder = "ASCENDING", SortBy = "LastModifiedDate" },
    LastModifiedDate = { AfterLastModifiedDate = 1795305600, BeforeLastModifiedDate = "2026-11-22T23:59:59+00:00" },
    LifeCycleStage = { "Qualified", "Launched" }, CustomerCompanyName = {},
  } },
  { "a time in another zone", "ListOpportunities", {
    Catalog = "AWS", LastModifiedDate = { AfterLastModifiedDate = "2026-11-22T01:00:00-05:00" },
  } },
  { "a union in a list", "CreateEngagement", {
    Catalog = "AWS", ClientToken = "t", Title = "T", Description = "D",
    Contexts = { { Type = "CustomerProject", Payload = { CustomerProject = PROJECT } } },
  } },
  { "a union's other member", "CreateEngagementContext", {
    Catalog = "AWS", ClientToken = "t", EngagementIdentifier = "eng-1", Type = "Lead", Payload = { Lead = LEAD },
  } },
  { "a union of nothing", "CreateEngagement", {
    Catalog = "AWS", ClientToken = "t", Title = "T", Description = "D",
    Contexts = { { Type = "CustomerProject", Payload = { CustomerProject = {} } } },
  } },
  { "a union that is required", "UpdateEngagementContext", {
    Catalog = "AWS", EngagementIdentifier = "eng-1", ContextIdentifier = "1", EngagementLastModifiedAt = 1795305600,
    Type = "Lead", Payload = { Lead = { Customer = LEAD.Customer, QualificationStatus = "Qualified" } },
  } },
  { "two unions", "CreateEngagementInvitation", {
    Catalog = "AWS", ClientToken = "t", EngagementIdentifier = "eng-1",
    Invitation = {
      Message = "Join us – it’s free", Receiver = { Account = { AwsAccountId = "444455556666" } },
      Payload = { OpportunityInvitation = {
        ReceiverResponsibilities = { "Reseller" }, Customer = PROJECT.Customer,
        Project = { BusinessProblem = "b", Title = "t", TargetCompletionDate = "2027-01-01", ExpectedCustomerSpend = { SPEND } },
      } },
    },
  } },
  { "an engagement", "GetEngagement", { Catalog = "AWS", Identifier = "eng-0123456789abcd" } },
  { "lists in a filter", "ListEngagements", {
    Catalog = "AWS", CreatedBy = { "111122223333" }, ExcludeCreatedBy = { "444455556666" },
    Sort = { SortOrder = "DESCENDING", SortBy = "CreatedDate" }, EngagementIdentifier = { "eng-1" },
  } },
  { "a snapshot job", "CreateResourceSnapshotJob", {
    Catalog = "AWS", ClientToken = "t", EngagementIdentifier = "eng-1", ResourceType = "Opportunity",
    ResourceIdentifier = "O1", ResourceSnapshotTemplateIdentifier = "t", Tags = { { Key = "a", Value = "é" } },
  } },
  { "a snapshot job's token", "CreateResourceSnapshotJob", {
    Catalog = "AWS", EngagementIdentifier = "eng-1", ResourceType = "Opportunity", ResourceIdentifier = "O1",
    ResourceSnapshotTemplateIdentifier = "t",
  } },
  { "a start", "StartResourceSnapshotJob", { Catalog = "AWS", ResourceSnapshotJobIdentifier = "job-1" } },
  { "a stop", "StopResourceSnapshotJob", { Catalog = "AWS", ResourceSnapshotJobIdentifier = "job-1" } },
  { "a snapshot's revision", "GetResourceSnapshot", {
    Catalog = "AWS", EngagementIdentifier = "eng-1", ResourceType = "Opportunity", ResourceIdentifier = "O1",
    ResourceSnapshotTemplateIdentifier = "t", Revision = 2147483647,
  } },
  { "a task", "StartEngagementFromOpportunityTask", {
    Catalog = "AWS", ClientToken = "t", Identifier = "O1",
    AwsSubmission = { InvolvementType = "Co-Sell", Visibility = "Full" },
  } },
  { "an assignee", "AssignOpportunity", { Catalog = "AWS", Identifier = "O1", Assignee = {
    Email = "a@example.com", FirstName = "Ł", LastName = "Ñ", BusinessTitle = "PartnerAccountManager",
  } } },
  { "settings", "PutSellingSystemSettings", { Catalog = "AWS", ResourceSnapshotJobRoleIdentifier = "role" } },
  { "a catalog alone", "GetSellingSystemSettings", { Catalog = "AWS" } },
}

return { services = SERVICES, given = given, token = "3a1ad2f1-0000-4000-8000-000000000000" }
