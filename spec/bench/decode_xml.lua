-- decode-xml and decode-query: an XML response to a table beside the same
-- values decoded from JSON, by one shape.

local Bench = require "bench"
local core = require "cloudjobs.core"

local shapes = {
  -- S3's ListObjectsV2
  Listing = [[
    IsTruncated boolean
    Contents Object[] flattened
    Name string
    Prefix string
    MaxKeys integer
    KeyCount integer
    NextContinuationToken string
  ]],
  Object = [[
    Key string
    LastModified time.iso
    ETag string
    ChecksumAlgorithm string[] flattened
    Size long
    StorageClass string
    Owner Owner
  ]],
  Owner = "DisplayName string\nID string",
  -- SNS's ListSubscriptions
  Page = "Subscriptions Subscription[]\nNextToken string",
  Subscription = [[
    SubscriptionArn string
    Owner string
    Protocol string
    Endpoint string
    TopicArn string
  ]],
}

local function listing()
  local objects = {}
  for i = 1, 1000 do
    objects[i] = {
      Key = ("exports/nightly/data/BILLING_PERIOD=2026-11/part-%05d.snappy.parquet"):format(i),
      LastModified = 1795154400 + i,
      ETag = ('"%032x"'):format(i),
      ChecksumAlgorithm = { "CRC64NVME" },
      Size = 1048576 + i,
      StorageClass = "STANDARD",
      Owner = { DisplayName = "billing", ID = ("%064x"):format(i) },
    }
  end
  return {
    IsTruncated = true, Contents = objects, Name = "example-billing-exports", Prefix = "exports/nightly/", MaxKeys = 1000,
    KeyCount = 1000, NextContinuationToken = ("t"):rep(80),
  }
end

local function page()
  local list = {}
  for i = 1, 100 do
    list[i] = {
      SubscriptionArn = ("arn:aws:sns:us-east-1:444455556666:exports:%08x-8b58-4311-9ab8-%012x"):format(i, i),
      Owner = "444455556666", Protocol = "email", Endpoint = ("finops+%d@example.com"):format(i),
      TopicArn = "arn:aws:sns:us-east-1:444455556666:exports",
    }
  end
  return { Subscriptions = list, NextToken = ("t"):rep(80) }
end

-- As the service sends it: `result` is the element around the members.
local function compare(name, shape_name, value, result)
  local shape = core.shape(shapes, shape_name)
  local json = core.encode(shape, value)
  local xml = core.encode_xml(shape, value, nil, false, { name = result or shape_name })
  if result then
    xml = "<Response>" .. xml .. "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></Response>"
  end
  xml = '<?xml version="1.0" encoding="UTF-8"?>\n' .. xml
  Bench.compare(name, function()
    return core.xml_decode(shape, xml, result)
  end, function()
    return core.decode(shape, json)
  end, "the same values in our JSON")
end

compare("decode-xml", "Listing", listing())
compare("decode-query", "Page", page(), "ListSubscriptionsResult")
