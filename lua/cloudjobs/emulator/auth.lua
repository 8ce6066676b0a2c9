--- Who calls: signatures and bearer tokens, checked and refused as the services
--- do. A signature is made anew from the request and compared.

local core = require "cloudjobs.core"
local refuse = require("cloudjobs.emulator.refuse").refuse

local SKEW = 5 * 60 -- seconds that a request's date may differ from the wall clock

local MISMATCH = "The request signature we calculated does not match the signature you provided. "
  .. "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."

local function incomplete(message)
  refuse("IncompleteSignatureException", message)
end

local function bad_signature(message)
  refuse("InvalidSignatureException", message)
end

--- The parts of an Authorization header of SigV4.
local function parse(authorization)
  local parts = {}
  for part in authorization:gmatch("[^, ]+") do
    local name, value = part:match("^(%w+)=(.+)$")
    if name then
      parts[name] = value
    end
  end
  for _, name in ipairs { "Credential", "SignedHeaders", "Signature" } do
    if not parts[name] then
      incomplete(("Authorization header requires '%s' parameter. Authorization=%s"):format(name, authorization))
    end
  end
  local key, date, region, service = parts.Credential:match("^([^/]+)/(%d%d%d%d%d%d%d%d)/([^/]+)/([^/]+)/aws4_request$")
  if not key then
    incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term")
  end
  return {
    key = key,
    date = date,
    region = region,
    service = service,
    names = parts.SignedHeaders,
    signature = parts.Signature,
  }
end

--- Epoch seconds of a basic date, 20261122T003000Z.
local function epoch(text)
  local pattern = "^(%d%d%d%d)(%d%d)(%d%d)T(%d%d)(%d%d)(%d%d)Z$"
  return text and text:find(pattern) and core.epoch((text:gsub(pattern, "%1-%2-%3T%4:%5:%6Z")))
end

local function basic(time)
  return (core.iso(math.floor(time)):gsub("[-:]", ""):gsub("%.%d+", ""))
end

local function check_date(text, scope_date, now)
  local time = epoch(text)
  if not time then
    incomplete("Date must be in ISO-8601 'basic format'. Got '" .. tostring(text) .. "'.")
  elseif text:sub(1, 8) ~= scope_date then
    bad_signature(("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
      .. "'%s' != '%s', from '%s'."):format(scope_date, text:sub(1, 8), text))
  elseif time < now - SKEW then
    bad_signature(("Signature expired: %s is now earlier than %s (%s - 5 min.)")
      :format(text, basic(now - SKEW), basic(now)))
  elseif time > now + SKEW then
    bad_signature(("Signature not yet current: %s is still later than %s (%s + 5 min.)")
      :format(text, basic(now + SKEW), basic(now)))
  end
  return time
end

--- The headers that were signed, in the order their list has them. The host and
--- every x-amz header must be among them.
local function signed_headers(request, names)
  local list, listed = {}, {}
  for name in names:gmatch("[^;]+") do
    list[#list + 1] = { name, request.headers[name] or "" }
    listed[name] = true
  end
  for name in pairs(request.headers) do
    if (name == "host" or name:find("^x%-amz%-")) and not listed[name] then
      bad_signature(("'%s' must be a signed header in the AWS Signature."):format(name))
    end
  end
  return list
end

--- Checks a signed request of one service. `keys` are the known ones by id:
--- `{ secret, account, session_token, expires_at }`. Gives the caller, its
--- account and region.
local function verify_signature(request, service, keys, now)
  local authorization = request.headers.authorization
  if not authorization then
    refuse("MissingAuthenticationTokenException", "Missing Authentication Token")
  elseif not authorization:find("^AWS4%-HMAC%-SHA256 ") then
    incomplete("Authorization header is not of the form AWS4-HMAC-SHA256. Authorization=" .. authorization)
  end
  local scope = parse(authorization)
  local key = keys[scope.key]
  if not key then
    refuse("UnrecognizedClientException", "The security token included in the request is invalid.")
  elseif scope.service ~= service then
    bad_signature(("Credential should be scoped to correct service: '%s'."):format(service))
  elseif not scope.region:find("^%l+%-[%l%-]+%-%d+$") then
    bad_signature("Credential should be scoped to a valid region.")
  end
  local date = request.headers["x-amz-date"]
  local time = check_date(date, scope.date, now)
  if request.headers["x-amz-security-token"] ~= key.session_token then
    refuse("UnrecognizedClientException", "The security token included in the request is invalid.")
  elseif key.expires_at and key.expires_at <= now then
    refuse("ExpiredTokenException", "The security token included in the request is expired")
  end

  local signer = core.signer(scope.key, key.secret)
  local _, _, signature = signer:stages(
    signed_headers(request, scope.names), request.method, request.path, request.query, core.sha256(request.body),
    time, scope.region, service, true, true
  )
  if signature ~= scope.signature then
    bad_signature(MISMATCH)
  end
  return { access_key_id = scope.key, account = key.account, region = scope.region }
end

local function unauthorized(code, message, description)
  refuse(code, message, {
    headers = {
      ["www-authenticate"] = ('Bearer authorization_uri="https://login.microsoftonline.com/common", '
        .. 'error="invalid_token", error_description="%s"'):format(description),
    },
  }, 401)
end

--- Whether a token is for an audience that fits. One that is given to the emulator may have a list of them.
---@param token { audience: string|string[] }
---@param fits fun(audience: string): boolean
---@return boolean
local function is_for(token, fits)
  for _, audience in ipairs(type(token.audience) == "table" and token.audience or { token.audience }) do
    if fits(audience) then
      return true
    end
  end
  return false
end

--- Checks the bearer token of a request to Azure. `tokens` are the known ones:
--- `{ expires_at, audience, tenant, client_id }`.
local function verify_bearer(request, tokens, now)
  local authorization = request.headers.authorization
  if not authorization then
    unauthorized(
      "AuthenticationFailed",
      "Authentication failed. The 'Authorization' header is missing.",
      "The authentication failed because of missing 'Authorization' header."
    )
  end
  local token = tokens[authorization:match("^[Bb]earer +(%S+)$")]
  if not token then
    unauthorized("InvalidAuthenticationToken", "The access token is invalid.", "The access token is invalid.")
  elseif token.expires_at <= now then
    unauthorized(
      "ExpiredAuthenticationToken",
      ("The access token expiry UTC time '%s' is earlier than current UTC time '%s'.")
        :format(core.iso(math.floor(token.expires_at)), core.iso(math.floor(now))),
      "The access token has expired."
    )
  end
  -- A token may be for Azure Resource Manager, or for the address that stands for it here: Azure's own clients request
  -- a token for the endpoint that they use.
  local is_for_us = is_for(token, function(audience)
    return audience:find("^https://management%.") ~= nil or audience:match("^https?://(.-)/?$") == request.headers.host
  end)
  if not is_for_us then
    unauthorized(
      "InvalidAuthenticationTokenAudience",
      "The access token has been obtained for wrong audience or resource '" .. tostring(token.audience) .. "'.",
      "The audience is invalid."
    )
  end
  return token
end

return { verify_signature = verify_signature, verify_bearer = verify_bearer, is_for = is_for }
