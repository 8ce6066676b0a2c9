local cloudjobs = require "cloudjobs"

local exports = cloudjobs.aws.bcm_data_exports { retry = { max_attempts = 1 } }

require("cloudjobs.core").uuid() -- libcrypto seeds itself once a process, for good or ill

local function run()
  return exports:list_exports()
end

local function check(page)
  return #page.Exports == 0
end

return { run = run, check = check }
