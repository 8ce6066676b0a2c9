local sigv4 = require "cloudjobs.aws.sigv4"

local REQUEST = {
  method = "GET",
  path = "/a/./b/../c d",
  query = "b=2&a=%31",
  headers = { { "Host", "example.amazonaws.com" }, { "My-Header", "  a   b  " } },
}
local OPTIONS = {
  credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = "secret", session_token = "token" },
  region = "us-east-1",
  service = "service",
  time = 1440938160,
}

local function run()
  local signed, details = sigv4.sign(REQUEST, OPTIONS)
  if not signed then
    return nil, details
  end
  return details
end

local function check(details)
  return details.signature == run().signature
end

return { run = run, check = check }
