-- watch: what watching costs. Memory of 10,000 watched jobs, and the CPU of
-- 1,000 at their kinds' own intervals, on a transport that responds from memory
-- and a clock that sleeping moves: all that remains is our own work.

local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local scheduler = require "spec.support.scheduler"
local watch = require "cloudjobs.job.watch"

local BODY = '{"Status":"%s","StartTime":1.7672256e9,"WindowExecutionId":"x"}'
local HOUR = 3600

-- Watches `count` executions that end after `seconds`. Answers the seconds of
-- CPU it took and the bytes it held at its largest.
local function run(count, seconds)
  local stub = Stub.new()
  local ends = stub.time + seconds
  local running = { status = 200, headers = {}, body = BODY:format "IN_PROGRESS" }
  local done = { status = 200, headers = {}, body = BODY:format "SUCCESS" }
  local largest = 0
  function stub:send()
    return self.time >= ends and done or running
  end
  local sleep = stub.sleep
  function stub:sleep(pause, cancel)
    self.slept[1] = nil
    sleep(self, pause, cancel)
  end
  local ssm = cloudjobs.aws.ssm {
    transport = stub, region = "us-east-1", env = {},
    credentials = { access_key_id = "AKID", secret_access_key = "hush" },
  }
  local parallel = scheduler.new(stub)
  local jobs = {}
  for i = 1, count do
    jobs[i] = cloudjobs.jobs.maintenance_window_execution(ssm, {
      WindowExecutionId = ("00000000-0000-0000-0000-%012d"):format(i),
    })
  end
  collectgarbage()
  local looks = 0
  local started = os.clock()
  watch(parallel, jobs, { on_poll = function()
    looks = looks + 1
    if looks % 1000 == 0 then
      largest = math.max(largest, collectgarbage("count") * 1024)
    end
  end })
  return os.clock() - started, largest, looks
end

local _, bytes = run(10000, 60)
print(("%-18s %12.0f/s  %5.2f x  %s"):format("watch-memory", 10000, bytes / 100e6, "100 MB for 10,000 jobs"))

local cpu, _, looks = run(1000, HOUR)
print(("%-18s %12.0f/s  %5.2f x  %s"):format("watch-cpu", looks / cpu, cpu / HOUR / 0.02,
  "2 % of a core for 1,000 jobs, an hour of them"))
