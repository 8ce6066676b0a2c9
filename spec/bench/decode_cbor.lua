-- decode-cbor-…: the values of a JSON response as CBOR, beside our own decode
-- of that JSON.

local Bench = require "bench"
local core = require "cloudjobs.core"

local SHAPES = {
  GetMetricDataOutput = "MetricDataResults MetricDataResult[]\n Messages string{}\n NextToken string",
  MetricDataResult = [[
    Id string
    Label string
    Timestamps time[]
    Values number[]
    StatusCode string
    Period integer
    Tags string{}
  ]],
}

local function output(results, points)
  local list = {}
  for i = 1, results do
    local times, values = {}, {}
    for k = 1, points do
      times[k] = 1795154400 + 300 * k
      values[k] = (i * 2654435 + k * 40503) % 100000 / 64
    end
    list[i] = {
      Id = "m" .. i,
      Label = ("i-%08x CPUUtilization"):format(i * 40503),
      Timestamps = times,
      Values = values,
      StatusCode = "Complete",
      Period = 300,
      Tags = { team = "finops", environment = "production" },
    }
  end
  return { MetricDataResults = list, NextToken = ("t"):rep(100) }
end

local shape = core.shape(SHAPES, "GetMetricDataOutput")

local function compare(name, value)
  local json = assert(core.encode(shape, value))
  local cbor = assert(core.encode_cbor(shape, value))
  Bench.compare(name, function()
    return core.decode_cbor(shape, cbor)
  end, function()
    return core.decode(shape, json)
  end, "our own decode of the same values as JSON")
end

compare("decode-cbor-2k", output(4, 12))
compare("decode-cbor-1m", output(1500, 25))
