local core = require "cloudjobs.core"

local TOKEN = ("token"):rep(100)
local BODY = ("x"):rep(5000)

local function new()
  return core.signer("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", TOKEN)
end

local function sign(signer)
  return signer:sign({ host = "ssm.eu-west-1.amazonaws.com", ["content-type"] = "application/x-amz-json-1.1" },
    "POST", "/", "a=1&b=%20", BODY, 1440938160, "eu-west-1", "ssm")
end

-- One that is kept: running out of memory while it makes the day's key must
-- leave no half of it behind.
local kept = new()

local function run()
  local headers, message = sign(kept)
  if not headers then
    return nil, message
  end
  return sign(new())
end

local function check(headers)
  return headers.authorization == sign(kept).authorization and headers.authorization == sign(new()).authorization
end

return { run = run, check = check }
