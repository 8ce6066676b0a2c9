-- A listing that never ends: each page takes a second and names another one. The time in all holds nevertheless.

local Error = require "cloudjobs.base.error"
local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"
local inventory = require "cloudjobs.job.inventory"
local inventory_watch = require "cloudjobs.job.watch"

local ARN = "arn:aws:bcm-data-exports:us-east-1:111122223333:export/x-1"
local WINDOW = "mw-0123456789abcdef0"
local EXECUTION = "14bea65d-5ccc-462d-a2f3-e99c8b1c3d7a"
local TIMEOUT = 20

local stub
local send -- the stub's
local many -- { operation, output }: a listing that ends, of many items that each have one that does not

before_each(function()
  stub = Stub.new()
  many = nil
  local count = 0
  function stub:now() -- the date, which no deadline counts by
    return self.time + 1e9
  end
  function send(self, request)
    self.time = self.time + 1
    count = count + 1
    assert(count < 1000, "no limit held")
    local operation = request.headers["x-amz-target"]:match "[^.]+$"
    if operation == "CreateExport" then
      return nil, Error.new {
        kind = "transport", code = "closed", message = "closed", ambiguous = true, retryable = false,
      }
    elseif operation == "GetMaintenanceWindowExecution" then
      return { status = 200, headers = {}, body = '{"Status":"SUCCESS"}' }
    elseif many and operation == many.operation then
      return { status = 200, headers = {}, body = core.json_encode(many.output) }
    end
    return { status = 200, headers = {}, body = core.json_encode { NextToken = "token-" .. count } }
  end
  stub.send = send
end)

local function client(service)
  return cloudjobs.aws[service] {
    transport = stub, region = "us-east-1", env = {}, credentials = { access_key_id = "AKID", secret_access_key = "hush" },
  }
end

-- One after the other, on the stub's clock.
local function in_turn(functions)
  local results = { n = #functions }
  for i, f in ipairs(functions) do
    local ok, value = pcall(f)
    results[i] = { ok = ok, value = ok and value or nil, err = not ok and value or nil }
  end
  return results
end

local CASES = {
  next_execution = function()
    return cloudjobs.jobs.next_execution(client "bcm_data_exports", { ExportArn = ARN }, { timeout = TIMEOUT })
  end,
  next_window_execution = function()
    return cloudjobs.jobs.next_window_execution(client "ssm", { WindowId = WINDOW }, { timeout = TIMEOUT })
  end,
  watch = function()
    local exports, jobs = client "bcm_data_exports", {}
    for i = 1, 60 do
      jobs[i] = cloudjobs.jobs.export_execution(exports, { ExportArn = ARN, ExecutionId = "e" .. i })
    end
    local statuses = inventory_watch(in_turn, jobs, { timeout = TIMEOUT })
    return nil, statuses[1].err
  end,
  create_export_once = function()
    return client("bcm_data_exports"):create_export_once(
      { Export = require("spec.support.world").new().export "nightly" }, { timeout = TIMEOUT })
  end,
  inventory = function()
    local context = { parallel = in_turn, make = cloudjobs, transport = stub }
    local entry = { cloud = "aws", region = "us-east-1", credentials = { access_key_id = "AKID", secret_access_key = "hush" } }
    local rows = inventory(context, { entry }, { timeout = TIMEOUT })
    return rows[2], rows[1].err
  end,
  ["an inventory of many exports"] = function()
    local exports = {}
    for i = 1, 20 do
      exports[i] = { ExportArn = ARN .. i, ExportName = "x" .. i }
    end
    many = { operation = "ListExports", output = { Exports = exports } }
    local context = { parallel = in_turn, make = cloudjobs, transport = stub }
    local entry = { cloud = "aws", region = "us-east-1", credentials = { access_key_id = "AKID", secret_access_key = "hush" } }
    local rows = inventory(context, { entry }, { timeout = TIMEOUT })
    assert.equal(20, #rows)
    return nil, rows[20].err
  end,
  ["status with detail"] = function()
    local job = cloudjobs.jobs.maintenance_window_execution(client "ssm", { WindowExecutionId = EXECUTION })
    return job:status { detail = true, timeout = TIMEOUT }
  end,
  ["wait with detail"] = function()
    local job = cloudjobs.jobs.maintenance_window_execution(client "ssm", { WindowExecutionId = EXECUTION })
    return job:wait { detail = true, timeout = TIMEOUT }
  end,
  ["wait with the detail of many tasks"] = function()
    local tasks = {}
    for i = 1, 20 do
      tasks[i] = { TaskExecutionId = EXECUTION:sub(1, -3) .. ("%02d"):format(i) }
    end
    many = {
      operation = "DescribeMaintenanceWindowExecutionTasks", output = { WindowExecutionTaskIdentities = tasks },
    }
    function stub:send(request)
      local operation = request.headers["x-amz-target"]:match "[^.]+$"
      if operation == "DescribeMaintenanceWindowExecutionTaskInvocations" then
        self.time = self.time + 4
        return { status = 200, headers = {}, body = "{}" }
      end
      return send(self, request)
    end
    local job = cloudjobs.jobs.maintenance_window_execution(client "ssm", { WindowExecutionId = EXECUTION })
    return job:wait { detail = true, timeout = TIMEOUT }
  end,
}

describe("the time in all holds over a listing without end", function()
  for name, run in pairs(CASES) do
    it("in " .. name, function()
      local begun = stub.time
      local value, err = run()
      assert.is_nil(value)
      assert.is_true(Error.is(err))
      assert.is_true(stub.time - begun <= TIMEOUT + 3, ("%s s"):format(stub.time - begun))
    end)
  end
end)
