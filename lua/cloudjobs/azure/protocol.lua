--- Azure Resource Manager over REST: the scope goes in front of the path,
--- api-version into the query; documents go both ways as they are.

local ascii = require "cloudjobs.base.ascii"
local azure_error = require "cloudjobs.azure.error"
local azure_scope = require "cloudjobs.azure.scope"
local bindings = require "cloudjobs.http.bindings"
local core = require "cloudjobs.core"
local Error = require "cloudjobs.base.error"
local quote = require "cloudjobs.base.quote"
local url = require "cloudjobs.http.url"

local JSON = { media_type = "application/json", encode = core.encode, decode = core.decode }

-- No description bounds the name; these are the ones the service is known to accept.
local MAX_NAME = 64

local function invalid(problems)
  return nil, Error.new { kind = "validation", code = "validation", problems = problems }
end

local DEFAULT_PORT = { http = ":80$", https = ":443$" }

-- The origin of a URL as an endpoint has it: in lower case, without the default port.
local function origin_of(parts)
  return parts.scheme .. "://" .. ascii.lower(parts.authority):gsub(DEFAULT_PORT[parts.scheme], "")
end

-- Whether a path has a segment . or .., also with dots that are encoded: clients and servers shorten such a path.
local function has_dots(path)
  return ("/" .. path .. "/"):gsub("%%2[eE]", "."):find("/%.%.?/") ~= nil
end

--- The request for an address from a response: only within the endpoint's origin, since it has the token.
---@param link string a URL, or its path
---@param context cloudjobs.Context
---@param name string of the parameter that it is
---@return table|nil request
---@return cloudjobs.Error|nil err
local function follow(link, context, name)
  link = link:gsub("[\128-\255]+", url.encode)
  local endpoint, err = context.endpoint:resolve()
  if not endpoint then
    return nil, err
  end
  local parts, message = url.parse(link)
  if parts and origin_of(parts) ~= origin_of(url.parse(endpoint.origin)) then
    message = ("expected a link into %s, got one into %s"):format(endpoint.origin, parts.authority)
  elseif parts and parts.path:sub(1, #endpoint.path) ~= endpoint.path then
    message = ("expected a link below %s%s"):format(endpoint.origin, endpoint.path)
  elseif parts and has_dots(parts.path) then
    message = "expected no segment . or .. in its path"
  end
  if message then
    return invalid { { path = name, message = message } }
  end
  return {
    method = "GET",
    path = parts.path:sub(#endpoint.path + 1),
    query = parts.query,
    headers = { accept = "application/json", clienttype = context.client_type },
  }
end

local function check_name(name, problems)
  if type(name) == "string" and not (name:find("^[A-Za-z0-9_%-]+$") and #name <= MAX_NAME) then
    problems[#problems + 1] = {
      path = "exportName",
      message = ("expected 1 to %d letters, digits, _ and -, got %s (a client with validate = false sends it)")
        :format(MAX_NAME, quote.value(name)),
    }
  end
end

-- The member that is the body, where an operation has one, is an object.
local function check_body(op, body, problems)
  local payload = bindings.payload_of(op.input)
  if payload and body and body:sub(1, 1) ~= "{" then
    problems[#problems + 1] = { path = payload.name, message = "expected an object" }
  end
end

--- Encodes and validates. The request has no address yet.
---@param op table
---@param params table|nil `scope` falls back to the client's own
---@param context { scope: string|nil, api_version: string, client_type: string, validate: boolean|nil }
---@param options { api_version: string|nil } of this call
---@return table|nil request
---@return cloudjobs.Error|nil err kind "validation", every problem at once
local function encode(op, params, context, options)
  local given = { scope = context.scope }
  for name, value in pairs(params or {}) do
    given[name] = value
  end
  if type(given.nextLink) == "string" then
    return follow(given.nextLink, context, "nextLink")
  end

  local version = options.api_version or context.api_version
  local request, err = bindings.encode(op, given, context, JSON)
  local problems = err and err.problems or {}
  local scope, message
  if type(given.scope) == "string" then
    scope, message = azure_scope.check(given.scope)
    problems[#problems + 1] = not scope and { path = "scope", message = message } or nil
  end
  if request then
    check_body(op, request.body, problems)
  end
  if context.validate ~= false then
    check_name(given.exportName, problems)
  end
  if not version:find("^[0-9][0-9][0-9][0-9]%-[0-9][0-9]%-[0-9][0-9][A-Za-z0-9%-]*$") then
    problems[#problems + 1] = { path = "api_version", message = "expected a date, got " .. quote.word(version) }
  end
  if #problems > 0 then
    return invalid(problems)
  end

  request.path = "/" .. scope:gsub("[\128-\255]+", url.encode) .. request.path
  request.query = "api-version=" .. version .. (request.query and "&" .. request.query or "")
  request.headers.accept = "application/json"
  request.headers.clienttype = context.client_type
  request.body = request.body or (op.method == "POST" and "" or nil)
  request.scope, request.api_version = scope, version
  return request
end

--- The document of a response, an empty table where the operation has none, or
--- nil and the error. `Location` is never read.
---@param request table|nil what was sent, for better hints
---@return table|nil output
---@return cloudjobs.Error|nil err kind "service" or "response"
local function decode(op, response, _, request)
  if response.status < 200 or response.status >= 300 then
    return nil, azure_error.decode(response, request)
  elseif not op.output then
    return {}
  end
  local document, message = core.json_decode(response.body)
  if type(document) == "table" and getmetatable(document) == nil then -- a list has one
    return document
  end
  return nil, Error.new {
    kind = "response",
    code = "response",
    message = "the response cannot be read: " .. (message or "expected an object"),
    status = response.status,
    request_id = azure_error.request_id(response),
    hint = "It came as " .. quote.line(response.headers["content-type"] or "no content type"),
  }
end

return { encode = encode, decode = decode, follow = follow, request_id = azure_error.request_id }
