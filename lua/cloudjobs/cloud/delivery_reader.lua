--- Reads listings and manifests from a storage within one deadline, and believes neither: what comes out has names,
--- sizes and entity tags of the right types.

local Error = require "cloudjobs.base.error"
local json = require "cloudjobs.base.json"
local quote = require "cloudjobs.base.quote"

-- A manifest with 100,000 files and 500 columns has fewer bytes.
local MAX_MANIFEST = 16 * 1024 * 1024

local MAX_SIZE = 2 ^ 53 -- of an object; larger numbers are not exact

local Reader = {}
local reader_mt = { __name = "cloudjobs.delivery_reader", __index = Reader }

--- The error for a manifest that cannot be used.
---@param name string its object
---@param message string
---@return cloudjobs.Error
local function bad_manifest(name, message)
  return Error.new {
    kind = "response", code = "manifest", message = ("the manifest %s: %s"):format(quote.value(name), message),
  }
end

-- The limits of the next request, or nil and why there is none.
local function limits_of(deadline)
  local err = deadline:refusal()
  local limits = deadline:limits()
  if not err and limits.timeout == 0 then
    err = Error.new {
      kind = "timeout", code = "timeout", message = "the time for finding the deliveries is over",
    }
  end
  return not err and limits or nil, err
end

-- What is wrong with an object of a listing, nil when nothing.
local function problem_with(object, prefix)
  if type(object) ~= "table" or type(object.name) ~= "string" then
    return "an object without a name"
  elseif object.name:sub(1, #prefix) ~= prefix then
    return ("%s, which is not below it"):format(quote.value(object.name))
  end
  local size = object.size
  if type(size) ~= "number" or not (size >= 0 and size < MAX_SIZE and size % 1 == 0) then
    return ("%s with a size of %s"):format(quote.value(object.name), quote.word(size))
  elseif type(object.etag) ~= "string" or object.etag == "" or type(object.last_modified) ~= "number" then
    return ("%s without an entity tag or a time"):format(quote.value(object.name))
  end
end

local function problem_in(listing, prefix)
  for _, object in ipairs(listing.objects) do
    local problem = problem_with(object, prefix)
    if problem then
      return problem
    end
  end
  for _, folder in ipairs(listing.prefixes or {}) do
    if type(folder) ~= "string" or folder:sub(1, #prefix) ~= prefix or folder:sub(-1) ~= "/" then
      return ("the folder %s, which is not one below it"):format(quote.value(folder))
    end
  end
end

--- The objects whose names begin with `prefix`.
---@param prefix string
---@param delimiter string|nil groups the names below the next one
---@return { objects: table[], prefixes: string[] }|nil
---@return cloudjobs.Error|nil err
function Reader:list(prefix, delimiter)
  local options, err = limits_of(self._deadline)
  if not options then
    return nil, err
  end
  options.delimiter = delimiter
  local listing
  listing, err = self.storage:list(prefix, options)
  if not listing then
    return nil, err
  end
  local problem = problem_in(listing, prefix)
  if problem then
    return nil, Error.new {
      kind = "response", code = "listing",
      message = ("the listing of %s in %s has %s"):format(quote.value(prefix), self.storage.place, problem),
    }
  end
  return listing
end

-- The folder that names have in common, with the slash at its end.
local function common_folder(names)
  local folder = names[1]:match("^.*/") or ""
  for _, name in ipairs(names) do
    while name:sub(1, #folder) ~= folder do
      folder = folder:sub(1, -2):match("^.*/") or ""
    end
  end
  return folder
end

--- The objects of these names, of one listing of the folder that all are in.
---@param names string[]
---@return table<string, table>|nil by_name
---@return cloudjobs.Error|nil err
function Reader:objects(names)
  local by_name = {}
  if #names == 0 then
    return by_name
  end
  local listing, err = self:list(common_folder(names))
  if not listing then
    return nil, err
  end
  for _, object in ipairs(listing.objects) do
    by_name[object.name] = object
  end
  return by_name
end

--- The JSON document of a manifest.
---@param object { name: string, size: integer|nil }
---@return table|nil document
---@return cloudjobs.Error|nil err
---@return { name: string, etag: string, last_modified: number }|nil manifest as it was read
function Reader:read(object)
  local name = object.name
  local options, err = limits_of(self._deadline)
  if not options then
    return nil, err
  elseif object.size and object.size > MAX_MANIFEST then
    return nil, bad_manifest(name, ("expected at most %d bytes, it has %.0f"):format(MAX_MANIFEST, object.size))
  end
  options.max = MAX_MANIFEST
  local read
  read, err = self.storage:read(name, options)
  if not read then
    return nil, err
  elseif type(read.body) ~= "string" or #read.body > MAX_MANIFEST then
    return nil, bad_manifest(name, ("expected at most %d bytes"):format(MAX_MANIFEST))
  end
  local document, message = json.decode((read.body:gsub("^\239\187\191", "")))
  if type(document) ~= "table" or getmetatable(document) ~= nil then
    return nil, bad_manifest(name, message or "expected a JSON object")
  end
  return document, nil, {
    name = name, etag = read.etag or object.etag, last_modified = read.last_modified or object.last_modified,
  }
end

--- Whether an object has still the entity tag that it had.
---@param name string
---@param etag string
---@return boolean|nil
---@return cloudjobs.Error|nil err
function Reader:has(name, etag)
  local listing, err = self:list(name)
  if not listing then
    return nil, err
  end
  for _, object in ipairs(listing.objects) do
    if object.name == name then
      return object.etag == etag
    end
  end
  return false
end

--- What a manifest may not call a file, nil where the name is fine: such names lead elsewhere once they are a path.
---@param name string
---@return string|nil
local function unsafe(name)
  if name == "" or name:sub(-1) == "/" then
    return "the name of a folder"
  elseif name:find("[%z\1-\31\127]") then
    return "a control character"
  elseif ("/" .. name .. "/"):find("/%.%.?/") then
    return "a segment . or .."
  end
  return nil
end

---@param storage cloudjobs.Storage
---@param deadline cloudjobs.Deadline
local function new(storage, deadline)
  return setmetatable({ storage = storage, _deadline = deadline }, reader_mt)
end

return { new = new, bad_manifest = bad_manifest, limits_of = limits_of, unsafe = unsafe }
