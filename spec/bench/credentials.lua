-- credentials: the identity that a call signs with, cached and not yet due to be
-- renewed. Beside half a microsecond. client: a client made, beside a millisecond.

local Bench = require "bench"
local Cache = require "cloudjobs.aws.credentials.cache"
local Curl = require "cloudjobs.transport.curl"
local cloudjobs = require "cloudjobs"

local transport = Curl.new()
local cache = Cache.new({
  get = function()
    return { access_key_id = "AKID", secret_access_key = "hush", source = "bench", expiration = transport:now() + 36000 }
  end,
}, transport)
assert(cache:get())

local function per_second(n)
  return function()
    return n
  end
end

Bench.compare("credentials", function()
  return cache:get()
end, per_second(2e6), "half a microsecond", { itself = true })

Bench.compare("client", function()
  return cloudjobs.aws.ssm { region = "eu-west-1", transport = transport }
end, per_second(1e3), "a millisecond", { itself = true })
