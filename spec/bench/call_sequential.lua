-- call-sequential: calls over a kept connection, one after the other, with the
-- server on the same core; beside libcurl in C with the same signed bytes.

local Bench = require "bench"
local Curl = require "cloudjobs.transport.curl"
local Wire = require "spec.support.wire"
local curl = require "cloudjobs.curl"
local limit = require "curl_limit"

local CALLS = 3000 -- a round of a tenth of a second

local wire = Wire.start(Curl.new())

Bench.race("call-sequential", function()
  local started = curl.clock()
  for _ = 1, CALLS do
    assert(wire.call())
  end
  return CALLS / (curl.clock() - started)
end, function()
  return limit.easy(wire.url, wire.headers, wire.body, CALLS)
end, "libcurl easy in C")

wire.stop()
