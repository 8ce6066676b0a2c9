--- Clients over a stub transport, for specs of what stands on a client.

local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"

local KEYS = { access_key_id = "AKID", secret_access_key = "hush" }

local clients = {}

for _, service in ipairs { "bcm_data_exports", "ssm", "partnercentral_selling" } do
  --- A client and its stub, which answers with `answers` in turn.
  clients[service] = function(answers)
    local stub = Stub.new(answers)
    local client = cloudjobs.aws[service] { transport = stub, region = "us-east-1", env = {}, credentials = KEYS }
    return client, stub
  end
end

function clients.azure(answers)
  local stub = Stub.new(answers)
  local client = cloudjobs.azure.cost_exports {
    transport = stub,
    env = {},
    scope = "subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c",
    credentials = { token = "hush" },
  }
  return client, stub
end

--- An answer with an AWS error.
function clients.failure(code, status)
  return { status = status or 400, body = { __type = code, message = code .. " it is" } }
end

return clients
