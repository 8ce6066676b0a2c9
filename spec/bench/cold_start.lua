-- cold-start: from exec to the printed response of one signed call, as whole
-- processes, beside the curl command with the same call; then the command's
-- own first answers. Rates are of processes a second.

local Bench = require "bench"
local Curl = require "cloudjobs.transport.curl"
local Wire = require "spec.support.wire"
local execution = require "spec.support.execution"
local json = require "cloudjobs.base.json"
local process = require "spec.support.process"
local run = require "whole_process"

local ROUNDS = 41
local KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

local wire = Wire.start(Curl.new())
local body = json.encode(execution.params)

local PROGRAM = ([[
  local cloudjobs = require "cloudjobs"
  local exports = cloudjobs.aws.bcm_data_exports {
    region = "us-east-1", endpoint = %q,
    credentials = { access_key_id = %q, secret_access_key = %q },
  }
  print(assert(exports:get_execution { ExportArn = %q, ExecutionId = %q }).ExecutionStatus.StatusCode)
]]):format(wire.url, KEY, SECRET, execution.params.ExportArn, execution.params.ExecutionId)

local curl = {
  "curl", "-s", "--aws-sigv4", "aws:amz:us-east-1:bcm-data-exports", "--user", KEY .. ":" .. SECRET,
  "-H", "content-type: application/x-amz-json-1.1",
  "-H", "x-amz-target: AWSBillingAndCostManagementDataExports.GetExecution", "-d", body, wire.url,
}
local call = {
  "env", "AWS_ACCESS_KEY_ID=" .. KEY, "AWS_SECRET_ACCESS_KEY=" .. SECRET, process.program, "bin/cloudjobs", "call",
  "bcm-data-exports", "get-execution", body, "--region", "us-east-1", "--endpoint-url", wire.url,
}

local function median(list)
  table.sort(list)
  return list[math.floor(#list / 2) + 1]
end

-- Medians of `words` beside those of `limit`, in turn: seconds, kilobytes.
local function beside(words, limit)
  local all = { {}, {}, {}, {} }
  for round = 1, ROUNDS do
    all[1][round], all[2][round] = run(words)
    all[3][round], all[4][round] = run(limit)
  end
  return median(all[1]), median(all[2]), median(all[3]), median(all[4])
end

for _, case in ipairs { { "cold-start", { process.program, "-e", PROGRAM } }, { "cold-call", call } } do
  local name, words = case[1], case[2]
  if pcall(run, curl) then
    local seconds, memory, limit, limit_memory = beside(words, curl)
    Bench.report(name, 1 / seconds, limit / seconds,
      ("curl --aws-sigv4; %.1f ms, %.2f x the memory"):format(seconds * 1000, memory / limit_memory))
  else
    print(name .. " needs curl 7.75 or later")
  end
end

local seconds = beside({ process.program, "bin/cloudjobs", "--version" }, { process.program, "-e", "" })
Bench.report("cold-version", 1 / seconds, 0.01 / seconds, ("10 ms; %.1f ms"):format(seconds * 1000))

wire.stop()
