--- REST-JSON: the members of a shape go to the path, the query, the headers
--- or the body, as its text says, and come back from there.

local aws_error = require "cloudjobs.aws.protocol.error"
local core = require "cloudjobs.core"
local Error = require "cloudjobs.base.error"
local sorted_keys = require("cloudjobs.base.options").sorted_keys
local url = require "cloudjobs.http.url"

-- Shape -> its members, which nobody changes. Made once.
local members = setmetatable({}, {
  __mode = "k",
  __index = function(made, shape)
    made[shape] = core.members(shape)
    return made[shape]
  end,
})

local function is_list(member)
  return member.type:find("[]", 1, true) ~= nil
end

local function is_raw(member)
  return member.type == "blob" or member.type == "string"
end

-- One value as the text of a header, a label or a query value.
local function text_of(member, value)
  local kind = member.type:match("^[%w_.]+")
  if kind:find("^time") then
    local time = type(value) == "number" and value or core.epoch(value)
    local http = kind == "time.http" or (kind == "time" and member.location == "header")
    return http and core.http_date(time) or core.iso(time)
  elseif type(value) == "string" then
    return value
  end
  return core.json_encode(value)
end

local PLACE = {}

function PLACE.uri(parts, member, value)
  local text = text_of(member, value)
  parts.labels[member.wire] = text
  if text == "" or text == "." or text == ".." then
    parts:problem(member, ("expected more than %q, which would change the path"):format(text))
  end
end

