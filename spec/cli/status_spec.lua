local Command = require "spec.support.command"
local json = require "cloudjobs.base.json"

describe("cloudjobs status", function()
  local cli, fleet

  setup(function()
    cli = Command.new()
    fleet = cli:seed()
  end)

  teardown(function()
    cli:stop()
  end)

  it("shows a fleet as a table, and ends with 1 where an export is failing", function()
    local status, out, err = cli:run { "status", fleet, "--utc" }
    assert.equal([[
HEALTH   CLOUD  ACCOUNT                               NAME     LAST RUN   AGE      ENDED                 WHY
failing  aws    111122223333                          broken   failed     23h 55m  YYYY-MM-DD hh:mm:ssZ  QUERY_FAILURE: INSUFFICIENT_PERMISSION
ok       aws    111122223333                          nightly  succeeded  2h 54m   YYYY-MM-DD hh:mm:ssZ
ok       azure  uuid-----xxxx-xxxx-xxxx-xxxxxxxxxxxx  costs    succeeded  55m      YYYY-MM-DD hh:mm:ssZ

3 in all: 2 ok, 1 failing
]], out)
    assert.same({ 1, "" }, { status, err })
  end)

  it("shows the account of its options and the environment", function()
    local status, out = cli:run { "status", "--since", "12h" }
    assert.equal([[
HEALTH   CLOUD  ACCOUNT       NAME     LAST RUN   AGE      WHY
failing  aws    111122223333  broken   failed     23h 55m  QUERY_FAILURE: INSUFFICIENT_PERMISSION
ok       aws    111122223333  nightly  succeeded  2h 54m

2 in all: 1 ok, 1 failing
]], out)
    assert.equal(1, status)
  end)

  it("leaves out only what is well, so that its exit status is that of all rows", function()
    for _, words in ipairs { { "--since", "1h" }, { "--failed", "--since", "1h" }, { "--failed" } } do
      local status, out = cli:run { "status", "--output", "csv", words[1], words[2], words[3] }
      assert.equal(1, status)
      assert.matches("^[^\n]+\n[^\n]+,broken,failing,failed,[^\n]+\n", out)
      assert.is_nil(out:find("nightly", 1, true))
    end
  end)

  it("shows exports beside the windows that an entry asks for", function()
    for text, expected in pairs {
      ["windows = true"] = { 1, "broken" }, ["exports = false, windows = true"] = { 0, "Nothing to show." },
    } do
      local path = cli:file("windows.lua", ("return { { cloud = 'aws', region = 'us-east-1', %s } }"):format(text))
      local status, out = cli:run { "status", path }
      assert.equal(expected[1], status)
      assert.truthy(out:find(expected[2], 1, true), out)
    end
  end)

  it("shows an export that never ran, whatever the time", function()
    finally(function()
      fleet = cli:seed()
    end)
    cli:azure_export("idle", 3600)
    local status, out = cli:run {
      "status", "--scope", cli.scope, "--endpoint-url", cli.url, "--since", "1h", "--output", "csv",
    }
    assert.equal(2, status)
    assert.matches("idle,unknown", out)
  end)

  it("shows the Azure scope of its options", function()
    local status, out = cli:run { "status", "--scope", cli.scope, "--endpoint-url", cli.url, "--output", "csv" }
    assert.equal("cloud,label,kind,account,region,scope,export,health,state,code,reason,started_at,ended_at,age,ref,err\r\n"
      .. "azure,,export,,,subscriptions/ID,costs,ok,succeeded,Completed,,YYYY-MM-DDThh:mm:ssZ,YYYY-MM-DDThh:mm:ssZ,AGE,"
      .. '"export_run,v=1,api_version=2025-03-01,exportName=costs,run_id=ID,scope=subscriptions/ID",\r\n',
      (out:gsub("Z,%d+,", "Z,AGE,"):gsub("uuid[%-x]+", "ID")))
    assert.equal(0, status)
  end)

  it("gives programs JSON, with exact integers", function()
    local status, out = cli:run { "status", fleet, "--failed", "--output", "json" }
    local list = json.decode(out)
    assert.equal(1, #list)
    local row = list[1]
    assert.equal(86400 - 300, row.age - row.age % 60)
    assert.matches('"ended_at": %d+,\n', out)
    assert.same(240, row.ended_at - row.started_at)
    row.age, row.started_at, row.ended_at, row.ref = nil, nil, nil, nil
    assert.same({
      cloud = "aws", kind = "export", account = "111122223333", region = "us-east-1", export = "broken",
      health = "failing", state = "failed", code = "QUERY_FAILURE", reason = "INSUFFICIENT_PERMISSION",
    }, row)
    assert.equal(1, status)
  end)

  it("puts an error into its row, and ends with 1 where the service refused", function()
    local denied = cli:file("denied.lua", [[
return { { cloud = "aws", region = "us-east-1", account = "of another key",
  credentials = { access_key_id = "AKIDNOBODY", secret_access_key = "wrong" } } }]])
    local status, out = cli:run { "status", denied }
    assert.equal(1, status)
    assert.matches("\nunknown  aws +of another key +BCM Data Exports ListExports: UnrecognizedClientException: ", out)
  end)

  it("says in its row that no host responds", function()
    local status, out = cli:run { "status", "--endpoint-url", "http://127.0.0.1:1" }
    assert.equal(2, status)
    assert.matches("\nunknown  aws  .*ListExports: connect: ", out)
    assert.matches("\n1 in all: 1 unknown\n$", out)
  end)

  it("says in its row that there are no credentials", function()
    local status, out, err = cli:run({ "status" }, {
      AWS_REGION = "us-east-1", AWS_EC2_METADATA_DISABLED = "true", HOME = cli.folder,
    })
    assert.same({ 2, "" }, { status, err })
    assert.matches("no AWS credentials were found", out)
    assert.is_nil(out:find("traceback"))
  end)

  local BROKEN = {
    { "return {", ":1: " },
    { "return {\n  { cloud = 'aws' },\n  { cloud = 'aws',\n    regoin = 'x' },\n}", ":4: unknown option regoin (did you mean region?)" },
    { "return {\n  { cloud = 'aws' },\n  -- { }\n  { cloud = 'asw' },\n}", ":4: cloud: expected aws or azure, got asw" },
    { "return {\n  { cloud = 'azure' },\n}", ":2: expected scope" },
    { "local list = {}\nlist[1] = { cloud = 'azure' }\nreturn list", ": entry 1: expected scope" },
    { "return { { cloud = 'aws', windows = 'yes' } }", ":1: option windows: expected boolean, got string" },
    { "return 'aws'", ": expected return { { cloud = \"aws\", … }, … }" },
    { "return { 1 }", ": expected return { { cloud = \"aws\", … }, … }" },
    { "\n\nos.exit(0)", ":3: no such name: os" },
    { "local aws = { cloud = 'aws' }\nreturn { aws, nil, aws }", ": entry 2 is nil, perhaps a misspelt name" },
    { "return {}", ": the fleet is empty; " },
    { "return { { cloud = 'aws', region = 1 } }", ":1: option region: expected string, got number" },
    { "return { { cloud = 'aws', profile = {} } }", ":1: option profile: expected string, got table" },
  }
  for i, case in ipairs(BROKEN) do
    it("tells file and line of a broken fleet: " .. case[2], function()
      local path = cli:file(("broken%d.lua"):format(i), case[1])
      local status, out, err = cli:run { "status", path }
      assert.same({ 64, "" }, { status, out })
      local wanted = "cloudjobs: " .. path .. case[2]
      assert.equal(wanted, err:sub(1, #wanted))
      assert.equal("Try: cloudjobs status --help", err:match("([^\n]*)\n$"))
    end)
  end

  it("refuses options that a fleet's entries have of their own", function()
    for option, wanted in pairs {
      ["--windows"] = "--windows: expected no fleet file beside it; an entry has windows of its own",
      ["--scope=" .. cli.scope] = "--scope: expected no fleet file beside it; an entry has scope of its own",
    } do
      local status, _, err = cli:run { "status", fleet, option }
      assert.same({ 64, "cloudjobs: " .. wanted .. "\nTry: cloudjobs status --help\n" }, { status, err })
    end
  end)

  it("shows labels, and regions where there are several", function()
    local path = cli:file("regions.lua",
      "return { { cloud = 'aws', label = 'billing', regions = { 'us-east-1', 'eu-west-1' } } }")
    local _, out = cli:run { "status", path, "--failed" }
    assert.matches("^HEALTH +LABEL +CLOUD +ACCOUNT +REGION +NAME ", out)
    assert.matches("\nfailing  billing  aws    111122223333  eu%-west%-1  broken ", out)
  end)

  it("says which fleet it cannot read", function()
    local status, _, err = cli:run { "status", "/nowhere/fleet.lua" }
    assert.same({ 64, "cloudjobs: /nowhere/fleet.lua: No such file or directory\nTry: cloudjobs status --help\n" }, { status, err })
  end)

  it("says what a time looks like", function()
    local status, _, err = cli:run { "status", "--since", "yesterday" }
    assert.same({ 64, "cloudjobs: expected a duration such as 24h, or a time such as 2026-01-31 or YYYY-MM-DDThh:mm:ssZ, got 'yesterday'\nTry: cloudjobs status --help\n" }, { status, err })
  end)
end)
