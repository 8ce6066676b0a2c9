-- parallel: what light threads add to the same fifty requests at once, driven
-- from Lua without them. The difference of both is the scheduler's.

local Bench = require "bench"
local Multi = require "cloudjobs.transport.multi"
local Wire = require "spec.support.wire"
local curl = require "cloudjobs.curl"
local parallel = require "cloudjobs.transport.parallel"

local CALLS = 3000
local WIDTH = 50

local transport = Multi.new()
local wire = Wire.start(transport)
local lines = {}
for line in wire.headers:gmatch("[^\n]-: [^\n]*") do
  lines[#lines + 1] = line .. "\r\n"
end
local request = { method = "POST", url = wire.url, headers = table.concat(lines), body = wire.body, timeout = 60 }

local functions = {}
for i = 1, CALLS do
  functions[i] = function()
    return transport:send(request)
  end
end

local multi = curl.multi()

local function add()
  assert(multi:add(request.method, request.url, request.headers, request.body, request.timeout))
end

local function without_threads()
  local begun, ended = WIDTH, 0
  for _ = 1, WIDTH do
    add()
  end
  while ended < CALLS do
    multi:step(1)
    while multi:next() do
      ended = ended + 1
      if begun < CALLS then
        begun = begun + 1
        add()
      end
    end
  end
end

local function rate(f)
  return function()
    local started = curl.clock()
    f()
    return CALLS / (curl.clock() - started)
  end
end

Bench.race("parallel", rate(function()
  parallel(functions, { concurrency = WIDTH })
end), rate(without_threads), "the same requests without light threads")

wire.stop()
