--- The manifest of a run of an Azure cost export, in its current form (manifest.json) and the older one
--- (_manifest.json). Which members there are varies with the API's version, and some are null.

local Reader = require "cloudjobs.cloud.delivery_reader"
local Layout = require "cloudjobs.azure.deliveries.layout"
local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"
local member = require "cloudjobs.base.path"
local quote = require "cloudjobs.base.quote"

local FORMATS = { csv = "csv", parquet = "parquet" }
local COMPRESSIONS = { gzip = "gzip", snappy = "snappy", none = "none" }

-- A count or size; nil where there is none.
local function whole(value)
  return type(value) == "number" and value >= 0 and value < 2 ^ 53 and value % 1 == 0 and value or nil
end

local function word_in(words, value)
  return type(value) == "string" and words[ascii.lower(value)] or nil
end

-- The storage account in an ARM id or a URL of the service.
local function account_in(text)
  local lower = ascii.lower(text)
  return lower:match("/storageaccounts/([^/]+)") or lower:match("^https?://([^./:]+)%.")
end

-- What speaks against reading from where the manifest says the files are, nil when nothing.
local function foreign(document, account)
  local uri = member.at(document, "deliveryConfig.containerUri", "string")
  local named = uri and account_in(uri)
  if named and account and named ~= ascii.lower(account) then
    return ("deliveryConfig.containerUri: names the storage account %s, the export's is %s"):format(
      quote.value(named), quote.value(account))
  end
end

local function blob_of(entry, storage)
  local text = member.at(entry, "blobName", "string")
  if not text then
    return nil, "blobName: expected a string"
  end
  local name, problem = storage:holds(text)
  if not name then
    return nil, "blobName: " .. tostring(problem)
  end
  problem = Reader.unsafe(name)
  if problem then
    return nil, ("blobName: %s has %s"):format(quote.value(name), problem)
  end
  local size = entry.byteCount
  return {
    name = name, size = size ~= core.null and size or nil, rows = whole(entry.dataRowCount),
    md5 = member.at(entry, "contentMD5", "string"),
  }
end

-- An ARM id as it is compared: ids differ in case and in the slash at their start.
local function normal(id)
  return (ascii.lower(ascii.without_slashes(id)):gsub("^/+", ""))
end

--- Whether a manifest is of another export, which has the same name and folder as this one.
---@param document table
---@param id string|nil the export's id
local function is_other(document, id)
  local named = member.at(document, "exportConfig.resourceId", "string")
  return id ~= nil and named ~= nil and named ~= "" and normal(named) ~= normal(id)
end

--- What the manifest says.
---@param document table
---@param storage cloudjobs.Storage
---@param account string|nil the storage account that the export names
---@return { run_id: string|nil, blobs: table[], count: integer|nil, format: string|nil, compression: string|nil,
--- window: cloudjobs.azure.Window|nil, submitted: string|nil }|nil each blob once
---@return string|nil message
local function parse(document, storage, account)
  local problem = foreign(document, account)
  if problem then
    return nil, problem
  end
  local entries = document.blobs
  if entries == nil or entries == core.null then
    entries = {}
  elseif type(entries) ~= "table" or (getmetatable(entries) == nil and next(entries) ~= nil) then
    return nil, "blobs: expected a list"
  end
  local blobs, seen = {}, {}
  for i, entry in ipairs(entries) do
    local blob
    blob, problem = blob_of(entry, storage)
    if not blob then
      return nil, ("blobs[%d].%s"):format(i, problem)
    elseif not seen[blob.name] then
      seen[blob.name] = true
      blobs[#blobs + 1] = blob
    end
  end
  local function text(path)
    return member.at(document, path, "string")
  end
  return {
    run_id = text "runInfo.runId",
    blobs = blobs,
    -- A run without rows has a count of null or 0.
    count = whole(document.blobCount),
    format = word_in(FORMATS, text "deliveryConfig.fileFormat" or text "dataFormat"),
    compression = word_in(COMPRESSIONS, text "deliveryConfig.compressionMode"),
    window = Layout.window((text "runInfo.startDate" or ""):sub(1, 10), (text "runInfo.endDate" or ""):sub(1, 10)),
    submitted = text "runInfo.submittedTime",
  }
end

return { parse = parse, is_other = is_other }
