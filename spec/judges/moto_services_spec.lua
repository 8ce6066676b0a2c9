--- Ten services of moto's server, which checks signatures, by clients of the descriptions that botocore has: a flow of
--- calls each, with an error.

local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"
local files = require "spec.support.files"
local os_module = require "cloudjobs.os"

local function present()
  local result = os_module.run { "python3", "-c", "import moto.server, flask, boto3" }
  return result and result.status == 0
end

-- Where the installed botocore is searched for, and no settings.
local ENVIRONMENT = {
  PATH = os.getenv "PATH", HOME = os.getenv "HOME", AWS_CONFIG_FILE = "/dev/null", AWS_SHARED_CREDENTIALS_FILE = "/dev/null",
}

local function names(list, member)
  local found = {}
  for i, item in ipairs(list) do
    found[i] = item[member]
  end
  table.sort(found)
  return found
end

describe("moto", function()
  if not present() then
    pending "accepts calls of ten services (install python3 with moto[server] and boto3)"
    return
  end

  local children, world, open_world = {}, nil, nil

  local function start(...)
    children[#children + 1] = assert(os_module.spawn { "python3", "spec/support/moto_server.py", ... })
    return assert(core.json_decode(assert(children[#children]:line(60))))
  end

  setup(function()
    world, open_world = start(), start "open"
  end)

  teardown(function()
    for _, child in ipairs(children) do
      child:stop()
    end
  end)

  local function client(service, credentials, at)
    return cloudjobs.aws.client {
      service = service, endpoint = (at or world).url, region = "us-east-1", env = ENVIRONMENT,
      credentials = credentials or {
        access_key_id = world.access_key_id, secret_access_key = world.secret_access_key,
      },
    }
  end

  -- A call that fails: its code and HTTP status.
  local function refused(output, err)
    assert.is_nil(output)
    return { err.code, err.status }
  end

  it("knows an assumed role of STS by its keys", function()
    local sts = client "sts"
    assert.matches(":user/cloudjobs$", assert(sts:get_caller_identity()).Arn)
    local assumed = assert(sts:assume_role {
      RoleArn = world.roles[1], RoleSessionName = "judge", DurationSeconds = 900,
    })
    local keys = assumed.Credentials
    assert.is_true(keys.Expiration > os.time())
    local role = client("sts", {
      access_key_id = keys.AccessKeyId, secret_access_key = keys.SecretAccessKey, session_token = keys.SessionToken,
    })
    assert.matches(":assumed%-role/first/judge$", assert(role:get_caller_identity()).Arn)
    assert.is_string(assert(sts:get_session_token { DurationSeconds = 900 }).Credentials.SessionToken)
    local wrong = client("sts", { access_key_id = world.access_key_id, secret_access_key = "wrong" })
    assert.same({ "SignatureDoesNotMatch", 403 }, refused(wrong:get_caller_identity()))
  end)

  it("passes messages through SQS", function()
    local sqs = client "sqs"
    local url = assert(sqs:create_queue { QueueName = "judge", Attributes = { VisibilityTimeout = "90" } }).QueueUrl
    assert(sqs:send_message {
      QueueUrl = url, MessageBody = "<été & 雪>",
      MessageAttributes = {
        bytes = { DataType = "Binary", BinaryValue = "\0\1\255" },
        text = { DataType = "String", StringValue = "a+b=c" },
      },
    })
    local batch = assert(sqs:send_message_batch {
      QueueUrl = url, Entries = { { Id = "1", MessageBody = "one" }, { Id = "2", MessageBody = "two" } },
    })
    assert.same({ "1", "2" }, names(batch.Successful, "Id"))
    local received = assert(sqs:receive_message {
      QueueUrl = url, MaxNumberOfMessages = 10, MessageAttributeNames = { "All" },
    }).Messages
    assert.same({ "<été & 雪>", "one", "two" }, names(received, "Body"))
    for _, message in ipairs(received) do
      if message.MessageAttributes then
        assert.equal("\0\1\255", message.MessageAttributes.bytes.BinaryValue)
      end
      assert(sqs:delete_message { QueueUrl = url, ReceiptHandle = message.ReceiptHandle })
    end
    local attributes = assert(sqs:get_queue_attributes { QueueUrl = url, AttributeNames = { "All" } }).Attributes
    assert.equal("90", attributes.VisibilityTimeout)
    assert(sqs:delete_queue { QueueUrl = url })
    assert.same({ "AWS.SimpleQueueService.NonExistentQueue", 400 }, refused(sqs:get_queue_url { QueueName = "judge" }))
  end)

  it("publishes through SNS to a queue", function()
    local sns, sqs = client "sns", client "sqs"
    local url = assert(sqs:create_queue { QueueName = "news" }).QueueUrl
    local topic = assert(sns:create_topic {
      Name = "news", Attributes = { DisplayName = "Näws & more" }, Tags = { { Key = "team", Value = "a b+c" } },
    }).TopicArn
    assert(sns:subscribe {
      TopicArn = topic, Protocol = "sqs", Endpoint = topic:gsub(":sns:", ":sqs:"),
      Attributes = { RawMessageDelivery = "true" }, ReturnSubscriptionArn = true,
    })
    assert.equal("Näws & more", assert(sns:get_topic_attributes { TopicArn = topic }).Attributes.DisplayName)
    assert(sns:publish {
      TopicArn = topic, Message = "<1 + 1 = 2 & 雪>",
      MessageAttributes = { kind = { DataType = "String", StringValue = "sum" } },
    })
    local published = assert(sns:publish_batch {
      TopicArn = topic, PublishBatchRequestEntries = { { Id = "1", Message = "one" }, { Id = "2", Message = "two" } },
    })
    assert.same({ "1", "2" }, names(published.Successful, "Id"))
    local received = assert(sqs:receive_message { QueueUrl = url, MaxNumberOfMessages = 10 }).Messages
    assert.same({ "<1 + 1 = 2 & 雪>", "one", "two" }, names(received, "Body"))
    assert.equal(1, #assert(sns:all("list_subscriptions_by_topic", { TopicArn = topic })))
    assert(sns:delete_topic { TopicArn = topic })
    assert.same({ "NotFound", 404 }, refused(sns:get_topic_attributes { TopicArn = topic }))
  end)

  it("keeps items in DynamoDB", function()
    local dynamodb = client "dynamodb"
    assert(dynamodb:create_table {
      TableName = "judge", BillingMode = "PAY_PER_REQUEST",
      AttributeDefinitions = { { AttributeName = "id", AttributeType = "S" } },
      KeySchema = { { AttributeName = "id", KeyType = "HASH" } },
    })
    assert(dynamodb:wait("table_exists", { TableName = "judge" }))
    local item = {
      id = { S = "été" }, count = { N = "12345678901234567890.5" }, bytes = { B = "\0\255" }, none = { NULL = true },
      list = { L = { { BOOL = false }, { M = { a = { SS = { "x", "y" } } } } } },
    }
    assert(dynamodb:put_item { TableName = "judge", Item = item })
    assert.same(item, assert(dynamodb:get_item { TableName = "judge", Key = { id = { S = "été" } } }).Item)
    local updated = assert(dynamodb:update_item {
      TableName = "judge", Key = { id = { S = "été" } }, ReturnValues = "UPDATED_NEW",
      UpdateExpression = "SET #c = :c", ExpressionAttributeNames = { ["#c"] = "count" },
      ExpressionAttributeValues = { [":c"] = { N = "2" } },
    })
    assert.same({ count = { N = "2" } }, updated.Attributes)
    local queried = assert(dynamodb:query {
      TableName = "judge", KeyConditionExpression = "id = :i", ExpressionAttributeValues = { [":i"] = { S = "été" } },
    })
    assert.equal(1, queried.Count)
    assert.same({ "ConditionalCheckFailedException", 400 }, refused(dynamodb:put_item {
      TableName = "judge", Item = { id = { S = "été" } }, ConditionExpression = "attribute_not_exists(id)",
    }))
    assert(dynamodb:delete_table { TableName = "judge" })
  end)

  it("runs a query of Athena", function()
    local athena = client "athena"
    assert(athena:create_work_group {
      Name = "judge", Description = "über alles",
      Configuration = { ResultConfiguration = { OutputLocation = "s3://results/" }, EnforceWorkGroupConfiguration = true },
      Tags = { { Key = "team", Value = "a" } },
    })
    local group = assert(athena:get_work_group { WorkGroup = "judge" }).WorkGroup
    assert.same({ "über alles", "s3://results/" }, {
      group.Description, group.Configuration.ResultConfiguration.OutputLocation,
    })
    local id = assert(athena:start_query_execution {
      QueryString = "SELECT '雪'", WorkGroup = "judge", QueryExecutionContext = { Database = "default" },
    }).QueryExecutionId
    local execution = assert(athena:get_query_execution { QueryExecutionId = id }).QueryExecution
    assert.same({ "SELECT '雪'", "judge" }, { execution.Query, execution.WorkGroup })
    assert.is_number(execution.Status.SubmissionDateTime)
    assert.same({ id }, assert(athena:all("list_query_executions", { WorkGroup = "judge" })))
    assert.is_table(assert(athena:get_query_results { QueryExecutionId = id }).ResultSet.Rows)
    assert.same({ "InvalidRequestException", 400 }, refused(athena:create_work_group { Name = "judge" }))
  end)

  it("keeps tables in Glue", function()
    local glue = client "glue"
    assert(glue:create_database { DatabaseInput = { Name = "judge", Parameters = { a = "1", ["b c"] = "é" } } })
    for _, name in ipairs { "one", "two", "three" } do
      assert(glue:create_table {
        DatabaseName = "judge",
        TableInput = {
          Name = name, PartitionKeys = { { Name = "day", Type = "date" } },
          StorageDescriptor = { Columns = { { Name = "id", Type = "bigint", Comment = "<ключ>" } }, Location = "s3://x/" },
        },
      })
    end
    local found = assert(glue:get_table { DatabaseName = "judge", Name = "two" }).Table
    assert.same({ Name = "id", Type = "bigint", Comment = "<ключ>" }, found.StorageDescriptor.Columns[1])
    assert.is_number(found.CreateTime)
    assert.same({ "one", "three", "two" }, names(assert(glue:all("get_tables", { DatabaseName = "judge" })), "Name"))
    assert.equal("é", assert(glue:get_database { Name = "judge" }).Database.Parameters["b c"])
    assert(glue:delete_table { DatabaseName = "judge", Name = "two" })
    assert.same({ "EntityNotFoundException", 400 }, refused(glue:get_table { DatabaseName = "judge", Name = "two" }))
  end)

  it("makes a stack of CloudFormation", function()
    local cloudformation = client "cloudformation"
    local template = core.json_encode {
      Resources = { Queue = { Type = "AWS::SQS::Queue", Properties = { QueueName = "of-the-stack" } } },
      Outputs = { Where = { Value = { Ref = "Queue" } } },
      Parameters = { Who = { Type = "String" } },
    }
    local id = assert(cloudformation:create_stack {
      StackName = "judge", TemplateBody = template, Capabilities = { "CAPABILITY_IAM" },
      Parameters = { { ParameterKey = "Who", ParameterValue = "<é & 雪>" } }, Tags = { { Key = "a", Value = "b c" } },
    }).StackId
    assert(cloudformation:wait("stack_create_complete", { StackName = "judge" }))
    local stack = assert(cloudformation:describe_stacks { StackName = id }).Stacks[1]
    assert.same({ "CREATE_COMPLETE", "<é & 雪>", "Where" }, {
      stack.StackStatus, stack.Parameters[1].ParameterValue, stack.Outputs[1].OutputKey,
    })
    assert.is_number(stack.CreationTime)
    local resources = assert(cloudformation:all("list_stack_resources", { StackName = "judge" }))
    assert.same({ "AWS::SQS::Queue" }, names(resources, "ResourceType"))
    local text = assert(cloudformation:get_template { StackName = "judge" }).TemplateBody
    assert.same(core.json_decode(template), core.json_decode(text))
    assert(cloudformation:delete_stack { StackName = "judge" })
    assert.same({ "ValidationError", 400 }, refused(cloudformation:describe_stacks { StackName = "judge" }))
  end)

  it("lists the accounts of Organizations", function()
    local organizations = client "organizations"
    assert.equal("ALL", assert(organizations:create_organization { FeatureSet = "ALL" }).Organization.FeatureSet)
    local created = assert(organizations:create_account { Email = "a@example.com", AccountName = "Zoë" })
    local status = assert(organizations:describe_create_account_status {
      CreateAccountRequestId = created.CreateAccountStatus.Id,
    }).CreateAccountStatus
    assert.same({ "SUCCEEDED", "Zoë" }, { status.State, status.AccountName })
    assert.equal(2, #assert(organizations:all "list_accounts"))
    local root = assert(organizations:list_roots()).Roots[1].Id
    local unit = assert(organizations:create_organizational_unit { ParentId = root, Name = "unit" }).OrganizationalUnit
    assert(organizations:move_account {
      AccountId = status.AccountId, SourceParentId = root, DestinationParentId = unit.Id,
    })
    assert.same({ status.AccountId }, names(assert(organizations:all("list_accounts_for_parent", {
      ParentId = unit.Id,
    })), "Id"))
    assert.same({ "AccountNotFoundException", 400 }, refused(organizations:describe_account { AccountId = "999999999999" }))
  end)

  it("starts instances of EC2", function()
    local ec2 = client "ec2"
    local vpc = assert(ec2:create_vpc {
      CidrBlock = "10.0.0.0/16",
      TagSpecifications = { { ResourceType = "vpc", Tags = { { Key = "Name", Value = "<été & 雪>" } } } },
    }).Vpc
    assert.equal("<été & 雪>", vpc.Tags[1].Value)
    local subnet = assert(ec2:create_subnet { VpcId = vpc.VpcId, CidrBlock = "10.0.1.0/24" }).Subnet
    local images = assert(ec2:describe_images { Owners = { "amazon" } }).Images
    local run = assert(ec2:run_instances {
      ImageId = images[1].ImageId, MinCount = 2, MaxCount = 2, SubnetId = subnet.SubnetId, InstanceType = "t3.nano",
      BlockDeviceMappings = { { DeviceName = "/dev/sda1", Ebs = { VolumeSize = 9, DeleteOnTermination = true } } },
    })
    assert(ec2:wait("instance_running", { InstanceIds = { run.Instances[1].InstanceId } }))
    local found = assert(ec2:describe_instances {
      Filters = { { Name = "vpc-id", Values = { vpc.VpcId } }, { Name = "instance-state-name", Values = { "running" } } },
    }).Reservations[1].Instances
    assert.same(names(run.Instances, "InstanceId"), names(found, "InstanceId"))
    assert.is_number(found[1].LaunchTime)
    assert.equal("running", found[1].State.Name)
    local ended = assert(ec2:terminate_instances { InstanceIds = names(found, "InstanceId") }).TerminatingInstances
    assert.equal(2, #ended)
    assert.same({ "InvalidInstanceID.NotFound", 400 }, refused(ec2:describe_instances {
      InstanceIds = { "i-0123456789abcdef0" },
    }))
  end)

  it("keeps objects in S3 that stream", function()
    local s3 = client "s3"
    local folder = files.temporary()
    finally(function()
      files.remove(folder)
    end)
    assert(s3:create_bucket { Bucket = "streams" })
    local text = ("0123456789abcdef"):rep(40000)
    files.write(folder .. "/thing", text)
    local file = assert(io.open(folder .. "/thing", "rb"))
    local put = assert(s3:put_object { Bucket = "streams", Key = "thing", Body = file })
    file:close()
    assert.is_string(put.ChecksumCRC32)
    local got = assert(s3:get_object({ Bucket = "streams", Key = "thing" }, { sink = folder .. "/copy" }))
    assert.same({ #text, put.ETag }, { got.ContentLength, got.ETag })
    assert.equal(text, files.read(folder .. "/copy"))
    local pieces = {}
    assert(s3:get_object({ Bucket = "streams", Key = "thing", Range = "bytes=16-31" }, { sink = function(bytes)
      pieces[#pieces + 1] = bytes
    end }))
    assert.equal("0123456789abcdef", table.concat(pieces))
    assert.same({ "NoSuchKey", 404 }, refused(s3:get_object({ Bucket = "streams", Key = "none" },
      { sink = folder .. "/none" })))
    assert.is_nil(io.open(folder .. "/none"))
    local _, err = s3:put_object { Bucket = "streams", Key = "thing", Body = function() end }
    assert.equal("S3 needs the length of a body: give a file that can be sought in, text, or an object with a length",
      err.message)
  end)

  it("keeps objects in S3", function()
    local s3 = client "s3"
    assert(s3:create_bucket { Bucket = "judge" })
    local put = assert(s3:put_object {
      Bucket = "judge", Key = "folder/a b", Body = "<été>\0", ContentType = "text/x", Metadata = { who = "me" },
    })
    assert.matches('^"%x+"$', put.ETag)
    local got = assert(s3:get_object { Bucket = "judge", Key = "folder/a b" })
    assert.same({ "<été>\0", "text/x", { who = "me" }, 8 }, { got.Body, got.ContentType, got.Metadata, got.ContentLength })
    assert.is_number(got.LastModified)
    for _, algorithm in ipairs { "CRC32", "SHA1", "SHA256" } do
      local summed = assert(s3:put_object {
        Bucket = "judge", Key = algorithm, Body = "123456789", ChecksumAlgorithm = algorithm,
      })
      assert.is_string(summed["Checksum" .. algorithm])
      assert.equal("123456789", assert(s3:get_object { Bucket = "judge", Key = algorithm, ChecksumMode = "ENABLED" }).Body)
    end
    assert.same({ "CRC32", "SHA1", "SHA256", "folder/a b" }, names(assert(s3:all("list_objects_v2", {
      Bucket = "judge",
    })), "Key"))
    local deleted = assert(s3:delete_objects {
      Bucket = "judge", Delete = { Objects = { { Key = "CRC32" }, { Key = "folder/a b" } } },
    }).Deleted
    assert.same({ "CRC32", "folder/a b" }, names(deleted, "Key"))
    assert.same({ "NoSuchKey", 404 }, refused(s3:get_object { Bucket = "judge", Key = "none" }))
    assert.same({ "BucketNotEmpty", 409 }, refused(s3:delete_bucket { Bucket = "judge" }))
  end)

  it("finds objects of S3 by their names", function()
    local s3 = client("s3", nil, open_world) -- moto's check of signatures refuses boto3's requests for these, too
    assert(s3:create_bucket { Bucket = "names" })
    local keys = { "a%2Fb", "a&b=c", "a'b\"c", "a+b", "a:b@c", "a?b#c", "trailing/", "~x", "été", "雪/🚀" }
    for _, key in ipairs(keys) do
      assert(s3:put_object { Bucket = "names", Key = key, Body = key })
      assert.equal(key, assert(s3:get_object { Bucket = "names", Key = key }).Body)
    end
    assert.same(keys, names(assert(s3:all("list_objects_v2", { Bucket = "names" }, { page_size = 3 })), "Key"))
    local grouped = assert(s3:list_objects_v2 { Bucket = "names", Delimiter = "/" })
    assert.same({ "trailing/", "雪/" }, names(grouped.CommonPrefixes, "Prefix"))
  end)

  it("joins the parts of an upload to S3", function()
    local s3 = client("s3", nil, open_world)
    assert(s3:create_bucket { Bucket = "parts" })
    local upload = assert(s3:create_multipart_upload { Bucket = "parts", Key = "été", ChecksumAlgorithm = "SHA256" })
    local place = { Bucket = "parts", Key = "été", UploadId = upload.UploadId }
    local parts = {}
    for i, body in ipairs { ("x"):rep(5 * 2 ^ 20), "the end" } do
      local part = assert(s3:upload_part {
        Bucket = "parts", Key = "été", UploadId = upload.UploadId, PartNumber = i, Body = body,
        ChecksumAlgorithm = "SHA256",
      })
      parts[i] = { ETag = part.ETag, PartNumber = i, ChecksumSHA256 = part.ChecksumSHA256 }
    end
    assert.equal(2, #assert(s3:list_parts(place)).Parts)
    assert(s3:complete_multipart_upload {
      Bucket = "parts", Key = "été", UploadId = upload.UploadId, MultipartUpload = { Parts = parts },
    })
    local last = assert(s3:get_object { Bucket = "parts", Key = "été", Range = "bytes=5242880-" })
    assert.same({ "the end", "bytes 5242880-5242886/5242887" }, { last.Body, last.ContentRange })
  end)
end)
