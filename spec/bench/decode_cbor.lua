-- decode-cbor-…: the values of a JSON response as CBOR, beside our own decode
-- of that JSON.

local Bench = require "bench"
local core = require "cloudjobs.core"

local SHAPES = {
  ListOutput = "Rows Row[]",
  Row = "Id string\n Name string\n Arn string\n State string\n Enabled boolean\n Count integer\n Inner Inner",
  Inner = "A string\n B string\n C integer",
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

-- Mostly short texts.
local function rows(count)
  local list = {}
  for i = 1, count do
    list[i] = {
      Id = ("%08x-8b58"):format(i * 40503),
      Name = "name " .. i,
      Arn = ("arn:aws:iam::444455556666:role/%d/aaaaaaaaaaaaaaaaaaaaaa"):format(i),
      State = "ACTIVE",
      Enabled = i % 2 == 0,
      Count = i,
      Inner = { A = "x", B = "y" .. i, C = 5 },
    }
  end
  return { Rows = list }
end

local function compare(name, shape_name, value)
  local shape = core.shape(SHAPES, shape_name)
  local json = assert(core.encode(shape, value))
  local cbor = assert(core.encode_cbor(shape, value))
  Bench.compare(name, function()
    return core.decode_cbor(shape, cbor)
  end, function()
    return core.decode(shape, json)
  end, "our own decode of the same values as JSON")
end

compare("decode-cbor-2k", "GetMetricDataOutput", output(4, 12))
compare("decode-cbor-1m", "GetMetricDataOutput", output(1500, 25))
compare("decode-cbor-rows", "ListOutput", rows(4000))
