-- endpoint: where a request goes by SSM's rules, for parameters seen before.
-- Beside a microsecond.

local Bench = require "bench"
local Endpoint = require "cloudjobs.aws.endpoint.rule_set"
local Model = require "cloudjobs.model"

local rules = Model.load("ssm"):endpoints()
local params = { Region = "eu-west-1", UseFIPS = false, UseDualStack = false }

Bench.compare("endpoint", function()
  return Endpoint.resolve(rules, params)
end, function()
  return 1e6
end, "a microsecond", { itself = true })
