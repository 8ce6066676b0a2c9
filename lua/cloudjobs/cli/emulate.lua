--- `cloudjobs emulate`: the local stand-in for the four services, in the foreground.

local DEFAULT_PORT = 4599

-- What a shell needs so that AWS clients talk to the emulator.
local ENVIRONMENT = [[
export AWS_ENDPOINT_URL=%s AWS_REGION=us-east-1
export AWS_ACCESS_KEY_ID=AKIDEMULATOR AWS_SECRET_ACCESS_KEY=emulator-secret
]]

local function define(command)
  command:option("--port"):description("Port to listen on; 0 takes a free one."):convert(tonumber)
    :default(tostring(DEFAULT_PORT))
  command:option("--speed"):description("How many times faster than the wall clock jobs live."):convert(tonumber)
    :default("1")
  command:flag("--tls"):description("Speak https with a certificate of its own.")
  command:option("--folder"):description("Folder to write delivered files to.")
end

local function announce(info)
  io.stdout:write(ENVIRONMENT:format(info.url))
  io.stdout:write("# Azure: the option endpoint = \"", info.url, "\", credentials = { token = \"emulator-token\" }\n")
  io.stdout:flush()
end

--- Serves until it is ended.
local function run(parsed)
  require("cloudjobs.emulator").serve({
    port = parsed.port,
    speed = parsed.speed,
    tls = parsed.tls,
    folder = parsed.folder,
  }, announce)
  return 0
end

return { define = define, run = run }
