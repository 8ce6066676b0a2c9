--- Requirements of services on their clients that are a few lines each.

local Error = require "cloudjobs.base.error"
local core = require "cloudjobs.core"
local merged = require "cloudjobs.base.merged"
local presigned_url = require "cloudjobs.aws.customizations.presigned_url"
local url = require "cloudjobs.http.url"

-- Responses have ids such as "/hostedzone/Z1", requests send "Z1".
local function bare_ids(params)
  for _, name in ipairs { "Id", "HostedZoneId", "HostedZoneIdMarker", "DelegationSetId" } do
    local id = params[name]
    if type(id) == "string" and id:find("/", 1, true) then
      params = merged(params, { [name] = id:match("[^/]*$") })
    end
  end
  return params
end

-- The instance's user data is sent base64-encoded.
local USER_DATA = {
  parameters = function(params)
    local data = params.UserData
    return type(data) == "string" and merged(params, { UserData = core.base64_encode(data) }) or params
  end,
}

local function accept_json(request)
  request.headers.accept = request.headers.accept or "application/json"
end

-- A model has an address of its own, which a parameter names.
local function to_predict_endpoint(_, _, params, _, endpoint)
  local parts, message = url.parse(tostring(params.PredictEndpoint))
  if not parts or parts.scheme ~= "https" then
    return Error.new {
      kind = "validation", code = "validation",
      problems = { { path = "PredictEndpoint", message = message or "expected an https URL" } },
    }
  end
  endpoint.origin, endpoint.host = "https://" .. parts.authority, parts.authority
end

-- A search may be longer than a URL.
local function query_as_body(request)
  if request.query then
    request.method, request.body, request.query = "POST", request.query, nil
    request.headers["content-type"] = "application/x-www-form-urlencoded"
  end
end

return {
  ["Route 53"] = { all = { parameters = bare_ids } },
  EC2 = { operations = { RunInstances = USER_DATA, CopySnapshot = presigned_url.EC2.CopySnapshot } },
  RDS = { operations = presigned_url.RDS },
  Neptune = { operations = presigned_url.Neptune },
  DocDB = { operations = presigned_url.DocDB },
  ["Auto Scaling"] = { operations = { CreateLaunchConfiguration = USER_DATA } },
  ["API Gateway"] = { all = { request = accept_json } },
  ["Machine Learning"] = { operations = { Predict = { request = to_predict_endpoint } } },
  ["CloudSearch Domain"] = { operations = { Search = { request = query_as_body } } },
}
