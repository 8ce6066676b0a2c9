--- The retry policies: how long to wait after an error, or nil to stop. A
--- policy never sleeps.

local azure = require "cloudjobs.retry.azure"
local limiter = require "cloudjobs.retry.limiter"
local quota = require "cloudjobs.retry.quota"
local standard = require "cloudjobs.retry.standard"

return {
  standard = standard.new,
  azure = azure.new,
  quota = quota.new,
  CAPACITY = quota.CAPACITY,
  limiter = limiter.new,
}
