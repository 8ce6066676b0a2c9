local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local inventory = require "cloudjobs.job.inventory"
local worlds = require "spec.support.world"

local DAY = 86400

local function keys(id, secret)
  return { access_key_id = id, secret_access_key = secret or "emulator-secret" }
end

describe("an inventory", function()
  local world

  before_each(function()
    world = worlds.new { speed = 1 }
  end)

  local function take(fleet, options)
    for _, entry in ipairs(fleet) do
      entry.endpoint = "http://127.0.0.1"
      entry.region = entry.cloud == "aws" and "us-east-1" or nil
    end
    return inventory({
      parallel = world.parallel, make = { aws = cloudjobs.aws, azure = cloudjobs.azure },
      transport = world.stub,
    }, fleet, options)
  end

  local function brief(rows)
    local lines = {}
    for i, row in ipairs(rows) do
      lines[i] = table.concat({
        row.cloud, row.kind, row.account or row.scope or "-", row.export or "-", row.health, row.state or "-",
        row.err and row.err.code or "-",
      }, " ")
    end
    return lines
  end

  it("has a row for each export of each account and scope", function()
    assert(world:aws("bcm_data_exports"):create_export { Export = world.export "nightly" })
    assert(world:aws("bcm_data_exports", "AKIDOTHER"):create_export { Export = world.export "weekly" })
    local costs = world:azure()
    assert(costs:create_or_update { exportName = "daily", export = world.azure_export() })
    assert(costs:execute { exportName = "daily" })
    world.stub.time = world.stub.time + 1000

    local rows = take {
      { cloud = "aws", credentials = keys "AKIDEMULATOR" },
      { cloud = "aws", credentials = keys "AKIDOTHER" },
      { cloud = "azure", scope = worlds.SCOPE, credentials = { token = "emulator-token" } },
    }
    assert.same({
      "aws export 111122223333 nightly ok succeeded -",
      "aws export 444455556666 weekly ok succeeded -",
      "azure export " .. worlds.SCOPE .. " daily ok succeeded -",
    }, brief(rows))
    for _, row in ipairs(rows) do
      assert.is_true(row.age > 0 and row.age < 1000)
      assert.is_string(row.ref)
      assert.is_true(row.ended_at > row.started_at)
    end
  end)

  it("keeps the exports of the pages before the one that is refused", function()
    local function answer(operation, body, status)
      return { status = status, body = body, operation = operation }
    end
    local answers = {
      answer("ListExports", {
        Exports = { { ExportArn = "arn:aws:bcm-data-exports:us-east-1:111122223333:export/one-1", ExportName = "one" } },
        NextToken = "2",
      }),
      answer("ListExports", { __type = "AccessDeniedException", message = "no" }, 400),
      answer("ListExecutions", {
        Executions = { { ExecutionId = "e1", ExecutionStatus = { StatusCode = "DELIVERY_FAILURE" } } },
      }),
    }
    for i, given in ipairs(answers) do
      answers[i] = function(request)
        assert.matches(given.operation .. "$", request.headers["x-amz-target"])
        return { status = given.status or 200, headers = {}, body = cloudjobs.json.encode(given.body) }
      end
    end
    world.stub = Stub.new(answers)
    assert.same({
      "aws export 111122223333 one failing failed -",
      "aws export - - unknown - AccessDeniedException",
    }, brief(take { { cloud = "aws", credentials = keys "AKIDEMULATOR" } }))
  end)

  it("puts an error into the row that it concerns", function()
    assert(world:aws("bcm_data_exports"):create_export { Export = world.export "nightly" })
    local rows = take {
      { cloud = "aws", credentials = keys("AKIDEMULATOR", "wrong"), account = "111122223333" },
      { cloud = "aws", credentials = keys "AKIDEMULATOR" },
      { cloud = "azure", scope = worlds.SCOPE, credentials = { token = "no-token" } },
    }
    local seen = brief(rows)
    assert.equal("aws export 111122223333 - unknown - InvalidSignatureException", seen[1])
    assert.matches("^aws export 111122223333 nightly ", seen[2])
    assert.matches("^azure export " .. worlds.SCOPE:gsub("%-", "%%-") .. " %- unknown %- ", seen[3])
    assert.equal(3, #rows)
  end)

  it("goes on beside a record without an id", function()
    assert(world:aws("bcm_data_exports"):create_export { Export = world.export "nightly" })
    local send = world.stub.send
    function world.stub.send(self, request)
      if request.url:find "CostManagement" then
        local run = '{"id":null,"name":null,"properties":{"submittedTime":"2026-11-20T00:00:00Z"}}'
        return { status = 200, headers = {}, body =
          ('{"value":[{"name":"odd","properties":{"runHistory":{"value":[%s]}}}]}'):format(run) }
      elseif (request.headers["x-amz-target"] or ""):find "ListExecutions" then
        return { status = 200, headers = {}, body = '{"Executions":[{},{"ExecutionStatus":{"CreatedAt":5}}]}' }
      end
      return send(self, request)
    end
    assert.same({ "aws export 111122223333 nightly unknown - no_id", "azure export " .. worlds.SCOPE .. " odd unknown - no_id" },
      brief(take {
        { cloud = "aws", credentials = keys "AKIDEMULATOR" },
        { cloud = "azure", scope = worlds.SCOPE, credentials = { token = "emulator-token" } },
      }))
  end)

  it("assumes a role with the entry's own keys", function()
    local send, asked = world.stub.send, nil
    function world.stub.send(self, request)
      if (request.body or ""):find("AssumeRole", 1, true) then
        asked = request.headers.authorization
      end
      return send(self, request)
    end
    take { { cloud = "aws", credentials = keys "AKIDEMULATOR", role_arn = "arn:aws:iam::444455556666:role/emulator" } }
    assert.matches("Credential=AKIDEMULATOR/", asked, 1, true)
  end)

  it("distinguishes failing, running and stale exports", function()
    local exports = world:aws "bcm_data_exports"
    world:control("POST", "outcomes", { kind = "export_execution", match = { Name = "broken" }, status = "QUERY_FAILURE",
      reason = "INSUFFICIENT_PERMISSION" })
    assert(exports:create_export { Export = world.export "broken" })
    world.stub.time = world.stub.time + 1000
    assert(exports:create_export { Export = world.export "fresh" })
    world.stub.time = world.stub.time + 100
    local fleet = { { cloud = "aws", credentials = keys "AKIDEMULATOR" } }
    local rows = take(fleet)
    local seen = {}
    for _, row in ipairs(rows) do
      seen[row.export] = row.health .. " " .. (row.reason or "")
    end
    assert.same({ broken = "failing INSUFFICIENT_PERMISSION", fresh = "running " }, seen)
  end)

  it("is failing while a run is under way after one that failed", function()
    local records = { "QUERY_IN_PROCESS", "DELIVERY_FAILURE", "DELIVERY_SUCCESS" }
    local executions = {}
    for i, code in ipairs(records) do
      executions[i] = { ExecutionId = "e" .. i, ExecutionStatus = {
        StatusCode = code, StatusReason = i == 2 and "INTERNAL_FAILURE" or nil, CreatedAt = cloudjobs.iso(1795305600 - i * 3600),
      } }
    end
    local answers = {
      { Exports = { { ExportArn = "arn:aws:bcm-data-exports:us-east-1:111122223333:export/one-1", ExportName = "one" } } },
      { Executions = executions },
    }
    for i, body in ipairs(answers) do
      answers[i] = { status = 200, headers = {}, body = cloudjobs.json.encode(body) }
    end
    world.stub = Stub.new(answers)
    local row = take({ { cloud = "aws", credentials = keys "AKIDEMULATOR" } })[1]
    assert.same({ "failing", "running", "the run before failed: DELIVERY_FAILURE: INTERNAL_FAILURE" },
      { row.health, row.state, row.reason })
  end)

  it("has a row for an account without exports, unless they were not asked for", function()
    local rows = take {
      { cloud = "aws", credentials = keys "AKIDEMULATOR", label = "billing" },
      { cloud = "aws", credentials = keys "AKIDEMULATOR", exports = false, windows = true },
    }
    assert.same({ 1, "billing", "unknown", "no exports" }, { #rows, rows[1].label, rows[1].health, rows[1].reason })
  end)

  it("looks at each region of an entry", function()
    assert(world:aws("bcm_data_exports"):create_export { Export = world.export "nightly" })
    local fleet = { { cloud = "aws", credentials = keys "AKIDEMULATOR", endpoint = "http://127.0.0.1",
      regions = { "us-east-1", "eu-west-1" } } }
    local rows = inventory({ parallel = world.parallel, make = { aws = cloudjobs.aws }, transport = world.stub }, fleet)
    assert.same({ "us-east-1", "eu-west-1" }, { rows[1].region, rows[2].region })
  end)

  it("is stale twice a cadence after the last run", function()
    local costs = world:azure()
    assert(costs:create_or_update { exportName = "daily", export = world.azure_export {
      status = "Active", recurrence = "Daily",
      recurrencePeriod = { from = cloudjobs.iso(world.stub.time + 300 * DAY), to = "2050-02-01T00:00:00Z" },
    } })
    assert(costs:execute { exportName = "daily" })
    local fleet = { { cloud = "azure", scope = worlds.SCOPE, credentials = { token = "emulator-token" } } }
    world.stub.time = world.stub.time + DAY
    assert.equal("ok", take(fleet)[1].health)
    world.stub.time = world.stub.time + 2 * DAY
    assert.equal("stale", take(fleet)[1].health)
  end)

  it("has open window executions and snapshot jobs on request", function()
    local ssm = world:aws "ssm"
    local window = assert(ssm:create_maintenance_window {
      Name = "patching", Schedule = "rate(1 hour)", Duration = 2, Cutoff = 1, AllowUnassociatedTargets = true,
    })
    world:control("POST", "open_window", { WindowId = window.WindowId })
    local selling = world:aws "partnercentral_selling"
    local engagement = assert(selling:create_engagement { Catalog = "AWS", Title = "t", Description = "d" })
    local job = assert(selling:create_resource_snapshot_job {
      Catalog = "AWS", EngagementIdentifier = engagement.Id, ResourceType = "Opportunity",
      ResourceIdentifier = "O1234567", ResourceSnapshotTemplateIdentifier = "Default",
    })
    assert(selling:start_resource_snapshot_job { Catalog = "AWS", ResourceSnapshotJobIdentifier = job.Id })
    world.stub.time = world.stub.time + 100
    assert.same({
      "aws window 111122223333 patching running running -",
      "aws snapshot_job 111122223333 " .. job.Id .. " ok running -",
    }, brief(take {
      { cloud = "aws", credentials = keys "AKIDEMULATOR", account = "111122223333", windows = true,
        snapshot_catalogs = { "AWS" } },
    }))
  end)

  it("puts an error into the row of its window or catalog", function()
    local ssm = world:aws "ssm"
    for _, name in ipairs { "one", "two" } do
      local window = assert(ssm:create_maintenance_window {
        Name = name, Schedule = "rate(1 hour)", Duration = 2, Cutoff = 1, AllowUnassociatedTargets = true,
      })
      world:control("POST", "open_window", { WindowId = window.WindowId })
    end
    for operation, nth in pairs { DescribeMaintenanceWindowExecutions = 1, ListResourceSnapshotJobs = 1 } do
      world:control("POST", "faults", {
        operation = operation, status = 400, code = "AccessDeniedException", nth = nth, times = 1,
      })
    end
    local rows = brief(take {
      { cloud = "aws", credentials = keys "AKIDEMULATOR", account = "111122223333", windows = true,
        snapshot_catalogs = { "AWS", "Sandbox" } },
    })
    table.sort(rows)
    assert.same({
      "aws snapshot_job 111122223333 AWS unknown - AccessDeniedException",
      "aws window 111122223333 one unknown - AccessDeniedException",
      "aws window 111122223333 two running queued -",
    }, rows)
  end)

  it("raises at the caller's line for a wrong entry", function()
    for _, mistake in ipairs {
      { { cloud = "gcp" }, "entry 1: cloud: expected aws or azure, got gcp" },
      { { cloud = "azure", credentials = {} }, "entry 1: expected scope" },
      { { cloud = "aws", regoin = "x" }, "entry 1: unknown option regoin (did you mean region?)" },
    } do
      local ok, message = pcall(inventory, { parallel = world.parallel, transport = world.stub }, { mistake[1] })
      assert.is_false(ok)
      assert.matches(mistake[2], message, 1, true)
    end
  end)

  it("raises at the caller's line for a list with a hole, and for a value that is no list", function()
    local cases = {
      { nil, "expected a list, got nil" }, { "x", "expected a list, got string" },
      { { cloud = "aws" }, "there is no entry 1" }, { { { cloud = "aws" }, nil, { cloud = "aws" } }, "there is no entry 2" },
    }
    for i = 1, #cases do
      local ok, message = pcall(function()
        local rows = cloudjobs.inventory(cases[i][1])
        return rows
      end)
      assert.is_false(ok)
      assert.matches("inventory_spec%.lua:%d+: cloudjobs%.inventory: fleet: ", message)
      assert.matches(cases[i][2], message, 1, true)
    end
  end)
end)
