local emulated = require "spec.support.emulated"

local DAY = 86400

describe("the emulator's maintenance windows", function()
  local emulator
  local function call(operation, params, how)
    return emulator:aws("ssm", operation, params, how)
  end
  local function refused(operation, params, how)
    local output, err = call(operation, params, how)
    assert.is_nil(output)
    return { (err.__type:gsub("^.*#", "")), err.Message or err.message }
  end
  local function create(changes)
    local params = {
      Name = "weekly",
      Schedule = "rate(1 day)",
      Duration = 3,
      Cutoff = 1,
      AllowUnassociatedTargets = true,
    }
    for name, value in pairs(changes or {}) do
      params[name] = value
    end
    return assert(call("CreateMaintenanceWindow", params)).WindowId
  end
  before_each(function()
    emulator = emulated.new()
  end)

  it("are made, read, changed and deleted", function()
    local id = create { Description = "patches" }
    assert.truthy(id:find("^mw%-" .. ("%x"):rep(17) .. "$"))
    assert.same({
      WindowId = id,
      Name = "weekly",
      Description = "patches",
      Schedule = "rate(1 day)",
      Duration = 3,
      Cutoff = 1,
      AllowUnassociatedTargets = true,
      Enabled = true,
      CreatedDate = emulated.START,
      ModifiedDate = emulated.START,
      NextExecutionTime = "2026-11-23T00:00Z",
    }, call("GetMaintenanceWindow", { WindowId = id }))

    call("UpdateMaintenanceWindow", { WindowId = id, Schedule = "cron(30 2 ? * SUN *)" })
    assert.equal("2026-11-22T02:30Z", call("GetMaintenanceWindow", { WindowId = id }).NextExecutionTime)
    assert.equal("patches", call("GetMaintenanceWindow", { WindowId = id }).Description)
    call("UpdateMaintenanceWindow", { WindowId = id, Enabled = false })
    assert.is_nil(call("GetMaintenanceWindow", { WindowId = id }).NextExecutionTime)

    assert.same({ WindowId = id }, call("DeleteMaintenanceWindow", { WindowId = id }))
    assert.same({ WindowId = id }, call("DeleteMaintenanceWindow", { WindowId = id }))
    assert.same({ "DoesNotExistException", "Maintenance window " .. id .. " does not exist." },
      refused("GetMaintenanceWindow", { WindowId = id }))
  end)

  it("belong to their region", function()
    local id = create()
    assert.same({ "DoesNotExistException", "Maintenance window " .. id .. " does not exist." },
      refused("GetMaintenanceWindow", { WindowId = id }, { region = "eu-west-1" }))
    assert.same({}, call("DescribeMaintenanceWindows", {}, { region = "eu-west-1" }).WindowIdentities)
  end)

  it("refuse a schedule that is none, and a cutoff beyond the end", function()
    local params = { Name = "weekly", Schedule = "often", Duration = 3, Cutoff = 1, AllowUnassociatedTargets = true }
    assert.same({ "ValidationException", "The schedule often is not valid." }, refused("CreateMaintenanceWindow", params))
    params.Schedule, params.Cutoff = "rate(1 day)", 3
    assert.same({ "ValidationException", "Cutoff must be less than Duration." }, refused("CreateMaintenanceWindow", params))
    assert.same({}, call("DescribeMaintenanceWindows").WindowIdentities)
  end)

  it("stay as they are when an update is refused", function()
    local id = create { Description = "patches" }
    local before = call("GetMaintenanceWindow", { WindowId = id })
    assert.same({ "ValidationException", "The schedule often is not valid." },
      refused("UpdateMaintenanceWindow", { WindowId = id, Name = "other", Schedule = "often" }))
    assert.same({ "ValidationException", "Replace requires Name as well." }, refused("UpdateMaintenanceWindow", { WindowId = id, Replace = true }))
    assert.same(before, call("GetMaintenanceWindow", { WindowId = id }))
    call("UpdateMaintenanceWindow", {
      WindowId = id, Replace = true, Name = "other", Schedule = "rate(2 days)", Duration = 4, Cutoff = 0, AllowUnassociatedTargets = false,
    })
    local after = call("GetMaintenanceWindow", { WindowId = id })
    assert.same({ "other", nil, true, "2026-11-24T00:00Z" }, { after.Name, after.Description, after.Enabled, after.NextExecutionTime })
  end)

  it("are made once for one client token", function()
    local id = create { ClientToken = "a" }
    assert.equal(id, create { ClientToken = "a" })
    assert.not_equal(id, create { ClientToken = "b" })
    local params = { Name = "other", Schedule = "rate(1 day)", Duration = 3, Cutoff = 1, AllowUnassociatedTargets = true, ClientToken = "a" }
    assert.same({ "IdempotentParameterMismatch", "The client token was used before with other parameters." },
      refused("CreateMaintenanceWindow", params))
  end)

  it("are filtered and given in pages", function()
    for i = 1, 12 do
      create { Name = "window" .. i }
    end
    local first = call("DescribeMaintenanceWindows", { MaxResults = 10 })
    local second = call("DescribeMaintenanceWindows", { MaxResults = 10, NextToken = first.NextToken })
    assert.same({ 10, 2 }, { #first.WindowIdentities, #second.WindowIdentities })
    local filtered = call("DescribeMaintenanceWindows", { Filters = { { Key = "Name", Values = { "window7" } } } })
    assert.same({ "window7" }, { filtered.WindowIdentities[1].Name, filtered.WindowIdentities[2] })
    assert.equal("ValidationException", refused("DescribeMaintenanceWindows", nil, { body = '{"MaxResults":9}' })[1])
  end)

  describe("with a target and a task", function()
    local id, target, task
    before_each(function()
      id = create()
      target = call("RegisterTargetWithMaintenanceWindow", {
        WindowId = id,
        ResourceType = "INSTANCE",
        Targets = { { Key = "tag:stage", Values = { "prod" } } },
        OwnerInformation = "us",
      }).WindowTargetId
      task = call("RegisterTaskWithMaintenanceWindow", {
        WindowId = id,
        TaskArn = "AWS-RunPatchBaseline",
        TaskType = "RUN_COMMAND",
        Targets = { { Key = "WindowTargetIds", Values = { target } } },
        MaxConcurrency = "1",
        MaxErrors = "1",
        TaskInvocationParameters = { Lambda = { Payload = "\0\255" } },
      }).WindowTaskId
    end)

    local function execution()
      return call("DescribeMaintenanceWindowExecutions", { WindowId = id }).WindowExecutions[1]
    end

    it("keep both, change them and let them go", function()
      local got = call("GetMaintenanceWindowTask", { WindowId = id, WindowTaskId = task })
      assert.same({ "RUN_COMMAND", 1, "\0\255" }, { got.TaskType, got.Priority, got.TaskInvocationParameters.Lambda.Payload })
      call("UpdateMaintenanceWindowTask", { WindowId = id, WindowTaskId = task, Priority = 7 })
      assert.equal(7, call("DescribeMaintenanceWindowTasks", { WindowId = id }).Tasks[1].Priority)
      call("UpdateMaintenanceWindowTarget", { WindowId = id, WindowTargetId = target, Name = "all", Replace = true })
      local kept = call("DescribeMaintenanceWindowTargets", { WindowId = id }).Targets[1]
      assert.same({ "all", nil, "INSTANCE" }, { kept.Name, kept.OwnerInformation, kept.ResourceType })

      local away = { WindowId = id, WindowTargetId = target, Safe = true }
      assert.equal("TargetInUseException", refused("DeregisterTargetFromMaintenanceWindow", away)[1])
      call("DeregisterTaskFromMaintenanceWindow", { WindowId = id, WindowTaskId = task })
      assert.same({ WindowId = id, WindowTargetId = target }, call("DeregisterTargetFromMaintenanceWindow", away))
      assert.same({}, call("DescribeMaintenanceWindowTargets", { WindowId = id }).Targets)
    end)

    it("are found by a target", function()
      local found = call("DescribeMaintenanceWindowsForTarget", {
        ResourceType = "INSTANCE",
        Targets = { { Key = "tag:stage", Values = { "prod" } } },
      })
      assert.same({ { WindowId = id, Name = "weekly" } }, found.WindowIdentities)
    end)

    it("open on schedule and pass through every state", function()
      emulator:pass(DAY)
      local window_execution = execution().WindowExecutionId
      local seen = {}
      for _, wait in ipairs { 0, 29, 1, 269, 1 } do
        emulator:pass(wait)
        seen[#seen + 1] = call("GetMaintenanceWindowExecution", { WindowExecutionId = window_execution }).Status
      end
      assert.same({ "PENDING", "PENDING", "IN_PROGRESS", "IN_PROGRESS", "SUCCESS" }, seen)
      local opened = emulated.START + DAY
      assert.same({
        WindowId = id,
        WindowExecutionId = window_execution,
        Status = "SUCCESS",
        StartTime = opened,
        EndTime = opened + 300,
      }, execution())
    end)

    it("show an execution's tasks and invocations", function()
      emulator:control("POST", "outcomes", { kind = "maintenance_window_execution", status = "FAILED", message = "no disk" })
      emulator:pass(DAY + 300)
      local of = execution()
      local task_id = call("GetMaintenanceWindowExecution", { WindowExecutionId = of.WindowExecutionId }).TaskIds[1]
      local ids = { WindowExecutionId = of.WindowExecutionId, TaskId = task_id }
      local listed = call("DescribeMaintenanceWindowExecutionTasks", { WindowExecutionId = of.WindowExecutionId })
      assert.same({ { "FAILED", "no disk", "AWS-RunPatchBaseline" }, 1 }, {
        { listed.WindowExecutionTaskIdentities[1].Status, listed.WindowExecutionTaskIdentities[1].StatusDetails,
          listed.WindowExecutionTaskIdentities[1].TaskArn },
        #listed.WindowExecutionTaskIdentities,
      })
      assert.equal("RUN_COMMAND", call("GetMaintenanceWindowExecutionTask", ids).Type)
      local invocation = call("DescribeMaintenanceWindowExecutionTaskInvocations", ids).WindowExecutionTaskInvocationIdentities[1]
      assert.same({ target, "us", "FAILED" }, { invocation.WindowTargetId, invocation.OwnerInformation, invocation.Status })
      ids.InvocationId = invocation.InvocationId
      assert.same(invocation, call("GetMaintenanceWindowExecutionTaskInvocation", ids))
      ids.InvocationId = nil
      ids.Filters = { { Key = "STATUS", Values = { "SUCCESS" } } }
      assert.same({}, call("DescribeMaintenanceWindowExecutionTaskInvocations", ids).WindowExecutionTaskInvocationIdentities)
    end)

    it("open on demand, and are skipped while one is open", function()
      local first = emulator:control("POST", "open_window", { WindowId = id }).WindowExecutionId
      local second = emulator:control("POST", "open_window", { WindowId = id }).WindowExecutionId
      assert.equal("PENDING", call("GetMaintenanceWindowExecution", { WindowExecutionId = first }).Status)
      assert.equal("SKIPPED_OVERLAPPING", call("GetMaintenanceWindowExecution", { WindowExecutionId = second }).Status)
    end)

    it("are cancelled by way of CANCELLING", function()
      local open = emulator:control("POST", "open_window", { WindowId = id }).WindowExecutionId
      emulator:pass(60)
      assert.same({ WindowExecutionId = open }, call("CancelMaintenanceWindowExecution", { WindowExecutionId = open }))
      local seen = {}
      for _, wait in ipairs { 0, 29, 1 } do
        emulator:pass(wait)
        seen[#seen + 1] = execution().Status
      end
      assert.same({ "CANCELLING", "CANCELLING", "CANCELLED" }, seen)
      call("CancelMaintenanceWindowExecution", { WindowExecutionId = open })
      assert.equal("CANCELLED", execution().Status)
    end)

    it("list executions by time", function()
      emulator:pass(3 * DAY + 1)
      local function count(key, value)
        local filters = { { Key = key, Values = { value } } }
        return #call("DescribeMaintenanceWindowExecutions", { WindowId = id, Filters = filters }).WindowExecutions
      end
      assert.same({ 1, 2 }, { count("ExecutedBefore", "2026-11-23T12:00:00Z"), count("ExecutedAfter", "2026-11-23T12:00:00Z") })
    end)
  end)

  it("have the time at which they open next", function()
    create { Schedule = "at(2026-12-24T18:00:00)", Name = "christmas" }
    local times = {}
    for _, one in ipairs(call("DescribeMaintenanceWindowSchedule").ScheduledWindowExecutions) do
      times[#times + 1] = one.Name .. " " .. one.ExecutionTime
    end
    assert.same({ "christmas 2026-12-24T18:00Z" }, times)
  end)

  it("keep to their dates and their offset", function()
    local id = create { Schedule = "cron(0 4 ? * TUE#2 *)", ScheduleOffset = 2, StartDate = "2026-12-01T00:00:00Z", EndDate = "2027-01-31T00:00:00Z" }
    local times = {}
    for i, one in ipairs(call("DescribeMaintenanceWindowSchedule", { WindowId = id }).ScheduledWindowExecutions) do
      times[i] = one.ExecutionTime
    end
    assert.same({ "2026-12-10T04:00Z", "2027-01-14T04:00Z" }, times)
  end)

  it("open by the clocks of their zone", function()
    if not require("cloudjobs.emulator.ssm.zone").load "Europe/Berlin" then
      return pending "there is no database of time zones"
    end
    local id = create { Schedule = "cron(30 2 ? * SUN *)", ScheduleTimezone = "Europe/Berlin" }
    local function opens()
      return call("GetMaintenanceWindow", { WindowId = id }).NextExecutionTime
    end
    assert.equal("2026-11-22T01:30Z", opens())
    call("UpdateMaintenanceWindow", { WindowId = id, ScheduleTimezone = "Asia/Kolkata" })
    assert.equal("2026-11-28T21:00Z", opens())
    assert.same({ "ValidationException", "The timezone Mars/Olympus is not valid." },
      refused("UpdateMaintenanceWindow", { WindowId = id, ScheduleTimezone = "Mars/Olympus" }))
    assert.equal("ValidationException", refused("UpdateMaintenanceWindow", { WindowId = id, ScheduleTimezone = "../../etc/passwd" })[1])
  end)

  it("have tags", function()
    local id = create { Tags = { { Key = "a", Value = "1" } } }
    local of = { ResourceType = "MaintenanceWindow", ResourceId = id }
    call("AddTagsToResource", { ResourceType = "MaintenanceWindow", ResourceId = id, Tags = { { Key = "b", Value = "2" } } })
    call("RemoveTagsFromResource", { ResourceType = "MaintenanceWindow", ResourceId = id, TagKeys = { "a" } })
    assert.same({ { Key = "b", Value = "2" } }, call("ListTagsForResource", of).TagList)
    assert.equal("InvalidResourceId", refused("ListTagsForResource", { ResourceType = "MaintenanceWindow", ResourceId = "mw-0" })[1])
    assert.equal("InvalidResourceType", refused("ListTagsForResource", { ResourceType = "Document", ResourceId = "x" })[1])
  end)

  it("are all that is emulated of the service", function()
    local handlers = require("cloudjobs.emulator.ssm").operations
    for _, name in ipairs(require("cloudjobs.model").load("ssm"):operations()) do
      local of = require("cloudjobs.model").load("ssm"):operation(name).name
      if of:find "MaintenanceWindow" or of:find "Tags" then
        assert.is_function(handlers[of], of)
      end
    end
    assert.same({ "NotImplementedException", "This emulator does not emulate GetParameter." }, refused("GetParameter", { Name = "x" }))
  end)
end)
