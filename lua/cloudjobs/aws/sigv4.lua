--- The bare SigV4 signer, with all its options and stages in the open. Clients
--- sign by aws/auth, which needs less time.

local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"
local Error = require "cloudjobs.base.error"
local option = require "cloudjobs.base.options"
local quote = require "cloudjobs.base.quote"

local OPTIONS = {
  credentials = "table",
  region = "string",
  service = "string",
  time = "number",
  location = "string",
  normalize_path = "boolean",
  encode_path_once = "boolean",
  add_x_amz_date = "boolean",
  add_security_token = "boolean",
  sign_security_token = "boolean",
  omit_session_token = "boolean",
  content_sha256_header = "boolean",
  unsigned_payload = "boolean",
  expires = "number",
}
local REQUIRED = { "credentials", "region", "service", "time" }
local REQUEST = { method = "string", path = "string", query = "string|nil", headers = "table", body = "string|nil" }
local CREDENTIALS = { access_key_id = "string", secret_access_key = "string", session_token = "string|nil" }
local YEAR_10000 = 253402300800
local LONGEST = 7 * 24 * 3600 -- AWS accepts no longer-lived URL

-- Raises unless the members of `t` are of these types.
local function expect(t, members, path)
  for name, types in pairs(members) do
    local found = type(t[name])
    if not ("|" .. types .. "|"):find("|" .. found .. "|", 1, true) then
      option.mistake(("sigv4.sign: %s.%s: expected %s, got %s"):format(path, name, types:gsub("|", " or "), found))
    end
  end
end

local function check_arguments(request, options)
  if type(request) ~= "table" then
    option.mistake("sigv4.sign: request: expected table, got " .. type(request))
  end
  expect(request, REQUEST, "request")
  for _, pair in ipairs(request.headers) do
    if type(pair) ~= "table" or type(pair[1]) ~= "string" or type(pair[2]) ~= "string" then
      option.mistake("sigv4.sign: request.headers: expected a list of { name, value }")
    end
  end
  option.check(options, OPTIONS, "sigv4.sign")
  for _, name in ipairs(REQUIRED) do
    if not options or options[name] == nil then
      option.mistake(("sigv4.sign: option %s is required"):format(name))
    end
  end
  expect(options.credentials, CREDENTIALS, "credentials")
  if not (options.time >= 0 and options.time < YEAR_10000) then
    option.mistake("sigv4.sign: option time: expected epoch seconds, from 1970 to 9999")
  end
  if options.location and options.location ~= "header" and options.location ~= "query" then
    option.mistake('sigv4.sign: option location: expected "header" or "query", got ' .. quote.name(options.location))
  end
  local expires = options.expires
  if expires and not (expires >= 1 and expires <= LONGEST and expires % 1 == 0) then
    option.mistake(("sigv4.sign: option expires: expected whole seconds from 1 to %d"):format(LONGEST))
  end
end

local function escape(text)
  return (text:gsub("[^A-Za-z0-9%-._~]", function(c)
    return ("%%%02X"):format(c:byte())
  end))
end

-- Lower-case names, and folded lines made one (RFC 7230, 3.2.4).
local function read_headers(list)
  local headers = {}
  for i, pair in ipairs(list) do
    local name, value = ascii.lower(pair[1]), pair[2]:gsub("\r?\n[ \t]+", " ")
    if value:find("[\r\n]") then
      return nil, ("header %s holds a control character"):format(quote.value(name))
    end
    headers[i] = { name, value }
  end
  return headers
end

local function value_of(headers, name)
  for _, header in ipairs(headers) do
    if header[1] == name then
      return header[2]
    end
  end
end

