--- sign: one signed request beside the hash work alone that it cannot avoid.

local bench = require "bench"
local core = require "cloudjobs.core"
local limit = require "sign_limit"

-- 115 bytes, a token of 400, and five signed headers with the signer's own.
local body = '{"ExportArn":"arn:aws:bcm-data-exports:us-east-1:111122223333:export/nightly-1","ExecutionId":"9f2d6c1a-3b47-4e58"}'
local fields = core.request_headers({
  host = "bcm-data-exports.us-east-1.api.aws",
  ["content-type"] = "application/x-amz-json-1.1",
  ["x-amz-target"] = "AWSBillingAndCostManagementDataExports.GetExecution",
}, nil, { method = "POST", path = "/", query = "", region = "us-east-1", service = "bcm-data-exports" })
local signer = core.signer("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ("token+/="):rep(50))

local function sign()
  return signer:sign(fields, body, 1763764924)
end

bench.compare("sign", sign, limit, "hash work alone", { itself = true })
