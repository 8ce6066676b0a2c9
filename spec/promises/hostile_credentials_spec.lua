--- Metadata services that hang, redirect, talk HTML or never stop, over real
--- sockets: one clear error each, within its time.

local Config = require "cloudjobs.aws.config"
local Container = require "cloudjobs.aws.credentials.container"
local Curl = require "cloudjobs.transport.curl"
local Imds = require "cloudjobs.aws.credentials.imds"
local Server = require "spec.support.server"

local TIMEOUT = 0.2

describe("a metadata service that", function()
  local server, curl

  setup(function()
    server = Server.start()
    curl = Curl.new()
  end)

  teardown(function()
    curl:close()
    server:stop()
  end)

  -- The transport of whoever asks this service: it does as `script` says, and nobody waits long.
  local function transport(script)
    return {
      send = function(_, request)
        request.headers["x-script"] = script
        request.timeout, request.connect_timeout = TIMEOUT, TIMEOUT
        return curl:send(request)
      end,
      now = curl.now,
      sleep = function() end,
    }
  end

  local function imds(script)
    local env = { AWS_EC2_METADATA_SERVICE_ENDPOINT = server:url("") }
    return Imds.new(Config.new { env = env }, transport(script))
  end

  local function container(script)
    local env = { AWS_CONTAINER_CREDENTIALS_FULL_URI = server:url("/c") }
    return Container.new(Config.new { env = env }, transport(script))
  end

  local WRITE = "s:write('HTTP/1.1 %s\\r\\nContent-Length: %d\\r\\n\\r\\n%s') s:flush()"
  local cases = {
    { "hangs", "sleep(60)", "timeout", "timeout" },
    { "never closes", "s:write('HTTP/1.1 200 OK\\r\\n\\r\\nx') s:flush() sleep(60)", "timeout", "timeout" },
    { "closes at once", "s:shutdown()", "does not answer", "gave no keys" },
    { "redirects", WRITE:format("302 Found\\r\\nLocation: http://127.0.0.1:1/", 0, ""),
      "status 302", "status 302" },
    { "answers HTML", WRITE:format("200 OK", 17, "<html>hush</html>"), "no role's name", "expected a JSON object" },
    { "answers nothing", WRITE:format("200 OK", 0, ""), "no session token", "expected a JSON object" },
    { "never stops", "s:write('HTTP/1.1 200 OK\\r\\n\\r\\n') while true do s:write(('hush '):rep(10000)) end",
      "does not answer", "gave no keys" },
  }
  for _, case in ipairs(cases) do
    it(case[1] .. " is one error within its time", function()
      for i, provider in ipairs { imds(case[2]), container(case[2]) } do
        local started = curl.clock()
        local identity, err = provider:get()
        assert.is_nil(identity)
        assert.equal("credentials", err.kind)
        assert.matches(case[2 + i], err.message, 1, true)
        assert.not_matches("hush", tostring(err), 1, true)
        assert.is_true(curl.clock() - started < 20 * TIMEOUT)
      end
    end)
  end
end)
