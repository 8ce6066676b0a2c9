--- The objects that the emulator stores, in memory: by place, a bucket or container, and by name.

---@class cloudjobs.emulator.Object
---@field name string
---@field body string
---@field etag string with its quotes
---@field last_modified number epoch seconds
---@field headers table<string, string>|nil what the service returns with the object, by lower-case names

local Objects = {}
local objects_mt = { __name = "cloudjobs.emulator.objects", __index = Objects }

local function new()
  return setmetatable({ _places = {} }, objects_mt)
end

--- Makes a place where it is missing. Whether it was.
---@param place string
---@return boolean
function Objects:create(place)
  if self._places[place] then
    return false
  end
  self._places[place] = { objects = {} }
  return true
end

---@return boolean
function Objects:has(place)
  return self._places[place] ~= nil
end

--- Stores an object, in a place that is made where it is missing.
---@param place string
---@param object cloudjobs.emulator.Object
function Objects:put(place, object)
  self:create(place)
  local found = self._places[place]
  if not found.objects[object.name] then
    found.names = nil
  end
  found.objects[object.name] = object
end

---@return cloudjobs.emulator.Object|nil
function Objects:get(place, name)
  local found = self._places[place]
  return found and found.objects[name]
end

--- Removes an object. Whether it was there.
---@return boolean
function Objects:remove(place, name)
  local was_there = self:get(place, name) ~= nil
  if was_there then
    self._places[place].objects[name], self._places[place].names = nil, nil
  end
  return was_there
end

-- The names of a place in the order of their bytes.
local function names_of(found)
  if not found.names then
    local names = {}
    for name in pairs(found.objects) do
      names[#names + 1] = name
    end
    table.sort(names)
    found.names = names
  end
  return found.names
end

-- The beginning that a name shares with others: up to the delimiter, where it has one behind the prefix.
local function common_prefix(name, prefix, delimiter)
  local last = delimiter and select(2, name:find(delimiter, #prefix + 1, true))
  return last and name:sub(1, last)
end

--- A page of a listing: objects and common prefixes, in the order of their names.
---@param place string
---@param options { prefix: string|nil, delimiter: string|nil, after: string|nil, max: integer } after: the last entry
--- of the page before
---@return { object: cloudjobs.emulator.Object|nil, prefix: string|nil }[] entries
---@return string|nil last what the next page is after; nil behind the last one
function Objects:list(place, options)
  local found, entries, seen = self._places[place], {}, {}
  local prefix, after, last = options.prefix or "", options.after, nil
  for _, name in ipairs(names_of(found)) do
    local common = name:sub(1, #prefix) == prefix and common_prefix(name, prefix, options.delimiter)
    local key = common or name
    if name:sub(1, #prefix) == prefix and not seen[key] and not (after and key <= after) then
      if #entries == options.max then
        return entries, last
      end
      seen[key], last = true, key
      entries[#entries + 1] = common and { prefix = common } or { object = found.objects[name] }
    end
  end
  return entries
end

return { new = new }
