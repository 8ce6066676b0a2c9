local cloudjobs = require "cloudjobs"

-- A run of coroutines that fails at any allocation.
local function client(transport)
  return cloudjobs.aws.bcm_data_exports { transport = transport, retry = { max_attempts = 1 } }
end

local function both(exports)
  return cloudjobs.parallel {
    function() return exports:list_exports() end,
    function() return exports:list_tables() end,
  }
end

-- Loads modules that are loaded on first use.
both(client(cloudjobs.transport.multi()))

local function run()
  local transport = cloudjobs.transport.multi()
  local results = both(client(transport))
  transport:close()
  for i = 1, results.n do
    if not results[i].ok then
      return nil, results[i].err
    end
  end
  return results
end

local function check(results)
  return results[1].value.Exports and results[2].value.Tables
end

return { run = run, check = check }
