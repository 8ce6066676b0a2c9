--- What requests and responses have in common: header fields, as lines of the
--- wire and, on demand, as a table.
---
--- A client's request holds few of its fields itself: the others are those of
--- its `route`, which many requests share, or are read from its `lines`. A
--- transport that passes requests on may set any of them, and copies them by
--- their names.

---@class cloudjobs.Request
---@field method string
---@field url string absolute, http or https
---@field headers table<string, string> by lower-case name
---@field body string|cloudjobs.Source|nil
---@field sink cloudjobs.Sink|nil where the body of a response with a status of 2xx goes; the response's own is then ""
---@field idle number|nil seconds without progress that end a request with a sink or a source
---@field timeout number|nil seconds for the whole exchange
---@field connect_timeout number|nil seconds until the connection is open, TLS included
---@field network { proxy: string|nil, ca_bundle: string|nil, client_cert: string|nil, client_key: string|nil }|nil
---@field cancel cloudjobs.Canceller|nil
---@field non_idempotent boolean|nil it must not be sent twice

---@class cloudjobs.Response
---@field status integer
---@field headers table<string, string> by lower-case name
---@field body string

--- A body that a transport sends in pieces.
---@class cloudjobs.Source
---@field length integer|nil bytes in all; without it the body is sent chunked
---@field expects_continue boolean|nil the request has the header Expect: 100-continue
---@field read fun(self: cloudjobs.Source): string|nil, cloudjobs.Error|nil the next piece, which is not empty; nil
---   at the end; the error ends the exchange

--- What a transport gives the body of a response to, in pieces. An error ends the exchange, and its connection is
--- closed.
---@class cloudjobs.Sink
---@field start fun(self: cloudjobs.Sink, response: cloudjobs.Response): true|nil, cloudjobs.Error|nil is called first,
---   with the response's head
---@field write fun(self: cloudjobs.Sink, bytes: string): true|nil, cloudjobs.Error|nil may wait

local Error = require "cloudjobs.base.error"
local core = require "cloudjobs.core"

local message_mt = { __name = "cloudjobs.message" }

-- The table is made when it is first asked for: most calls never do. What all
-- that go one way have in common is the route's.
function message_mt.__index(message, name)
  if name == "headers" then
    message.headers = core.read_fields(message.lines)
    return message.headers
  elseif name == "body" and rawget(message, "from") then
    message.body = message.lines:sub(message.from)
    return message.body
  end
  local route = rawget(message, "route")
  return route and route[name]
end

--- A message whose `headers` come out of its `lines`, and its `body` where it
--- begins `from` a byte of them.
---@param message { lines: string|nil, from: integer|nil }
---@return table message
local function new(message)
  return setmetatable(message, message_mt)
end

--- The parts of a request that a transport sends: the record with its address,
--- and the headers as a table or as lines. Fields that were read or set on the
--- request come before its route's.
---@param request table
---@return table where with method, url, network and connect_timeout
---@return table|string headers
local function parts(request)
  local where = rawget(request, "url") and request or request.route
  return where, rawget(request, "headers") or request.lines
end

--- The first value of one header.
---@param message table any with `headers`, or `lines`
---@param name string in lower case
---@return string|nil
local function field(message, name)
  local headers = rawget(message, "headers")
  if headers then
    return headers[name]
  end
  return core.read_field(message.lines, name)
end

--- What the attempt before gave a header that all attempts of a call share;
--- true, for a new one, when none got so far.
---@param request table
---@param name string
---@return string|true
local function kept(request, name)
  local lines = request.lines
  return lines and core.read_field(lines, name) or true
end

local function invalid(problem)
  return nil, Error.new { kind = "validation", code = "validation", message = problem }
end

--- Headers that all attempts of a request share, checked, for a signer or for
--- `write`.
---@param headers table<string, string>
---@param attempt_header_names string[] those whose values differ between attempts
---@param way { method: string, path: string, query: string, region: string, service: string }|nil what a signer signs
---   beside them
---@return userdata|nil fields
---@return cloudjobs.Error|nil err kind "validation"
local function fields(headers, attempt_header_names, way)
  local made, problem = core.request_headers(headers, attempt_header_names, way)
  if not made then
    return invalid(problem)
  end
  return made
end

--- Gives a request the lines of its route's fields, and of those that differ between attempts.
---@param request table
---@param call_id string|true|nil the value of the first of these, true for a new UUID
---@param attempt_info string|nil the value of the second
---@return table|nil request
---@return cloudjobs.Error|nil err kind "validation"
local function write(request, call_id, attempt_info)
  local lines, problem = request.route.fields:lines(call_id, attempt_info)
  if not lines then
    return invalid(problem)
  end
  request.lines, request.headers = lines, nil
  return request
end

return { new = new, parts = parts, field = field, kept = kept, fields = fields, write = write }
