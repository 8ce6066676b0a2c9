--- The manifests of Azure's runs, in the current form and the older one.

local core = require "cloudjobs.core"
local rows = require "cloudjobs.emulator.rows"

--- The manifest of a run whose api-version is older: _manifest.json.
---@param files { name: string, size: integer, rows: integer, md5: string }[]
---@return table document
local function old(_, _, files)
  local blobs, size = {}, 0
  for i, file in ipairs(files) do
    size = size + file.size
    blobs[i] = {
      blobName = file.name, byteCount = file.size, dataRowCount = file.rows, headerRowCount = 1, contentMD5 = file.md5,
    }
  end
  return {
    manifestVersion = "2021-01-01", dataFormat = "csv", blobCount = #files, byteCount = size, dataRowCount = rows.COUNT,
    blobs = blobs,
  }
end

--- The manifest of a run: manifest.json.
---@param export table
---@param run table
---@param files { name: string, size: integer, rows: integer }[]
---@return table document
local function current(export, run, files)
  local properties = run.properties
  local destination = properties.deliveryInfo.destination
  local blobs = {}
  for i, file in ipairs(files) do
    blobs[i] = { blobName = file.name, byteCount = file.size, dataRowCount = file.rows }
  end
  return {
    blobCount = #files,
    dataRowCount = rows.COUNT,
    exportConfig = {
      exportName = export.name,
      resourceId = export.id,
      dataVersion = ((properties.definition.dataSet or {}).configuration or {}).dataVersion,
      apiVersion = "2025-03-01",
      type = properties.definition.type,
      timeFrame = properties.definition.timeframe,
      granularity = (properties.definition.dataSet or {}).granularity,
    },
    deliveryConfig = {
      partitionData = properties.partitionData or false,
      dataOverwriteBehavior = properties.dataOverwriteBehavior or "CreateNewReport",
      fileFormat = properties.format or "Csv",
      compressionMode = properties.compressionMode or "none",
      containerUri = destination.resourceId,
      rootFolderPath = destination.rootFolderPath,
    },
    runInfo = {
      executionType = run.execution_type,
      submittedTime = core.iso(run.submitted),
      runId = run.id,
      startDate = core.iso(run.from):sub(1, 19),
      endDate = core.iso(run.to):sub(1, 19),
    },
    blobs = blobs,
  }
end

return { old = old, current = current }
