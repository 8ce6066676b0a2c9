--- The kinds of job of further AWS services against moto's server, by the descriptions of the installed botocore for what
--- creates the things that jobs are runs of. moto ends most jobs at once, and has none of Automation, S3 Batch
--- Operations and bill estimates.

local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"
local os_module = require "cloudjobs.os"

local function present()
  local result = os_module.run { "python3", "-c", "import moto.server, flask, boto3" }
  return result and result.status == 0
end

local TEMPLATE = [[{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}]]
local CHANGED = [[{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}, "Other": {"Type": "AWS::SQS::Queue"}}}]]

describe("moto", function()
  if not present() then
    pending "runs the jobs of further kinds (install python3 with moto[server] and boto3)"
    return
  end

  local child, world

  setup(function()
    child = assert(os_module.spawn { "python3", "spec/support/moto_server.py" })
    world = assert(core.json_decode(assert(child:line(60))))
  end)

  teardown(function()
    child:stop()
  end)

  local function client(service)
    local options = {
      endpoint = world.url, region = "us-east-1", env = { HOME = os.getenv "HOME" },
      credentials = { access_key_id = world.access_key_id, secret_access_key = world.secret_access_key },
    }
    local make = cloudjobs.aws[service]
    if not make then
      options.service, make = service, cloudjobs.aws.client
    end
    return make(options)
  end

  local ENDED = { timeout = 60, interval = 0.01 }

  local function end_of(job, err)
    local status = assert(assert(job, err):wait(ENDED))
    return status.state, status
  end

  local function bucket(name)
    client("s3"):create_bucket { Bucket = name }
  end

  it("runs and stops Athena queries", function()
    local athena = client "athena"
    local state, status = end_of(cloudjobs.jobs.start_athena_query(athena, {
      QueryString = "SELECT 1", ResultConfiguration = { OutputLocation = "s3://results/" },
    }))
    assert.equal("succeeded", state)
    assert.matches("^s3://results/.*%.csv$", status.result.location)
  end)

  it("runs a Glue job and a crawler", function()
    local glue = client "glue"
    assert(glue:create_job { Name = "nightly", Role = "r", Command = { Name = "glueetl", ScriptLocation = "s3://x/y" } })
    assert.equal("succeeded", (end_of(cloudjobs.jobs.start_glue_job_run(glue, { JobName = "nightly" }))))
    assert(glue:create_crawler { Name = "exports", Role = "r", DatabaseName = "d", Targets = { S3Targets = { { Path = "s3://x" } } } })
    assert.equal("succeeded", (end_of(cloudjobs.jobs.start_glue_crawl(glue, { CrawlerName = "exports" }))))
    local missing = cloudjobs.jobs.glue_job_run(glue, { JobName = "nightly", RunId = "jr_0" })
    local status, err = missing:wait { not_found_grace = 0 }
    assert.is_nil(status)
    assert.is_true(missing:is_missing(err))
  end)

  it("starts a Step Functions execution and aborts it", function()
    local sfn = client "stepfunctions"
    local machine = assert(sfn:create_state_machine {
      name = "nightly", definition = '{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}', roleArn = world.roles[1],
    })
    local job = assert(cloudjobs.jobs.start_step_functions_execution(sfn, { stateMachineArn = machine.stateMachineArn }))
    assert.equal("running", assert(job:status()).state)
    assert.is_true(job:cancel())
    assert.equal("cancelled", (end_of(job)))
  end)

  it("runs a command of Systems Manager", function()
    local job = cloudjobs.jobs.start_run_command(client "ssm", {
      DocumentName = "AWS-RunShellScript", InstanceIds = { "i-0123456789abcdef0" }, Parameters = { commands = { "true" } },
    })
    assert.equal("succeeded", (end_of(job)))
  end)

  it("creates, updates and deletes a CloudFormation stack", function()
    local cloudformation = client "cloudformation"
    local function run(operation, request)
      request.StackName = "exports"
      return end_of(cloudjobs.jobs.start_stack_operation(cloudformation, { Operation = operation, request = request }))
    end
    assert.equal("succeeded", (run("create", { TemplateBody = TEMPLATE })))
    assert.equal("succeeded", (run("update", { TemplateBody = CHANGED })))
    assert.equal("succeeded", (run("delete", {})))
    local job = cloudjobs.jobs.stack_operation(cloudformation, { StackId = "none", Operation = "create" })
    local status, err = job:wait { not_found_grace = 0 }
    assert.is_nil(status)
    assert.is_true(job:is_missing(err))
  end)

  it("exports a DynamoDB table, and has the reason when the bucket is missing", function()
    local dynamodb = client "dynamodb"
    local arn = assert(dynamodb:create_table {
      TableName = "costs", BillingMode = "PAY_PER_REQUEST",
      AttributeDefinitions = { { AttributeName = "id", AttributeType = "S" } },
      KeySchema = { { AttributeName = "id", KeyType = "HASH" } },
    }).TableDescription.TableArn
    assert(dynamodb:update_continuous_backups {
      TableName = "costs", PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled = true },
    })
    bucket "exports"
    local state, status = end_of(cloudjobs.jobs.start_dynamodb_export(dynamodb, { TableArn = arn, S3Bucket = "exports", S3Prefix = "p" }))
    assert.same({ "succeeded", "exports" }, { state, status.result.bucket })
    state, status = end_of(cloudjobs.jobs.start_dynamodb_export(dynamodb, { TableArn = arn, S3Bucket = "gone", S3Prefix = "p" }))
    assert.equal("failed", state)
    assert.matches("^S3NoSuchBucket", status.reason)
  end)

  it("exports an RDS snapshot, once for each identifier", function()
    local rds = client "rds"
    assert(rds:create_db_instance {
      DBInstanceIdentifier = "costs", DBInstanceClass = "db.t3.micro", Engine = "postgres", AllocatedStorage = 20,
      MasterUsername = "u", MasterUserPassword = "hush-hush",
    })
    local snapshot = assert(rds:create_db_snapshot { DBInstanceIdentifier = "costs", DBSnapshotIdentifier = "s1" }).DBSnapshot
    local request = {
      ExportTaskIdentifier = "nightly", SourceArn = snapshot.DBSnapshotArn, S3BucketName = "exports",
      IamRoleArn = world.roles[1], KmsKeyId = "arn:aws:kms:us-east-1:123456789012:key/x",
    }
    assert.equal("succeeded", (end_of(cloudjobs.jobs.start_rds_export_task(rds, request))))
    assert.equal("succeeded", (end_of(cloudjobs.jobs.start_rds_export_task(rds, request)))) -- it was started before
    local job = cloudjobs.jobs.rds_export_task(rds, { ExportTaskIdentifier = "none" })
    local status, err = job:wait { not_found_grace = 0 }
    assert.is_nil(status)
    assert.is_true(job:is_missing(err))
  end)

  it("builds a CodeBuild project", function()
    local codebuild = client "codebuild"
    assert(codebuild:create_project {
      name = "nightly", serviceRole = world.roles[1], artifacts = { type = "NO_ARTIFACTS" },
      source = { type = "S3", location = "exports/source.zip" },
      environment = { type = "LINUX_CONTAINER", image = "x", computeType = "BUILD_GENERAL1_SMALL" },
    })
    assert.equal("succeeded", (end_of(cloudjobs.jobs.start_codebuild_build(codebuild, { projectName = "nightly" }))))
  end)

  it("runs a job of Batch, and the parent of an array", function()
    local batch = client "batch"
    local environment = assert(batch:create_compute_environment {
      computeEnvironmentName = "costs", type = "UNMANAGED", state = "ENABLED", serviceRole = world.roles[1],
    })
    assert(batch:create_job_queue { jobQueueName = "costs", state = "ENABLED", priority = 1, computeEnvironmentOrder = {
      { order = 1, computeEnvironment = environment.computeEnvironmentArn },
    } })
    assert(batch:register_job_definition { jobDefinitionName = "costs", type = "container", containerProperties = {
      image = "x", vcpus = 1, memory = 128,
    } })
    local request = { jobName = "nightly", jobQueue = "costs", jobDefinition = "costs" }
    assert.equal("succeeded", (end_of(cloudjobs.jobs.start_batch_job(batch, request))))
    request.arrayProperties = { size = 2 }
    assert.equal("succeeded", (end_of(cloudjobs.jobs.start_batch_job(batch, request))))
    local status, err = cloudjobs.jobs.batch_job(batch, { jobId = "none" }):wait { not_found_grace = 0 }
    assert.is_nil(status)
    assert.equal("not_found", err.code)
  end)
end)
