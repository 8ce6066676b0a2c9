--- The transports by name, and the one this process uses when none is given.

local function load(name)
  return function(options)
    return require("cloudjobs.transport." .. name).new(options)
  end
end

local shared

--- The process's default transport. Made on first use, so that requiring
--- cloudjobs loads no network library.
local function default()
  shared = shared or load("multi")()
  return shared
end

return { curl = load("curl"), multi = load("multi"), default = default }
