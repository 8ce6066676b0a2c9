-- load-description: reading EC2's description, the largest, making a client and encoding and signing its first call,
-- up to the point where the request is handed to the connection. Beside botocore with the same files, in turn; neither
-- start counts. The memory is the peak of the whole process.

local Bench = require "bench"
local Search = require "cloudjobs.model.search"
local process = require "cloudjobs.os"
local program = require("spec.support.process").program
local run = require "whole_process"

local ROUNDS = 9

local OURS = [[
  local cloudjobs, os_ = require "cloudjobs", require "cloudjobs.os"
  local transport, started = require("cloudjobs.stub").new()
  function transport.send()
    print(os_.clock() - started)
    os.exit(0)
  end
  started = os_.clock()
  local ec2 = cloudjobs.aws.client {
    model = %q, region = "us-east-1", endpoint = "http://127.0.0.1:1", transport = transport, env = {},
    credentials = { access_key_id = "AKID", secret_access_key = "x" },
  }
  ec2:describe_instances()
]]

local BOTOCORE = [[
import time, botocore.session
def sent(**_):
    print(time.monotonic() - started, flush=True)
    raise SystemExit(0)
session = botocore.session.Session()
started = time.monotonic()
ec2 = session.create_client("ec2", region_name="us-east-1", endpoint_url="http://127.0.0.1:1",
    aws_access_key_id="AKID", aws_secret_access_key="x")
ec2.meta.events.register("before-send", sent)
ec2.describe_instances()
]]

local folder
for _, path in ipairs(Search.new(os.getenv):installed_folders()) do
  folder = folder or path:match("^(.*)/botocore/data$") and path
end
local python = { "python3", "-c", "import botocore, os; print(os.path.realpath(os.path.dirname(botocore.__file__)))" }
local installed = process.run(python, { timeout = 30 })
if not folder or not installed or installed.stdout:gsub("%s+$", "") .. "/data" ~= folder then
  print("load-description   needs a botocore that python3 imports and that its owner alone may write")
  return
end

local function median(list)
  table.sort(list)
  return list[math.floor(#list / 2) + 1]
end

local function seconds(words)
  local made = assert(process.run(words, { timeout = 60 }))
  return assert(tonumber(made.stdout), made.stderr)
end

local ours = { program, "-e", OURS:format(folder .. "/ec2") }
local botocore = { "python3", "-c", BOTOCORE }
local times, ratios, memories = {}, {}, {}
for round = 1, ROUNDS do
  times[round] = seconds(ours)
  ratios[round] = seconds(botocore) / times[round]
  local _, memory = run(ours)
  local _, limit = run(botocore)
  memories[round] = memory / limit
end
local time = median(times)
Bench.report("load-description", 1 / time, median(ratios),
  ("botocore; %.1f ms, %.2f x its time, %.2f x the memory"):format(time * 1000, 1 / median(ratios), median(memories)))
