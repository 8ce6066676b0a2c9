--- The manifest of an AWS data export: executionId, columns and dataFiles. It has no period, no sizes and no counts.

local Reader = require "cloudjobs.cloud.delivery_reader"
local ascii = require "cloudjobs.base.ascii"
local member = require "cloudjobs.base.path"
local quote = require "cloudjobs.base.quote"

-- The text by which an entry of dataFiles names a file: a URI, a key, or an object with one of them.
local function entry_text(entry)
  if type(entry) == "string" then
    return entry
  end
  return member.at(entry, "s3Uri", "string") or member.at(entry, "key", "string")
end

-- The columns, nil where the manifest has none in the form that is known.
local function columns_of(document)
  local columns = {}
  for i, column in ipairs(member.at(document, "columns", "table") or {}) do
    local name = member.at(column, "name", "string")
    if not name then
      return nil
    end
    columns[i] = { name = name, type = member.at(column, "type", "string") }
  end
  return #columns > 0 and columns or nil
end

-- The key of one entry, or nil and what is wrong with it.
local function key_of(entry, storage, folder)
  local text = entry_text(entry)
  if not text then
    return nil, "expected a URI, a key, or an object with s3Uri or key, got " .. type(entry)
  end
  local key, problem = storage:holds(text)
  if not key then
    return nil, tostring(problem)
  elseif ascii.lower(key:sub(1, #folder)) ~= ascii.lower(folder) then
    return nil, ("%s is not in the partition's folder %s"):format(quote.value(key), quote.value(folder))
  end
  problem = Reader.unsafe(key:sub(#folder + 1))
  return not problem and key or nil, problem and ("%s has %s"):format(quote.value(key), problem)
end

--- What the manifest says.
---@param document table
---@param storage cloudjobs.Storage
---@param folder string the partition's data folder: a file elsewhere is of another period or another export
---@return { execution_id: string|nil, columns: table[]|nil, names: string[] }|nil each name once
---@return string|nil message
local function parse(document, storage, folder)
  local entries = member.at(document, "dataFiles", "table")
  if not entries or (getmetatable(entries) == nil and next(entries) ~= nil) then
    return nil, "dataFiles: expected a list"
  end
  local names, seen = {}, {}
  for i, entry in ipairs(entries) do
    local key, problem = key_of(entry, storage, folder)
    if not key then
      return nil, ("dataFiles[%d]: %s"):format(i, problem)
    elseif not seen[key] then
      seen[key] = true
      names[#names + 1] = key
    end
  end
  return {
    execution_id = member.at(document, "executionId", "string"), columns = columns_of(document), names = names,
  }
end

return { parse = parse }
