--- sign: one signed request beside the hash work alone that it cannot avoid.

local core = require "cloudjobs.core"
local bench = require "bench"

local LIMIT = os.getenv("BENCH_PROGRAMS") or "build/bench"

local body = '{"ExecutionId":"9f2d6c1a-3b47-4e58-8c20-51f7a4e0b9d3","ExportArn":"arn:aws:bcm-data-exports:us-east-1:111122223333:'
body = body:sub(1, 113) .. '"}'
local headers = {
  host = "bcm-data-exports.us-east-1.api.aws",
  ["content-type"] = "application/x-amz-json-1.1",
  ["x-amz-target"] = "AWSBillingAndCostManagementDataExports.GetExecution",
}
local signer = core.signer("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ("token+/="):rep(50))

local function sign()
  return signer:sign(headers, "POST", "/", nil, body, 1763764924, "us-east-1", "bcm-data-exports")
end

-- The C program counts its own CPU time.
local function limit(n)
  local program = assert(io.popen(("%s/sign_limit %d"):format(LIMIT, n)))
  local rate = program:read("*n")
  program:close()
  return assert(rate, "build/bench/sign_limit did not run: `make bench` builds it")
end

bench.compare("sign", sign, limit, "hash work alone", { itself = true })
