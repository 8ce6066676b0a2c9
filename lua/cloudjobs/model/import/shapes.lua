--- The structures of a service description -> text in the notation.

local flag = require "cloudjobs.model.import.flags"
local quote = require "cloudjobs.base.quote"
local traits = require "cloudjobs.model.import.traits"

local check = traits.check
local check_name = traits.check_name
local refuse = traits.refuse

local SCALARS = {
  string = "string", character = "string",
  byte = "integer", short = "integer", integer = "integer", long = "long",
  float = "number", double = "number",
  boolean = "boolean", blob = "blob",
}

-- The notation's own names of types.
local WORDS = flag.set { "string", "integer", "long", "number", "boolean", "blob", "time", "document" }

local TIMES = { unixTimestamp = "time", iso8601 = "time.iso", rfc822 = "time.http" }

-- A timestamp's form where nothing says it: by place, then by protocol.
local PLACE_TIMES = { header = "time.http", querystring = "time.iso", uri = "time.iso" }
local BODY_TIMES = {
  json = "time", ["rest-json"] = "time", query = "time.iso", ec2 = "time.iso", ["rest-xml"] = "time.iso",
}

local PLACES = { header = "header", headers = "headers", querystring = "query", uri = "uri", statusCode = "status" }

-- Whose `min` botocore's client checks; a map's it leaves to the service.
local LENGTHS = { string = true, blob = true, list = true }
local RANGES = { byte = true, short = true, integer = true, long = true, float = true, double = true }

local TOKEN = "^[A-Za-z0-9!#$%%&'*+.^_`|~-]+$" -- a header's name

local MAX_DEPTH = 32 -- lists of lists; deeper is a list that holds itself

local Shapes = {}
local shapes_mt = { __name = "cloudjobs.import.shapes", __index = Shapes }

