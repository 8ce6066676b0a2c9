-- Whole flows of every kind of job, started, found and waited for, while the
-- services throttle, fail and lose responses.
local Emulator = require "cloudjobs.emulator"
local cloudjobs = require "cloudjobs"
local kinds = require "cloudjobs.job.kinds"
local process = require "spec.support.process"
local watch = require "cloudjobs.job.watch"
local worlds = require "spec.support.world"

local world

before_each(function()
  world = worlds.new()
end)

local STARTERS = {}

function STARTERS.athena_query()
  return cloudjobs.jobs.start_athena_query(world:aws "athena", {
    QueryString = "SELECT 1", ResultConfiguration = { OutputLocation = "s3://results/" },
  })
end

function STARTERS.cost_details_report()
  return cloudjobs.jobs.start_cost_details_report(world:azure "cost_reports", { report = { metric = "ActualCost" } })
end

function STARTERS.price_sheet()
  return cloudjobs.jobs.start_price_sheet(world:azure "cost_reports", {})
end

function STARTERS.reservation_details_report()
  return cloudjobs.jobs.start_reservation_details_report(world:azure "cost_reports", {
    startDate = "2026-01-01", endDate = "2026-01-31",
  })
end

function STARTERS.export_execution()
  local exports = world:aws "bcm_data_exports"
  local arn = assert(exports:create_export { Export = world.export "nightly" }).ExportArn
  return cloudjobs.jobs.next_execution(exports, { ExportArn = arn, since = 0 }, { timeout = 3600 })
end

function STARTERS.maintenance_window_execution()
  local ssm = world:aws "ssm"
  local window = assert(ssm:create_maintenance_window {
    Name = "patching", Schedule = "rate(5 minutes)", Duration = 1, Cutoff = 0, AllowUnassociatedTargets = true,
  }).WindowId
  return cloudjobs.jobs.next_window_execution(ssm, { WindowId = window }, { timeout = 3600, interval = 1 })
end

function STARTERS.resource_snapshot_job()
  local selling = world:aws "partnercentral_selling"
  local engagement = assert(selling:create_engagement { Catalog = "AWS", Title = "t", Description = "d" })
  local id = assert(selling:create_resource_snapshot_job {
    Catalog = "AWS", EngagementIdentifier = engagement.Id, ResourceType = "Opportunity",
    ResourceIdentifier = "O1234567", ResourceSnapshotTemplateIdentifier = "Default",
  }).Id
  local job = cloudjobs.jobs.resource_snapshot_job(selling, { Catalog = "AWS", ResourceSnapshotJobIdentifier = id })
  assert(job:start())
  assert(job:status())
  return job
end

function STARTERS.export_run()
  local costs = world:azure()
  assert(costs:create_or_update { exportName = "nightly", export = world.azure_export() })
  return cloudjobs.jobs.run_export(costs, { exportName = "nightly" }, { timeout = 3600 })
end

local FAILURES = {
  export_execution = { status = "QUERY_FAILURE", reason = "INSUFFICIENT_PERMISSION" },
  maintenance_window_execution = { status = "TIMED_OUT" },
  resource_snapshot_job = { status = "Failed", message = "no access to the opportunity" },
  export_run = { status = "Failed", reason = "StorageError", message = "no access to the container" },
  athena_query = { status = "FAILED", reason = "TABLE_NOT_FOUND" },
  cost_details_report = { status = "NoDataFound" },
  price_sheet = { status = "Failed" },
  reservation_details_report = { status = "Failed" },
}
local STATES = {
  export_execution = "failed", maintenance_window_execution = "timed_out", resource_snapshot_job = "failed",
  export_run = "failed", athena_query = "failed", cost_details_report = "no_data", price_sheet = "failed",
  reservation_details_report = "failed",
}
local LOOKS = {
  export_execution = "GetExecution", maintenance_window_execution = "GetMaintenanceWindowExecution",
  resource_snapshot_job = "GetResourceSnapshotJob", export_run = "GetExecutionHistory",
  athena_query = "GetQueryExecution", cost_details_report = "get_cost_details_report", price_sheet = "get_price_sheet",
  reservation_details_report = "get_reservation_details_report",
}

local function start(kind)
  return assert(STARTERS[kind]())
end

