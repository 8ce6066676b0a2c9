-- The kinds of job of further AWS services: each is started, followed through its states and cancelled, on a fake clock.

local Error = require "cloudjobs.base.error"
local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local clients = require "spec.support.clients"
local core = require "cloudjobs.core"
local kinds = require "cloudjobs.job.kinds"

local NOW = 1767225600
local UUID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
local STACK = "arn:aws:cloudformation:us-east-1:111122223333:stack/exports/" .. UUID
local EXPORT = "arn:aws:dynamodb:us-east-1:111122223333:table/costs/export/01700000000000-a1b2c3d4"
local EXECUTION = "arn:aws:states:us-east-1:111122223333:execution:nightly:run-1"

local function client_of(kind, answers)
  local stub = Stub.new(answers)
  local client = cloudjobs.aws[kind.service] {
    transport = stub, region = "us-east-1", env = {},
    credentials = { access_key_id = "AKID", secret_access_key = "hush" },
  }
  return client, stub
end

local function xml(operation, inner)
  return { body = ("<%sResponse><%sResult>%s</%sResult></%sResponse>"):format(operation, operation, inner, operation,
    operation) }
end

local function xml_failure(code, message)
  local body = "<ErrorResponse><Error><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>"
  return { status = 400, body = body:format(code, message) }
end

