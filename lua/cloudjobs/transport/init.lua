--- The transports by name, and the one this process uses when none is given.

local function load(name)
  return function(options)
    return require("cloudjobs.transport." .. name).new(options)
  end
end

local function in_nginx()
  return rawget(_G, "ngx") ~= nil
end

local shared

--- The process's default transport: cosockets inside nginx, libcurl elsewhere.
--- Made on first use, so that requiring cloudjobs loads no network library.
local function default()
  shared = shared or load(in_nginx() and "nginx" or "multi")()
  return shared
end

--- Makes `transport` the process's default, for clients yet to be made.
local function use(transport)
  shared = transport
end

--- What light threads run on here.
local function scheduler()
  if in_nginx() then
    return require "cloudjobs.transport.nginx.scheduler"
  end
  return require "cloudjobs.transport.scheduler"
end

return {
  curl = load("curl"),
  multi = load("multi"),
  nginx = load("nginx"),
  default = default,
  use = use,
  scheduler = scheduler,
}