local function set(headers, name, value)
  for i = #headers, 1, -1 do
    if headers[i][1] == name then
      table.remove(headers, i)
    end
  end
  headers[#headers + 1] = { name, value }
end

-- Those that are signed, and their names as SignedHeaders has them.
local function select_signed(headers, with_token)
  local chosen, names, seen = {}, {}, {}
  for _, header in ipairs(headers) do
    local name = header[1]
    if not core.unsigned_headers[name] and (with_token or name ~= "x-amz-security-token") then
      chosen[#chosen + 1] = header
      if not seen[name] then
        seen[name] = true
        names[#names + 1] = name
      end
    end
  end
  table.sort(names)
  return chosen, table.concat(names, ";")
end

local function payload_hash(request, options, headers)
  if options.unsigned_payload then
    return "UNSIGNED-PAYLOAD"
  end
  -- A hash that the caller sends is the one that the service compares with.
  local given = not options.content_sha256_header and value_of(headers, "x-amz-content-sha256")
  return given or core.sha256(request.body or "")
end

local function join(query, addition)
  return (query and query ~= "") and query .. "&" .. addition or addition
end

local function in_headers(plan, options)
  if options.add_x_amz_date ~= false then
    set(plan.headers, "x-amz-date", plan.stamp)
  end
  local add_hash = options.content_sha256_header
  if add_hash == nil then
    add_hash = options.unsigned_payload -- which the service has to know
  end
  if add_hash then
    set(plan.headers, "x-amz-content-sha256", plan.payload)
  end
  if plan.token then
    set(plan.headers, "x-amz-security-token", plan.token)
  end
  plan.signed_headers = select_signed(plan.headers, plan.sign_token)
end

local function in_query(plan, options)
  local names
  plan.signed_headers, names = select_signed(plan.headers, plan.sign_token)
  local parameters = {
    "X-Amz-Algorithm=AWS4-HMAC-SHA256",
    "X-Amz-Credential=" .. escape(options.credentials.access_key_id .. "/" .. plan.scope),
    "X-Amz-Date=" .. plan.stamp,
    ("X-Amz-Expires=%d"):format(options.expires or 3600),
    "X-Amz-SignedHeaders=" .. escape(names),
  }
  if plan.token and plan.sign_token then
    parameters[#parameters + 1] = "X-Amz-Security-Token=" .. escape(plan.token)
  end
  plan.query = join(plan.query, table.concat(parameters, "&"))
end

local function make_plan(request, options, headers)
  local stamp = os.date("!%Y%m%dT%H%M%SZ", math.floor(options.time))
  local plan = {
    headers = headers,
    query = request.query,
    payload = payload_hash(request, options, headers),
    stamp = stamp,
    scope = ("%s/%s/%s/aws4_request"):format(stamp:sub(1, 8), options.region, options.service),
    token = options.add_security_token ~= false and options.credentials.session_token or nil,
    sign_token = options.sign_security_token ~= false and not options.omit_session_token,
  }
  if options.location == "query" then
    in_query(plan, options)
  else
    in_headers(plan, options)
  end
  return plan
end

-- Puts the signature in its place.
local function complete(plan, options, signature, authorization)
  if options.location ~= "query" then
    set(plan.headers, "authorization", authorization)
    return
  end
  plan.query = plan.query .. "&X-Amz-Signature=" .. signature
  if plan.token and not plan.sign_token then
    plan.query = plan.query .. "&X-Amz-Security-Token=" .. escape(plan.token)
  end
end

local function by_name(headers)
  local map = {}
  for _, header in ipairs(headers) do
    local name, value = header[1], header[2]
    map[name] = map[name] and map[name] .. "," .. value or value
  end
  return map
end

local function url_of(path, plan)
  local host = value_of(plan.headers, "host")
  local query = plan.query and plan.query ~= "" and "?" .. plan.query or ""
  return host and "https://" .. host .. path .. query
end

local function refuse(message)
  return nil, Error.new { kind = "validation", message = message }
end

--- Signs one request. `path` and `query` are taken as they go on the wire.
---@param request { method: string, path: string, query: string|nil, headers: string[][], body: string|nil }
---@param options table `credentials`, `region`, `service` and `time` (epoch seconds) are required
---@return table|nil signed a copy, its headers in lower case
---@return table|cloudjobs.Error details
local function sign(request, options)
  check_arguments(request, options)
  local keys = options.credentials
  local signer, message = core.signer(keys.access_key_id, keys.secret_access_key, keys.session_token)
  if not signer then
    return refuse(message)
  end
  local headers
  headers, message = read_headers(request.headers)
  if not headers then
    return refuse(message)
  end

  local plan = make_plan(request, options, headers)
  local canonical_request, string_to_sign, signature, authorization = signer:stages(
    plan.signed_headers, request.method, request.path, plan.query, plan.payload, options.time,
    options.region, options.service, options.normalize_path ~= false, options.encode_path_once ~= false
  )
  if not canonical_request then
    return refuse(string_to_sign) -- the message
  end
  complete(plan, options, signature, authorization)

  local signed = {}
  for name, value in pairs(request) do
    signed[name] = value
  end
  signed.headers = plan.headers
  signed.query = plan.query
  return signed, {
    canonical_request = canonical_request,
    string_to_sign = string_to_sign,
    signature = signature,
    authorization = options.location ~= "query" and authorization or nil,
    headers = by_name(plan.headers),
    url = url_of(request.path, plan),
  }
end

return { sign = sign }
