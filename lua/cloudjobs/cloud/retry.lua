--- The retry policies: how long to wait after an error, or nil to stop. A
--- policy never sleeps.

local quota = require "cloudjobs.aws.retry.quota"

-- A policy is loaded for the first client that has it.

local function standard(options)
  return require("cloudjobs.aws.retry.standard").new(options)
end

local function azure(options)
  return require("cloudjobs.azure.retry").new(options)
end

return { standard = standard, azure = azure, quota = quota.new, CAPACITY = quota.CAPACITY }
