--- The AWS command line against the emulator: the life of each kind of job, and
--- what it makes of trouble.

local core = require "cloudjobs.core"
local judges = require "spec.support.judges"
local socket = require "cqueues.socket"

local KEYS = { AWS_ACCESS_KEY_ID = "AKIDEMULATOR", AWS_SECRET_ACCESS_KEY = "emulator-secret" }

local DEFINITION = assert(core.json_encode {
  Name = "nightly",
  DataQuery = { QueryStatement = "SELECT bill_payer_account_id FROM COST_AND_USAGE_REPORT" },
  DestinationConfigurations = { S3Destination = {
    S3Bucket = "bucket", S3Prefix = "prefix", S3Region = "us-east-1",
    S3OutputConfigurations = {
      OutputType = "CUSTOM", Format = "TEXT_OR_CSV", Compression = "GZIP", Overwrite = "OVERWRITE_REPORT",
    },
  } },
  RefreshCadence = { Frequency = "SYNCHRONOUS" },
})
local WINDOW = "--name patching --schedule rate(1_day) --duration 3 --cutoff 1 --no-allow-unassociated-targets"

describe("the AWS command line", function()
  judges.with(judges.command_line, function()
    local server, child, connection
    setup(function()
      child = judges.spawn { "python3", "spec/judges/python/command_line.py" }
      connection = socket.connect("127.0.0.1", assert(child:line(60)))
      connection:setmaxline(1024 * 1024)
    end)
    teardown(function()
      connection:close()
      child:stop(1)
    end)
    before_each(function()
      server = judges.start()
    end)
    after_each(function()
      server:stop()
    end)

    -- Runs a line of words, "_" for a blank within one; then `...`, whole words.
    local function run(line, options, ...)
      local words = {}
      for word in line:gmatch "%S+" do
        words[#words + 1] = (word:gsub("_", " "))
      end
      for _, word in ipairs { ... } do
        words[#words + 1] = word
      end
      for _, word in ipairs { "--endpoint-url", server.url, "--region", "us-east-1", "--output", "json" } do
        words[#words + 1] = word
      end
      local command = { arguments = words, environment = options.environment or KEYS, late = options.late or 0 }
      assert(connection:write(assert(core.json_encode(command)), "\n"))
      assert(connection:flush())
      return assert(core.json_decode(assert(connection:read("*l"))))
    end

    -- What it prints of a success.
    local function aws(line, ...)
      local result = run(line, {}, ...)
      assert(result.status == 0, result.stderr)
      return result.stdout ~= "" and core.json_decode(result.stdout) or {}
    end

    -- The code and the message that it prints of a failure.
    local function refused(line, options, ...)
      local result = run(line, options or {}, ...)
      assert(result.status ~= 0, "it was not refused")
      return { result.stderr:match "An error occurred %((%w+)%) when calling the %w+ operation[^:]*: ([^\n]*)" }
    end

    it("leads an export to its execution's end", function()
      local arn = aws("bcm-data-exports create-export --export", DEFINITION).ExportArn
      local of_it = { "--export-arn", arn }
      assert.same({ "ValidationException", "An export with the name nightly already exists." },
        refused("bcm-data-exports create-export --export", nil, DEFINITION))
      assert.equal("nightly", aws("bcm-data-exports get-export", of_it[1], arn).Export.Name)
      local changed = DEFINITION:gsub('"Name":"nightly"', '%0,"Description":"changed"')
      assert.same({ ExportArn = arn }, aws("bcm-data-exports update-export --export", changed, of_it[1], arn))
      aws("bcm-data-exports tag-resource --resource-tags Key=team,Value=ops --resource-arn", arn)
      assert.same({ ResourceTags = { { Key = "team", Value = "ops" } } },
        aws("bcm-data-exports list-tags-for-resource --resource-arn", arn))

      server:clock { advance = 60 }
      local begun = aws("bcm-data-exports list-executions", of_it[1], arn).Executions[1]
      assert.equal("INITIATION_IN_PROCESS", begun.ExecutionStatus.StatusCode)
      server:clock { advance = 300 }
      local ended = aws("bcm-data-exports get-execution --execution-id " .. begun.ExecutionId, of_it[1], arn)
      assert.equal("DELIVERY_SUCCESS", ended.ExecutionStatus.StatusCode)

      aws("bcm-data-exports delete-export", of_it[1], arn)
      assert.same({ Exports = {} }, aws "bcm-data-exports list-exports")
      assert.same({ "ResourceNotFoundException", ("Export %s was not found."):format(arn) },
        refused("bcm-data-exports get-export", nil, of_it[1], arn))
    end)

    it("leads a maintenance window to its execution's end", function()
      local id = aws("ssm create-maintenance-window " .. WINDOW).WindowId
      aws("ssm register-task-with-maintenance-window --task-type LAMBDA --task-arn patch --window-id " .. id)
      assert.equal("Changed", aws("ssm update-maintenance-window --description Changed --window-id " .. id).Description)
      local execution = server:open_window(id)
      local of_it = " --window-execution-id " .. execution
      assert.equal("PENDING", aws("ssm get-maintenance-window-execution" .. of_it).Status)
      server:clock { advance = 300 }
      assert.equal("SUCCESS", aws("ssm get-maintenance-window-execution" .. of_it).Status)
      local tasks = aws("ssm describe-maintenance-window-execution-tasks" .. of_it).WindowExecutionTaskIdentities
      assert.same({ "patch", "SUCCESS" }, { tasks[1].TaskArn, tasks[1].Status })
      aws("ssm delete-maintenance-window --window-id " .. id)
      assert.equal("DoesNotExistException", refused("ssm get-maintenance-window --window-id " .. id)[1])
    end)

    it("leads a snapshot job from start to stop", function()
      local selling = "partnercentral-selling %s --catalog AWS "
      local engagement = aws(selling:format "create-engagement" .. "--title T --description D").Id
      local job = aws(selling:format "create-resource-snapshot-job" .. "--resource-type Opportunity "
        .. "--resource-identifier O1 --resource-snapshot-template-identifier summary --engagement-identifier " .. engagement).Id
      local of_it = "--resource-snapshot-job-identifier " .. job
      aws(selling:format "start-resource-snapshot-job" .. of_it)
      server:clock { advance = 30 }
      local running = aws(selling:format "get-resource-snapshot-job" .. of_it)
      assert.same({ "Running", true }, { running.Status, running.LastSuccessfulExecutionDate ~= nil })
      assert.equal("ConflictException", refused(selling:format "delete-resource-snapshot-job" .. of_it)[1])
      aws(selling:format "stop-resource-snapshot-job" .. of_it)
      aws(selling:format "delete-resource-snapshot-job" .. of_it)
      assert.same({}, aws(selling:format "list-resource-snapshot-jobs").ResourceSnapshotJobSummaries)
    end)

    it("turns pages, and goes on where it was stopped", function()
      assert.equal(6, #aws("bcm-data-exports list-tables --page-size 2").Tables)
      assert.equal(3, #server:requests())
      local first = aws "bcm-data-exports list-tables --max-items 4"
      local second = aws("bcm-data-exports list-tables --starting-token", first.NextToken)
      assert.same({ 4, 2 }, { #first.Tables, #second.Tables })
    end)

    it("waits as its model describes", function()
      server:fault {
        operation = "GetCommandInvocation", status = 200, body = '{"Status":"Success"}',
        headers = { ["content-type"] = "application/x-amz-json-1.1" },
      }
      local ids = "--command-id 5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c --instance-id i-0123456789abcdef0"
      assert.same({}, aws("ssm wait command-executed " .. ids))
    end)

    it("tries again when it is throttled", function()
      server:fault { operation = "ListExports", throttle = true }
      assert.same({ Exports = {} }, aws "bcm-data-exports list-exports")
      assert.equal(2, #server:requests())
    end)

    local TROUBLES = {
      {
        "a wrong secret",
        { environment = { AWS_ACCESS_KEY_ID = KEYS.AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY = "another" } },
        "InvalidSignatureException",
      },
      {
        "an expired session",
        { environment = {
          AWS_ACCESS_KEY_ID = "ASIAEXPIRED", AWS_SECRET_ACCESS_KEY = KEYS.AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN = "expired",
        } },
        "ExpiredTokenException",
      },
      { "a clock that is an hour late", { late = 3600 }, "InvalidSignatureException" },
    }
    for _, case in ipairs(TROUBLES) do
      it("reports " .. case[1], function()
        assert.equal(case[3], refused("bcm-data-exports list-exports", case[2])[1])
      end)
    end
  end)
end)