-- Its keys as they stood in the source, or sorted where that is not known.
function Shapes:keys(object)
  local order = self.orders[object]
  if not order then
    order = {}
    for key in pairs(object) do
      order[#order + 1] = key
    end
    table.sort(order)
  end
  return order
end

--- The shape a reference leads to.
function Shapes:target(reference, where)
  local target = self.targets[reference]
  if not target then
    check("shape", reference, where)
    target = self.shapes[check_name(reference.shape, where)]
    if target == nil then
      refuse(where, "no shape %s", reference.shape)
    end
    check("shape", target, reference.shape)
    self.targets[reference] = target
  end
  return target
end

local function trait(reference, shape, name)
  if reference[name] ~= nil then
    return reference[name]
  end
  return shape[name]
end

function Shapes:time(reference, shape, location, where)
  if self.is_cbor then
    return "time" -- its format elsewhere does not count
  end
  local format = trait(reference, shape, "timestampFormat")
  if not format then
    return PLACE_TIMES[location] or BODY_TIMES[self.protocol]
  end
  return TIMES[format] or refuse(where, "unknown timestampFormat %s", tostring(format))
end

-- An element, a key or a value: its type, and its flags with its name in XML.
function Shapes:inner(reference, location, where, depth)
  local type_text, flags = self:node(reference, location, where, depth)
  if self.is_xml and reference.locationName then
    flag.add(flags, "as", reference.locationName)
  end
  return type_text, table.concat(flags, " ")
end

-- The type of what a list or a map holds, its flags in parentheses.
function Shapes:item(reference, location, where, depth)
  local type_text, flags = self:inner(reference, location, where, depth)
  return flags == "" and type_text or type_text .. "(" .. flags .. ")"
end

function Shapes:type_of(reference, shape, location, where, depth)
  local kind = shape.type
  if kind == "structure" then
    if shape.document then
      return "document"
    elseif WORDS[reference.shape] then
      refuse(where, "a structure cannot be called %s", reference.shape)
    end
    return reference.shape
  elseif kind == "timestamp" then
    return self:time(reference, shape, location, where)
  elseif kind == "list" then
    return self:item(shape.member, location, where .. "[]", depth + 1) .. "[]"
  elseif kind == "map" then
    -- Only a value may be a list or a map: with both, the types of a few shapes would be endless.
    if not SCALARS[self:target(shape.key, where .. "{}").type] then
      refuse(where .. "{}", "a key that is no text")
    end
    local _, key_flags = self:inner(shape.key, location, where .. "{}", depth + 1)
    return self:item(shape.value, location, where .. "{}", depth + 1) .. "{" .. key_flags .. "}"
  elseif kind == "string" and reference.jsonvalue and location == "header" then
    return "blob" -- base64 of the caller's JSON
  end
  return SCALARS[kind] or refuse(where, "unknown type %s", tostring(kind))
end

-- One node of a member: its type, and the flags that are its own.
function Shapes:node(reference, location, where, depth)
  if depth > MAX_DEPTH then
    refuse(where, "a list that holds itself")
  end
  local shape = self:target(reference, where)
  if shape.type == "structure" and shape.eventstream then
    refuse(where, "an event stream")
  end
  local flags = {}
  local min = shape.min
  if min and (RANGES[shape.type] or (LENGTHS[shape.type] and min ~= 0)) then
    flag.add(flags, "min", flag.number_text(min))
  elseif reference.hostLabel then
    flag.add(flags, "min", 1)
  end
  if self.is_cbor and shape.type == "float" then
    flag.add(flags, "single")
  end
  for _, name in ipairs { "sensitive", "sparse" } do
    if trait(reference, shape, name) then
      flag.add(flags, name)
    end
  end
  if self:is_flattened(reference) then
    flag.add(flags, "flattened")
  end
  if self.is_xml then
    flag.add_namespace(flags, trait(reference, shape, "xmlNamespace"))
  end
  if shape.type == "string" and shape.enum then
    self.enums[reference.shape] = shape.enum
    flag.add(flags, "enum", reference.shape)
  end
  return self:type_of(reference, shape, location, where, depth), flags
end

-- The locationName of a structure's shape is that of a root element, not of a member.
function Shapes:wire_name(reference)
  local shape = self.shapes[reference.shape]
  return reference.locationName or (shape.type ~= "structure" and shape.locationName or nil)
end

function Shapes:is_flattened(reference)
  return self.is_xml and trait(reference, self.shapes[reference.shape], "flattened")
end

-- One line of a structure.
function Shapes:member(name, reference, is_required, is_payload, where)
  self:target(reference, where)
  local place = self.is_rest and reference.location
  local type_text, flags = self:node(reference, place, where, 0)
  if is_required then
    table.insert(flags, 1, "required")
  end
  table.insert(flags, 1, name .. " " .. type_text)
  if reference.idempotencyToken then
    flag.add(flags, "idempotency")
  end
  if is_payload then
    flag.add(flags, "in", "body")
  elseif place then
    flag.add(flags, "in", PLACES[place] or refuse(where, "unknown location %s", tostring(place)))
  end
  local wire = not self.is_cbor and self:wire_name(reference) -- CBOR has the members' own names
  if wire == "" and place == "headers" then
    flags[#flags + 1] = "as=" -- every header
  elseif wire and (place == "header" or place == "headers") and not wire:find(TOKEN) then
    refuse(where, "expected the name of a header, got %s", quote.value(wire))
  elseif wire and (wire ~= name or self:is_flattened(reference)) then
    flag.add(flags, "as", wire)
  end
  if self.is_xml and reference.xmlAttribute then
    flag.add(flags, "attribute")
  end
  if self.protocol == "ec2" and reference.queryName then
    flag.add(flags, "query", reference.queryName)
  end
  return table.concat(flags, " ")
end

--- The text of one structure.
---@param name string
---@param shape table
---@return string
function Shapes:structure(name, shape)
  local required, lines = {}, {}
  for _, member in ipairs(shape.required or {}) do
    required[check_name(member, name .. ": required")] = true
  end
  if shape.union then
    lines[1] = "union"
  end
  for _, member in ipairs(self:keys(shape.members or {})) do
    check_name(member, name)
    local where = name .. "." .. member
    local is_payload = self.is_rest and shape.payload == member
    lines[#lines + 1] = self:member(member, shape.members[member], required[member], is_payload, where)
  end
  return table.concat(lines, "\n")
end

--- Whether reading or writing a structure means an event stream.
---@param reference table|nil
---@param where string
---@return boolean
function Shapes:has_stream(reference, where)
  local shape = reference and self:target(reference, where)
  for name, member in pairs(shape and shape.members or {}) do
    if self:target(member, reference.shape .. "." .. name).eventstream then
      return true
    end
  end
  return false
end

--- The shapes of one description.
---@param shapes table
---@param orders table<table, string[]> an object's keys as they stood in its source
---@param protocol "smithy-rpc-v2-cbor"|"json"|"rest-json"|"query"
local function new(shapes, orders, protocol)
  return setmetatable({
    shapes = shapes,
    orders = orders,
    protocol = protocol,
    is_rest = protocol:find("^rest") ~= nil,
    is_cbor = protocol == "smithy-rpc-v2-cbor",
    is_xml = protocol == "query" or protocol == "rest-xml" or protocol == "ec2",
    targets = {}, -- of references, checked
    enums = {}, -- name -> values, of those met so far
  }, shapes_mt)
end

return { new = new }
