local emulator = require "cloudjobs.emulator"
local files = require "spec.support.files"
local json = require "cloudjobs.base.json"
local process = require "spec.support.process"

local unpack = table.unpack or unpack -- luacheck: ignore 113 143

describe("cloudjobs call", function()
  local server

  setup(function()
    server = assert(emulator.start {})
  end)

  teardown(function()
    server:stop()
  end)

  local function call(words)
    local line = { "call" }
    for _, word in ipairs(words) do
      line[#line + 1] = word
    end
    for _, word in ipairs { "--endpoint", server.url, "--region", "us-east-1" } do
      line[#line + 1] = word
    end
    return process.cloudjobs(line, {
      AWS_ACCESS_KEY_ID = "AKIDEMULATOR",
      AWS_SECRET_ACCESS_KEY = "emulator-secret",
    })
  end

  it("prints the result as JSON, a member a line", function()
    local status, out, err = call { "bcm-data-exports", "list-exports" }
    assert.same({ 0, '{\n  "Exports": []\n}\n', "" }, { status, out, err })
  end)

  it("accepts parameters as JSON, from a file, and as options", function()
    local folder = files.temporary()
    files.write(folder .. "/window.json", '{"Name":"from-a-file","Duration":2,"Cutoff":1,"AllowUnassociatedTargets":false}')
    local status, out, err = call {
      "ssm", "create_maintenance_window", "@" .. folder .. "/window.json",
      "--Schedule", "rate(1 day)", "--duration", "3", "--tags", '[{"Key":"team","Value":"finance"}]',
    }
    files.remove(folder)
    assert.same({ 0, "" }, { status, err })
    local id = json.decode(out).WindowId

    status, out = call { "ssm", "GetMaintenanceWindow", '{"WindowId":"' .. id .. '"}' }
    local window = json.decode(out)
    assert.same({ 0, "from-a-file", "rate(1 day)", 3, false },
      { status, window.Name, window.Schedule, window.Duration, window.AllowUnassociatedTargets })
  end)

  it("ends with 1 and the service's words when the call fails", function()
    local status, out, err = call { "ssm", "get-maintenance-window", "--WindowId", "mw-0123456789abcdef0" }
    assert.same({ 1, "" }, { status, out })
    assert.matches("^cloudjobs: SSM GetMaintenanceWindow: DoesNotExistException: ", err)
  end)

  it("knows every service whose model is there", function()
    local status, out, err = call { "sts", "get-caller-identity" }
    assert.same({ 0, "" }, { status, err })
    assert.equal("111122223333", json.decode(out).Account)
    for _, name in ipairs { "sso", "sso-oidc" } do
      status, out = call { name, "--help" }
      assert.equal(0, status)
      assert.truthy(out:find("Operations:\n", 1, true))
    end
  end)

  it("asks for the storage account of blobs", function()
    local words = { "call", "blobs", "list", "--container", "x", "--dry-run" }
    local status, out, err = process.cloudjobs(words)
    assert.same({ 64, "" }, { status, out })
    assert.matches("--endpoint-url: expected a storage account, such as ", err, 1, true)
    words[7] = "--endpoint-url=https://acct.blob.core.windows.net"
    status, out = process.cloudjobs(words)
    assert.equal(0, status)
    assert.matches("https://acct.blob.core.windows.net/x?", out, 1, true)
  end)

  it("ends with 64 when the parameters are wrong", function()
    local status = call { "ssm", "describe-maintenance-windows", "--MaxResults", "1" }
    assert.equal(64, status)
  end)

  local KEYS = { AWS_ACCESS_KEY_ID = "AKIDEMULATOR", AWS_SECRET_ACCESS_KEY = "emulator-secret" }
  local UNREACHED = {
    ["no credentials"] = { { "--region", "us-east-1" }, {} },
    ["no region"] = { {}, KEYS },
    ["no such profile"] = { { "--profile", "nope", "--region", "us-east-1" }, {} },
    ["no network"] = { { "--endpoint-url", "http://127.0.0.1:1", "--region", "us-east-1" }, KEYS },
  }
  for what, case in pairs(UNREACHED) do
    it("ends with 2 where no request was possible: " .. what, function()
      local environment = { AWS_EC2_METADATA_DISABLED = "true", AWS_MAX_ATTEMPTS = "1", HOME = "/nowhere" }
      for name, value in pairs(case[2]) do
        environment[name] = value
      end
      local words = { "call", "ssm", "describe-maintenance-windows", case[1][1], case[1][2], case[1][3], case[1][4] }
      local status, out, err = process.cloudjobs(words, environment)
      assert.same({ 2, "" }, { status, out })
      assert.matches("^cloudjobs: SSM DescribeMaintenanceWindows: ", err)
    end)
  end

  it("prints the request and sends nothing with --dry-run", function()
    server:clear_requests()
    local status, out, err = call { "ssm", "get-maintenance-window", "--WindowId", "mw-0123456789abcdef0", "--dry-run" }
    assert.same({ 0, "" }, { status, err })
    local request = json.decode(out)
    request.headers = { ["x-amz-target"] = request.headers["x-amz-target"], authorization = request.headers.authorization }
    assert.same({
      method = "POST", url = server.url .. "/", body = { WindowId = "mw-0123456789abcdef0" },
      headers = { ["x-amz-target"] = "AmazonSSM.GetMaintenanceWindow" },
    }, request)
    assert.same({}, server:requests())
  end)

  it("prints a result as a table or as CSV", function()
    call { "ssm", "create-maintenance-window", '{"Name":"one","Description":"a, b","Schedule":"rate(1 day)","Duration":3,"Cutoff":1,"AllowUnassociatedTargets":true}' }
    local words = { "ssm", "describe-maintenance-windows", "--Filters", '[{"Key":"Name","Values":["one"]}]', "--output" }
    words[6] = "table"
    local _, out = call(words)
    assert.matches("^Cutoff +Description +Duration +Enabled +Name +NextExecutionTime +Schedule +WindowId\n1 +a, b +3 +true +one +", out)
    words[6] = "csv"
    _, out = call(words)
    assert.matches('^Cutoff,Description,Duration,Enabled,Name,NextExecutionTime,Schedule,WindowId\r\n1,"a, b",3,true,one,', out)
  end)

  it("prints times as numbers in JSON alone", function()
    local made = server:seed { {
      service = "bcm_data_exports", operation = "CreateExport", ago = 3600,
      params = { Export = require("spec.support.world").new().export "nightly" },
    } }
    local words = { "bcm-data-exports", "get-export", "--ExportArn", made[1].ExportArn, "--output", "table", "--utc" }
    local _, out = call(words)
    assert.matches(" CreatedAt ", out, 1, true)
    assert.matches("  %d%d%d%d%-%d%d%-%d%d %d%d:%d%d:%d%dZ ", out)
    assert.not_matches("%d%d%d%d%d%d%d%d%d%d%.%d", out)
    words[6] = "csv"
    _, out = call(words)
    assert.matches(",%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ,", out)
    words[6] = "json"
    _, out = call(words)
    assert.equal("number", type(json.decode(out).ExportStatus.CreatedAt))
  end)

  it("logs requests and responses with --debug", function()
    local _, _, err = call { "bcm-data-exports", "list-exports", "--debug" }
    assert.matches("^debug: POST http://127%.0%.0%.1:%d+/ AWSBillingAndCostManagementDataExports%.ListExports\n"
      .. "debug: 200 after %d%.%d+ s request id [%x-]+\n$", err)
  end)

  describe("of a description", function()
    local DESCRIPTION = [[{
      "metadata": { "protocol": "json", "serviceId": "Jobs Two", "endpointPrefix": "jobs", "signatureVersion": "v4",
        "targetPrefix": "Jobs", "jsonVersion": "1.1" },
      "operations": { "ListJobs": { "name": "ListJobs", "input": { "shape": "In" }, "output": { "shape": "In" } } },
      "shapes": { "In": { "type": "structure", "members": { "PageSize": { "shape": "Whole" } } }, "Whole": { "type": "integer" } }
    }]]
    local folder

    files.for_specs(function(made)
      folder = made
      os.execute(("mkdir -p '%s/jobs/2031-01-01'"):format(folder))
      files.write(folder .. "/jobs/2031-01-01/service-2.json", DESCRIPTION)
    end)

    local function run(words, variables)
      local line = { "call" }
      for _, word in ipairs(words) do
        line[#line + 1] = word
      end
      return process.cloudjobs(line, variables)
    end

    it("is made like any other", function()
      local named = { CLOUDJOBS_MODELS = folder }
      for _, case in ipairs {
        { { "jobs", "list-jobs" }, named }, { { "jobs-two", "ListJobs" }, named },
        { { "jobs", "list-jobs", "--model", folder .. "/jobs/2031-01-01/service-2.json" } },
        { { "--model", folder .. "/jobs", "jobs", "list-jobs" } }, { { "jobs", "list-jobs", "--model=" .. folder } },
        { { "--page-size", "5", "jobs", "list-jobs", "--model", "jobs" }, named, 64 },
        { { "--region", "eu-west-1", "jobs", "list-jobs", '{"PageSize":5}', "--model", "jobs" }, named },
      } do
        local words = { unpack(case[1]) }
        for _, word in ipairs { "--page-size", "5", "--region", "eu-west-1", "--dry-run" } do
          words[#words + 1] = word
        end
        if case[1][1] == "--region" then
          words = { unpack(case[1]) }
          words[#words + 1] = "--dry-run"
        end
        local status, out, err = run(words, case[2])
        if case[3] then
          assert.equal(case[3], status)
        else
          assert.same({ 0, "" }, { status, err })
          local request = json.decode(out)
          assert.same({ "https://jobs.eu-west-1.amazonaws.com/", "Jobs.ListJobs", { PageSize = 5 } },
            { request.url, request.headers["x-amz-target"], request.body })
        end
      end
    end)

    it("has its operations and its members in --help", function()
      local _, out = run({ "jobs", "--help" }, { CLOUDJOBS_MODELS = folder })
      assert.truthy(out:find("Operations:\n   list-jobs\n", 1, true))
      _, out = run({ "jobs", "list-jobs", "--help" }, { CLOUDJOBS_MODELS = folder })
      assert.truthy(out:find("--page-size <integer>", 1, true))
    end)

    it("is completed", function()
      local _, out = process.cloudjobs({ "completion", "bash" }, { CLOUDJOBS_MODELS = folder })
      assert.truthy(out:find(" jobs ", 1, true))
    end)
  end)

  local MISTAKES = {
    { { "zzzzzzzz", "x" }, "unknown service 'zzzzzzzz'; searched in CLOUDJOBS_MODELS (not set), the descriptions shipped "
      .. "with cloudjobs (a part of AWS's services and operations), installed AWS tools (" },
    { { "partnercentral-seling", "x" }, "unknown service 'partnercentral-seling' (did you mean partnercentral-selling?); searched" },
    { { "ssm", "get-nothing-at-all" }, "SSM has no operation 'get-nothing-at-all'; searched in CLOUDJOBS_MODELS (not set)" },
    { { "jobs", "list", "--model", "/nowhere/service-2.json" }, "/nowhere/service-2.json: cannot be read: no such file" },
    { { "jobs", "list", "--model", "nowhere-else" }, "no description is called 'nowhere-else'" },
    { { "ssm", "get-maintenance-windo" },
      "SSM has no operation 'get-maintenance-windo' (did you mean get_maintenance_window?)" },
    { { "ssm", "get-maintenance-window", "--WindowIdd", "x" }, "unknown option '--WindowIdd'\nDid you mean '--WindowId'?" },
    { { "ssm", "get-maintenance-window", "@/nowhere.json" }, "parameters: /nowhere.json: No such file or directory" },
    { { "ssm", "get-maintenance-window", "@/" }, "parameters: /: Is a directory" },
    { { "ssm", "get-maintenance-window", "[1" }, "parameters: " },
    { { "ssm", "create-maintenance-window", "--AllowUnassociatedTargets", "perhaps" }, "--AllowUnassociatedTargets: " },
  }
  for _, case in ipairs(MISTAKES) do
    it("ends with 64: " .. case[2], function()
      local status, out, err = call(case[1])
      assert.same({ 64, "" }, { status, out })
      assert.equal("cloudjobs: " .. case[2], err:sub(1, #"cloudjobs: " + #case[2]))
      assert.equal("Try: cloudjobs call --help", err:match("([^\n]*)\n$"))
    end)
  end

  -- What people write who know another command line, and files that hold no JSON.
  it("says of what is no JSON what it is, and what to write", function()
    local folder = files.temporary()
    finally(function() files.remove(folder) end)
    files.write(folder .. "/e.json", '{"MaxResults": 10}')
    files.write(folder .. "/u16.json", "\255\254{\0}\0")
    files.write(folder .. "/u16be.json", "\0{\0}")
    files.write(folder .. "/empty.json", "\n")
    files.write(folder .. "/bom.json", '\239\187\191{"MaxResults": 10}')
    files.write(folder .. "/gz.json", "\31\139\8\0")
    local cases = {
      { folder .. "/e.json", '/e.json is the name of a file: write @' .. folder .. "/e.json" },
      { "missing.json", "missing.json is the name of a file: write @missing.json" },
      { "file://e.json", 'file:// is the AWS command line\'s form: write @e.json' },
      { "fileb://e.json", 'file:// is the AWS command line\'s form: write @e.json' },
      { "@" .. folder .. "/u16.json", "u16.json is UTF-16: save it as UTF-8" },
      { "@" .. folder .. "/u16be.json", "u16be.json is UTF-16 or binary" },
      { "@" .. folder .. "/empty.json", "empty.json is empty" },
      { "@" .. folder .. "/gz.json", "gz.json is compressed by gzip" },
      { "Key=Name,Values=one", "is the AWS command line's shorthand: write JSON" },
      { "{'MaxResults': 10}", "straight double quotes" },
      { "{“MaxResults”: 10}", "straight double quotes" },
      { "{MaxResults:10}", "a shell removes them unless the whole text is quoted" },
    }
    for _, case in ipairs(cases) do
      for _, words in ipairs { { case[1] }, { "--Filters", case[1] } } do
        local status, out, err = call { "ssm", "describe-maintenance-windows", words[1], words[2] }
        assert.same({ 64, "" }, { status, out })
        assert.truthy(err:find(case[2], 1, true), err)
      end
    end
    local status = call { "ssm", "describe-maintenance-windows", "@" .. folder .. "/bom.json" }
    assert.equal(0, status)
    local _, _, err = call { "ssm", "create-document", "--Name", "x", "--Content", "file://e.json" }
    assert.matches("%-%-Content: file:// is the AWS command line's form", err)
  end)

  it("prints all pages as rows, and says where it prints one", function()
    server:reset()
    local steps = {}
    for i = 1, 124 do
      steps[i] = { service = "ssm", operation = "CreateMaintenanceWindow", params = {
        Name = ("window-%03d"):format(i), Schedule = "rate(1 day)", Duration = 2, Cutoff = 1,
        AllowUnassociatedTargets = true,
      } }
    end
    server:seed(steps)
    for format, expected in pairs { table = 125, csv = 125 } do
      local status, out, err = call { "ssm", "describe-maintenance-windows", "--output", format }
      assert.same({ 0, "", expected }, { status, err, select(2, out:gsub("\n", "")) })
    end
    for _, words in ipairs { { "--output", "json" }, { "--MaxResults", "10", "--output", "csv" } } do
      local status, _, err = call { "ssm", "describe-maintenance-windows", words[1], words[2], words[3], words[4] }
      assert.equal(0, status)
      assert.matches("^cloudjobs: this is one page; the next one: %-%-NextToken %S+\n$", err)
    end
    server:reset()
  end)

  it("shows an operation's parameters", function()
    local status, out = call { "bcm-data-exports", "get-execution", "--help" }
    assert.equal(0, status)
    assert.truthy(out:find("--ExecutionId <string>", 1, true))
  end)
end)
