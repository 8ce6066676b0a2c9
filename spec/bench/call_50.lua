-- call-50: fifty calls at once over kept connections, with the server on the
-- same core; beside curl_multi in C with the same signed bytes.

local Bench = require "bench"
local Multi = require "cloudjobs.transport.multi"
local Wire = require "spec.support.wire"
local curl = require "cloudjobs.curl"
local limit = require "curl_limit"
local parallel = require "cloudjobs.transport.parallel"

local CALLS = 3000 -- a round of a tenth of a second
local WIDTH = 50

local wire = Wire.start(Multi.new())

local functions = {}
for i = 1, CALLS do
  functions[i] = wire.call
end

Bench.race("call-50", function()
  local started = curl.clock()
  local results = parallel(functions, { concurrency = WIDTH })
  local rate = CALLS / (curl.clock() - started)
  for i = 1, CALLS do
    assert(results[i].ok, results[i].err)
  end
  return rate
end, function()
  return limit.multi(wire.url, wire.headers, wire.body, CALLS, WIDTH)
end, "curl_multi in C")

wire.stop()
