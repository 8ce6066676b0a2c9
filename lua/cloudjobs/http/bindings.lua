--- The members of a shape and their places in HTTP: path, query, headers, status and body, as the model's text says.
--- Protocols that bind members so differ in the document that the body is, which is the codec's.

local Error = require "cloudjobs.base.error"
local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"
local sorted_keys = require("cloudjobs.base.options").sorted_keys
local url = require "cloudjobs.http.url"

---@class cloudjobs.BodyCodec
---@field media_type string
---@field encode fun(shape, params: table, token: string|nil, is_loose: boolean): string|nil, table|nil validates all
---   members, wherever their places are; returns the body's document, or nil and the problems
---@field decode fun(shape, body: string): table|nil, string|nil

-- Shape -> its members; those of them whose place is the body: `payload`, the one that is the whole body, and whether
-- there are others. Found once for each shape.
local layouts = setmetatable({}, { __mode = "k" })

local function layout_of(shape)
  local layout = layouts[shape]
  if not layout then
    layout = { members = core.members(shape), payload = nil, in_body = false }
    for _, member in ipairs(layout.members) do
      if member.location == "body" then
        layout.payload = member
      elseif not member.location then
        layout.in_body = true
      end
    end
    layouts[shape] = layout
  end
  return layout
end

local NO_LAYOUT = { members = {}, in_body = false } -- of an operation without input

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

-- How a parameter gets to its place in a request, by the member's location.
local WRITE = {}

function WRITE.uri(parts, member, value)
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

function WRITE.query(parts, member, value)
  if member.type:find("{}", 1, true) then
    for _, key in ipairs(sorted_keys(value)) do
      add_query(parts, url.encode(key), member, value[key])
    end
  else
    add_query(parts, member.wire, member, value)
  end
end

local function add_header(parts, name, member, text)
  if text:find("[%z\1-\31\127]") then
    parts:problem(member, "expected no control characters in a header")
  end
  parts.headers[ascii.lower(name)] = text
end

-- Quotes an element with a comma or a quote, which would otherwise end it.
local function quoted(text)
  return text:find('[",]') and '"' .. text:gsub('[\\"]', "\\%0") .. '"' or text
end

function WRITE.header(parts, member, value)
  if is_list(member) then
    local items = {}
    for i, item in ipairs(value) do
      items[i] = quoted(text_of(member, item))
    end
    value = table.concat(items, ", ")
  end
  add_header(parts, member.wire, member, text_of(member, value))
end

function WRITE.headers(parts, member, value)
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

-- The body, by its layout, and its media type.
local function body_of(layout, params, document, codec)
  local payload = layout.payload
  if not payload then
    return layout.in_body and document or nil, codec.media_type
  end
  local value = params[payload.name]
  if value == nil then
    return nil
  elseif not is_raw(payload) then
    return document, codec.media_type
  end
  return value, payload.type == "blob" and "application/octet-stream" or "text/plain"
end

-- Puts each parameter that has a place besides the body there.
local function write_parts(layout, params, token, fixed_query)
  local parts = {
    labels = {}, query = { fixed_query ~= "" and fixed_query or nil }, headers = {}, problems = {}, problem = problem,
  }
  for _, member in ipairs(layout.members) do
    local value = params[member.name]
    if value == nil and member.idempotency then
      value = token
    end
    local write = WRITE[member.location]
    if write and value ~= nil and value ~= core.null then
      write(parts, member, value)
    end
  end
  return parts
end

--- Encodes and validates. The request has no address yet.
---@param op table
---@param params table|nil
---@param context { validate: boolean|nil } false leaves what is required, and how much of it, to the service
---@param codec cloudjobs.BodyCodec
---@return { method: string, path: string, query: string|nil, headers: table, body: string|nil }|nil request
---@return cloudjobs.Error|nil err kind "validation", every problem at once
local function encode(op, params, context, codec)
  params = params or {}
  local token = op.has_token and core.uuid() or nil
  local document, problems = codec.encode(op.input, params, token, context.validate == false)
  if not document then
    return nil, invalid(problems)
  end
  local layout = op.input and layout_of(op.input) or NO_LAYOUT
  local path, fixed_query = op.uri:match("^([^?]*)%??(.*)$")
  local parts = write_parts(layout, params, token, fixed_query)
  if #parts.problems > 0 then
    return nil, invalid(parts.problems)
  end
  local body, media_type = body_of(layout, params, document, codec)
  if body then
    parts.headers["content-type"] = media_type
  end
  return {
    method = op.method,
    path = expand(path, parts.labels),
    query = #parts.query > 0 and table.concat(parts.query, "&") or nil,
    headers = parts.headers,
    body = body,
  }
end

local function number_of(text)
  local value = core.json_decode(text)
  return type(value) == "number" and value or nil
end

local SCALAR = {
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
  if SCALAR[kind] then
    value = SCALAR[kind](text)
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
      item = ascii.trim(item)
    end
    if first or item ~= "" then
      list[#list + 1] = value_of(kind, item)
    end
    at = text:match("^[^,]*,()", at) or #text + 1
  end
  return list
end

-- How a member is read from its place in a response.
local READ_FROM = {}

function READ_FROM.header(output, member, response)
  local text = response.headers[ascii.lower(member.wire)]
  if text then
    local kind = member.type:match("^[%w_.]+")
    output[member.name] = is_list(member) and read_list(kind, text) or value_of(kind, text)
  end
end

function READ_FROM.headers(output, member, response)
  local prefix, map = ascii.lower(member.wire), {}
  for name, text in pairs(response.headers) do
    if name:sub(1, #prefix) == prefix then
      map[name:sub(#prefix + 1)] = text
    end
  end
  output[member.name] = map
end

function READ_FROM.status(output, member, response)
  output[member.name] = response.status
end

--- The output of a success, or why it cannot be read.
---@param op table one that has an output
---@param response { status: integer, headers: table<string, string>, body: string }
---@param codec cloudjobs.BodyCodec
---@return table|nil output
---@return string|nil message
local function decode(op, response, codec)
  local layout, output = layout_of(op.output), {}
  local payload = layout.payload
  if payload and is_raw(payload) then
    output[payload.name] = response.body
  elseif layout.in_body or (payload and response.body ~= "") then
    local message
    output, message = codec.decode(op.output, response.body)
    if not output then
      return nil, message
    end
  end
  for _, member in ipairs(layout.members) do
    local read = READ_FROM[member.location]
    if read then
      read(output, member, response)
    end
  end
  return output
end

--- The member that is the whole body, where the shape has one.
---@return { name: string, type: string }|nil
local function payload_of(shape)
  return layout_of(shape).payload
end

return { encode = encode, decode = decode, payload_of = payload_of }
