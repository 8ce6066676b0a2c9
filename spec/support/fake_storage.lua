--- A bucket or container in memory, for specs of what reads one: a table of objects by their names.

local core = require "cloudjobs.core"

local Storage = {}
local storage_mt = { __index = Storage }

--- Puts an object: its body and, where they matter, its etag, last_modified (epoch seconds), size and archived.
---@param object string|table { body, … }
function Storage:put(name, object)
  object = type(object) == "string" and { body = object } or object
  self.clock = self.clock + 1
  self.objects[name] = {
    name = name, body = object.body or "", size = object.size or #(object.body or ""),
    etag = object.etag or ('"%s-%d"'):format(core.sha256(object.body or ""):sub(1, 8), self.clock),
    last_modified = object.last_modified or self.clock, archived = object.archived,
  }
end

-- What happens before a request: `on_request(what, name)` may put other objects, or return an error.
function Storage:_request(what, name, options)
  self.requests[#self.requests + 1] = what .. " " .. name
  self.limits[#self.limits + 1] = { timeout = options and options.timeout, cancel = options and options.cancel }
  return self.on_request and self.on_request(what, name)
end

function Storage:list(prefix, options)
  local err = self:_request("list", prefix, options)
  if err then
    return nil, err
  end
  local listing, seen, names = { objects = {}, prefixes = {} }, {}, {}
  for name in pairs(self.objects) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local tail = name:sub(1, #prefix) == prefix and name:sub(#prefix + 1)
    local folder = tail and options and options.delimiter and tail:match("^(.-/)")
    if folder and not seen[folder] then
      seen[folder] = true
      listing.prefixes[#listing.prefixes + 1] = prefix .. folder
    elseif tail and not folder then
      local object = {}
      for key, value in pairs(self.objects[name]) do
        object[key] = key ~= "body" and value or nil
      end
      listing.objects[#listing.objects + 1] = object
    end
  end
  return listing
end

function Storage:read(name, options)
  local err = self:_request("read", name, options)
  local object = self.objects[name]
  if err or not object then
    return nil, err or "no such object"
  end
  return { body = object.body, etag = object.etag, size = object.size, last_modified = object.last_modified }
end

function Storage:url(name)
  return self.place .. "/" .. name
end

--- As both clouds' storages do: a URL of this place, or a name.
function Storage:holds(entry)
  if entry:sub(1, #self.place + 1) == self.place .. "/" then
    return entry:sub(#self.place + 2)
  elseif entry:find("^%w+://") then
    return nil, ("expected a file in %s, got one in %s"):format(self.place, entry:match("^%w+://[^/]*"))
  end
  return entry
end

--- A storage with these objects. What it was asked is in `requests`, with which limits in `limits`.
---@param place string
---@param objects table<string, string|table>|nil
---@param time number|nil when the first object was written
local function new(place, objects, time)
  local self = setmetatable({
    place = place, objects = {}, requests = {}, limits = {}, clock = time or 1795000000,
  }, storage_mt)
  for name, object in pairs(objects or {}) do
    self:put(name, object)
  end
  return self
end

return { new = new }
