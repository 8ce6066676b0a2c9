--- Maintenance windows, judged by boto3 and the AWS SDK for JavaScript.

local judges = require "spec.support.judges"

local START = judges.START
local WINDOW = "mw-<id>"
local FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:patch"
local INSTANCES = { { Key = "InstanceIds", Values = { "i-12345678" } } }
local TIMES = { StartTime = START + 10, EndTime = START + 310 }

local function with_times(members)
  for name, value in pairs(TIMES) do
    members[name] = value
  end
  return members
end

local function refused(code, message)
  return { code = code, message = message, status = 400, attempts = 1 }
end

local LIFE = {
  { "creates a window", { WindowId = WINDOW } },
  { "creates it once for one token", true },
  {
    "is refused another for that token",
    refused("IdempotentParameterMismatch", "The client token was used before with other parameters."),
  },
  { "gets it", {
    WindowId = WINDOW,
    Name = "patching",
    Schedule = "rate(1 day)",
    NextExecutionTime = "2026-11-23T00:00Z",
    Duration = 3,
    Cutoff = 1,
    AllowUnassociatedTargets = false,
    Enabled = true,
    CreatedDate = START,
    ModifiedDate = START,
  } },
  { "lists page after page", { 10, 2 } },
  { "filters", { "other" } },
  { "updates it", {
    WindowId = WINDOW,
    Name = "patching",
    Description = "changed",
    Schedule = "rate(1 day)",
    Duration = 4,
    Cutoff = 1,
    AllowUnassociatedTargets = false,
    Enabled = true,
  } },
  { "tags it", { TagList = { { Key = "team", Value = "ops" }, { Key = "tier", Value = "1" } } } },
  { "untags it", { TagList = { { Key = "tier", Value = "1" } } } },
  { "registers a target", { WindowTargetId = "<uuid>" } },
  { "registers a task", { WindowTaskId = "<uuid>" } },
  { "gets its payload back", { ('{"deep": true}\0\255'):byte(1, -1) } },
  { "lists targets", { {
    WindowId = WINDOW,
    WindowTargetId = "<uuid>",
    ResourceType = "INSTANCE",
    Targets = INSTANCES,
    OwnerInformation = "the owner",
  } } },
  { "lists tasks", { {
    WindowId = WINDOW,
    WindowTaskId = "<uuid>",
    TaskArn = FUNCTION,
    Type = "LAMBDA",
    Targets = { { Key = "WindowTargetIds", Values = { "<uuid>" } } },
    Priority = 1,
    MaxConcurrency = "2",
    MaxErrors = "1",
  } } },
  { "updates a target", {
    WindowId = WINDOW,
    WindowTargetId = "<uuid>",
    Targets = INSTANCES,
    OwnerInformation = "another owner",
  } },
  { "updates a task", { 5, "2", "2" } },
  { "lists the target's windows", { { WindowId = WINDOW, Name = "patching" } } },
  { "sees when it opens next", {
    { WindowId = WINDOW, Name = "patching", ExecutionTime = "2026-11-23T00:00Z" },
    { WindowId = WINDOW, Name = "patching", ExecutionTime = "2026-11-24T00:00Z" },
  } },
  { "follows an execution", { "PENDING", "IN_PROGRESS", "SUCCESS" } },
  { "sees how it ended", with_times { WindowExecutionId = "<uuid>", TaskIds = { "<uuid>" }, Status = "SUCCESS" } },
  { "sees its tasks", {
    WindowExecutionTaskIdentities = { with_times {
      WindowExecutionId = "<uuid>",
      TaskExecutionId = "<uuid>",
      Status = "SUCCESS",
      TaskArn = FUNCTION,
      TaskType = "LAMBDA",
    } },
  } },
  { "gets a task", with_times {
    WindowExecutionId = "<uuid>",
    TaskExecutionId = "<uuid>",
    TaskArn = FUNCTION,
    Type = "LAMBDA",
    Priority = 5,
    MaxConcurrency = "2",
    MaxErrors = "2",
    Status = "SUCCESS",
  } },
  { "sees a task's invocations", {
    WindowExecutionTaskInvocationIdentities = { with_times {
      WindowExecutionId = "<uuid>",
      TaskExecutionId = "<uuid>",
      InvocationId = "<uuid>",
      ExecutionId = "<uuid>",
      TaskType = "LAMBDA",
      Status = "SUCCESS",
      OwnerInformation = "another owner",
      WindowTargetId = "<uuid>",
    } },
  } },
  { "gets an invocation", true },
  { "cancels another", { WindowExecutionId = "<uuid>" } },
  { "sees it cancelled", { "CANCELLING", "CANCELLED" } },
  { "lists both", { "CANCELLED", "SUCCESS" } },
  {
    "is refused a target in use",
    refused("TargetInUseException", "The target is used by a task of the maintenance window."),
  },
  { "takes the task out", { WindowId = WINDOW, WindowTaskId = "<uuid>" } },
  { "takes the target out", { WindowId = WINDOW, WindowTargetId = "<uuid>" } },
  { "deletes it", { WindowId = WINDOW } },
  { "misses it then", refused("DoesNotExistException", ("Maintenance window %s does not exist."):format(WINDOW)) },
}

describe("maintenance windows in the hands of", function()
  judges.hold(judges.boto3, "windows", LIFE)
  judges.hold(judges.javascript, "windows", LIFE)
end)
