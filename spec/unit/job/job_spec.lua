local Error = require "cloudjobs.base.error"
local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"
local clients = require "spec.support.clients"

local NOW = 1767225600
local ARN = "arn:aws:bcm-data-exports:us-east-1:111122223333:export/nightly-1"
local SCOPE = "subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c"

-- For each kind: how to make a client, the job, and an answer with a code.
local KINDS = {
  export_execution = {
    client = clients.bcm_data_exports,
    params = { ExportArn = ARN, ExecutionId = "x-1" },
    answer = function(code, ended)
      return { body = { ExecutionId = "x-1", ExecutionStatus = {
        StatusCode = code, CreatedAt = core.iso(NOW), CompletedAt = ended and core.iso(ended) or nil,
      } } }
    end,
    missing = clients.failure("ResourceNotFoundException"),
    running = "QUERY_IN_PROCESS",
    done = "DELIVERY_SUCCESS",
    failed = "QUERY_FAILURE",
    codes = {
      INITIATION_IN_PROCESS = "queued", QUERY_QUEUED = "queued", QUERY_IN_PROCESS = "running",
      DELIVERY_IN_PROCESS = "running", DELIVERY_SUCCESS = "succeeded", QUERY_FAILURE = "failed",
      DELIVERY_FAILURE = "failed",
    },
  },
  maintenance_window_execution = {
    client = clients.ssm,
    params = { WindowExecutionId = "6027b513-64fe-4cf0-be7d-1191abc0de12" },
    answer = function(code, ended)
      return { body = { Status = code, StartTime = NOW, EndTime = ended } }
    end,
    missing = clients.failure("DoesNotExistException"),
    running = "IN_PROGRESS",
    done = "SUCCESS",
    failed = "FAILED",
    codes = {
      PENDING = "queued", IN_PROGRESS = "running", CANCELLING = "running", SUCCESS = "succeeded", FAILED = "failed",
      TIMED_OUT = "timed_out", CANCELLED = "cancelled", SKIPPED_OVERLAPPING = "skipped",
    },
  },
  export_run = {
    client = clients.azure,
    params = { exportName = "nightly", run_id = "run-1" },
    answer = function(code, ended)
      return { body = { value = {
        { id = SCOPE .. "/x/Run/run-0", properties = { status = "Failed" } },
        { id = SCOPE .. "/x/Run/run-1", properties = {
          status = code, processingEndTime = ended and core.iso(ended):sub(1, 19) or nil,
        } },
      } } }
    end,
    missing = { body = { value = { { id = SCOPE .. "/x/Run/run-0", properties = { status = "Failed" } } } } },
    running = "InProgress",
    done = "Completed",
    failed = "Failed",
    codes = {
      Queued = "queued", InProgress = "running", Completed = "succeeded", Failed = "failed", Timeout = "timed_out",
      NewDataNotAvailable = "no_data", DataNotAvailable = "no_data",
    },
  },
}

local FINAL = {
  succeeded = true, failed = true, timed_out = true, cancelled = true, skipped = true, no_data = true, stopped = true,
}

local function job_of(kind, answers)
  local client, stub = KINDS[kind].client(answers)
  return cloudjobs.jobs[kind](client, KINDS[kind].params), stub
end

-- Whether a wait distinguishes a failed job from an unknown outcome.
local function distinguishes(wait, failed, denied)
  local status, nothing = wait(failed)
  local none, err = wait(denied)
  return status ~= nil and nothing == nil and status.state == "failed"
    and none == nil and err ~= nil and err.kind == "service"
end

