--- Where an AWS data export has its objects: <prefix>/<export>/data/<partition>/ for files, and metadata/<partition>/
--- beside data/ for manifests; both have a folder for each refresh where earlier ones are not overwritten.

local Filter = require "cloudjobs.cloud.delivery_filter"
local ascii = require "cloudjobs.base.ascii"
local member = require "cloudjobs.base.path"

-- The name of the last folder of a prefix that ends in a slash.
local function last_folder(prefix)
  return member.tail(ascii.without_slashes(prefix))
end

--- The folders in which an export can be: the service joins a prefix and a name, and what it does with the slashes of a
--- prefix is not documented.
---@param prefix string the export's S3Prefix
---@param name string the export's name
---@return string[]
local function roots(prefix, name)
  local joined = ascii.without_slashes(prefix):gsub("^/+", "")
  local clean = (joined == "" and "" or joined .. "/") .. name
  local raw = prefix .. "/" .. name
  return clean == raw and { clean } or { clean, raw }
end

--- What a folder below metadata/ stands for: a period, or a further level such as the version of a model.
---@param prefix string
---@return string|nil period
---@return boolean is_level
local function partition_of(prefix)
  local key, value = last_folder(prefix):match("^([%w_]+)=(.*)$")
  if not key then
    return nil, false
  elseif Filter.is_period(value) and not ascii.lower(key):find("version$") then
    return value, false
  end
  return nil, true
end

-- Whether an object is a manifest right under the folder `prefix`.
local function is_manifest(name, prefix)
  local tail = name:sub(#prefix + 1)
  return name:sub(1, #prefix) == prefix and tail:find("^[^/]*Manifest%.json$") ~= nil
end

--- The newest manifest right under a folder.
---@param objects table[] of a listing
---@param prefix string
---@return table|nil object
local function manifest_in(objects, prefix)
  local newest
  for _, object in ipairs(objects) do
    if is_manifest(object.name, prefix) and (not newest or object.last_modified > newest.last_modified) then
      newest = object
    end
  end
  return newest
end

--- The folder of one execution's refresh, TIMESTAMP-EXECUTION.
---@param prefixes string[]
---@param execution_id string
---@return string|nil prefix
local function refresh_of(prefixes, execution_id)
  local ending = "-" .. execution_id
  for _, prefix in ipairs(prefixes) do
    if last_folder(prefix):sub(-#ending) == ending then
      return prefix
    end
  end
end

return { roots = roots, partition_of = partition_of, manifest_in = manifest_in, refresh_of = refresh_of }
