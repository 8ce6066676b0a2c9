-- Finding the job that is about to come, on the emulator's own app.
local cloudjobs = require "cloudjobs"
local worlds = require "spec.support.world"

local world

before_each(function()
  world = worlds.new()
end)

describe("the next execution of an export", function()
  local exports, arn

  before_each(function()
    exports = world:aws "bcm_data_exports"
    arn = assert(exports:create_export { Export = world.export "nightly" }).ExportArn
  end)

  it("is waited for and given as a job", function()
    local since = world.stub.time
    local job = assert(cloudjobs.jobs.next_execution(exports, { ExportArn = arn, since = since - 1 }, { timeout = 600 }))
    assert.equal("export_execution", job.kind)
    assert.equal("succeeded", job:wait({ timeout = 3600 }).state)
  end)

  it("begins after now unless since is given", function()
    local first = assert(cloudjobs.jobs.next_execution(exports, { ExportArn = arn, since = 0 }, { timeout = 600 }))
    world.stub.time = world.stub.time + 1000
    local second = assert(cloudjobs.jobs.next_execution(exports, { ExportArn = arn }, { timeout = 2 * 86400 }))
    assert.not_equal(first.id, second.id)
  end)

  it("is a timeout when none begins in the time given", function()
    local job, err = cloudjobs.jobs.next_execution(exports, { ExportArn = arn, since = world.stub.time + 900 }, {
      timeout = 100,
    })
    assert.is_nil(job)
    assert.equal("timeout", err.kind)
  end)

  it("ends at once when there is no such export", function()
    local job, err = cloudjobs.jobs.next_execution(exports, { ExportArn = arn .. "-not" }, { timeout = 600 })
    assert.is_nil(job)
    assert.same({ "service", "ResourceNotFoundException" }, { err.kind, err.code })
    assert.same({}, world.stub.slept)
  end)

  it("gives a poll no more time than is left, and goes on after one that used all of it", function()
    local given = {}
    local send = world.stub.send
    function world.stub.send(self, request)
      given[#given + 1] = request.timeout
      return send(self, request)
    end
    local params = { ExportArn = arn, since = world.stub.time + 900 }
    local job, err = cloudjobs.jobs.next_execution(exports, params, { timeout = 50, interval = 30 })
    assert.is_nil(job)
    assert.same({ "timeout", { 50, 20, 5 } }, { err.kind, given })
  end)

  it("can be cancelled", function()
    local canceller = cloudjobs.canceller()
    canceller:cancel("enough")
    local job, err = cloudjobs.jobs.next_execution(exports, { ExportArn = arn, since = world.stub.time + 900 }, {
      cancel = canceller,
    })
    assert.is_nil(job)
    assert.equal("cancelled", err.kind)
  end)
end)

describe("the next execution of a maintenance window", function()
  it("is waited for and given as a job that knows its window", function()
    local ssm = world:aws "ssm"
    local window = assert(ssm:create_maintenance_window {
      Name = "patching", Schedule = "rate(5 minutes)", Duration = 1, Cutoff = 0, AllowUnassociatedTargets = true,
    }).WindowId
    local job = assert(cloudjobs.jobs.next_window_execution(ssm, { WindowId = window }, { timeout = 3600 }))
    assert.equal(window, job.params.WindowId)
    assert.equal("succeeded", job:wait({ timeout = 3600 }).state)
  end)
end)

describe("a run of an Azure export", function()
  local costs

  before_each(function()
    costs = world:azure()
    assert(costs:create_or_update { exportName = "nightly", export = world.azure_export() })
  end)

  it("is started and found among others", function()
    local first = assert(cloudjobs.jobs.run_export(costs, { exportName = "nightly" }))
    local second = assert(cloudjobs.jobs.run_export(costs, { exportName = "nightly" }))
    assert.not_equal(first.id, second.id)
    assert.equal("succeeded", first:wait({ timeout = 3600 }).state)
    assert.equal("succeeded", second:wait({ timeout = 3600 }).state)
  end)

  it("is found by the window it was asked for", function()
    local job = assert(cloudjobs.jobs.run_export(costs, { exportName = "nightly", run = {
      timePeriod = { from = "2026-10-01T00:00:00Z", to = "2026-10-31T00:00:00Z" },
    } }))
    assert.equal("queued", job:status().state)
  end)

  it("is searched for, and not started again, when the response to the start was lost", function()
    local send, lost = world.stub.send, false
    function world.stub.send(self, request)
      local response, err = send(self, request)
      if request.url:find("/run?", 1, true) and not lost then
        lost = true
        return nil, require("cloudjobs.base.error").new {
          kind = "transport", code = "closed", message = "closed", ambiguous = true, retryable = true,
        }
      end
      return response, err
    end
    local job = assert(cloudjobs.jobs.run_export(costs, { exportName = "nightly" }, { timeout = 600 }))
    assert.equal("export_run", job.kind)
    local history = costs:get_execution_history { exportName = "nightly" }
    assert.equal(1, #history.value)
  end)

  it("that was not found is an error that says that it may have started", function()
    local send = world.stub.send
    function world.stub.send(self, request)
      if request.url:find("/run?", 1, true) then
        return nil, require("cloudjobs.base.error").new {
          kind = "transport", code = "closed", message = "closed", ambiguous = true, retryable = true,
        }
      end
      return send(self, request)
    end
    for _, options in ipairs { { timeout = 60 }, {} } do -- the search ends by itself, too
      local job, err = cloudjobs.jobs.run_export(costs, { exportName = "nightly" }, options)
      assert.is_nil(job)
      assert.same({ "timeout", true, "closed" }, { err.kind, err.ambiguous, err.cause.code })
    end
  end)

  it("is an error when the export is not there", function()
    local job, err = cloudjobs.jobs.run_export(costs, { exportName = "weekly" })
    assert.is_nil(job)
    assert.equal(404, err.status)
  end)
end)

describe("what cannot run", function()
  local clients = require "spec.support.clients"
  local WINDOW = "mw-0123456789abcdef0"
  local none = { body = { WindowExecutions = {} } }

  local function window(fields)
    return { body = fields }
  end

  it("is not waited for: a window that is disabled", function()
    local ssm, stub = clients.ssm { none, window { Enabled = false }, none }
    local job, err = cloudjobs.jobs.next_window_execution(ssm, { WindowId = WINDOW })
    assert.is_nil(job)
    assert.equal("disabled: " .. WINDOW .. ": the window is disabled, so no execution begins. To wait for one, enable the window",
      tostring(err))
    assert.same({ 3, {} }, { #stub.requests, stub.slept })
  end)

  it("is not waited for: a window that does not exist", function()
    local ssm, stub = clients.ssm { none, clients.failure "DoesNotExistException" }
    local job, err = cloudjobs.jobs.next_window_execution(ssm, { WindowId = WINDOW })
    assert.is_nil(job)
    assert.same({ "DoesNotExistException", {} }, { err.code, stub.slept })
  end)

  it("is not waited for once it is disabled or its schedule has ended", function()
    for _, fields in ipairs { { Enabled = false }, { Enabled = true } } do
      local answers = { none, window { Enabled = true, NextExecutionTime = "2026-01-01T00:10Z" } }
      for i = 1, 10 do
        answers[2 + i] = none
      end
      answers[#answers + 1] = window(fields)
      answers[#answers + 1] = none
      local ssm, stub = clients.ssm(answers)
      local job, err = cloudjobs.jobs.next_window_execution(ssm, { WindowId = WINDOW }, { interval = 60 })
      assert.is_nil(job)
      assert.same({ "job", "disabled", #answers }, { err.kind, err.code, #stub.requests })
    end
  end)

  it("has run, if the last execution began after the listing", function()
    local ssm = clients.ssm { none, window { Enabled = false }, { body = { WindowExecutions = { {
      WindowExecutionId = "14bea65d-5ccc-462d-a2f3-e99c8b1c3d7a", StartTime = 4102444800,
    } } } } }
    local job = assert(cloudjobs.jobs.next_window_execution(ssm, { WindowId = WINDOW }))
    assert.equal("14bea65d-5ccc-462d-a2f3-e99c8b1c3d7a", job.id)
  end)

  it("is waited for where the window may not be read, and where it has just opened", function()
    local found = { body = { WindowExecutions = { {
      WindowExecutionId = "14bea65d-5ccc-462d-a2f3-e99c8b1c3d7a", StartTime = 4102444800,
    } } } }
    for _, answer in ipairs { clients.failure("AccessDeniedException", 403), window { Enabled = true } } do
      local ssm = clients.ssm { none, answer, found }
      assert.is_table(cloudjobs.jobs.next_window_execution(ssm, { WindowId = WINDOW }))
    end
  end)

  it("is not waited for: an Azure export without an active schedule, or none at all", function()
    local history = { body = { value = {} } }
    for _, case in ipairs {
      { { body = { properties = { schedule = { status = "Inactive" } } } }, "disabled" },
      { { body = { properties = {} } }, "disabled" },
      { { status = 404, body = { error = { code = "404", message = "gone" } } }, "404" },
    } do
      local costs, stub = clients.azure { history, case[1] }
      local job, err = cloudjobs.jobs.next_run(costs, { exportName = "nightly" })
      assert.is_nil(job)
      assert.same({ case[2], {} }, { err.code, stub.slept })
    end
  end)

  it("runs by its schedule: an Azure export", function()
    local run = { body = { value = { { name = "run-1", properties = {
      status = "Queued", submittedTime = "2099-01-01T00:00:00Z",
    } } } } }
    local costs = clients.azure { { body = { value = {} } }, { body = { properties = { schedule = { status = "Active" } } } }, run }
    local job = assert(cloudjobs.jobs.next_run(costs, { exportName = "nightly" }))
    assert.same({ "export_run", "run-1" }, { job.kind, job.id })
  end)
end)

describe("a record without its id", function()
  local clients = require "spec.support.clients"
  local NOW = 1767225600

  local CASES = {
    { "bcm_data_exports", "next_execution", "ExecutionId", { ExportArn = "arn:aws:bcm-data-exports:us-east-1:1:export/x" },
      { Executions = { { ExecutionStatus = { CreatedAt = NOW + 5, StatusCode = "QUERY_QUEUED" } } } } },
    { "ssm", "next_window_execution", "WindowExecutionId", { WindowId = "mw-0123456789abcdef0" },
      { WindowExecutions = { { StartTime = NOW + 5, Status = "PENDING" } } } },
  }
  for _, case in ipairs(CASES) do
    it("is an error of " .. case[2], function()
      local client = clients[case[1]] { { body = case[5] } }
      case[4].since = NOW
      local job, err = cloudjobs.jobs[case[2]](client, case[4])
      assert.is_nil(job)
      assert.same({ "response", "no_id" }, { err.kind, err.code })
      assert.matches("a record has no " .. case[3], tostring(err), 1, true)
    end)
  end
end)

describe("a finder", function()
  it("accepts since as text, too", function()
    local exports = world:aws "bcm_data_exports"
    local arn = assert(exports:create_export { Export = world.export "nightly" }).ExportArn
    local since = cloudjobs.iso(world.stub.time - 1)
    assert(cloudjobs.jobs.next_execution(exports, { ExportArn = arn, since = since }, { timeout = 600 }))
    local ok, message = pcall(function()
      local job = cloudjobs.jobs.next_execution(exports, { ExportArn = arn, since = "yesterday" })
      return job
    end)
    assert.is_false(ok)
    assert.matches('find_spec%.lua:%d+: .*option since: expected epoch seconds or ISO%-8601 text, got "yesterday"', message)
  end)

  it("raises at the caller's line for unknown parameters", function()
    local ok, message = pcall(function()
      local job = cloudjobs.jobs.next_execution(world:aws "bcm_data_exports", { ExportARN = "x" })
      return job
    end)
    assert.is_false(ok)
    assert.matches("find_spec%.lua:%d+: cloudjobs%.jobs%.next_execution: unknown option ExportARN", message)
  end)
end)
