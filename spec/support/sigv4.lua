--- A case of spec/data/sigv4.lua as cloudjobs.sigv4.sign takes it.

local data = require "spec.data.sigv4"

return function(case)
  local request = {
    method = case.method or "GET",
    path = case.path,
    query = case.query,
    headers = { { "host", data.host } },
    body = case.body,
  }
  local options = {
    credentials = case.token and data.temporary or data.plain,
    region = data.region,
    service = data.service,
    time = data.time,
    unsigned_payload = case.unsigned,
  }
  for name, value in pairs(data.forms[case.class]) do
    options[name] = value
  end
  return request, options
end
