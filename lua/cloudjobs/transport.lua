--- The transports by name, and the one this process uses when none is given.

local function load(name)
  return function(options)
    return require("cloudjobs.transport." .. name).new(options)
  end
end

local shared

--- The process's default transport: cosockets inside nginx, libcurl elsewhere.
--- Made on first use, so that requiring cloudjobs loads no network library.
local function default()
  shared = shared or load(rawget(_G, "ngx") and "nginx" or "multi")()
  return shared
end

--- Makes `transport` the process's default, for clients yet to be made.
local function use(transport)
  shared = transport
end

return { curl = load("curl"), multi = load("multi"), nginx = load("nginx"), default = default, use = use }
