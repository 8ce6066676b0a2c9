-- call-offline: parameters to table without a network: validated, typed,
-- timestamps parsed, signed, request ids. The transport responds from memory.

local Bench = require "bench"
local cloudjobs = require "cloudjobs"
local execution = require "spec.support.execution"
local limit = require "offline_limit"

local RESPONSE = {
  status = 200,
  headers = {
    ["x-amzn-requestid"] = "c4ca4238-a0b9-4382-adcc-509a6f75849b",
    ["content-type"] = "application/x-amz-json-1.1",
  },
  body = execution.answer,
}

local transport = { honours = {} }

function transport:now() -- luacheck: ignore 212
  return 1767225600
end
transport.clock = transport.now
transport.sleep, transport.single = transport.now, transport.now -- which nothing calls

function transport:send() -- luacheck: ignore 212
  return RESPONSE
end

local exports = cloudjobs.aws.bcm_data_exports {
  transport = transport,
  env = {},
  region = "us-east-1",
  credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = "secret" },
}

Bench.compare("call-offline", function()
  assert(exports:get_execution(execution.params))
end, function(n)
  return limit(execution.answer, n)
end, "C, parser, presized tables", { itself = true })
