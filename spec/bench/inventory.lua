-- inventory: a fleet of 200 accounts on an emulator that adds 100 ms to each
-- answer, beside the slowest account's own chain of calls.

local cloudjobs = require "cloudjobs"
local curl = require "cloudjobs.curl"
local emulator = require "cloudjobs.emulator"

local ACCOUNTS = 200
local LATENCY = 0.1

local function key(i)
  return ("AKIDBENCH%04d"):format(i)
end

local keys = {}
for i = 1, ACCOUNTS do
  keys[key(i)] = { secret = "bench-secret", account = ("%012d"):format(i) }
end
local server = assert(emulator.start { keys = keys, speed = 60, quotas = false })

local function credentials(i)
  return { access_key_id = key(i), secret_access_key = "bench-secret" }
end

local steps = {}
for i = 1, ACCOUNTS do
  steps[i] = {
    service = "bcm_data_exports", operation = "CreateExport", account = ("%012d"):format(i), ago = 3600,
    params = { Export = {
      Name = "nightly",
      DataQuery = { QueryStatement = "SELECT line_item_unblended_cost FROM COST_AND_USAGE_REPORT" },
      DestinationConfigurations = { S3Destination = {
        S3Bucket = "bucket", S3Prefix = "prefix", S3Region = "us-east-1",
        S3OutputConfigurations = {
          OutputType = "CUSTOM", Format = "PARQUET", Compression = "PARQUET", Overwrite = "OVERWRITE_REPORT",
        },
      } },
      RefreshCadence = { Frequency = "SYNCHRONOUS" },
    } },
  }
end
server:seed(steps)
server:fault { latency = LATENCY, times = 0 }

local function take(count)
  local fleet = {}
  for i = 1, count do
    fleet[i] = { cloud = "aws", credentials = credentials(i), region = "us-east-1", endpoint = server.url }
  end
  local started = curl.clock()
  local rows = cloudjobs.inventory(fleet)
  local took = curl.clock() - started
  assert(#rows == count, "rows are missing")
  for _, row in ipairs(rows) do
    assert(row.health == "ok", tostring(row.err or row.health))
  end
  return took
end

local chain = take(1)
local fleet = take(ACCOUNTS)
print(("%-18s %12.0f/s  %5.2f x  %s"):format("inventory", ACCOUNTS / fleet, fleet / chain,
  "one account's chain of calls, for 200 accounts"))
server:stop()