local function add_query(parts, name, member, value)
  if type(value) ~= "table" then
    value = { value }
  end
  for _, item in ipairs(value) do
    parts.query[#parts.query + 1] = name .. "=" .. url.encode(text_of(member, item))
  end
end

function PLACE.query(parts, member, value)
  if member.type:find("{}", 1, true) then
    for _, key in ipairs(sorted_keys(value)) do
      add_query(parts, url.encode(key), member, value[key])
    end
  else
    add_query(parts, member.wire, member, value)
  end
end

local function add_header(parts, name, member, text)
  if text:find("%c") then
    parts:problem(member, "expected no control characters in a header")
  end
  parts.headers[name:lower()] = text
end

-- A comma or a quote inside of an element is told from one between elements.
local function quoted(text)
  return text:find('[",]') and '"' .. text:gsub('[\\"]', "\\%0") .. '"' or text
end

function PLACE.header(parts, member, value)
  if is_list(member) then
    local items = {}
    for i, item in ipairs(value) do
      items[i] = quoted(text_of(member, item))
    end
    value = table.concat(items, ", ")
  end
  add_header(parts, member.wire, member, text_of(member, value))
end

function PLACE.headers(parts, member, value)
  for key, item in pairs(value) do
    add_header(parts, member.wire .. key, member, text_of(member, item))
  end
end

local function problem(parts, member, message)
  parts.problems[#parts.problems + 1] = { path = member.name, message = message }
end

-- "/things/{id}/{key+}" with its labels filled in; a greedy one keeps its slashes.
local function expand(template, labels)
  return (template:gsub("{([^}+]+)(%+?)}", function(name, greedy)
    local text = url.encode(labels[name])
    return greedy == "" and text or (text:gsub("%%2F", "/"))
  end))
end

local function invalid(problems)
  return Error.new { kind = "validation", code = "validation", problems = problems }
end

--- Encodes and validates. The request has no address yet.
---@param op table
---@param params table|nil
---@param context { validate: boolean|nil } false leaves what is required, and how much of it, to the service
---@return { method: string, path: string, query: string|nil, headers: table, body: string|nil }|nil request
---@return cloudjobs.Error|nil err kind "validation", every problem at once
local function encode(op, params, context)
  params = params or {}
  local token = op.has_token and core.uuid() or nil
  local json, problems = core.encode(op.input, params, token, context.validate == false)
  if not json then
    return nil, invalid(problems)
  end

  local parts = { labels = {}, query = {}, headers = {}, problems = {}, problem = problem }
  local path, fixed_query = op.uri:match("^([^?]*)%??(.*)$")
  parts.query[1] = fixed_query ~= "" and fixed_query or nil
  local in_body, payload
  for _, member in ipairs(op.input and members[op.input] or {}) do
    local value = params[member.name]
    if value == nil and member.idempotency then
      value = token
    end
    local place = PLACE[member.location]
    if place and value ~= nil and value ~= core.null then
      place(parts, member, value)
    elseif member.location == "body" then
      payload = member
    elseif not member.location then
      in_body = true
    end
  end
  if #parts.problems > 0 then
    return nil, invalid(parts.problems)
  end

  local body
  if payload then
    local value = params[payload.name]
    body = value ~= nil and (is_raw(payload) and value or json) or nil
  elseif in_body then
    body = json
  end
  if body then
    parts.headers["content-type"] = payload and payload.type == "blob" and "application/octet-stream"
      or payload and payload.type == "string" and "text/plain"
      or "application/json"
  end
  return {
    method = op.method,
    path = expand(path, parts.labels),
    query = #parts.query > 0 and table.concat(parts.query, "&") or nil,
    headers = parts.headers,
    body = body,
  }
end

--- The request as it is, for a URL that is signed; one with a body is refused.
---@return table|nil request
---@return cloudjobs.Error|nil err
local function without_body(request)
  if request.body then
    return nil, invalid { { path = "", message = "a request with a body cannot be made a URL" } }
  end
  return request
end

local function number_of(text)
  local value = core.json_decode(text)
  return type(value) == "number" and value or nil
end

local READ = {
  boolean = function(text) return text == "true" end,
  integer = number_of,
  long = number_of,
  number = number_of,
  blob = core.base64_decode,
}

-- The value a header's text stands for.
local function value_of(kind, text)
  if kind:find("^time") then
    return (core.epoch(text))
  end
  local value
  if READ[kind] then
    value = READ[kind](text)
  end
  if value == nil then
    return text
  end
  return value
end

-- What stands from `at` on up to the closing quote, and where it goes on.
local function unquote(text, at)
  local parts = {}
  while true do
    local plain, mark, after = text:match('^([^"\\]*)(["\\]?)()', at)
    parts[#parts + 1] = plain
    if mark ~= "\\" then
      return table.concat(parts), after
    end
    parts[#parts + 1] = text:sub(after, after)
    at = after + 1
  end
end

-- A comma inside of an element is in quotes, or behind a date's day.
local function read_list(kind, text)
  local list, at = {}, 1
  local is_time = kind:find("^time") ~= nil
  while at <= #text do
    local first = text:match('^%s*"()', at)
    local item
    if first then
      item, at = unquote(text, first)
    else
      item, at = text:match(is_time and text:find("^%s*%a+, ", at) and "([^,]*,[^,]*)()" or "([^,]*)()", at)
      item = item:match("^%s*(.-)%s*$")
    end
    if first or item ~= "" then
      list[#list + 1] = value_of(kind, item)
    end
    at = text:match("^[^,]*,()", at) or #text + 1
  end
  return list
end

local TAKE = {}

function TAKE.header(output, member, response)
  local text = response.headers[member.wire:lower()]
  if text then
    local kind = member.type:match("^[%w_.]+")
    output[member.name] = is_list(member) and read_list(kind, text) or value_of(kind, text)
  end
end

function TAKE.headers(output, member, response)
  local prefix, map = member.wire:lower(), {}
  for name, text in pairs(response.headers) do
    if name:sub(1, #prefix) == prefix then
      map[name:sub(#prefix + 1)] = text
    end
  end
  output[member.name] = map
end

function TAKE.status(output, member, response)
  output[member.name] = response.status
end

-- What the body says; nothing where no member is read from it.
local function decode_body(op, response)
  local in_body, payload
  for _, member in ipairs(members[op.output]) do
    if member.location == "body" then
      payload = member
    elseif not member.location then
      in_body = true
    end
  end
  if payload and is_raw(payload) then
    return { [payload.name] = response.body }
  elseif in_body or (payload and response.body ~= "") then
    return core.decode(op.output, response.body)
  end
  return {}
end

--- The operation's output, or why there is none.
---@return table|nil output
---@return cloudjobs.Error|nil err kind "service" or "response"
local function decode(op, response)
  if response.status < 200 or response.status >= 300 then
    return nil, aws_error.decode(op, response)
  elseif not op.output then
    return {}
  end
  local output, message = decode_body(op, response)
  if not output then
    return nil, aws_error.unreadable(response, message)
  end
  for _, member in ipairs(members[op.output]) do
    local take = TAKE[member.location]
    if take then
      take(output, member, response)
    end
  end
  return output
end

return {
  encode = encode, without_body = without_body, decode = decode, request_id = aws_error.request_id, members = members,
}
