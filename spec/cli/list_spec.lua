local Command = require "spec.support.command"
local process = require "spec.support.process"

describe("cloudjobs", function()
  local cli

  setup(function()
    cli = Command.new()
    cli:seed()
    cli.server:seed { {
      service = "ssm", operation = "CreateMaintenanceWindow", ago = 100,
      params = { Name = "weekly", Schedule = "cron(0 4 ? * SUN *)", Duration = 2, Cutoff = 1, AllowUnassociatedTargets = false },
    } }
  end)

  teardown(function()
    cli:stop()
  end)

  describe("list", function()
    it("lists exports", function()
      local status, out, err = cli:run { "list" }
      assert.equal([[
NAME     HEALTH     ARN
nightly  HEALTHY    arn:aws:bcm-data-exports:us-east-1:111122223333:export/nightly-uuid-----xxxx-xxxx-xxxx-xxxxxxxxxxxx
broken   UNHEALTHY  arn:aws:bcm-data-exports:us-east-1:111122223333:export/broken-uuid-----xxxx-xxxx-xxxx-xxxxxxxxxxxx
]], out)
      assert.same({ 0, "" }, { status, err })
    end)

    it("lists maintenance windows", function()
      local _, out = cli:run { "list", "windows", "--output", "csv" }
      assert.matches("^name,id,enabled,next\r\nweekly,mw%-%x+,true,[%dT:Z-]+\r\n$", out)
    end)

    it("lists a scope's exports and the runs of one", function()
      local _, out = cli:run { "list", "--scope", cli.scope, "--endpoint-url", cli.url }
      assert.equal("NAME   SCHEDULE  RECURRENCE\ncosts  Inactive  None\n", out)
      _, out = cli:run { "list", "costs", "--scope", cli.scope, "--endpoint-url", cli.url }
      assert.equal([[
STATE      CODE       STARTED              TOOK  REF
succeeded  Completed  YYYY-MM-DD hh:mm:ss  4m    export_run,v=1,api_version=2025-03-01,exportName=costs,run_id=uuid-----xxxx-xxxx-xxxx-xxxxxxxxxxxx,scope=subscriptions/uuid-----xxxx-xxxx-xxxx-xxxxxxxxxxxx
]], out)
    end)

    it("lists no more rows than --limit", function()
      local _, out = cli:run { "list", "--limit", "1", "--output", "csv" }
      assert.matches("^name,health,id\r\nnightly,[^\n]+\n$", out)
      _, out = cli:run { "list", "costs", "--scope", cli.scope, "--endpoint-url", cli.url, "--limit", "1", "--output", "csv" }
      assert.matches("^state,[^\n]+\nsucceeded,[^\n]+\n$", out)
    end)

    for _, text in ipairs { "0", "-1", "1.5", "few" } do
      it("refuses a limit of " .. text, function()
        local status, out, err = cli:run { "list", "--limit=" .. text }
        assert.same({ 64, "", ("cloudjobs: expected a whole number from 1, got '%s'\nTry: cloudjobs list --help\n"):format(text) },
          { status, out, err })
      end)
    end

    it("ends with 2 and says why it cannot list", function()
      local status, out, err = cli:run { "list", "--endpoint-url", "http://127.0.0.1:1" }
      assert.same({ 2, "" }, { status, out })
      assert.matches("^cloudjobs: BCM Data Exports ListExports: connect: ", err)
    end)
  end)

  it("trusts the certificates of --ca-bundle in every subcommand, on both clouds", function()
    local secure = Command.new { tls = true }
    finally(function() secure:stop() end)
    local arn = secure:export("nightly", 3600)
    secure:azure_export("costs", 7200, 3600)
    local window = "mw-0123456789abcdef0"
    local function azure(...)
      return { "--scope", secure.scope, "--endpoint-url", secure.url, ... }
    end
    local ref = ("export_execution,v=1,ExecutionId=0123456789abcdef,ExportArn=%s,region=us-east-1"):format(arn)
    for command, lines in pairs {
      status = { {}, azure() }, list = { {}, azure() }, whoami = { {} }, next = { { arn }, { window }, azure "costs" },
      run = { azure "gone" }, watch = { { ref, "--timeout", "0.1" } }, call = { { "ssm", "describe-maintenance-windows" } },
    } do
      for _, words in ipairs(lines) do
        table.insert(words, 1, command)
        if command == "next" then
          words[#words + 1], words[#words + 2] = "--timeout", "0.1"
        end
        local environment = {}
        for name, value in pairs(secure.environment) do
          environment[name] = value
        end
        environment.AWS_MAX_ATTEMPTS = "1"
        local _, out, err = secure:run(words, environment)
        assert.truthy((out .. err):lower():find("certificate", 1, true), command .. out .. err)
        words[#words + 1], words[#words + 2] = "--ca-bundle", secure.server.ca_bundle
        _, out, err = secure:run(words, environment)
        assert.is_nil((out .. err):lower():find("certificate", 1, true), command .. out .. err)
        assert.is_nil((out .. err):find("tls:", 1, true), command .. out .. err)
      end
    end
  end)

  describe("whoami", function()
    it("shows which identity is used on each cloud, and from where", function()
      local status, out, err = cli:run { "whoami" }
      assert.equal([[
CLOUD  IDENTITY                                     ACCOUNT       SOURCE
aws    arn:aws:iam::111122223333:user/AKIDEMULATOR  111122223333  env
azure  (opaque token)                                             client secret
]], out)
      assert.same({ 0, "" }, { status, err })
    end)

    it("never shows a secret", function()
      for _, format in ipairs { "table", "json", "csv" } do
        local _, out, err = cli:run { "whoami", "--debug", "--output", format }
        assert.is_nil((out .. err):find("emulator-secret", 1, true))
        assert.matches("\ndebug: 200 after ", err)
      end
    end)

    it("ends with 1 where keys are refused", function()
      local environment = {}
      for name, value in pairs(cli.environment) do
        environment[name] = value
      end
      environment.AWS_SECRET_ACCESS_KEY = "wrong"
      local status, out = cli:run({ "whoami", "--cloud", "aws" }, environment)
      assert.equal(1, status)
      assert.matches("\naws    AKIDEMULATOR  env     STS GetCallerIdentity: ", out)
    end)

    it("ends with 2 where there is no identity", function()
      local status, out = cli:run({ "whoami", "--cloud", "aws" }, { AWS_EC2_METADATA_DISABLED = "true", HOME = cli.folder })
      assert.equal(2, status)
      assert.matches("\naws    none      none: no AWS credentials were found%. Pass credentials, [^\n]+\n$", out)
      local _, _, log = cli:run({ "whoami", "--cloud", "aws", "--debug" },
        { AWS_EC2_METADATA_DISABLED = "true", HOME = cli.folder })
      assert.matches("debug: none: tried env: AWS_ACCESS_KEY_ID is not set; ", log, 1, true)
    end)
  end)

  describe("the code of an MFA device", function()
    local guarded
    local ROLE = "arn:aws:iam::111122223333:role/guarded"

    setup(function()
      guarded = Command.new { roles = { [ROLE] = { mfa_code = "123456" } } }
      guarded.environment.AWS_CONFIG_FILE = guarded:file("config", ([[
[profile keys]
aws_access_key_id = AKIDEMULATOR
aws_secret_access_key = emulator-secret
[profile guarded]
role_arn = %s
source_profile = keys
mfa_serial = arn:aws:iam::111122223333:mfa/device
]]):format(ROLE))
    end)

    teardown(function()
      guarded:stop()
    end)

    local words = { "whoami", "--cloud", "aws", "--profile", "guarded", "--no-color" };

    (Command.has_terminal() and it or pending)("is asked for on a terminal", function()
      local status, bytes = guarded:in_terminal(120, words, { { "Code of", "123456\\n" }, { "SOURCE", "" } })
      assert.equal(0, status)
      assert.matches("^Code of the MFA device arn:aws:iam::111122223333:mfa/device: 123456\r\n", bytes)
      assert.matches("\naws    arn:%S+  111122223333  assume%-role\r\n$", bytes)
    end)

    it("is missing without a terminal", function()
      local status, out = guarded:run(words)
      assert.equal(2, status)
      assert.matches("needs a code of the MFA device arn:aws:iam::111122223333:mfa/device", out)
    end)
  end)

  describe("completion", function()
    for shell, line in pairs { bash = "complete -F _cloudjobs", zsh = "#compdef cloudjobs", fish = "complete -c cloudjobs" } do
      it("has every subcommand and its options for " .. shell, function()
        local status, out, err = cli:run { "completion", shell }
        assert.same({ 0, "" }, { status, err })
        assert.truthy(out:find(line, 1, true))
        for _, word in ipairs { "whoami", "emulate", "failed", "ref-only", "dry-run" } do
          assert.truthy(out:find(word, 1, true), word)
        end
      end)
    end

    local COMPLETED = {
      { "who", 1, "whoami" },
      { "call ''", 2, "athena batch bcm-data-exports bcm-pricing-calculator blobs cloudformation codebuild cost-exports cost-reports deployments dynamodb glue "
        .. "partnercentral-selling rds s3 s3control ssm sso sso-oidc stepfunctions sts" },
      { "call ss", 2, "ssm sso sso-oidc" },
      { "watch ''", 2, "export-execution maintenance-window-execution resource-snapshot-job export-run athena-query "
        .. "glue-job-run glue-crawl step-functions-execution automation-execution run-command stack-operation "
        .. "dynamodb-export rds-export-task batch-job codebuild-build s3-batch-job bill-estimate cost-details-report price-sheet reservation-details-report arm-deployment" },
      { "list ''", 2, "exports windows snapshot-jobs" },
      { "completion ''", 2, "bash zsh fish" },
      { "status --he", 2, "--help" },
      { "status --output ''", 3, "table json csv" },
      { "list exports ''", 3, "" },
    }
    for _, case in ipairs(COMPLETED) do
      it("completes in bash: " .. case[1], function()
        local _, script = cli:run { "completion", "bash" }
        local path = cli:file("completion", script)
        local text = ('. %s; COMP_WORDS=(cloudjobs %s); COMP_CWORD=%d; _cloudjobs; echo "${COMPREPLY[*]}"'):format(path, case[1], case[2])
        local _, out = process.run(process.command { "bash", "-c", text })
        assert.equal(case[3] .. "\n", out)
      end)
    end

    it("offers the same words in zsh and fish, and --help once", function()
      local _, zsh = cli:run { "completion", "zsh" }
      local _, fish = cli:run { "completion", "fish" }
      for _, words in ipairs { COMPLETED[2][3], COMPLETED[4][3], COMPLETED[5][3], COMPLETED[6][3] } do
        assert.truthy(zsh:find(('": :(%s)"'):format(words), 1, true) or zsh:find(('"*: :(%s)"'):format(words), 1, true), words)
        assert.truthy(fish:find((" -a '%s'\n"):format(words), 1, true), words)
      end
      assert.same({ 1, 1 }, { select(2, zsh:gsub("%-%-help", "")), select(2, fish:gsub("%-l help", "")) })
    end)
  end)
end)
