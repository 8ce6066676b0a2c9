--- The members of a shape and their places in HTTP: path, query, headers, status and body, as the model's text says.
--- Protocols that bind members so differ in the document that the body is, which is the codec's.

local Error = require "cloudjobs.base.error"
local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"
local quote = require "cloudjobs.base.quote"
local sorted_keys = require("cloudjobs.base.options").sorted_keys
local url = require "cloudjobs.http.url"
local values = require "cloudjobs.http.values"

---@class cloudjobs.BodyCodec
---@field media_type string
---@field empty string|nil the body where the member that is the whole body is absent, and no text or blob
---@field encode fun(shape, params: table, token: string|nil, is_loose: boolean): string|nil, table|nil validates all
---   members, wherever their places are; returns the body's document, or nil and the problems
---@field decode fun(shape, body: string): table|nil, string|nil

-- Shape -> its members in the order of `rank`; `payload`, the member that is the whole body; and whether other members
-- are in the body. Computed once for each shape.
local layouts = setmetatable({}, { __mode = "k" })

-- Maps of query parameters come last, maps of headers first: where a member names one of the same, it wins.
local function rank(member)
  if member.location == "query" and member.is_map then
    return 3
  end
  return member.location == "headers" and 1 or 2
end

local function make_layout(shape)
  local layout = { members = {}, payload = nil, in_body = false, in_response = false }
  local ranked = { {}, {}, {} }
  for _, member in ipairs(core.members(shape)) do
    member.kind = values.kind_of(member)
    member.is_map = member.type:find("{}", 1, true) ~= nil
    if member.location == "body" then
      layout.payload = member
    elseif not member.location then
      layout.in_body = true
    elseif member.location == "query" or member.location == "uri" then
      layout.in_response = true -- a response has no URL
    end
    local list = ranked[rank(member)]
    list[#list + 1] = member
  end
  for _, list in ipairs(ranked) do
    for _, member in ipairs(list) do
      layout.members[#layout.members + 1] = member
    end
  end
  return layout
end

local function layout_of(shape)
  local layout = layouts[shape]
  if not layout then
    layout = make_layout(shape)
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

-- How a parameter gets to its place in a request, by the member's location.
local WRITE = {}

function WRITE.uri(parts, member, value)
  local text = values.write(member.kind, value)
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
    if item ~= core.null then
      parts.query[#parts.query + 1] = name .. "=" .. url.encode(values.write(member.kind, item))
    end
  end
end

-- A map's entries are sent except those that a member or a constant of the path names.
function WRITE.query(parts, member, value)
  if not member.is_map then
    parts.named[url.encode(member.wire)] = true
    return add_query(parts, member.wire, member, value)
  end
  for _, key in ipairs(sorted_keys(value)) do
    local name = url.encode(key)
    if not parts.named[name] then
      add_query(parts, name, member, value[key])
    end
  end
end

local function add_header(parts, name, member, text)
  if text:find("[%z\1-\31\127]") then
    parts:problem(member, "expected no control characters in a header")
  end
  parts.headers[ascii.lower(name)] = text
end

function WRITE.header(parts, member, value)
  local write = is_list(member) and values.write_list or values.write
  add_header(parts, member.wire, member, write(member.kind, value))
end

function WRITE.headers(parts, member, value)
  local seen = {}
  for _, key in ipairs(sorted_keys(value)) do
    local name = ascii.lower(member.wire .. key)
    if seen[name] then
      parts:problem(member, ("%s and %s differ in case alone, which headers ignore"):format(
        quote.name(seen[name]), quote.name(key)
      ))
    end
    seen[name] = key
    if value[key] ~= core.null then
      add_header(parts, name, member, values.write(member.kind, value[key]))
    end
  end
end

local function problem(parts, member, message)
  parts.problems[#parts.problems + 1] = { path = member.name, message = message }
end

-- "/things/{id}/{key+}" with its labels filled in; a greedy one keeps its slashes.
local function expand(template, parts)
  return (template:gsub("{([^}+]+)(%+?)}", function(name, greedy)
    local text = parts.labels[name]
    if not text then -- the description does not say that it is required
      parts:problem({ name = name }, "required: it is a part of the path")
    end
    text = url.encode(text or "")
    return greedy == "" and text or (text:gsub("%%2F", "/"))
  end))
end

local function invalid(problems)
  return Error.new { kind = "validation", code = "validation", problems = problems }
end

-- Whether a member that is the whole body is a structure: those alone are sent empty where they are absent.
local function is_structure(op, payload)
  return payload.type ~= "document" and not core.members(op.model:shape(payload.type)).union
end

-- The body, by its layout, and its media type.
local function body_of(op, layout, params, document, codec)
  local payload = layout.payload
  if not payload then
    return layout.in_body and document ~= "" and document or nil, codec.media_type
  end
  local value = params[payload.name]
  if is_raw(payload) then
    return value, payload.type == "blob" and "application/octet-stream" or "text/plain"
  elseif value == nil then
    return codec.empty and is_structure(op, payload) and codec.empty or nil, codec.media_type
  end
  return document, codec.media_type
end

-- Puts each parameter that has a place besides the body there.
local function write_parts(layout, params, token, fixed_query)
  local parts = {
    labels = {}, query = { fixed_query ~= "" and fixed_query or nil }, headers = {}, problems = {}, problem = problem,
    named = {}, -- query parameters
  }
  for name in fixed_query:gmatch("[^&=]+=?[^&]*") do
    parts.named[name:match("^[^=]*")] = true
  end
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
  path = expand(path, parts)
  if #parts.problems > 0 then
    return nil, invalid(parts.problems)
  end
  local body, media_type = body_of(op, layout, params, document, codec)
  if body then
    parts.headers["content-type"] = parts.headers["content-type"] or media_type
  end
  return {
    method = op.method,
    path = path,
    query = #parts.query > 0 and table.concat(parts.query, "&") or nil,
    headers = parts.headers,
    body = body,
  }
end

-- How a member is read from its place in a response.
local READ_FROM = {}

function READ_FROM.header(output, member, response)
  local text = response.headers[ascii.lower(member.wire)]
  if not text then
    return
  end
  local read = is_list(member) and values.read_list or values.read
  local value, message = read(member.kind, text)
  output[member.name] = value
  -- RFC 9111, 5.3: a date that is none is one that has passed, and servers do send 0.
  if message and ascii.lower(member.wire) ~= "expires" then
    return ("header %s: %s"):format(ascii.lower(member.wire), message)
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

-- Reads the members outside the body.
local function read_places(layout, output, response)
  for _, member in ipairs(layout.members) do
    local read = READ_FROM[member.location]
    local message = read and read(output, member, response)
    if message then
      return nil, message
    end
  end
  return output
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
  elseif layout.in_body or ((payload or layout.in_response) and response.body ~= "") then
    local message
    output, message = codec.decode(op.output, response.body)
    if not output then
      return nil, message
    end
  end
  return read_places(layout, output, response)
end

--- Adds to a structure its members outside the body; used for errors.
---@param shape userdata
---@param output table
---@param response { status: integer, headers: table<string, string> }
---@return table|nil output
---@return string|nil message
local function read_headers(shape, output, response)
  return read_places(layout_of(shape), output, response)
end

--- The member that is the whole body, where the shape has one.
---@return { name: string, type: string }|nil
local function payload_of(shape)
  return layout_of(shape).payload
end

return { encode = encode, decode = decode, read_headers = read_headers, payload_of = payload_of }
