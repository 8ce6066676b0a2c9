local core = require "cloudjobs.core"
local Model = require "cloudjobs.model"

local DATA = {
  service = { id = "Jobs", protocol = "json-1.1" },
  operations = {
    StartJob = "StartJobRequest -> StartJobResponse idempotent",
    GetJob = "GET /jobs/{Id} GetJobRequest -> Job readonly unsigned",
    DescribeDBJobs = "- -> -",
    UploadPart = "PUT /parts - -> - unsigned_body checksum host={Account}. as=Part namespace=https://jobs.example/",
    OldQuery = "- -> Job result=OldQueryResult",
  },
  errors = {
    Busy = "throttle",
    Broken = "fault status=503",
    Flaky = "retry",
    DeniedException = "code=Denied status=403",
  },
  pages = { ListJobs = { token = "NextToken", next = "NextToken", items = "Jobs" } },
  waiters = { JobDone = { operation = "GetJob", delay = 5, max_attempts = 20, acceptors = {} } },
  left_out = { TailJob = "it needs event streams, which cloudjobs does not speak yet" },
  contexts = { GetJob = { Id = { member = "Id" } } },
  shapes = {
    StartJobRequest = "Name string required\nToken string idempotency",
    StartJobResponse = "Job Job",
    GetJobRequest = "Id string required in=uri",
    Job = "Id string\nParent Job",
    Busy = "Message string",
    Broken = "",
    Flaky = "",
    DeniedException = "Message string",
  },
}

local model

before_each(function()
  model = Model.new(DATA)
end)

describe("an operation's name in snake_case", function()
  local CASES = {
    GetExecution = "get_execution",
    GetMaintenanceWindowExecution = "get_maintenance_window_execution",
    DescribeDBInstances = "describe_db_instances",
    DeregisterTargetFromMaintenanceWindow = "deregister_target_from_maintenance_window",
    AssumeRoleWithSAML = "assume_role_with_saml",
    ListTagsForARNs = "list_tags_for_arns",
    GetOpsSummary2 = "get_ops_summary2",
    S3Control = "s3_control",
    CreateCachediSCSIVolume = "create_cached_iscsi_volume",
    already_snake = "already_snake",
  }
  for name, expected in pairs(CASES) do
    it("is " .. expected .. " for " .. name, function()
      assert.equal(expected, Model.snake(name))
    end)
  end
end)