local function stack(fields)
  local parts = { "<StackId>" .. STACK .. "</StackId>", "<StackName>exports</StackName>" }
  for name, value in pairs(fields) do
    parts[#parts + 1] = ("<%s>%s</%s>"):format(name, value, name)
  end
  return xml("DescribeStacks", "<Stacks><member>" .. table.concat(parts) .. "</member></Stacks>")
end

local function export_task(fields)
  local parts = {}
  for name, value in pairs(fields) do
    parts[#parts + 1] = ("<%s>%s</%s>"):format(name, value, name)
  end
  return xml("DescribeExportTasks", "<ExportTasks><ExportTask>" .. table.concat(parts) .. "</ExportTask></ExportTasks>")
end

local function json(build)
  return function(fields)
    return { body = build(fields) }
  end
end

-- For each kind: the job, the response with a record, and with which words a caller starts and misses it. `cases` are
-- records and what their status is: state, reason.
local KINDS = {
  athena_query = {
    params = { QueryExecutionId = UUID },
    record = json(function(fields)
      return { QueryExecution = { QueryExecutionId = UUID, Status = fields } }
    end),
    running = { State = "RUNNING" },
    start = { { QueryString = "SELECT 1" }, { body = { QueryExecutionId = UUID } }, "ClientRequestToken" },
    missing = { status = 400, body = {
      __type = "InvalidRequestException", message = "QueryExecution " .. UUID .. " was not found",
    } },
    other = clients.failure "InvalidRequestException",
    cancel = { { body = {} }, '{"QueryExecutionId":"' .. UUID .. '"}' },
    cases = {
      { { State = "QUEUED" }, "queued" },
      { { State = "SUCCEEDED", CompletionDateTime = NOW }, "succeeded" },
      { { State = "FAILED", StateChangeReason = "TABLE_NOT_FOUND" }, "failed", "TABLE_NOT_FOUND" },
      { { State = "CANCELLED" }, "cancelled" },
    },
  },
  glue_job_run = {
    params = { JobName = "nightly", RunId = "jr_1" },
    record = json(function(fields)
      fields.Id = "jr_1"
      return { JobRun = fields }
    end),
    running = { JobRunState = "STOPPING" },
    start = { { JobName = "nightly" }, { body = { JobRunId = "jr_1" } } },
    missing = clients.failure "EntityNotFoundException",
    cancel = { { body = { SuccessfulSubmissions = { { JobRunId = "jr_1" } } } }, '{"JobName":"nightly","JobRunIds":["jr_1"]}' },
    cases = {
      { { JobRunState = "WAITING", StateDetail = "no capacity" }, "queued", "no capacity" },
      { { JobRunState = "SUCCEEDED" }, "succeeded" },
      { { JobRunState = "ERROR", ErrorMessage = "deleted" }, "failed", "deleted" },
      { { JobRunState = "TIMEOUT" }, "timed_out" },
      { { JobRunState = "EXPIRED" }, "stopped" },
    },
  },
  glue_crawl = {
    params = { CrawlerName = "exports", CrawlId = "c-2" },
    record = json(function(fields)
      fields.CrawlId = "c-2"
      return { Crawls = { fields } }
    end),
    running = { State = "RUNNING" },
    missing = { body = { Crawls = {} } },
    cancel = { { body = {} }, '{"Name":"exports"}' },
    cases = {
      { { State = "COMPLETED", EndTime = NOW }, "succeeded" },
      { { State = "FAILED", ErrorMessage = "AccessDenied" }, "failed", "AccessDenied" },
      { { State = "STOPPED" }, "stopped" },
    },
  },
  step_functions_execution = {
    params = { executionArn = EXECUTION },
    record = json(function(fields)
      fields.executionArn = EXECUTION
      return fields
    end),
    running = { status = "RUNNING" },
    start = { { stateMachineArn = "arn:x" }, { body = { executionArn = EXECUTION, startDate = NOW } }, "name" },
    missing = clients.failure "ExecutionDoesNotExist",
    cancel = { { body = { stopDate = NOW } }, '{"executionArn":"' .. EXECUTION .. '"}' },
    cases = {
      { { status = "SUCCEEDED", stopDate = NOW }, "succeeded" },
      { { status = "FAILED", error = "States.Timeout", cause = "it waited" }, "failed", "States.Timeout: it waited" },
      { { status = "TIMED_OUT" }, "timed_out" },
      { { status = "ABORTED" }, "cancelled" },
      { { status = "PENDING_REDRIVE" }, "queued" },
    },
  },
  automation_execution = {
    params = { AutomationExecutionId = UUID },
    record = json(function(fields)
      return { AutomationExecution = fields }
    end),
    running = { AutomationExecutionStatus = "InProgress" },
    start = { { DocumentName = "x" }, { body = { AutomationExecutionId = UUID } }, "ClientToken" },
    missing = clients.failure "AutomationExecutionNotFoundException",
    cancel = { { body = {} }, '{"AutomationExecutionId":"' .. UUID .. '"}' },
    cases = {
      { { AutomationExecutionStatus = "PendingApproval" }, "running", nil, "somebody has to approve it" },
      { { AutomationExecutionStatus = "CompletedWithSuccess" }, "succeeded" },
      { { AutomationExecutionStatus = "Rejected" }, "cancelled" },
      { { AutomationExecutionStatus = "Failed", FailureMessage = "step 2" }, "failed", "step 2" },
      { { AutomationExecutionStatus = "Exited" }, "stopped" },
    },
  },
  run_command = {
    params = { CommandId = UUID },
    record = json(function(fields)
      return { Commands = { fields } }
    end),
    running = { Status = "Cancelling" },
    start = { { DocumentName = "x" }, { body = { Command = { CommandId = UUID } } } },
    missing = { body = { Commands = {} } },
    cancel = { { body = {} }, '{"CommandId":"' .. UUID .. '"}' },
    cases = {
      { { Status = "Success", StatusDetails = "Success", TargetCount = 2, CompletedCount = 2 }, "succeeded", "Success" },
      { { Status = "Success", TargetCount = 3, ErrorCount = 1, DeliveryTimedOutCount = 1 }, "succeeded", "2 of 3 targets failed" },
      { { Status = "Success", TargetCount = 0 }, "no_data", "no target matched" },
      { { Status = "Failed", StatusDetails = "Delivery Timed Out" }, "timed_out", "Delivery Timed Out" },
      { { Status = "Failed", StatusDetails = "NoInstancesInTag" }, "no_data", "NoInstancesInTag" },
      { { Status = "Failed", StatusDetails = "Access Denied" }, "failed", "Access Denied" },
    },
  },
  stack_operation = {
    params = { StackId = STACK, Operation = "update", OperationId = "op-2" },
    record = stack,
    running = { StackStatus = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" },
    start = { { Operation = "update", request = { StackName = "exports" } },
      xml("UpdateStack", "<StackId>" .. STACK .. "</StackId><OperationId>op-2</OperationId>") },
    repeats = true,
    missing = xml_failure("ValidationError", "Stack with id exports does not exist"),
    other = xml_failure("ValidationError", "1 validation error detected"),
    cancel = { xml("CancelUpdateStack", ""), "Action=CancelUpdateStack&Version=2010%-05%-15&StackName=arn" },
    cases = {
      { { StackStatus = "UPDATE_COMPLETE" }, "succeeded" },
      { { StackStatus = "CREATE_COMPLETE" }, "queued" }, -- the update has not begun
      { { StackStatus = "UPDATE_ROLLBACK_COMPLETE", StackStatusReason = "denied" }, "failed", "denied" },
      { { StackStatus = "REVIEW_IN_PROGRESS" }, "queued", nil, "somebody has to execute the change set" },
      { { StackStatus = "UPDATE_COMPLETE", LastOperations = "<member><OperationId>op-1</OperationId></member>" }, "queued" },
      { { StackStatus = "UPDATE_COMPLETE", LastOperations = "<member><OperationId>op-2</OperationId></member>" }, "succeeded" },
      { { StackStatus = "UPDATE_COMPLETE", DeploymentConfig = "<Mode>EXPRESS</Mode>" }, "succeeded",
        "in EXPRESS mode the resources may not be ready yet" },
    },
  },
  dynamodb_export = {
    params = { ExportArn = EXPORT },
    record = json(function(fields)
      return { ExportDescription = fields }
    end),
    running = { ExportStatus = "IN_PROGRESS" },
    start = { { TableArn = "arn:t", S3Bucket = "exports" }, { body = { ExportDescription = { ExportArn = EXPORT } } }, "ClientToken" },
    missing = clients.failure "ExportNotFoundException",
    cases = {
      { { ExportStatus = "COMPLETED", EndTime = NOW }, "succeeded" },
      { { ExportStatus = "FAILED", FailureCode = "S3NoSuchBucket", FailureMessage = "gone" }, "failed", "S3NoSuchBucket: gone" },
    },
  },
  rds_export_task = {
    params = { ExportTaskIdentifier = "nightly" },
    record = export_task,
    running = { Status = "CANCELING" },
    start = { {
      ExportTaskIdentifier = "nightly", SourceArn = "arn:s", S3BucketName = "exports", IamRoleArn = "arn:r", KmsKeyId = "k",
    }, xml("StartExportTask", "<ExportTaskIdentifier>nightly</ExportTaskIdentifier>") },
    missing = xml_failure("ExportTaskNotFound", "no"),
    cancel = { xml("CancelExportTask", ""), "Action=CancelExportTask" },
    cases = {
      { { Status = "STARTING" }, "queued" },
      { { Status = "complete", WarningMessage = "a table was empty" }, "succeeded", "a table was empty" },
      { { Status = "canceled" }, "cancelled" },
      { { Status = "FAILED", FailureCause = "no key" }, "failed", "no key" },
    },
  },
  batch_job = {
    params = { jobId = UUID },
    record = json(function(fields)
      fields.jobId = UUID
      return { jobs = { fields } }
    end),
    running = { status = "PENDING", arrayProperties = { statusSummary = { RUNNING = 1 } } },
    start = { { jobName = "n", jobQueue = "q", jobDefinition = "d" }, { body = { jobId = UUID, jobName = "n" } } },
    missing = { body = { jobs = {} } },
    cancel = { { body = {} }, '{"jobId":"' .. UUID .. '","reason":"cancelled by cloudjobs"}' },
    cases = {
      { { status = "PENDING" }, "queued" },
      { { status = "RUNNABLE", statusReason = "MISCONFIGURATION" }, "queued", "MISCONFIGURATION",
        "it waits for capacity, without end where no computing environment fits it" },
      { { status = "SUCCEEDED", startedAt = NOW * 1000, stoppedAt = NOW * 1000 + 500 }, "succeeded" },
      { { status = "FAILED", statusReason = "exit 1" }, "failed", "exit 1" },
      { { status = "FAILED", isTerminated = true }, "cancelled" },
      { { status = "FAILED", statusReason = "Job attempt duration exceeded timeout" }, "timed_out",
        "Job attempt duration exceeded timeout" },
    },
  },
  codebuild_build = {
    params = { id = "nightly:1" },
    record = json(function(fields)
      fields.id = "nightly:1"
      return { builds = { fields } }
    end),
    running = { buildStatus = "IN_PROGRESS", currentPhase = "BUILD" },
    start = { { projectName = "nightly" }, { body = { build = { id = "nightly:1" } } }, "idempotencyToken" },
    missing = { body = { builds = {}, buildsNotFound = { "nightly:1" } } },
    cancel = { { body = {} }, '{"id":"nightly:1"}' },
    cases = {
      { { buildStatus = "IN_PROGRESS", currentPhase = "QUEUED" }, "queued" },
      { { buildStatus = "SUCCEEDED" }, "succeeded" },
      { { buildStatus = "FAULT", phases = {
        { phaseType = "INSTALL", phaseStatus = "SUCCEEDED", contexts = { { message = "fine" } } },
        { phaseType = "BUILD", phaseStatus = "FAULT", contexts = { { message = "exit 1" } } },
      } }, "failed", "BUILD: exit 1" },
      { { buildStatus = "TIMED_OUT" }, "timed_out" },
      { { buildStatus = "STOPPED" }, "stopped" },
    },
  },
  s3_batch_job = {
    params = { AccountId = "111122223333", JobId = UUID },
    record = function(fields)
      local parts = {}
      for name, value in pairs(fields) do
        parts[#parts + 1] = ("<%s>%s</%s>"):format(name, value, name)
      end
      return { body = "<DescribeJobResult><Job>" .. table.concat(parts) .. "</Job></DescribeJobResult>" }
    end,
    running = { Status = "Pausing" },
    start = { {
      AccountId = "111122223333", Operation = { S3DeleteObjectTagging = {} }, Priority = 1, RoleArn = "arn:aws:iam::1:role/x",
      Report = { Enabled = false },
    }, { body = "<CreateJobResult><JobId>" .. UUID .. "</JobId></CreateJobResult>" } },
    repeats = true, -- with a token of the client's
    missing = xml_failure("NoSuchJob", "no"),
    other = xml_failure("AccessDenied", "no"),
    cancel = { { body = "<UpdateJobStatusResult/>" }, "requestedJobStatus=Cancelled" },
    cases = {
      { { Status = "Suspended" }, "queued", nil, "somebody has to confirm the job" },
      { { Status = "Complete", ProgressSummary = "<TotalNumberOfTasks>4</TotalNumberOfTasks><NumberOfTasksFailed>1</NumberOfTasksFailed>" },
        "succeeded", "1 of 4 tasks failed" },
      { { Status = "Complete", ProgressSummary = "<TotalNumberOfTasks>4</TotalNumberOfTasks><NumberOfTasksFailed>4</NumberOfTasksFailed>" },
        "failed", "4 of 4 tasks failed" },
      { { Status = "Complete", ProgressSummary = "<TotalNumberOfTasks>0</TotalNumberOfTasks>" }, "no_data", "the manifest named no object" },
      { { Status = "Cancelled", StatusUpdateReason = "by hand" }, "cancelled", "by hand" },
      { { Status = "Failed", FailureReasons = "<member><FailureCode>1</FailureCode><FailureReason>too many</FailureReason></member>" },
        "failed", "too many" },
    },
  },
  bill_estimate = {
    params = { identifier = UUID },
    record = json(function(fields)
      fields.id = UUID
      return fields
    end),
    running = { status = "IN_PROGRESS" },
    start = { { billScenarioId = UUID, name = "next" }, { body = { id = UUID } }, "clientToken" },
    missing = clients.failure "ResourceNotFoundException",
    cases = {
      { { status = "COMPLETE", costSummary = { totalCostDifference = { historicalCost = { amount = 2.5 } } } }, "succeeded" },
      { { status = "FAILED", failureMessage = "no data" }, "failed", "no data" },
    },
  },
}

for _, kind in ipairs(kinds) do
  local known = KINDS[kind.kind]
  if known then
    describe(kind.kind, function()
      for i, case in ipairs(known.cases) do
        it(("reads record %d as %s"):format(i, case[2]), function()
          local client = client_of(kind, { known.record(case[1]) })
          local status = assert(cloudjobs.jobs[kind.kind](client, known.params):status())
          assert.same({ case[2], case[3], case[4] }, { status.state, status.reason, status.hint })
        end)
      end

      it("is followed from its first poll, at which it may be missing, to its end", function()
        local last = known.cases[2]
        for _, case in ipairs(known.cases) do
          last = case[2] == "succeeded" and case or last
        end
        local client, stub = client_of(kind, {
          known.missing, known.record(known.running), known.record(last[1]),
        })
        local states = {}
        local status = assert(cloudjobs.jobs[kind.kind](client, known.params):wait {
          on_change = function(seen)
            states[#states + 1] = seen.state
          end,
        })
        assert.same({ "running", last[2] }, states)
        assert.is_true(status.final)
        assert.equal(3, #stub.requests)
      end)

      it("that the service does not name is not found, any other error is reported", function()
        local job = cloudjobs.jobs[kind.kind](client_of(kind, { known.missing }), known.params)
        local status, err = job:wait { not_found_grace = 0 }
        assert.is_nil(status)
        assert.is_true(job:is_missing(err))
        job = cloudjobs.jobs[kind.kind](client_of(kind, { known.other or clients.failure "AccessDeniedException" }), known.params)
        status, err = job:wait()
        assert.is_nil(status)
        assert.is_false(job:is_missing(err))
      end)

      if kind.detail then
        it("has the detail of its parts", function()
          local record = known.record(known.running)
          local empty = type(record.body) == "table" and { body = {} } or xml("DescribeStackEvents", "")
          local client, stub = client_of(kind, { record, empty })
          local status = assert(cloudjobs.jobs[kind.kind](client, known.params):status { detail = true })
          assert.same({ "running", {}, 2 }, { status.state, status.detail, #stub.requests })
        end)
      end

      it("has a reference that opens the same job", function()
        local client = client_of(kind, { known.record(known.running) })
        local job = cloudjobs.jobs[kind.kind](client, known.params)
        local opened = assert(cloudjobs.jobs.open(assert(job:ref()), function()
          return client
        end))
        assert.same(job.params, opened.params)
        assert.equal("running", assert(opened:status()).state)
      end)

      if known.start then
        it("is started once, with a token where the service has one", function()
          local client, stub = client_of(kind, { known.start[2] })
          local job = assert(cloudjobs.jobs[kind.run.finder](client, known.start[1]))
          assert.same(known.params, job.params)
          local token = known.start[3]
          local sent = token and core.json_decode(stub.requests[1].body)[token]
          assert.equal(token ~= nil, type(sent) == "string" and #sent == 36)
        end)

        it("is not started again when the response was lost", function()
          local lost = Error.new {
            kind = "transport", code = "closed", message = "closed", ambiguous = true, retryable = true,
          }
          if known.start[3] or known.repeats then
            return -- a token makes the second request harmless
          end
          local client, stub = client_of(kind, { lost, known.start[2] })
          local job, err = cloudjobs.jobs[kind.run.finder](client, known.start[1])
          assert.is_nil(job)
          assert.is_true(err.ambiguous)
          assert.equal(1, #stub.requests)
        end)
      end

      it(known.cancel and "is cancelled" or "cannot be cancelled", function()
        local client, stub = client_of(kind, { known.cancel and known.cancel[1] })
        local ok, err = cloudjobs.jobs[kind.kind](client, known.params):cancel()
        if known.cancel then
          assert.is_true(ok)
          assert.matches(known.cancel[2], stub.requests[1].body or stub.requests[1].url, 1, known.cancel[2]:sub(1, 1) == "{")
        else
          assert.equal("unsupported", err.code)
        end
      end)
    end)
  end
end

describe("glue_crawl", function()
  it("is found in the listing after its start, whose response names none", function()
    local kind = kinds.glue_crawl
    local client, stub = client_of(kind, {
      { body = { Crawls = { { CrawlId = "c-1", State = "COMPLETED", StartTime = NOW - 86400 } } } },
      { body = {} },
      { body = { Crawls = { { CrawlId = "c-1", State = "COMPLETED", StartTime = NOW - 86400 } } } },
      { body = { Crawls = {
        { CrawlId = "c-2", State = "RUNNING", StartTime = NOW + 86400 * 365 * 10 },
        { CrawlId = "c-1", State = "COMPLETED", StartTime = NOW - 86400 },
      } } },
    })
    local job = assert(cloudjobs.jobs.start_glue_crawl(client, { CrawlerName = "exports" }))
    assert.equal("c-2", job.id)
    assert.equal('{"Name":"exports"}', stub.requests[2].body)
  end)
end)

describe("stack_operation", function()
  local kind = kinds.stack_operation

  local function state_of(operation, fields)
    local job = cloudjobs.jobs.stack_operation(client_of(kind, { stack(fields) }), { StackId = STACK, Operation = operation })
    return assert(job:status()).state
  end

  it("reads a status by the kind of operation", function()
    assert.equal("succeeded", state_of("create", { StackStatus = "CREATE_COMPLETE" }))
    assert.equal("succeeded", state_of("create", { StackStatus = "UPDATE_ROLLBACK_COMPLETE" }))
    assert.equal("failed", state_of("create", { StackStatus = "DELETE_COMPLETE" }))
    assert.equal("succeeded", state_of("delete", { StackStatus = "DELETE_COMPLETE" }))
    assert.equal("queued", state_of("delete", { StackStatus = "UPDATE_COMPLETE" }))
    assert.equal("failed", state_of("delete", {
      StackStatus = "UPDATE_COMPLETE", StackStatusReason = "Export x cannot be deleted as it is in use",
    }))
    assert.equal("succeeded", state_of("rollback", { StackStatus = "DELETE_COMPLETE" }))
    assert.equal("succeeded", state_of("import", { StackStatus = "IMPORT_COMPLETE" }))
    assert.equal("unknown", state_of("create", { StackStatus = "CREATE_SOMETHING" }))
  end)

  it("is deleted under the id that its name has now", function()
    local client, stub = client_of(kind, { stack { StackStatus = "CREATE_COMPLETE" }, xml("DeleteStack", "") })
    local job = assert(cloudjobs.jobs.start_stack_operation(client, {
      Operation = "delete", request = { StackName = "exports" },
    }))
    assert.same({ StackId = STACK, Operation = "delete" }, job.params)
    assert.matches("StackName=arn", stub.requests[2].body, 1, true)
  end)

  it("refuses an unknown operation", function()
    local job, err = cloudjobs.jobs.open("stack_operation,Operation=undo,StackId=x")
    assert.is_nil(job)
    assert.matches('expected create, update, delete, rollback or import, got "undo"', err.message, 1, true)
    job, err = cloudjobs.jobs.start_stack_operation(client_of(kind, {}), { Operation = "import", request = {} })
    assert.is_nil(job)
    assert.equal("validation", err.kind)
  end)

  it("can be cancelled only as an update", function()
    local job = cloudjobs.jobs.stack_operation(client_of(kind, {}), { StackId = STACK, Operation = "create" })
    local ok, err = job:cancel()
    assert.is_nil(ok)
    assert.equal("unsupported", err.code)
  end)
end)

describe("glue_job_run", function()
  it("that cannot be stopped is an error, though the response's status is 200", function()
    local client = client_of(kinds.glue_job_run, { { body = { Errors = {
      { JobName = "nightly", JobRunId = "jr_1", ErrorDetail = { ErrorCode = "JobRunNotInTerminalStateException", ErrorMessage = "no" } },
    } } } })
    local ok, err = cloudjobs.jobs.glue_job_run(client, { JobName = "nightly", RunId = "jr_1" }):cancel()
    assert.is_nil(ok)
    assert.equal("JobRunNotInTerminalStateException", err.code)
  end)
end)

describe("step_functions_execution", function()
  it("of the EXPRESS type is refused, since Step Functions cannot describe it", function()
    local job, err = cloudjobs.jobs.open("step_functions_execution,executionArn=arn:aws:states:us-east-1:1:express:a:b:c")
    assert.is_nil(job)
    assert.matches("EXPRESS", err.message, 1, true)
  end)
end)
