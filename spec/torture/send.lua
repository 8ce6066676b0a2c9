local cloudjobs = require "cloudjobs"

local options = ... -- those of transfer.lua

local function client()
  return cloudjobs.aws.bcm_data_exports { transport = cloudjobs.transport.curl(options), retry = { max_attempts = 1 } }
end

-- One call loads modules that are loaded on first use: 5.1's require does not get
-- over running out of memory, and libcrypto seeds itself once a process.
assert(client():list_exports())

local exports = client()

local function run()
  return exports:list_exports()
end

local function check(page)
  return #page.Exports == 0
end

return { run = run, check = check }
