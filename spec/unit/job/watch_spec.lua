local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"
local scheduler = require "spec.support.scheduler"
local watch = require "cloudjobs.job.watch"

local NOW = 1767225600
local ARN = "arn:aws:bcm-data-exports:us-east-1:111122223333:export/%s-0123456789"
local SCOPE = "subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c"
local KEYS = { access_key_id = "AKID", secret_access_key = "hush" }

-- A small world: when each execution ends, and what its service answers by then.
local function new_world()
  local world = { ends = {}, counts = {}, page_size = 100, fail = {} }
  local stub = Stub.new()
  world.stub = stub

  local function execution(id)
    local code = stub.time >= world.ends[id] and "DELIVERY_SUCCESS" or "QUERY_IN_PROCESS"
    return { ExecutionId = id, ExecutionStatus = { StatusCode = code, CreatedAt = core.iso(NOW) } }
  end

  local answers = {}

  function answers.GetExecution(params)
    return execution(params.ExecutionId)
  end

  function answers.ListExecutions(params)
    local ids = {}
    for id in pairs(world.ends) do
      ids[#ids + 1] = id
    end
    table.sort(ids)
    local from = tonumber(params.NextToken or 1)
    local list = setmetatable({}, core.array_mt)
    for i = from, math.min(#ids, from + world.page_size - 1) do
      list[#list + 1] = execution(ids[i])
    end
    local following = from + world.page_size
    return { Executions = list, NextToken = following <= #ids and tostring(following) or nil }
  end

  function answers.GetMaintenanceWindowExecution(params)
    return { Status = stub.time >= world.ends[params.WindowExecutionId] and "SUCCESS" or "IN_PROGRESS" }
  end

  function stub:send(request)
    local operation = request.headers["x-amz-target"]:match("[^.]+$")
    world.counts[operation] = (world.counts[operation] or 0) + 1
    local failure = world.fail[operation]
    if failure and failure(self.time) then
      return { status = 400, headers = {}, body = '{"__type":"ThrottlingException"}' }
    end
    local body = core.json_encode(answers[operation](core.json_decode(request.body)))
    return { status = 200, headers = {}, body = body }
  end

  world.parallel = scheduler.new(stub)
  local options = { transport = stub, region = "us-east-1", env = {}, credentials = KEYS }
  world.exports = cloudjobs.aws.bcm_data_exports(options)
  world.ssm = cloudjobs.aws.ssm(options)
  return world
end

local function execution_jobs(world, count, export)
  local jobs = {}
  for i = 1, count do
    local id = ("%s-%04d"):format(export, i)
    world.ends[id] = world.ends[id] or NOW + 100
    jobs[i] = cloudjobs.jobs.export_execution(world.exports, { ExportArn = ARN:format(export), ExecutionId = id })
  end
  return jobs
end

local STEADY = { start = 30, growth = 1, cap = 30, jitter = 0 }

describe("a watch", function()
  it("gives every job's status, in their order", function()
    local world = new_world()
    local jobs = execution_jobs(world, 2, "a")
    world.ends["6027b513-64fe-4cf0-be7d-1191abc0de12"] = NOW + 10
    jobs[3] = cloudjobs.jobs.maintenance_window_execution(world.ssm, {
      WindowExecutionId = "6027b513-64fe-4cf0-be7d-1191abc0de12",
    })
    local statuses = watch(world.parallel, jobs, { interval = STEADY })
    local seen = {}
    for i, status in ipairs(statuses) do
      seen[i] = status.kind .. " " .. status.state
    end
    assert.same({
      "export_execution succeeded", "export_execution succeeded", "maintenance_window_execution succeeded",
    }, seen)
  end)

  it("asks for 1,000 executions of one export with one chain of pages an interval", function()
    local world = new_world()
    local jobs = execution_jobs(world, 1000, "a")
    watch(world.parallel, jobs, { interval = STEADY })
    -- Looks at 0, 30, 60, 90 and 120 seconds, ten pages each.
    assert.same({ ListExecutions = 50 }, world.counts)
  end)

  it("asks for a few executions among many one by one, once it knows that this is cheaper", function()
    local world = new_world()
    execution_jobs(world, 1000, "a")
    local jobs = execution_jobs(world, 2, "a")
    watch(world.parallel, jobs, { interval = STEADY })
    assert.same({ ListExecutions = 10, GetExecution = 8 }, world.counts)
  end)

  it("asks for a job without a listing once an interval and not in between", function()
    local world = new_world()
    local id = "6027b513-64fe-4cf0-be7d-1191abc0de12"
    world.ends[id] = NOW + 95
    watch(world.parallel, { cloudjobs.jobs.maintenance_window_execution(world.ssm, { WindowExecutionId = id }) }, {
      interval = STEADY,
    })
    assert.same({ GetMaintenanceWindowExecution = 5 }, world.counts)
  end)

  it("lets a throttled account delay only itself", function()
    local world = new_world()
    world.fail.ListExecutions = function(time)
      return time < NOW + 500
    end
    local jobs = execution_jobs(world, 2, "a")
    local id = "6027b513-64fe-4cf0-be7d-1191abc0de12"
    world.ends[id] = NOW + 10
    jobs[3] = cloudjobs.jobs.maintenance_window_execution(world.ssm, { WindowExecutionId = id })
    local ended = {}
    watch(world.parallel, jobs, {
      interval = STEADY,
      on_change = function(status)
        if status.final then
          ended[#ended + 1] = { status.kind, world.stub.time - NOW }
        end
      end,
    })
    assert.same({ "maintenance_window_execution", 30 }, ended[1])
    assert.is_true(ended[3][2] >= 500)
  end)

  it("calls back in order for each job, once a change", function()
    local world = new_world()
    local jobs = execution_jobs(world, 2, "a")
    world.ends["a-0002"] = NOW + 40
    local seen = {}
    watch(world.parallel, jobs, {
      interval = STEADY,
      on_change = function(status, job)
        seen[#seen + 1] = job.id .. " " .. status.state
      end,
    })
    assert.same({ "a-0001 running", "a-0002 running", "a-0002 succeeded", "a-0001 succeeded" }, seen)
  end)

  it("ends with what it saw when its time is over", function()
    local world = new_world()
    local jobs = execution_jobs(world, 2, "a")
    world.ends["a-0001"] = NOW + 10
    local statuses = watch(world.parallel, jobs, { timeout = 50, interval = STEADY })
    assert.same({ "succeeded", nil }, { statuses[1].state, statuses[1].err })
    assert.same({ "running", "timeout", false }, { statuses[2].state, statuses[2].err.kind, statuses[2].final })
    assert.equal(50, world.stub.time - NOW)
  end)

  it("says of a job that never existed that it is not there, and goes on with the others", function()
    local world = new_world()
    local jobs = execution_jobs(world, 2, "a")
    jobs[3] = cloudjobs.jobs.export_execution(world.exports, { ExportArn = ARN:format("a"), ExecutionId = "never" })
    local statuses = watch(world.parallel, jobs, { interval = STEADY })
    assert.same({ "succeeded", "succeeded", "unknown" }, { statuses[1].state, statuses[2].state, statuses[3].state })
    assert.equal("not_found", statuses[3].err.code)
  end)

  it("can be cancelled", function()
    local world = new_world()
    local canceller = cloudjobs.canceller()
    local statuses = watch(world.parallel, execution_jobs(world, 1, "a"), {
      cancel = canceller,
      on_poll = function()
        canceller:cancel("enough")
      end,
    })
    assert.same({ "running", "cancelled" }, { statuses[1].state, statuses[1].err.kind })
  end)

  it("raises a callback's error after the others have ended", function()
    local world = new_world()
    local jobs = execution_jobs(world, 1, "a")
    local id = "6027b513-64fe-4cf0-be7d-1191abc0de12"
    world.ends[id] = NOW + 100
    jobs[2] = cloudjobs.jobs.maintenance_window_execution(world.ssm, { WindowExecutionId = id })
    local ended = 0
    assert.error_matches(function()
      watch(world.parallel, jobs, {
        interval = STEADY,
        on_change = function(status)
          if status.kind == "export_execution" then
            error "from the callback"
          end
          ended = ended + (status.final and 1 or 0)
        end,
      })
    end, "from the callback")
    assert.equal(1, ended)
  end)

  it("keeps its time by the monotonic clock", function()
    local world = new_world()
    local jobs = execution_jobs(world, 3, "a")
    for id in pairs(world.ends) do
      world.ends[id] = NOW + 1e6
    end
    function world.stub:now()
      return self.time + (world.counts.ListExecutions or 0) * 1e7
    end
    local statuses = watch(world.parallel, jobs, { interval = STEADY, timeout = 100 })
    assert.same({ NOW + 100, "running", "timeout" }, { world.stub.time, statuses[3].state, statuses[3].err.kind })
  end)

  it("of Azure runs asks one history an interval for all runs of an export", function()
    local stub, asked = Stub.new(), 0
    function stub:send()
      asked = asked + 1
      local value = setmetatable({}, core.array_mt)
      for i = 1, 5 do
        value[i] = { id = SCOPE .. "/Run/run-" .. i, properties = {
          status = self.time >= NOW + 100 and "Completed" or "InProgress",
        } }
      end
      return { status = 200, headers = {}, body = core.json_encode { value = value } }
    end
    local costs = cloudjobs.azure.cost_exports { transport = stub, env = {}, scope = SCOPE, credentials = { token = "t" } }
    local jobs = {}
    for i = 1, 5 do
      jobs[i] = cloudjobs.jobs.export_run(costs, { exportName = "nightly", run_id = "run-" .. i })
    end
    watch(scheduler.new(stub), jobs, { interval = STEADY })
    assert.equal(5, asked)
  end)
end)

describe("a watch over what are no jobs", function()
  local cases = {
    { "jobs: expected a list, got nil" },
    { "jobs: expected a list, got string", "run-1" },
    { "jobs: expected a list: there is no entry 1", { nil, {} } },
    { "jobs: expected a list: there is no entry 1", { run = {} } },
    { "expected a job at 1, got string", { "run-1" } },
    { "expected a job at 1, got table", { {} } },
    { "unknown option timout (did you mean timeout?)", {}, { timout = 1 } },
  }
  for _, case in ipairs(cases) do
    it("raises at the caller's line: " .. case[1], function()
      local ok, message = pcall(function()
        local statuses = cloudjobs.watch(case[2], case[3])
        return statuses
      end)
      assert.is_false(ok)
      assert.matches("watch_spec%.lua:%d+: cloudjobs%.watch: ", message)
      assert.matches(case[1], message, 1, true)
    end)
  end
end)
