--- `cloudjobs emulate`: an emulator of the services, in the foreground.

local Error = require "cloudjobs.base.error"
local number = require "cloudjobs.cli.number"
local os_ = require "cloudjobs.os"
local out = require "cloudjobs.cli.out"

local DEFAULT_PORT = 4599

-- What a shell needs so that clients talk to the emulator. Azure's own address is no variable's: --endpoint-url.
local ENVIRONMENT = [[
export AWS_ENDPOINT_URL={url} AWS_REGION=us-east-1
export AWS_ACCESS_KEY_ID=AKIDEMULATOR AWS_SECRET_ACCESS_KEY=emulator-secret
export AZURE_AUTHORITY_HOST={url} AZURE_TENANT_ID=00000000-0000-0000-0000-00000000beef
export AZURE_CLIENT_ID=00000000-0000-0000-0000-00000000c11e AZURE_CLIENT_SECRET=emulator-secret
]]

local EXAMPLES = [[
   cloudjobs emulate --speed 60
   cloudjobs emulate --port 0 --tls certificate.pem --folder delivered]]

local function define(command)
  command:option("--port"):description("Port to listen on; 0 takes a free one."):convert(number.whole(0, 65535))
    :default(tostring(DEFAULT_PORT))
  command:option("--speed"):description("How many times faster than the wall clock jobs live.")
    :convert(number.above_zero):default("1")
  command:option("--tls"):argname("FILE")
    :description("Speak https with a certificate made for it, and write that to FILE for clients to trust.")
  command:option("--folder"):description("Folder to write delivered files to.")
end

-- The certificate first: what is announced is there.
local function announce(info, certificate_path)
  if certificate_path then
    local ok, message = os_.write_private(certificate_path, info.certificate)
    if not ok then
      error(Error.new { kind = "config", message = "--tls: " .. message })
    end
  end
  out.write((ENVIRONMENT:gsub("{url}", info.url)))
  if certificate_path then
    out.write(("export AWS_CA_BUNDLE=%s NODE_EXTRA_CA_CERTS=%s\n"):format(certificate_path, certificate_path))
  end
  out.write("# Azure: the option endpoint = \"", info.url, "\", credentials = { token = \"emulator-token\" }\n")
end

--- Serves until it is ended. Returns the exit status, or nil and a message for a mistake on the command line.
local function run(parsed)
  local ok, err = pcall(require("cloudjobs.emulator").serve, {
    port = parsed.port,
    speed = parsed.speed,
    tls = parsed.tls ~= nil,
    folder = parsed.folder,
  }, function(info)
    announce(info, parsed.tls)
  end)
  if Error.is(err) and err.kind == "config" then
    return nil, err.message
  elseif Error.is(err) then
    return out.fail(err)
  elseif not ok then
    error(err, 0)
  end
  return out.EXIT.succeeded
end

return { EXAMPLES = EXAMPLES, define = define, run = run }
