-- load-model: what a process waits for before a service's first call: reading
-- the model, compiling an operation, making a client. Beside a millisecond.

local Bench = require "bench"
local cloudjobs = require "cloudjobs"
local Model = require "cloudjobs.model"

local FIRST = {
  { "bcm_data_exports", "get_execution" },
  { "partnercentral_selling", "get_resource_snapshot_job" },
  { "ssm", "get_maintenance_window_execution" },
}

local OPTIONS = {
  region = "us-east-1",
  credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
  transport = require("cloudjobs.stub").new(),
  env = {},
}

local function millisecond()
  return 1000
end

for _, case in ipairs(FIRST) do
  local service, operation = case[1], case[2]
  local module = "cloudjobs.models." .. service
  Bench.compare("load-model", function()
    package.loaded[module] = nil
    Model.new(require(module)):operation(operation)
    cloudjobs.aws[service](OPTIONS)
  end, millisecond, "a millisecond: " .. service, { itself = true })
end