for kind in pairs(STARTERS) do
  describe("the flow of " .. kind, function()
    it("ends well", function()
      local status = assert(start(kind):wait { timeout = 7200, expect = "succeeded" })
      assert.is_true(status.ok)
    end)

    it("succeeds although polls are throttled, broken and lost", function()
      local job = start(kind)
      for _, fault in ipairs {
        { operation = LOOKS[kind], throttle = true, nth = 1, times = 6 },
        { operation = LOOKS[kind], status = 503, code = "503", body = "<html>", nth = 7, times = 5 },
      } do
        world:control("POST", "faults", fault)
      end
      assert.equal("succeeded", assert(job:wait { timeout = 7200 }).state)
    end)

    it("ends badly in a word of its own, with the reason", function()
      local failure = FAILURES[kind]
      world:control("POST", "outcomes", {
        kind = kind, status = failure.status, reason = failure.reason, message = failure.message,
      })
      local status = assert(start(kind):wait { timeout = 7200 })
      assert.same({ STATES[kind], true, STATES[kind] == "no_data" }, { status.state, status.final, status.ok })
      local told = failure.message or failure.reason
      if told then
        assert.equal(told, status.reason)
      end
    end)
  end)
end

describe("the links of a finished report", function()
  local LINKS = {
    cost_details_report = function(result)
      return result.blobs[1].blobLink
    end,
    price_sheet = function(result)
      return result.url
    end,
    reservation_details_report = function(result)
      return result.url
    end,
  }
  local function read(link, headers, method)
    return world.stub:send { method = method or "GET", url = link, headers = headers or {} }
  end

  for kind, link_of in pairs(LINKS) do
    it("are read by their signature alone, until they expire: " .. kind, function()
      local status = assert(start(kind):wait { timeout = 7200 })
      local link = link_of(status.result)
      local response = read(link)
      assert.same({ 200, "text/csv" }, { response.status, response.headers["content-type"] })
      assert.matches("^\239\187\191BillingAccountId,Date,", response.body)
      if kind == "cost_details_report" then
        assert.equal(#response.body, status.result.blobs[1].byteCount)
      end
      assert.equal(200, read(link, nil, "HEAD").status)
      assert.equal(403, read((link:gsub("sig=..", "sig=xx"))).status)
      assert.equal(403, read((link:gsub("se=%d+", "se=2099"))).status)
      assert.equal(400, read(link, { authorization = "Bearer emulator-token" }).status)
      assert.equal(403, read(link, nil, "PUT").status)
      world.stub.time = world.stub.time + 13 * 3600
      assert.equal(403, read(link).status)
    end)
  end
end)

describe("all kinds", function()
  it("are watched to their ends at once, through throttling", function()
    local jobs = {}
    for kind in pairs(STARTERS) do
      jobs[#jobs + 1] = start(kind)
    end
    for _, operation in pairs(LOOKS) do
      world:control("POST", "faults", { operation = operation, throttle = true, times = 4 })
    end
    local statuses = watch(world.parallel, jobs, { timeout = 7200 })
    for i, status in ipairs(statuses) do
      assert.same({ jobs[i].kind, "succeeded" }, { status.kind, status.state })
    end
  end)
end)

describe("a reference", function()
  it("is all that another process needs, for each kind", function()
    local server = assert(Emulator.start { speed = 1e6 })
    local options = { endpoint = server.url, region = "us-east-1", env = {} }
    options.credentials = { access_key_id = "AKIDEMULATOR", secret_access_key = "emulator-secret" }
    world = setmetatable({
      aws = function(_, service)
        return cloudjobs.aws[service](options)
      end,
      azure = function(_, service)
        return cloudjobs.azure[service or "cost_exports"] {
          endpoint = server.url, env = {}, scope = worlds.SCOPE, credentials = { token = "emulator-token" },
        }
      end,
    }, { __index = world })
    local program, expected = { "local open = require('cloudjobs').jobs.open" }, {}
    for kind in pairs(STARTERS) do
      local job = start(kind)
      local reference, err = job:ref()
      assert.equal(kind == "price_sheet" and "not_resumable" or nil, err and err.code)
      program[#program + 1] = reference and ([[
        local status = assert(open(%q, { endpoint = %q, credentials = %s }):status())
        print(status.kind, status.id)
      ]]):format(reference, server.url, kinds[kind].cloud == "azure" and "{ token = 'emulator-token' }"
        or "{ access_key_id = 'AKIDEMULATOR', secret_access_key = 'emulator-secret' }") or nil
      expected[#expected + 1] = reference and kind .. "\t" .. job.id .. "\n" or nil
    end
    local status, out, err = process.lua(table.concat(program, "\n"), {})
    server:stop()
    assert.same({ 0, table.concat(expected), "" }, { status, out, err })
  end)
end)
