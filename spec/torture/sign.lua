local core = require "cloudjobs.core"

local TOKEN = ("token"):rep(100)
local BODY = ("x"):rep(5000)

local function new()
  return core.signer("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", TOKEN)
end

local function sign(signer)
  local fields, message = core.request_headers({
    host = "ssm.eu-west-1.amazonaws.com", ["content-type"] = "application/x-amz-json-1.1",
  }, { "x-id" }, { method = "POST", path = "/", query = "a=1&b=%20", region = "eu-west-1", service = "ssm" })
  if not fields then
    return nil, message
  end
  return signer:sign(fields, BODY, 1440938160, "7")
end

-- A signer for all runs: running out of memory while it derives its key must
-- not leave a part of it behind.
local cached = new()

local function run()
  local lines, message = sign(cached)
  if not lines then
    return nil, message
  end
  lines, message = sign(new())
  return lines and core.read_fields(lines), message
end

local function check(headers)
  local expected = core.read_fields(sign(cached))
  return headers.authorization == expected.authorization and headers["x-id"] == "7"
    and headers.authorization == core.read_field(sign(new()), "authorization")
end

return { run = run, check = check }
