--- Where an Azure cost export has its blobs: <rootFolderPath>/<export>/[YYYYMMDD-YYYYMMDD/][YYYYMMDDhhmm/][run/]<file>.
--- The folder of dates is the data's range; price sheets and the like may have none.

local Delivery = require "cloudjobs.cloud.delivery"
local Filter = require "cloudjobs.cloud.delivery_filter"
local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"
local member = require "cloudjobs.base.path"

local DAY = 86400

local RANGE = "^(%d%d%d%d)(%d%d)(%d%d)%-(%d%d%d%d)(%d%d)(%d%d)$"
local GUID = ("%x"):rep(8) .. ("%-" .. ("%x"):rep(4)):rep(3) .. "%-" .. ("%x"):rep(12)

local MANIFESTS = { ["manifest.json"] = true, ["_manifest.json"] = true }

---@class cloudjobs.azure.Window the days that a run's data covers
---@field period string the month that it begins in
---@field range string|nil "2026-10-01..2026-10-15" where it is not one whole month
---@field first string its first day
---@field last string its last day

--- The folder that all runs of an export are in, with a slash at its end.
---@param folder string|nil rootFolderPath
---@param name string the export's name
---@return string
local function root(folder, name)
  folder = ascii.without_slashes(folder or ""):gsub("^/+", "")
  return (folder == "" and "" or folder .. "/") .. name .. "/"
end

-- Whether a day is the last one of its month.
local function is_month_end(day)
  return core.iso(core.epoch(day .. "T00:00:00Z") + DAY):sub(9, 10) == "01"
end

--- The window between two days.
---@param first string "2026-10-01"
---@param last string
---@return cloudjobs.azure.Window|nil
local function window(first, last)
  if not (first and last and Filter.is_period(first) and Filter.is_period(last) and first <= last)
    or not core.epoch(first .. "T00:00:00Z") or not core.epoch(last .. "T00:00:00Z") then
    return nil
  end
  local period = first:sub(1, 7)
  local is_whole = first:sub(9) == "01" and last:sub(1, 7) == period and is_month_end(last)
  return { period = period, range = not is_whole and first .. ".." .. last or nil, first = first, last = last }
end

--- The window of a folder name.
---@param name string "20261001-20261031"
---@return cloudjobs.azure.Window|nil
local function window_of(name)
  local y1, m1, d1, y2, m2, d2 = name:match(RANGE)
  return y1 and window(("%s-%s-%s"):format(y1, m1, d1), ("%s-%s-%s"):format(y2, m2, d2)) or nil
end

-- The window of a run without days: all of the month in which it began, by its folder YYYYMMDDhhmm.
local function month_of(folder)
  local year, month = folder:match("^(%d%d%d%d)(%d%d)%d%d%d%d%d%d$")
  local period = year and ("%s-%s"):format(year, month)
  return period and Filter.is_period(period) and { period = period } or nil
end

--- The window in a blob's path below the root.
---@param name string
---@param prefix string the root
---@return cloudjobs.azure.Window|nil
local function window_in(name, prefix)
  local folder = name:sub(1, #prefix) == prefix and name:sub(#prefix + 1):match("^([^/]*)/") or ""
  return window_of(folder) or month_of(folder)
end

local function is_manifest(name)
  return MANIFESTS[ascii.lower(member.tail(name))] or false
end

--- The run's id: the last GUID of a path.
---@param name string
---@return string|nil
local function run_id_in(name)
  local tail = member.tail(name)
  return tail:match("^.*(" .. GUID .. ")") or name:sub(1, -#tail - 1):match("^.*/(" .. GUID .. ")/$")
end

---@class cloudjobs.azure.Run what a listing shows of a run
---@field key string the folder or, for a run that is one file among others, that file
---@field manifest table|nil the manifest's object
---@field files table[]|nil the data files of a run without a manifest
---@field run_id string|nil
---@field time number when it was delivered, epoch seconds
---@field window cloudjobs.azure.Window|nil

local function run_of_manifest(object, prefix)
  return {
    key = object.name:match("^.*/") or "", manifest = object, run_id = run_id_in(object.name),
    time = object.last_modified, window = window_in(object.name, prefix),
  }
end

local function run_of_files(objects, prefix)
  local first, time = objects[1], 0
  for _, object in ipairs(objects) do
    time = math.max(time, object.last_modified)
  end
  return {
    key = first.name, files = objects, run_id = run_id_in(first.name), time = time,
    window = window_in(first.name, prefix),
  }
end

local function is_data(object)
  return Delivery.format_of(object.name) ~= nil and object.size > 0
end

-- Whether a data file is a run by itself: classic exports write <export>_<run>.csv into the folder of the days. What is
-- in a folder of one run is complete when the manifest is there.
local function is_lone(object)
  local tail = member.tail(object.name)
  local folder = member.tail(object.name:sub(1, -#tail - 2))
  return is_data(object) and tail:find(GUID) ~= nil and not folder:find("^" .. GUID .. "$")
end

--- The runs in a listing.
---@param objects table[]
---@param prefix string the root
---@return cloudjobs.azure.Run[]
local function runs(objects, prefix)
  local found, folders = {}, {}
  for _, object in ipairs(objects) do
    if is_manifest(object.name) then
      local run = run_of_manifest(object, prefix)
      -- Of the two names of manifests in one folder the newer one counts.
      local other = folders[run.key]
      if not other or run.time > other.time then
        folders[run.key] = run
      end
    end
  end
  for _, run in pairs(folders) do
    found[#found + 1] = run
  end
  for _, object in ipairs(objects) do
    if is_lone(object) and not folders[object.name:match("^.*/") or ""] then
      found[#found + 1] = run_of_files({ object }, prefix)
    end
  end
  table.sort(found, function(a, b)
    if a.time ~= b.time then
      return a.time > b.time
    end
    return a.key > b.key
  end)
  return found
end

return {
  root = root, window = window, window_in = window_in, is_manifest = is_manifest, runs = runs,
  run_of_manifest = run_of_manifest, run_of_files = run_of_files, is_data = is_data,
}
