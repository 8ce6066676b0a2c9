local Command = require "spec.support.command"
local files = require "spec.support.files"
local json = require "cloudjobs.base.json"
local os_ = require "cloudjobs.os"
local process = require "spec.support.process"

describe("cloudjobs", function()
  local cli

  setup(function()
    cli = Command.new { speed = 600 }
  end)

  teardown(function()
    cli:stop()
  end)

  before_each(function()
    cli.server:reset()
  end)

  local function ref_of(...)
    return cli:last_run("--endpoint-url", cli.url, ...)
  end

  -- Sends the signal of Ctrl-C to the program itself, as soon as it has printed `text`.
  local function interrupted(words, text)
    local line = process.cloudjobs_line(words, cli.environment)
    local out, err = cli.folder .. "/out", cli.folder .. "/err"
    files.write(out, "")
    files.write(err, "")
    return process.run(("set -m; %s >%s 2>%s & pid=$!; %s kill -INT $pid; wait $pid; status=$?; cat %s >&2; exit $status")
      :format(line, out, err, process.until_seen(text, out, err), err))
  end

  describe("watch", function()
    it("prints a line at each change and ends with 0 when the job has succeeded", function()
      cli.server:clock { speed = 0 } -- nothing changes before the first line was read
      local ref = ref_of(cli:export("nightly", 60))
      local line = process.cloudjobs_line({ "watch", ref, "--interval", "0.05", "--utc" }, cli.environment)
      local child = assert(os_.spawn { "sh", "-c", "exec " .. line })
      local first = Command.normal(assert(child:line(60)))
      cli.server:clock { advance = 3600 }
      local last = Command.normal(assert(child:line(60)))
      assert.same({ 0, "YYYY-MM-DD hh:mm:ssZ  nightly (AWS export): succeeded (DELIVERY_SUCCESS), 5m" }, { child:wait(60), last })
      assert.matches("^YYYY%-MM%-DD hh:mm:ssZ  nightly %(AWS export%): %l+ %([%u_]+%)$", first)
    end)

    it("ends with 1 and the service's reason when one of the jobs has failed", function()
      cli.server:outcome { kind = "export_execution", match = { Name = "broken" }, status = "QUERY_FAILURE", reason = "BILL_OWNER_CHANGED" }
      local broken, nightly = ref_of(cli:export("broken", 3600)), ref_of(cli:export("nightly", 3600))
      local status, out = cli:run { "watch", nightly, broken }
      assert.equal([[
YYYY-MM-DD hh:mm:ss  broken (AWS export): failed (QUERY_FAILURE), 4m: BILL_OWNER_CHANGED
YYYY-MM-DD hh:mm:ss  nightly (AWS export): succeeded (DELIVERY_SUCCESS), 5m
]], (out:gsub("(.-nightly.-\n)(.-broken.-\n)", "%2%1")))
      assert.equal(1, status)
    end)

    it("ends with 2 when the time is over before the job is", function()
      cli.server:clock { speed = 0 }
      local ref = ref_of(cli:export("nightly", 60))
      local status, out = cli:run { "watch", ref, "--timeout", "0.2s" }
      assert.equal([[
YYYY-MM-DD hh:mm:ss  nightly (AWS export): queued (INITIATION_IN_PROCESS)
YYYY-MM-DD hh:mm:ss  nightly (AWS export): queued (INITIATION_IN_PROCESS): timeout: export_execution uuid-----xxxx-xxxx-xxxx-xxxxxxxxxxxx: queued (INITIATION_IN_PROCESS) did not end in the time given
]], out)
      assert.equal(2, status)
    end)

    it("takes a kind with its ids, and ends with 1 at once for a job that never was", function()
      local status, out = cli:run {
        "watch", "export-execution", "--ExecutionId", "12345678", "--ExportArn", "arn:aws:bcm-data-exports:us-east-1:111122223333:export/gone-1",
      }
      assert.equal(1, status)
      assert.matches("  gone%-1 %(AWS export%): unknown: BCM Data Exports GetExecution: ResourceNotFoundException: ", out)
    end)

    it("gives programs the ends as JSON", function()
      cli:azure_export("costs", 7200, 3600)
      local ref = ref_of("costs", "--scope", cli.scope)
      local status, out = cli:run { "watch", ref, "--endpoint-url", cli.url, "--output", "json" }
      local list = json.decode(out)
      assert.equal(240, list[1].ended_at - list[1].started_at)
      list[1].ended_at, list[1].started_at, list[1].id = nil, nil, nil
      assert.same({ {
        kind = "export_run", state = "succeeded", code = "Completed", ok = true, final = true, ref = Command.normal(ref),
      } }, list)
      assert.equal(0, status)
    end)

    it("reports that no host responds while it tries again", function()
      local ref = ref_of(cli:export("nightly", 3600))
      local status, out, err = cli:run { "watch", ref, "--endpoint-url", "http://127.0.0.1:1", "--timeout", "0.1" }
      assert.matches("^cloudjobs: connect: [^\n]*; trying again\n", err)
      assert.matches("  nightly %(AWS export%): unknown: BCM Data Exports GetExecution: connect: ", out)
      assert.equal(2, status)
    end)

    it("reports it where only the token service responds", function()
      local ref = ("export_run,exportName=costs,run_id=1ebc81ff-7b41-4967-b4d7-3712eb92826c,scope=%s"):format(cli.scope)
      local _, _, err = cli:run { "watch", ref, "--endpoint-url", "http://127.0.0.1:1", "--timeout", "0.1" }
      assert.matches("^cloudjobs: connect: [^\n]*; trying again\n", err)
    end)

    it("prints how to continue when the time is over", function()
      cli.server:clock { speed = 0 }
      local refs = { ref_of(cli:export("nightly", 60)) }
      refs[2] = refs[1]:gsub("ExecutionId=[^,]+", "ExecutionId=12345678") -- nothing to go on with
      local status, _, err = cli:run { "watch", refs[1], refs[2], "--endpoint-url", cli.url, "--timeout", "0.1" }
      assert.equal(2, status)
      assert.equal(Command.normal("The time is over. The jobs go on; to follow them again:\n  cloudjobs watch '" .. refs[1]
        .. "' --endpoint-url " .. cli.url .. "\n"), err)
    end)

    it("sends one request for all runs of an export", function()
      cli:azure_export("costs", 7200, 3600)
      local first = ref_of("costs", "--scope", cli.scope)
      cli.server:clock { speed = 1e6 }
      cli:run { "run", "costs", "--scope", cli.scope, "--endpoint-url", cli.url, "--ref-only" }
      local second = ref_of("costs", "--scope", cli.scope)
      cli.server:clear_requests()
      local status = cli:run { "watch", first, second, "--endpoint-url", cli.url }
      local asked = 0
      for _, request in ipairs(cli.server:requests()) do
        asked = asked + (request.path:find("runHistory") and 1 or 0)
      end
      assert.same({ 0, 1 }, { status, asked })
    end)

    it("follows the jobs that it can when others cannot be polled", function()
      local ref = ref_of(cli:export("nightly", 3600))
      local gone = ref:gsub("ExecutionId=[^,]+", "ExecutionId=12345678")
      local status, out = cli:run { "watch", gone, ref }
      assert.equal(2, status)
      assert.matches("nightly %(AWS export%): succeeded", out)
    end)

    it("stops at Ctrl-C and prints the references to continue with", function()
      cli.server:clock { speed = 0 }
      local ref = ref_of(cli:export("nightly", 60))
      local status, out, err = interrupted({ "watch", ref }, "queued")
      assert.equal("Interrupted. The jobs go on; to follow them again:\n  cloudjobs watch '" .. ref .. "'\n", err)
      assert.same({ 2, "" }, { status, out })
    end)

    it("stops at Ctrl-C while no host responds", function()
      local ref = ref_of(cli:export("nightly", 60))
      cli.server:fault { operation = "GetExecution", latency = 30 }
      local started = os_.clock()
      local status, _, err = interrupted({ "watch", ref, "--debug" }, "GetExecution")
      assert.equal(2, status)
      assert.truthy(err:find("\n  cloudjobs watch '" .. ref .. "'\n", 1, true))
      assert.truthy(os_.clock() - started < 10)
    end)

    it("stops at Ctrl-C while a request of next or of run is under way", function()
      local arn = cli:export("nightly", 60)
      cli:azure_export("costs", 60)
      for operation, words in pairs {
        ListExecutions = { "next", arn }, GetExecutionHistory = { "run", "costs", "--scope", cli.scope },
        Execute = { "run", "costs", "--scope", cli.scope },
      } do
        cli.server:fault { operation = operation, latency = 30, times = 1 }
        local seen = { ListExecutions = "ListExecutions", GetExecutionHistory = "/runHistory", Execute = "/run\n" }
        words[#words + 1], words[#words + 2], words[#words + 3] = "--debug", "--endpoint-url", cli.url
        local started = os_.clock()
        local status, _, err = interrupted(words, seen[operation])
        assert.equal(2, status)
        assert.matches("nterrupted", err)
        assert.is_true(os_.clock() - started < 10, operation)
      end
    end)

    local MISTAKES = {
      { { "watch", "export-executionn" }, "'export-executionn' is no reference of a job, nor a kind (did you mean export-execution?)" },
      { { "watch", "export-run" }, "export-run: expected --scope" },
      { { "watch", "export_run" }, "export_run: expected --scope" },
      { { "watch", "export-execution", "x" }, "export-execution takes its ids as options, not 'x'" },
      { { "watch", "export_execution,a=b" }, 'reference "export_execution,a=b": unknown field a' },
      { { "watch", "export_execution,ExportArn=b" }, 'reference "export_execution,ExportArn=b": expected ExecutionId' },
      { { "watch", "x", "--timeout", "soon" }, "expected a duration such as 90s, 15m, 24h or 7d, got 'soon'" },
      { { "next", "nightly" }, "'nightly' is not the ARN of an AWS export, the id of a maintenance window (mw-…) or the name of an Azure export in --scope" },
      { { "run", "nightly" }, "expected the id of a snapshot job in --catalog or the name of an Azure export in --scope" },
      { { "run", "nightly", "--scope", Command.SCOPE, "--from", "2026-01-01" }, "--from and --to belong together" },
      { { "run", "nightly", "--scope", Command.SCOPE, "--from", "1 May", "--to", "x" }, "--from: expected a day such as 2026-01-31, got '1 May'" },
      { { "list", "--scope", "foo" }, '--scope: segment "foo" of "foo": expected "subscriptions" or "providers"' },
      { { "list", "--region", "us east" }, "--region: expected letters, digits and hyphens, got 'us east'" },
      { { "list", "--endpoint-url", "foo" }, "--endpoint-url …: expected an absolute http or https URL" },
      { { "run", "nightly", "--scope", Command.SCOPE, "--from", "2026-01-31", "--to", "2026-01-01" }, "--from 2026-01-31 is after --to 2026-01-01" },
      { { "list", "exprots" }, "'exprots' is nothing to list (did you mean exports?)" },
      { { "list", "snapshot-jobs" }, "snapshot-jobs: expected --catalog" },
    }
    for _, case in ipairs(MISTAKES) do
      it("ends with 64: " .. case[2], function()
        local status, out, err = cli:run(case[1])
        assert.same({ 64, "", ("cloudjobs: %s\nTry: cloudjobs %s --help\n"):format(case[2], case[1][1]) }, { status, out, err })
      end)
    end
  end)

  describe("run", function()
    it("starts an Azure export and follows the run that this began", function()
      cli:azure_export("costs", 7200, 3600)
      local before = ref_of("costs", "--scope", cli.scope)
      cli.server:clock { speed = 1e6 } -- over before the first poll: Azure is polled every 15 s at most
      local status, out, err = cli:run { "run", "costs", "--scope", cli.scope, "--endpoint-url", cli.url }
      assert.same({ 0, "YYYY-MM-DD hh:mm:ss  costs (Azure export): succeeded (Completed), 4m\n", "" }, { status, out, err })
      assert.not_equal(before, ref_of("costs", "--scope", cli.scope))
    end)

    it("ends with 1 when the service refuses to start it", function()
      local status, out, err = cli:run { "run", "gone", "--scope", cli.scope, "--endpoint-url", cli.url }
      assert.same({ 1, "" }, { status, out })
      assert.matches("^cloudjobs: Cost Management Exports GetExecutionHistory: ", err)
    end)
  end)

  describe("next", function()
    it("waits until an export runs next and follows that run", function()
      local arn = cli:export("nightly")
      local status, out = cli:run { "next", arn, "--since", "5m", "--interval", "0.05" }
      assert.equal(0, status)
      assert.matches("nightly %(AWS export%): succeeded %(DELIVERY_SUCCESS%), 5m\n$", out)
    end)

    it("prints the reference alone with --ref-only", function()
      local arn = cli:export("nightly")
      local status, out = cli:run { "next", arn, "--since", "5m", "--interval", "0.05", "--ref-only" }
      assert.equal(0, status)
      assert.equal(ref_of(arn) .. "\n", (out:gsub("uuid.-,", ref_of(arn):match("ExecutionId=([^,]+)") .. ",", 1)
        :gsub("uuid[%-x]+", arn:match("nightly%-(.*)"))))
    end)

    it("ends with 2 when nothing begins in the time given", function()
      local status, out, err = cli:run { "next", cli:export("nightly"), "--since", "2999-01-01", "--timeout", "0.1" }
      assert.same({ 2, "" }, { status, out })
      assert.matches("^cloudjobs: timeout: cloudjobs.jobs.next_execution: nothing began in the time given\n"
        .. "The time is over%. To go on waiting:\n"
        .. "  cloudjobs next arn:%S+ %-%-since YYYY%-MM%-DDThh:mm:ssZ\n$", err)
    end)

    it("prints at Ctrl-C how to continue the search for the run", function()
      local arn = cli:export("nightly")
      local status, out, err = interrupted({
        "next", arn, "--since", "2999-01-01T00:00:00Z", "--region", "us-east-1", "--endpoint-url", cli.url, "--debug",
      }, "ListExecutions")
      assert.same({ 2, "" }, { status, out })
      assert.equal(("Interrupted. To go on waiting:\n  cloudjobs next %s --since 2999-01-01T00:00:00Z --region us-east-1"
        .. " --endpoint-url %s\n"):format(arn, cli.url), err:match("Interrupted.*$"))
    end)
  end)
end)