for kind, case in pairs(KINDS) do
  describe(kind, function()
    for code, state in pairs(case.codes) do
      it("reads " .. code .. " as " .. state, function()
        local job = job_of(kind, { case.answer(code) })
        local status = job:status()
        assert.same(
          { state, state == "succeeded" or state == "no_data", FINAL[state] or false, code, job.id, kind },
          { status.state, status.ok, status.final, status.code, status.id, status.kind }
        )
      end)
    end

    it("waits to the end and reports every change once", function()
      local job, stub = job_of(kind, {
        case.answer(case.running), case.answer(case.running), case.answer(case.done, NOW + 60),
      })
      local changes, looks = {}, 0
      local status = job:wait {
        on_change = function(s)
          changes[#changes + 1] = s.state
        end,
        on_poll = function()
          looks = looks + 1
        end,
      }
      assert.same({ "succeeded", { "running", "succeeded" }, 3, 2 }, { status.state, changes, looks, #stub.slept })
      assert.equal(NOW + 60, status.ended_at)
    end)

    it("is unknown under an undocumented code, and final once the record has an end", function()
      local job, stub = job_of(kind, { case.answer("HIBERNATING"), case.answer("HIBERNATING", NOW + 5) })
      local status = job:wait()
      assert.same({ "unknown", true, false, "HIBERNATING", 2 },
        { status.state, status.final, status.ok, status.code, #stub.requests })
    end)

    it("may be missing at first, but not for ever", function()
      local job = job_of(kind, { case.missing, case.missing, case.answer(case.done) })
      assert.equal("succeeded", job:wait({ interval = 20 }).state)
      job = job_of(kind, { case.missing, case.missing, case.missing, case.missing, case.missing })
      local status, err = job:wait { interval = 20, not_found_grace = 60 }
      assert.is_nil(status)
      assert.is_true(job:is_missing(err))
    end)

    it("that was deleted midway ends the wait", function()
      local job, stub = job_of(kind, { case.answer(case.running), case.missing, case.answer(case.done) })
      local status, err = job:wait()
      assert.is_nil(status)
      assert.is_true(job:is_missing(err))
      assert.equal(2, #stub.requests)
    end)

    it("appears late, is under way, under an unknown code, and ends", function()
      local job = job_of(kind, {
        case.missing, case.answer(case.running), case.answer("HIBERNATING"), case.answer(case.done, NOW + 60),
      })
      local changes = {}
      assert.is_true(job:wait({ on_change = function(status)
        changes[#changes + 1] = { status.state, status.final }
      end }).ok)
      assert.same({ { "running", false }, { "unknown", false }, { "succeeded", true } }, changes)
    end)

    it("distinguishes a failed job from one that could not be polled", function()
      local function wait(answer)
        return job_of(kind, { answer }):wait()
      end
      local failed = case.answer(case.failed)
      local denied = clients.failure("AccessDeniedException", 403)
      assert.is_true(distinguishes(wait, failed, denied))
      assert.is_false(distinguishes(function(answer)
        return wait(answer == failed and denied or failed)
      end, failed, denied))
    end)

    it("is waited for by the monotonic clock", function()
      for _, jump in ipairs { -400 * 86400, 400 * 86400 } do
        local job, stub = job_of(kind, {
          case.answer(case.running), case.answer(case.running), case.answer(case.running), case.answer(case.running),
        })
        function stub:now()
          return self.time + #self.requests * jump
        end
        local status, err = job:wait { timeout = 75, interval = 30 }
        assert.is_nil(status)
        assert.same({ "timeout", { 30, 30, 15 } }, { err.kind, stub.slept })
      end
    end)

    it("goes on being waited for while the network is in the way", function()
      local lost = {}
      for i, code in ipairs { "tls", "proxy", "protocol", "connect", "closed" } do
        lost[i] = Error.new { kind = "transport", code = code, message = code, retryable = code == "closed" }
      end
      lost[#lost + 1] = case.answer(case.done, NOW + 60)
      assert.is_true(job_of(kind, lost):wait().ok)
    end)

    it("is not waited for by a client that was closed", function()
      local client = case.client { case.answer(case.running) }
      local job = cloudjobs.jobs[kind](client, case.params)
      client:close()
      assert.equal("closed", select(2, job:wait()).code)
    end)

    it("goes on being waited for through errors that pass", function()
      local broken = { status = 500, body = "<html>" }
      local answers = { case.answer(case.running) }
      for _ = 1, 4 do -- as many as either cloud's policy tries
        answers[#answers + 1] = broken
      end
      answers[#answers + 1] = case.answer(case.done)
      answers[#answers + 1] = case.answer(case.done)
      assert.equal("succeeded", job_of(kind, answers):wait().state)
    end)

    it("comes back from its reference", function()
      local job = job_of(kind, {})
      local client, stub = case.client { case.answer(case.done) }
      local options = { transport = stub, env = {}, credentials = kind == "export_run" and { token = "t" }
        or { access_key_id = "AKID", secret_access_key = "hush" } }
      assert.is_table(client)
      local opened = cloudjobs.jobs.open(job:ref(), options)
      assert.equal(job:ref(), opened:ref())
      assert.equal("succeeded", opened:status().state)
    end)
  end)
end

describe("a wait", function()
  local case = KINDS.maintenance_window_execution

  local function job(answers)
    return job_of("maintenance_window_execution", answers)
  end

  it("distinguishes a failed job from one that could not be polled", function()
    local failed = job({ case.answer("FAILED") }):wait()
    assert.same({ "failed", true }, { failed.state, failed.final })
    local status, err = job({ clients.failure("AccessDeniedException") }):wait()
    assert.is_nil(status)
    assert.same({ "service", "AccessDeniedException" }, { err.kind, err.code })
  end)

  it("ends in an error of kind job when another end was expected", function()
    local status, err = job({ case.answer("TIMED_OUT") }):wait { expect = "succeeded" }
    assert.is_nil(status)
    assert.same({ "job", "timed_out", "timed_out" }, { err.kind, err.code, err.status.state })
    assert.matches("timed_out (TIMED_OUT); expected succeeded", tostring(err), 1, true)
  end)

  it("gives the status when the expected end came", function()
    assert.equal("succeeded", job({ case.answer("SUCCESS") }):wait({ expect = "succeeded" }).state)
    assert.equal("succeeded", job({ case.answer("SUCCESS") }):wait({ expect = "ok" }).state)
    assert.equal("timed_out", select(2, job({ case.answer("TIMED_OUT") }):wait { expect = "ok" }).code)
  end)

  it("keeps its total time, with the last poll on the deadline", function()
    local answers = {}
    for i = 1, 20 do
      answers[i] = case.answer("IN_PROGRESS")
    end
    local waited, stub = job(answers)
    local status, err = waited:wait { timeout = 100, interval = 30 }
    assert.is_nil(status)
    assert.same({ "timeout", "running" }, { err.kind, err.status.state })
    assert.same({ 30, 30, 30, 10 }, stub.slept)
  end)

  it("names the last poll's error when its time is over", function()
    local answers = { case.answer("IN_PROGRESS") }
    for i = 2, 60 do
      answers[i] = { status = 503, body = "" }
    end
    local _, err = job(answers):wait { timeout = 60 }
    assert.same({ "timeout", "running", 503 }, { err.kind, err.status.state, err.cause.status })
    assert.matches("did not end in the time given; the last poll failed: .*503", err.message)
  end)

  it("gives the last error when its time is over and it saw nothing", function()
    local lost = { status = 503, body = "" }
    local answers = {}
    for i = 1, 60 do
      answers[i] = lost
    end
    local status, err = job(answers):wait { timeout = 60 }
    assert.is_nil(status)
    assert.same({ "service", 503 }, { err.kind, err.status })
  end)

  it("gives a look no more time than is left", function()
    local answers = { case.answer("IN_PROGRESS"), case.answer("IN_PROGRESS"), case.answer("IN_PROGRESS") }
    local waited, stub = job(answers)
    waited:wait { timeout = 50, interval = 30 }
    local given = {}
    for i, request in ipairs(stub.requests) do
      given[i] = request.timeout
    end
    assert.same({ 50, 20, 5 }, given)
  end)

  it("can be cancelled, and says what it saw", function()
    local canceller = cloudjobs.canceller()
    local status, err = job({ case.answer("IN_PROGRESS") }):wait {
      cancel = canceller,
      on_poll = function()
        canceller:cancel("enough")
      end,
    }
    assert.is_nil(status)
    assert.same({ "cancelled", "enough", "running" }, { err.kind, err.message, err.status.state })
  end)

  it("grows its pauses from the kind's start to the cap", function()
    local answers = {}
    for i = 1, 12 do
      answers[i] = case.answer("IN_PROGRESS")
    end
    answers[13] = case.answer("SUCCESS")
    local waited, stub = job(answers)
    waited:wait { interval = { start = 4, growth = 2, cap = 20, jitter = 0 } }
    assert.same({ 4, 8, 16, 20, 20 }, { stub.slept[1], stub.slept[2], stub.slept[3], stub.slept[4], stub.slept[12] })
  end)

  it("never asks Azure more often than every 15 seconds", function()
    local azure = KINDS.export_run
    local run, stub = job_of("export_run", { azure.answer("Queued"), azure.answer("Completed") })
    run:wait { interval = 1 }
    assert.same({ 15 }, stub.slept)
    run, stub = job_of("export_run", { azure.answer("Queued"), azure.answer("Queued"), azure.answer("Queued") })
    run:wait { interval = 1, timeout = 40 }
    assert.same({ 15, 25 }, stub.slept)
    run, stub = job_of("export_run", { azure.answer("Queued") })
    assert.equal("timeout", select(2, run:wait { interval = 1, timeout = 10 }).kind)
    assert.same({}, stub.slept)
  end)

  it("lets a callback's error through", function()
    assert.error_matches(function()
      job({ case.answer("SUCCESS") }):wait { on_change = function()
        error("from the callback")
      end }
    end, "from the callback")
  end)

  it("raises at the caller's line for unknown options", function()
    for _, mistake in ipairs {
      { { timeuot = 5 }, "wait: unknown option timeuot (did you mean timeout?)" },
      { { expect = "succeded" }, "wait: option expect: no job ends as succeded (did you mean succeeded?)" },
      { { expect = "running" }, "wait: option expect: no job ends as running" },
    } do
      local ok, message = pcall(function()
        local status = job({}):wait(mistake[1])
        return status
      end)
      assert.is_false(ok)
      assert.matches("job_spec%.lua:%d+: ", message)
      assert.matches(mistake[2], message, 1, true)
    end
  end)
end)

describe("a maintenance window execution", function()
  local params = KINDS.maintenance_window_execution.params

  it("has its tasks and invocations when asked, at the end of a wait too", function()
    local looks = {
      { body = { Status = "FAILED" } },
      { body = { WindowExecutionTaskIdentities = {
        { TaskExecutionId = "7027b513-64fe-4cf0-be7d-1191abc0de12", Status = "FAILED" },
      } } },
      { body = { WindowExecutionTaskInvocationIdentities = { { InvocationId = "i-1", Status = "FAILED" } } } },
    }
    for _, ask in ipairs {
      function(execution)
        return execution:status { detail = true }
      end,
      function(execution)
        return execution:wait { detail = true }
      end,
      function(execution)
        return select(2, execution:wait { detail = true, expect = "succeeded" }).status
      end,
    } do
      local ssm, stub = clients.ssm(looks)
      local status = ask(cloudjobs.jobs.maintenance_window_execution(ssm, params))
      assert.same({ "failed", "i-1", 3 },
        { status.state, status.detail[1].Invocations[1].InvocationId, #stub.requests })
    end
  end)

  it("gives each request for them what is left of the time, and no more", function()
    local given = {}
    local ssm, stub = clients.ssm {
      { body = { Status = "FAILED" } },
      { body = { WindowExecutionTaskIdentities = {
        { TaskExecutionId = "7027b513-64fe-4cf0-be7d-1191abc0de12", Status = "FAILED" },
      } } },
      { body = { WindowExecutionTaskInvocationIdentities = {} } },
    }
    local send = stub.send
    function stub.send(self, request)
      given[#given + 1] = request.timeout
      self.time = self.time + 4
      return send(self, request)
    end
    local execution = cloudjobs.jobs.maintenance_window_execution(ssm, params)
    local _, err = execution:status { detail = true, timeout = 7 }
    assert.equal("timeout", err.kind)
    assert.same({ 7, 3 }, given)
  end)

  it("whose tasks cannot be read is an error that returns an error", function()
    local function execution()
      local ssm = clients.ssm { { body = { Status = "FAILED" } }, clients.failure("AccessDeniedException") }
      return cloudjobs.jobs.maintenance_window_execution(ssm, params)
    end
    local status, err = execution():status { detail = true }
    assert.is_nil(status)
    assert.same({ "service", "AccessDeniedException" }, { err.kind, err.code })
    -- How the job ended was waited for, and is not lost.
    status, err = execution():wait { detail = true }
    assert.is_nil(status)
    assert.same({ "job", "detail", "failed", "AccessDeniedException" },
      { err.kind, err.code, err.status.state, err.cause.code })
    err = select(2, execution():wait { detail = true, expect = "succeeded" })
    assert.same({ "job", "failed", "AccessDeniedException" }, { err.kind, err.code, err.cause.code })
  end)

  it("can be cancelled", function()
    local ssm, stub = clients.ssm { { body = "{}" } }
    assert.is_true(cloudjobs.jobs.maintenance_window_execution(ssm, params):cancel())
    assert.equal("AmazonSSM.CancelMaintenanceWindowExecution", stub.requests[1].headers["x-amz-target"])
  end)
end)

describe("a run that found no new data", function()
  local case = KINDS.export_run

  for _, code in ipairs { "NewDataNotAvailable", "DataNotAvailable" } do
    it("is well: " .. code, function()
      local status = assert(job_of("export_run", { case.answer(code) }):wait())
      assert.same({ "no_data", true, true }, { status.state, status.ok, status.final })
      local watched = cloudjobs.watch({ (job_of("export_run", { case.answer(code) })) })[1]
      assert.is_true(watched.ok)
    end)

    it("did not succeed, where that is expected: " .. code, function()
      local status, err = job_of("export_run", { case.answer(code) }):wait { expect = "succeeded" }
      assert.is_nil(status)
      assert.same({ "job", "no_data", true }, { err.kind, err.code, err.status.ok })
      assert.is_truthy(job_of("export_run", { case.answer(code) }):wait { expect = "no_data" })
      assert.is_truthy(job_of("export_run", { case.answer(code) }):wait { expect = "ok" })
    end)
  end
end)

describe("a job that cannot be cancelled", function()
  it("returns an error", function()
    local ok, err = job_of("export_execution", {}):cancel()
    assert.is_nil(ok)
    assert.equal("unsupported: export_execution cannot be cancelled", tostring(err))
  end)
end)

describe("a resource snapshot job", function()
  local params = { Catalog = "AWS", ResourceSnapshotJobIdentifier = "job-01h8xk2v5m7qz" }

  local function answer(status, succeeded, failure)
    return { body = {
      Catalog = "AWS", Status = status, LastFailure = failure,
      LastSuccessfulExecutionDate = succeeded and core.iso(succeeded) or nil,
    } }
  end

  local function job(answers, since)
    local selling, stub = clients.partnercentral_selling(answers)
    return cloudjobs.jobs.resource_snapshot_job(selling, {
      Catalog = params.Catalog, ResourceSnapshotJobIdentifier = params.ResourceSnapshotJobIdentifier, since = since,
    }), stub
  end

  it("ends its wait with the next success", function()
    local waited, stub = job {
      answer("Running", NOW - 100, "old"), answer("Running", NOW - 100, "old"), answer("Running", NOW + 50, "old"),
    }
    assert.equal("succeeded", waited:wait().state)
    assert.equal(3, #stub.requests)
  end)

  it("ends its wait with a failure that says something else", function()
    local status = job({ answer("Running", nil, "old"), answer("Running", nil, "new") }):wait()
    assert.same({ "failed", "new" }, { status.state, status.reason })
  end)

  it("ends its wait at once when the success is later than since", function()
    assert.equal("succeeded", job({ answer("Running", NOW) }, NOW - 10):wait().state)
  end)

  it("does not mistake an old failure for a new one when since is given", function()
    local waited = job({ answer("Running", nil, "old"), answer("Running", NOW, "old") }, NOW - 10)
    assert.equal("succeeded", waited:wait().state)
  end)

  it("is stopped, finally", function()
    local status = job({ answer("Stopped", NOW) }):wait()
    assert.same({ "stopped", true }, { status.state, status.final })
  end)

  it("appears late, goes on under an unknown code, and is gone when it is deleted", function()
    local missing = clients.failure("ResourceNotFoundException")
    local waited = job { missing, answer("Running", NOW - 100), answer("Paused", NOW - 100), missing }
    local states = {}
    local status, err = waited:wait { on_change = function(seen)
      states[#states + 1] = seen.state
    end }
    assert.same({ "running", "unknown" }, states)
    assert.is_nil(status)
    assert.is_true(waited:is_missing(err))
  end)

  it("distinguishes a failed job from one that could not be polled", function()
    local failed, denied = answer("Running", nil, "new"), clients.failure("AccessDeniedException")
    assert.is_true(distinguishes(function(seen)
      return job({ answer("Running", nil, "old"), seen }):wait()
    end, failed, denied))
  end)

  it("carries what it compares with in its reference", function()
    local first = job { answer("Running", NOW, "old") }
    first:status()
    local _, stub = clients.partnercentral_selling { answer("Running", NOW, "new") }
    local opened = cloudjobs.jobs.open(first:ref(), {
      transport = stub, env = {}, credentials = { access_key_id = "AKID", secret_access_key = "hush" },
    })
    assert.equal("failed", opened:status().state)
  end)

  it("starts and stops", function()
    local started, stub = job { { body = "" }, { body = "" } }
    assert.is_true(started:start())
    assert.is_true(started:stop())
    assert.same(
      { "AWSPartnerCentralSelling.StartResourceSnapshotJob", "AWSPartnerCentralSelling.StopResourceSnapshotJob" },
      { stub.requests[1].headers["x-amz-target"], stub.requests[2].headers["x-amz-target"] }
    )
  end)
end)

describe("a job's construction", function()
  it("raises at the caller's line when an id is missing or mistyped", function()
    local exports = clients.bcm_data_exports {}
    for _, mistake in ipairs {
      { { ExportArn = ARN }, "cloudjobs.jobs.export_execution: expected ExecutionId" },
      { { ExportArn = ARN, ExecutionID = "x" }, "unknown option ExecutionID (did you mean ExecutionId?)" },
      { { ExportArn = ARN, ExecutionId = 5 }, "option ExecutionId: expected string, got number" },
    } do
      local ok, message = pcall(function()
        local job = cloudjobs.jobs.export_execution(exports, mistake[1])
        return job
      end)
      assert.is_false(ok)
      assert.matches("job_spec%.lua:%d+: ", message)
      assert.matches(mistake[2], message, 1, true)
    end
  end)

  it("raises at the caller's line for values that are no client and no reference", function()
    for _, mistake in ipairs {
      { cloudjobs.jobs.export_execution, nil, "cloudjobs.jobs.export_execution: expected a client, got nil" },
      { cloudjobs.jobs.export_run, {}, "cloudjobs.jobs.export_run: expected a client, got table" },
      { cloudjobs.jobs.export_run, clients.ssm {}, "expected a client of Cost Management Exports, got one of SSM" },
      { cloudjobs.jobs.next_execution, clients.ssm {},
        "cloudjobs.jobs.next_execution: expected a client of BCM Data Exports, got one of SSM" },
      { cloudjobs.jobs.run_export, nil, "cloudjobs.jobs.run_export: expected a client, got nil" },
      { cloudjobs.jobs.open, nil, "cloudjobs.jobs.open: expected a reference, got nil" },
    } do
      local ok, message = pcall(function()
        local job = mistake[1](mistake[2], {})
        return job
      end)
      assert.is_false(ok)
      assert.matches("job_spec%.lua:%d+: ", message)
      assert.matches(mistake[3], message, 1, true)
    end
  end)

  it("prints as its kind and id", function()
    assert.equal("export_execution x-1", tostring((job_of("export_execution", {}))))
  end)
end)

describe("a reference", function()
  local refused = {
    { "", "expected kind,name=value" },
    { "frobnicate,a=b", "unknown kind frobnicate" },
    { "export_execution,ExportArn=" .. ARN, "expected ExecutionId" },
    { "export_execution,ExportArn=a,ExecutionId=b,endpoint=http://127.0.0.1:1", "unknown field endpoint" },
    { "export_execution,ExportArn=a,ExportArn=b", "ExportArn stands there twice" },
    { "export_execution,ExportArn", 'expected name=value, got "ExportArn"' },
  }
  for _, case in ipairs(refused) do
    it("is refused with " .. case[2], function()
      local job, err = cloudjobs.jobs.open(case[1], {})
      assert.is_nil(job)
      assert.equal("validation", err.kind)
      assert.matches(case[2], err.message, 1, true)
    end)
  end

  it("raises at the caller's line for options that make no client", function()
    for reference, mistake in pairs {
      ["export_execution,ExecutionId=x,ExportArn=" .. ARN] = "unknown option reigon (did you mean region?)",
      ["export_run,exportName=x,run_id=y,scope=" .. SCOPE] = "unknown option reigon",
    } do
      local ok, message = pcall(function()
        local job = cloudjobs.jobs.open(reference, { reigon = "x" })
        return job
      end)
      assert.is_false(ok)
      assert.matches("job_spec%.lua:%d+: ", message)
      assert.matches(mistake, message, 1, true)
    end
  end)

  it("is one word for any ids", function()
    local costs = clients.azure {}
    local job = cloudjobs.jobs.export_run(costs, { exportName = "a b,c=d&e", run_id = "é" })
    assert.not_matches("[%s&;'\"]", job:ref())
    assert.equal(job:ref(), cloudjobs.jobs.open(job:ref(), { credentials = { token = "t" } }):ref())
  end)
end)

-- Azure's documents are handed over as they are, so anything may stand in them.
describe("a run in an odd history", function()
  local RUN = '{"name":"run-1","properties":{"status":"Completed"}}'
  local odd = {
    '{"value":[%s]}', '{"value":[null,5,"x",[],{},%s]}', '{"value":[{"id":5,"properties":null},%s]}',
    '{"value":[{"id":null,"name":null},%s]}',
  }
  local none = { "{}", '{"value":null}', '{"value":"x"}', '{"value":{"a":1}}', '{"value":[{"properties":null}]}' }

  local function costs_of(body)
    local answers = {}
    for i = 1, 4 do
      answers[i] = { body = body }
    end
    return cloudjobs.azure.cost_exports {
      transport = Stub.new(answers), env = {}, credentials = { token = "t" },
      scope = "subscriptions/00000000-0000-0000-0000-000000000000",
    }
  end

  for _, template in ipairs(odd) do
    it("is found: " .. template, function()
      local run = cloudjobs.jobs.export_run(costs_of(template:format(RUN)), { exportName = "a", run_id = "run-1" })
      assert.equal("succeeded", run:wait().state)
      assert.equal("succeeded", cloudjobs.watch({ run })[1].state)
    end)
  end

  for _, body in ipairs(none) do
    it("is missing: " .. body, function()
      local run = cloudjobs.jobs.export_run(costs_of(body), { exportName = "a", run_id = "run-1" })
      local status, err = run:status()
      assert.is_nil(status)
      assert.equal("not_found", err.code)
      assert.is_table(cloudjobs.watch({ run }, { not_found_grace = 0, timeout = 60 })[1].err)
      assert.is_nil((cloudjobs.jobs.run_export(costs_of(body), { exportName = "a" }, { timeout = 0 })))
    end)
  end

  it("with a status that is no text is unknown", function()
    for _, properties in ipairs { "null", "5", '{"status":null}', '{"status":{},"processingStartTime":null,"error":5}' } do
      local body = ('{"value":[{"name":"run-1","properties":%s}]}'):format(properties)
      local run = cloudjobs.jobs.export_run(costs_of(body), { exportName = "a", run_id = "run-1" })
      assert.equal("unknown", run:status().state)
    end
  end)
end)
