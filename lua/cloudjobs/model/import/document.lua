--- The JSON documents of a description. The long one is indexed, and each of its
--- parts is decoded when it is first used: EC2's description is 4 MB of JSON, and
--- a call needs some 300 of its 5000 parts.

local core = require "cloudjobs.core"
local gzip = require "cloudjobs.base.gzip"
local quote = require "cloudjobs.base.quote"
local refuse = require("cloudjobs.model.import.traits").refuse

-- The largest of AWS's descriptions has 4 MB, 4,000 shapes and parts of 80 KB,
-- its largest rule set 1 MB. Much larger ones are refused before they are decoded.
local MAX_DESCRIPTION = 64 * 1024 * 1024 -- bytes of the text, and of its file
local MAX_COMPANION = 8 * 1024 * 1024
local MAX_MEMBERS = 100000
local MAX_PART = 2 * 1024 * 1024 -- bytes

-- A file's text, decompressed; nil where there is no file.
local function read_file(path, limit)
  local text, message, is_missing = require("cloudjobs.os").read_file(path, limit)
  if is_missing then
    return nil
  elseif text and gzip.is_compressed(text) then
    text, message = gzip.decode(text, limit)
    message = message and "compressed by gzip, and " .. message
  end
  return text or refuse(quote.path(path), "%s", message)
end

-- The text of the first of these files.
local function read_first(paths, limit)
  for _, path in ipairs(paths) do
    local text = read_file(path, limit)
    if text then
      return text, path
    end
  end
end

--- The value of a JSON document beside a description, or nil where there is no such file.
---@param base string the path without .json or .json.gz; the first wins
---@param orders table see core.json_decode_strict
---@return table|nil document
---@return string|nil path
local function read(base, orders)
  local text, path = read_first({ base .. ".json", base .. ".json.gz" }, MAX_COMPANION)
  if not text then
    return nil
  end
  local value, message = core.json_decode_strict(text, orders)
  if type(value) ~= "table" then
    refuse(quote.path(path), "%s", message or "expected an object, got " .. type(value))
  end
  return value, path
end

-- The names and the places of an object's members.
local function index(document, place)
  local names, places = core.json_members(document.text, MAX_MEMBERS, place, place and MAX_PART)
  if not names then
    refuse(quote.path(document.path), "%s", places)
  end
  return names, places
end

--- botocore's deep_merge: `patch` wins, but for objects on both sides, which are merged.
local function merge(value, patch, orders)
  if type(value) ~= "table" or type(patch) ~= "table" or #patch > 0 then
    return patch
  end
  local order = orders[value]
  for _, key in ipairs(orders[patch] or {}) do
    if order and value[key] == nil then
      order[#order + 1] = key
    end
    value[key] = merge(value[key], patch[key], orders)
  end
  return value
end

-- The members of one object, each decoded when it is first asked for.
local function lazy_section(document, name, patch)
  local names, places = {}, {}
  if document.places[name] then
    names, places = index(document, document.places[name])
  end
  patch = type(patch) == "table" and patch or {}
  for added in pairs(patch) do
    if not places[added] then
      names[#names + 1] = added
    end
  end
  return setmetatable({}, {
    __index = function(self, member)
      local value
      if places[member] then
        value = core.json_decode_strict(document.text, document.orders, places[member])
      end
      if patch[member] ~= nil then
        value = merge(value, patch[member], document.orders)
      end
      if value ~= nil then
        rawset(self, member, value)
      end
      return value
    end,
  }), names, places
end

-- The names of the shapes in whose text `word` stands: by their places, which are in order.
local function names_with(document, names, places, word)
  local found, at = {}, 1
  for i, name in ipairs(names) do
    local place, next_place = places[name], places[names[i + 1]] or #document.text + 1
    if not place then
      found[#found + 1] = name -- a patch's
    elseif at and place <= next_place then
      if at < place then
        at = document.text:find(word, place, true)
      end
      if at and at < next_place then
        found[#found + 1] = name
      end
    end
  end
  return found
end

---@class cloudjobs.Description the input of import/init.lua
---@field names string[] of the members at the top
---@field metadata table
---@field client_context table|nil
---@field operations table<string, table>
---@field operation_names string[]
---@field shapes table<string, table>
---@field shape_names string[]
---@field exceptions fun(): string[] names of the shapes that may be errors
---@field orders table<table, string[]>

--- A description that is indexed, and decoded as it is used.
---@param path string of service-2.json or service-2.json.gz
---@param patch table|nil is merged into it
---@param orders table
---@return cloudjobs.Description
local function open(path, patch, orders)
  local text = read_file(path, MAX_DESCRIPTION) or refuse(quote.path(path), "cannot be read: no such file")
  local document = { path = path, text = text, orders = orders }
  local names
  names, document.places = index(document)
  patch = patch or {}
  local function part(name)
    local place = document.places[name]
    local value
    if place then
      value = core.json_decode_strict(text, orders, place)
    end
    return patch[name] ~= nil and merge(value, patch[name], orders) or value
  end
  local operations, operation_names = lazy_section(document, "operations", patch.operations)
  local shapes, shape_names, places = lazy_section(document, "shapes", patch.shapes)
  return {
    names = names, orders = orders, metadata = part "metadata", client_context = part "clientContextParams",
    operations = operations, operation_names = operation_names, shapes = shapes, shape_names = shape_names,
    exceptions = function()
      return names_with(document, shape_names, places, '"exception"')
    end,
  }
end

local function sorted_names(object, orders)
  if type(object) ~= "table" then
    return {}
  elseif orders[object] then
    return orders[object]
  end
  local names = {}
  for name in pairs(object) do
    if type(name) ~= "string" then
      refuse("the description", "expected names, got %s", quote.value(name))
    end
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

--- A description that is a table.
---@param description table
---@param orders table
---@return cloudjobs.Description
local function wrap(description, orders)
  for _, name in ipairs { "operations", "shapes" } do
    if description[name] ~= nil and type(description[name]) ~= "table" then
      refuse("the description", "%s: expected an object, got %s", name, type(description[name]))
    end
  end
  local shapes, operations = description.shapes or {}, description.operations or {}
  local shape_names = sorted_names(shapes, orders)
  return {
    names = sorted_names(description, orders), orders = orders, metadata = description.metadata,
    client_context = description.clientContextParams,
    operations = operations, operation_names = sorted_names(operations, orders),
    shapes = shapes, shape_names = shape_names,
    exceptions = function()
      return shape_names
    end,
  }
end

return { read = read, merge = merge, open = open, wrap = wrap }