describe("an operation", function()
  it("is found by both names and kept", function()
    local op = model:operation("start_job")
    assert.equal(op, model:operation("StartJob"))
    assert.equal("StartJob", op.name)
    assert.equal("start_job", op.method_name)
    assert.equal("describe_db_jobs", model:operation("describe_db_jobs").method_name)
  end)

  it("is not found by a name between the two", function()
    assert.is_nil(model:operation("startjob"))
    assert.is_nil(model:operation("Start_Job"))
    assert.is_nil(model:operation("start_job_"))
    assert.is_nil(model:operation("StopJob"))
  end)

  it("is one POST to / where nothing else is said", function()
    local op = model:operation("StartJob")
    assert.equal("POST", op.method)
    assert.equal("/", op.uri)
    assert.is_true(op.idempotent)
    assert.is_false(op.readonly)
    assert.is_nil(op.unsigned)
    assert.equal(model, op.model)
    assert.equal(model.service, op.service)
  end)

  it("reads by its name, and must run once where a repeat would add something", function()
    local exports, ssm = Model.load("bcm_data_exports"), Model.load("ssm")
    local seen = {}
    for _, op in ipairs {
      exports:operation("GetExport"), exports:operation("CreateExport"), exports:operation("UpdateExport"),
      ssm:operation("DescribeMaintenanceWindows"), ssm:operation("CreateMaintenanceWindow"),
      ssm:operation("SendCommand"), ssm:operation("ListCommands"), ssm:operation("DeleteParameter"),
    } do
      seen[#seen + 1] = op.name .. (op.readonly and " reads" or "") .. (op.non_idempotent and " once" or "")
    end
    assert.same({
      "GetExport reads", "CreateExport once", "UpdateExport", "DescribeMaintenanceWindows reads",
      "CreateMaintenanceWindow", "SendCommand once", "ListCommands reads", "DeleteParameter",
    }, seen)
  end)

  it("has the properties of its text", function()
    local get, upload = model:operation("GetJob"), model:operation("UploadPart")
    assert.equal("GET", get.method)
    assert.equal("/jobs/{Id}", get.uri)
    assert.is_true(get.readonly)
    assert.is_true(get.unsigned)
    assert.same({ Id = { member = "Id" } }, get.context)
    assert.is_true(upload.unsigned_body)
    assert.is_true(upload.checksum)
    assert.equal("{Account}.", upload.host_prefix)
    assert.equal("Part", upload.input_name)
    assert.equal("https://jobs.example/", upload.input_namespace)
    assert.equal("OldQueryResult", model:operation("OldQuery").result_wrapper)
  end)

  it("has its shapes compiled", function()
    local op = model:operation("StartJob")
    assert.equal('{"Name":"nightly","Token":"t"}', core.encode(op.input, { Name = "nightly" }, "t"))
    assert.same({ Job = { Id = "1", Parent = { Id = "2" } } },
      core.decode(op.output, '{"Job":{"Id":"1","Parent":{"Id":"2"}}}'))
    assert.is_nil(model:operation("DescribeDBJobs").input)
    assert.is_nil(model:operation("DescribeDBJobs").output)
  end)

  it("knows whether it carries an idempotency token", function()
    assert.is_true(model:operation("StartJob").has_token)
    assert.is_false(model:operation("GetJob").has_token)
    assert.is_false(model:operation("DescribeDBJobs").has_token)
  end)

  it("that was left out has a reason", function()
    local op, reason = model:operation("TailJob")
    assert.is_nil(op)
    assert.equal("it needs event streams, which cloudjobs does not speak yet", reason)
    assert.equal(reason, (select(2, model:operation("tail_job"))))
  end)

  it("is refused where its text is no operation's", function()
    local broken = Model.new { operations = { A = "In", B = "- -> - lazy", C = "Gone -> -" } }
    assert.error_matches(function() broken:operation("A") end, 'A: expected "Input %-> Output", got "In"')
    assert.error_matches(function() broken:operation("B") end, "B: unknown flag lazy")
    assert.error_matches(function() broken:operation("C") end, "Gone")
  end)
end)

it("lists its operations by their snake_case names", function()
  assert.same({ "describe_db_jobs", "get_job", "old_query", "start_job", "upload_part" }, model:operations())
end)

describe("a shape", function()
  it("is compiled once, with all it reaches", function()
    local job = model:operation("GetJob").output
    assert.equal(job, model:shape("Job"))
  end)

  it("may stand in one text with others", function()
    local one = Model.new {
      operations = { Get = "JobId -> Job" },
      shapes = "\n@Job\n  Id JobId\n  Empty JobIdEmpty\n@JobId\n  Value string required\n@JobIdEmpty\n",
    }
    local op = one:operation("get")
    assert.equal('{"Value":"7"}', core.encode(op.input, { Value = "7" }))
    assert.same({ Id = { Value = "7" }, Empty = {} }, core.decode(op.output, '{"Id":{"Value":"7"},"Empty":{}}'))
    assert.error_matches(function() one:shape("Jo") end, "Jo")
  end)
end)

describe("an error", function()
  local function facts(code)
    local known = model:error(code)
    return known and { known.name, known.throttling, known.retryable, known.fault, known.status }
  end

  it("says whether to try again, and whose fault it was", function()
    assert.same({ "Busy", true, true, false }, facts("Busy"))
    assert.same({ "Broken", false, false, true, 503 }, facts("Broken"))
    assert.same({ "Flaky", false, true, false }, facts("Flaky"))
  end)

  it("is found by its code on the wire and by its shape's name", function()
    assert.same({ "DeniedException", false, false, false, 403 }, facts("Denied"))
    assert.same(facts("Denied"), facts("DeniedException"))
  end)

  it("has its shape", function()
    assert.same({ Message = "no" }, core.decode(model:error("Denied").shape, '{"Message":"no"}'))
  end)

  it("of an unknown code is none", function()
    assert.is_nil(model:error("Whatever"))
    assert.is_nil(model:error(nil))
  end)
end)

it("gives what it was made with beside its operations", function()
  assert.equal(DATA.pages, model:paginators())
  assert.equal(DATA.waiters, model:waiters())
  assert.same({}, model:enums())
  assert.is_nil(model:endpoints())
  assert.same({}, Model.new { operations = {} }:paginators())
end)

describe("a shipped model", function()
  it("is one in a Lua state", function()
    assert.equal(Model.load("sso"), Model.load("sso"))
  end)

  it("finds its companions when they are asked for", function()
    local ssm = Model.load("ssm")
    assert.equal("GetCommandInvocation", ssm:waiters().CommandExecuted.operation)
    assert.same({ "COMPLIANT", "NON_COMPLIANT" }, ssm:enums().ComplianceStatus)
    assert.equal("1.0", ssm:endpoints().version)
    assert.same({}, Model.load("sso"):waiters())
    assert.same({ "OnDemand", "Scheduled" }, Model.load("azure_cost_exports"):enums().ExecutionType)
  end)
end)
