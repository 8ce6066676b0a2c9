--- Elements of XML as the values of their shapes.

local core = require "cloudjobs.core"
local naming = require "cloudjobs.aws.protocol.xml_names"

local SCALAR = {
  string = function(text) return text end,
  boolean = function(text)
    if text == "true" or text == "false" then
      return text == "true"
    end
  end,
  blob = core.base64_decode,
  time = core.epoch,
}

local NOT_FINITE = { NaN = 0 / 0, Infinity = math.huge, ["-Infinity"] = -math.huge }

-- What this Lua's numbers cannot hold exactly comes as its decimal text.
function SCALAR.integer(text)
  if text:find("^%-?%d+$") then
    return (core.json_decode(text))
  end
end

SCALAR.long = SCALAR.integer

function SCALAR.number(text)
  local value = NOT_FINITE[text] or core.json_decode(text)
  return type(value) == "number" and value or nil
end

local read

local function children_by_name(node)
  local found = {}
  for _, child in ipairs(node) do
    found[child.name] = child
  end
  return found
end

local function children_called(node, name)
  local found = {}
  for _, child in ipairs(node) do
    found[#found + 1] = child.name == name and child or nil
  end
  return found
end

-- An element's children are a list's items, whatever they are called.
local function read_list(model, item, node, path, names)
  local item_names = naming.item_of(names)
  local list = core.json_decode("[]") -- with the metatable that lists have
  for i, child in ipairs(node) do
    local value, message = read(model, item, child, ("%s[%d]"):format(path, i), item_names)
    if value == nil then
      return nil, message
    end
    list[i] = value
  end
  return list
end

-- <entry><key>…</key><value>…</value></entry> …
local function read_map(model, item, node, path, names)
  local map, item_names = {}, naming.item_of(names)
  local key_name, value_name = names.key or "key", item_names.as or "value"
  for _, entry in ipairs(node) do
    local parts = children_by_name(entry)
    if not (parts[key_name] and parts[value_name]) then
      return nil, ("%s: expected %s and %s in each entry"):format(path, key_name, value_name)
    end
    local key = parts[key_name].text or ""
    local value, message = read(model, item, parts[value_name], path .. "." .. key, item_names)
    if value == nil then
      return nil, message
    end
    map[key] = value
  end
  return map
end

-- A flattened map is all the children of its name, a flattened list those of
-- its items' name where they have one.
local function flattened(node, member, names)
  local is_list = member.type:find("%[%]$")
  local children = children_called(node, is_list and naming.item_of(names).as or member.wire)
  return #children > 0 and children or nil
end

local function read_structure(model, shape, node, path)
  local found, output = children_by_name(node), {}
  for _, member in ipairs(core.members(shape)) do
    local names = naming.parse(member.xml)
    local child = found[member.wire]
    if names.flattened then
      child = flattened(node, member, names)
    end
    if child then
      local member_path = path == "" and member.name or path .. "." .. member.name
      local value, message = read(model, member.type, child, member_path, names)
      if value == nil then
        return nil, message
      end
      output[member.name] = value
    end
  end
  return output
end

--- The value of an element by a type in the notation of the models.
function read(model, kind, node, path, names)
  local item = kind:match("^(.*)%[%]$")
  if item then
    return read_list(model, item, node, path, names)
  end
  item = kind:match("^(.*){}$")
  if item then
    return read_map(model, item, node, path, names)
  end
  local scalar = SCALAR[kind:match("^[^.]+")]
  if not scalar then
    return read_structure(model, model:shape(kind), node, path)
  end
  local value = scalar(node.text or "")
  if value == nil then
    return nil, ("%s: expected %s"):format(path, kind)
  end
  return value
end

--- A structure from an element; unknown children are left out.
---@param model table whose shapes the structure's members name
---@param shape userdata
---@param node table from core.xml_decode
---@return table|nil
---@return string|nil message
local function structure(model, shape, node)
  return read_structure(model, shape, node, "")
end

return { structure = structure, children_by_name = children_by_name }
