--- How much the services take, and in which form, where clients leave that to
--- them: for each service the members of its requests, with the most that a
--- number or a text's length may be, and the form of a text as a Lua pattern and
--- as the services write it.

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

return {
  bcm_data_exports = {
    ExportArn = EXPORT_ARN,
    MaxResults = { most = 300 },
    NextToken = { most = 8192 },
    ResourceArn = EXPORT_ARN,
    TableName = { most = 1024 },
  },
  ssm = {
    ClientToken = { most = 64 },
    Cutoff = { most = 23 },
    Description = { most = 128 },
    Duration = { most = 24 },
    InvocationId = UUID,
    MaxConcurrency = { most = 7, form = "^[1-9]%d*%%?$", regex = "^([1-9][0-9]*|[1-9][0-9]%|[1-9]%|100%)$" },
    MaxErrors = { most = 7, form = "^%d+%%?$", regex = "^([1-9][0-9]*|[0]|[1-9][0-9]%|[0-9]%|100%)$" },
    MaxResults = { most = 100 },
    Name = { most = 128, form = "^[%w_.-]+$", regex = "^[a-zA-Z0-9_\\-.]{3,128}$" },
    OwnerInformation = { most = 128 },
    Schedule = { most = 256 },
    ScheduleOffset = { most = 6 },
    TaskArn = { most = 1600 },
    TaskId = UUID,
    WindowExecutionId = UUID,
    WindowId = { most = 20, form = "^mw%-[0-9a-f]+$", regex = "^mw-[0-9a-f]{17}$" },
    WindowTargetId = UUID,
    WindowTaskId = UUID,
  },
  partnercentral_selling = {
    ClientToken = { most = 255 },
    Description = { most = 255 },
    MaxResults = { most = 1000 },
    ResourceSnapshotJobIdentifier = { most = 17, form = "^job%-[0-9a-z]+$", regex = "job-[0-9a-z]{13}" },
    ResourceSnapshotTemplateIdentifier = { most = 80, form = "^%w%w%w+$", regex = "[a-zA-Z0-9]{3,80}" },
    Title = { most = 40 },
  },
}
