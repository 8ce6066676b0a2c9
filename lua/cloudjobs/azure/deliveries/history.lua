--- Where the run history says that a run's files are: manifestFile, or fileName of an older run.

local Layout = require "cloudjobs.azure.deliveries.layout"
local Reader = require "cloudjobs.cloud.delivery_reader"
local Error = require "cloudjobs.base.error"
local member = require "cloudjobs.base.path"
local quote = require "cloudjobs.base.quote"

-- The record of a run, nil without an error where the history does not have it.
local function record_of(client, ids, run_id, deadline)
  local limits, err = Reader.limits_of(deadline)
  local output
  if limits then
    output, err = client:get_execution_history({ scope = ids.scope, exportName = ids.exportName }, limits)
  end
  for _, record in ipairs(member.records(output, "value")) do
    local id = type(record.id) == "string" and member.tail(record.id) or ""
    if id == run_id or (id == "" and record.name == run_id) then
      return record
    end
  end
  return nil, err
end

-- The name of the object at a path of the record, nil without an error where the record has none.
local function name_at(record, path, storage)
  local text = member.at(record, path, "string")
  if not text or text == "" then
    return nil
  end
  local name, problem = storage:holds(text)
  if not name or Reader.unsafe(name) then
    return nil, Error.new {
      kind = "response", code = "response",
      message = ("the run history's %s: %s"):format(path, tostring(problem or Reader.unsafe(name))),
    }
  end
  return name
end

-- The run of a listing: its manifest, or else all of its data files.
local function run_in(objects, root)
  local files = {}
  for _, object in ipairs(objects) do
    if Layout.is_manifest(object.name) then
      return Layout.run_of_manifest(object, root)
    end
    files[#files + 1] = Layout.is_data(object) and object or nil
  end
  return files[1] and Layout.run_of_files(files, root)
end

-- The error for a run that has ended otherwise, or not yet.
local function without_files(run_id, status)
  return Error.new {
    kind = "job", code = "not_delivered",
    message = ("run %s is %s, and has no files"):format(quote.value(run_id), quote.word(status)),
  }
end

--- A run as its record in the history has it; nil without an error where the record names no files that are there.
---@param client cloudjobs.Client
---@param ids { scope: string|nil, exportName: string }
---@param run_id string
---@param root string the export's folder
---@param reader table
---@param deadline cloudjobs.Deadline
---@return cloudjobs.azure.Run|nil
---@return cloudjobs.Error|nil err
local function run(client, ids, run_id, root, reader, deadline)
  local record, err = record_of(client, ids, run_id, deadline)
  local status, name = member.at(record, "properties.status", "string"), nil
  if status and status ~= "Completed" then
    return nil, without_files(run_id, status)
  elseif record then
    name, err = name_at(record, "properties.manifestFile", reader.storage)
    if not name and not err then
      name, err = name_at(record, "properties.fileName", reader.storage)
    end
  end
  if not name or not name:find("/", 1, true) then
    return nil, err
  end
  -- A run of several files has a folder of its own, named by its id; a file in a folder of many runs has the id itself.
  local _, last = name:find("/" .. run_id .. "/", 1, true)
  local folder = last and name:sub(1, last)
  local listing
  listing, err = reader:list(Layout.is_manifest(name) and name or folder or name)
  local found = listing and run_in(listing.objects, root)
  if found then
    found.run_id = run_id
    -- The days of data that the record has, where the path has none.
    found.window = found.window or Layout.window(
      (member.at(record, "properties.startDate", "string") or ""):sub(1, 10),
      (member.at(record, "properties.endDate", "string") or ""):sub(1, 10))
  end
  return found, err
end

return { run = run }
