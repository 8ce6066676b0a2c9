--- How much the services accept, and in which form, where clients leave that to
--- them: for each service the members of its requests, with the most that a
--- number or a text's length may be, and the form of a text as a Lua pattern and
--- as the services write it. `most` counts the elements of a list or a map, whose
--- own limits are `each` and `keys`; `within` has the members of structures.

local UUID = {
  most = 36,
  form = "^%x+%-%x+%-%x+%-%x+%-%x+$",
  regex = "^[0-9a-fA-F]{8}\\-[0-9a-fA-F]{4}\\-[0-9a-fA-F]{4}\\-[0-9a-fA-F]{4}\\-[0-9a-fA-F]{12}$",
}
local EXPORT_ARN = {
  most = 2048,
  form = "^arn:aws[-a-z0-9]*:bcm%-data%-exports:[-a-z0-9]*:%d+:[-%w/:_]+$",
  regex = "arn:aws[-a-z0-9]*:(bcm-data-exports):[-a-z0-9]*:[0-9]{12}:[-a-zA-Z0-9/:_]+",
}

local TAG_KEY, TAG_VALUE = { most = 128 }, { most = 256 }
local FIVE = { most = 5 }
local TEXT = { most = 1024 }

return {
  bcm_data_exports = {
    ExecutionId = TEXT,
    ExportArn = EXPORT_ARN,
    MaxResults = { most = 300 },
    NextToken = { most = 8192 },
    ResourceArn = EXPORT_ARN,
    ResourceTagKeys = { most = 200, each = TAG_KEY },
    ResourceTags = { most = 200 },
    TableName = TEXT,
    TableProperties = { keys = TEXT, each = { most = 16384 } },
    within = {
      DataQuery = {
        QueryStatement = { most = 36000 },
        TableConfigurations = { keys = TEXT, each = { keys = TEXT, each = { most = 16384 } } },
      },
      Export = {
        Description = TEXT,
        ExportArn = EXPORT_ARN,
        Name = { most = 128, form = "^[%w_-]*$", regex = "[0-9A-Za-z\\-_]+" },
      },
      ResourceTag = { Key = TAG_KEY, Value = TAG_VALUE },
      S3Destination = {
        S3Bucket = TEXT,
        S3BucketOwner = { most = 12, form = "^%d+$", regex = "[0-9]{12}" },
        S3Prefix = TEXT,
        S3Region = TEXT,
      },
    },
  },
  ssm = {
    ClientToken = { most = 64 },
    Cutoff = { most = 23 },
    Description = { most = 128 },
    Duration = { most = 24 },
    Filters = FIVE,
    InvocationId = UUID,
    MaxConcurrency = { most = 7, form = "^[1-9]%d*%%?$", regex = "^([1-9][0-9]*|[1-9][0-9]%|[1-9]%|100%)$" },
    MaxErrors = { most = 7, form = "^%d+%%?$", regex = "^([1-9][0-9]*|[0]|[1-9][0-9]%|[0-9]%|100%)$" },
    MaxResults = { most = 100 },
    Name = { most = 128, form = "^[%w_.-]+$", regex = "^[a-zA-Z0-9_\\-.]{3,128}$" },
    OwnerInformation = { most = 128 },
    Schedule = { most = 256 },
    ScheduleOffset = { most = 6 },
    TagKeys = { each = TAG_KEY },
    Tags = { most = 1000 },
    Targets = FIVE,
    TaskArn = { most = 1600 },
    TaskId = UUID,
    WindowExecutionId = UUID,
    WindowId = { most = 20, form = "^mw%-[0-9a-f]+$", regex = "^mw-[0-9a-f]{17}$" },
    WindowTargetId = UUID,
    WindowTaskId = UUID,
    within = {
      LoggingInfo = { S3BucketName = { most = 63 }, S3KeyPrefix = { most = 500 }, S3Region = { most = 20 } },
      MaintenanceWindowFilter = { Key = { most = 128 }, Values = { each = { most = 256 } } },
      MaintenanceWindowLambdaParameters = { ClientContext = { most = 8000 }, Qualifier = { most = 128 } },
      MaintenanceWindowRunCommandParameters = {
        Comment = { most = 100 },
        DocumentHash = { most = 256 },
        OutputS3BucketName = { most = 63 },
        OutputS3KeyPrefix = { most = 500 },
        TimeoutSeconds = { most = 2592000 },
      },
      MaintenanceWindowStepFunctionsParameters = { Input = { most = 4096 }, Name = { most = 80 } },
      PatchOrchestratorFilter = { Key = { most = 128 }, Values = { each = { most = 256 } } },
      Tag = { Key = TAG_KEY, Value = TAG_VALUE },
      Target = { Key = { most = 163 }, Values = { most = 50 } },
    },
  },
  partnercentral_selling = {
    ClientToken = { most = 255 },
    Description = { most = 255 },
    MaxResults = { most = 1000 },
    ResourceSnapshotJobIdentifier = { most = 17, form = "^job%-[0-9a-z]+$", regex = "job-[0-9a-z]{13}" },
    ResourceSnapshotTemplateIdentifier = { most = 80, form = "^%w%w%w+$", regex = "[a-zA-Z0-9]{3,80}" },
    TagKeys = { each = TAG_KEY },
    Tags = { most = 200 },
    Title = { most = 40 },
    within = {
      Tag = { Key = TAG_KEY, Value = TAG_VALUE },
    },
  },
}
