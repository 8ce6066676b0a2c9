local Command = require "spec.support.command"
local core = require "cloudjobs.core"
local kinds = require "cloudjobs.job.kinds"

local QUERY = [[
return {
  kind = "our_query",
  cloud = "aws",
  service = "athena",
  params = { "QueryExecutionId" },
  operation = "get_query_execution",
  record = "QueryExecution",
  members = { code = "Status.State" },
  states = { QUEUED = "queued", RUNNING = "running", SUCCEEDED = "succeeded" },
  run = { operation = "start_query_execution", ids = { QueryExecutionId = "QueryExecutionId" } },
}
]]

local OURS = [[
return {
  kind = "our_command",
  about = "command of ours",
  cloud = "aws",
  service = "ssm",
  params = { "CommandId" },
  operation = "list_commands",
  record = "Commands[0]",
  members = { code = "%s" },
  states = { Success = "succeeded" },
}
]]

describe("cloudjobs kinds", function()
  local cli

  setup(function()
    cli = Command.new()
  end)

  teardown(function()
    cli:stop()
  end)

  it("lists every kind with a reference that opens", function()
    local status, out, err = cli:run { "kinds", "--output", "json" }
    assert.same({ 0, "" }, { status, err })
    local rows = core.json_decode(out)
    assert.equal(#kinds, #rows)
    for i, row in ipairs(rows) do
      assert.equal(kinds[i].kind, (row.kind:gsub("-", "_")))
      assert.equal(not kinds[i].not_resumable, (row.example or ""):find("^" .. kinds[i].kind .. ",v=1,") ~= nil)
    end
  end)

  it("lists and follows the kinds of a file of definitions", function()
    local path = cli:file("ours.lua", OURS:format "Status")
    local _, out = cli:run { "kinds", "--kinds", path }
    assert.matches("\nour%-command +command of ours +CommandId +our_command,v=1,CommandId=CommandId\n", out)
    local status, _, err = cli:run({ "watch", "our-command" }, { CLOUDJOBS_KINDS = path })
    assert.equal(64, status)
    assert.matches("our-command: expected --CommandId", err, 1, true)
  end)

  it("names the file and the mistake of a definition", function()
    local path = cli:file("wrong.lua", OURS:format "State")
    for _, case in ipairs {
      { path, "definition 1: cloudjobs.jobs.define: our_command: members.code: Commands[0].State: the output of ListCommands has no member" },
      { cli:file("syntax.lua", "return {"), "syntax.lua:1:" },
      { cli:file("nothing.lua", ""), "expected the file to return a list of definitions, got nil" },
      { "/nonexistent/x.lua", "/nonexistent/x.lua" },
      { cli:file("unnamed.lua", 'return { cloud = "aws" }'), "definition 1: cloudjobs.jobs.define: definition: kind: required; " },
      { cli:file("hole.lua", "return { nil, {} }"), "hole.lua: expected a list: there is no entry 1" },
      { cli:file("raises.lua", "error {}"), "table: " },
      { cli:file("shipped.lua", 'return { kind = "athena_query" }'), "athena_query: cloud: required; " },
    } do
      local status, _, err = cli:run { "kinds", "--kinds=" .. case[1] }
      assert.equal(64, status)
      assert.truthy(err:find(case[2], 1, true), err)
    end
  end)

  describe("status and run take every kind:", function()
    it("status polls jobs by their references, each once", function()
      local arn = cli:export("nightly", 3600)
      local reference = cli:last_run(arn, "--endpoint-url", cli.url)
      local status, out, err = cli:run { "status", reference, reference, "--output", "json" }
      assert.same({ 0, "" }, { status, err })
      local rows = core.json_decode(out)
      assert.same({ "succeeded", Command.normal(reference), 2 }, { rows[1].state, Command.normal(rows[2].ref), #rows })
      status, out = cli:run { "status", reference }
      assert.equal(0, status)
      assert.matches("\nsucceeded +nightly +AWS export +DELIVERY_SUCCESS", out)
      local wrong, _, why = cli:run { "status", (reference:gsub(",v=1,", ",v=3,")) }
      assert.equal(64, wrong)
      assert.matches('expected version 1, got "3"', why, 1, true)
      for _, command in ipairs { "status", "watch" } do
        local undefined, _, hint = cli:run { command, "export_executon,v=1,ExportArn=x" }
        assert.equal(64, undefined)
        assert.matches("the kind 'export_executon' is not defined here (did you mean export-execution?); --kinds names", hint, 1, true)
      end
      local _, _, digits = cli:run { "status", "my2_kind,v=1,run_id=x" }
      assert.matches("the kind 'my2_kind' is not defined here; --kinds names a file", digits, 1, true)
      local refused, _, message = cli:run { "status", reference, "fleet.lua" }
      assert.equal(64, refused)
      assert.matches("'fleet.lua' is no reference of a job", message, 1, true)
    end)

    it("run starts one, follows it and prints its result for programs", function()
      cli.server:clock { speed = 600 }
      local query = '{"QueryString": "SELECT 1", "ResultConfiguration": {"OutputLocation": "s3://results/"}}'
      local status, out, err = cli:run { "run", "athena-query", query, "--output", "json", "--interval", "0.1" }
      assert.same({ 0, "" }, { status, err })
      local row = core.json_decode(out)[1]
      assert.same({ "succeeded", "athena_query" }, { row.state, row.kind })
      assert.matches("^s3://results/.+%.csv$", row.result.location)
      status, out = cli:run { "run", "athena-query", query, "--output", "csv", "--interval", "0.1" }
      assert.equal(0, status)
      assert.matches(',"{""location"":""s3://results/[^"]+""}"\r\n$', out)
    end)

    it("run says how to go on with a job of a user's kind, and why there is no way to go on", function()
      cli.server:clock { speed = 0 }
      local path = cli:file("query.lua", QUERY)
      local words = { "run", "our-query", '{"QueryString": "SELECT 1"}', "--kinds", path, "--timeout", "0.1" }
      local status, _, err = cli:run(words)
      assert.equal(2, status)
      assert.truthy(err:find("  cloudjobs watch 'our_query,v=1,QueryExecutionId=", 1, true), err)
      assert.truthy(err:find("' --kinds " .. path .. "\n", 1, true), err)
      status, _, err = cli:run {
        "run", "price-sheet", "--scope", cli.scope, "--endpoint-url", cli.url, "--timeout", "0.1",
      }
      assert.equal(2, status)
      assert.matches("has no reference: Azure lets only the process that started it read it", err, 1, true)
    end)

    it("run starts a kind with the parameters of its start", function()
      local status, _, err = cli:run { "run", "athena-query", '{"QueryString": "SELECT 1"' }
      assert.equal(64, status)
      assert.matches("parameters: ", err, 1, true)
      status, _, err = cli:run { "run", "export-execution", "{}" }
      assert.equal(64, status)
      assert.matches("'export-execution' is no kind of job that can be started this way", err, 1, true)
      status, _, err = cli:run { "run", "athena-query", '{"QueryStrin": "SELECT 1"}' }
      assert.equal(64, status)
      assert.matches("QueryStrin: unknown parameter (did you mean QueryString?)", err, 1, true)
    end)
  end)
end)
