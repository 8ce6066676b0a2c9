local core = require "cloudjobs.core"

local TOKEN = ("token"):rep(100)
local BODY = ("x"):rep(5000)

local function run()
  local signer = core.signer("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", TOKEN)
  return signer:sign({ host = "ssm.eu-west-1.amazonaws.com", ["content-type"] = "application/x-amz-json-1.1" },
    "POST", "/", "a=1&b=%20", BODY, 1440938160, "eu-west-1", "ssm")
end

local function check(headers)
  return headers.authorization == run().authorization
end

return { run = run, check = check }
