--- Delivered files, in the services' own layouts, under a folder that stands for
--- the storage: <folder>/<bucket or container>/<key>. The manifest comes last:
--- it marks the delivery as complete.

local core = require "cloudjobs.core"
local os_ = require "cloudjobs.os"
local parquet = require "cloudjobs.emulator.parquet"
local query = require "cloudjobs.emulator.bcm.query"
local rows = require "cloudjobs.emulator.rows"
local runs = require "cloudjobs.emulator.azure.runs"

local Files = {}
local files_mt = { __name = "cloudjobs.emulator.files", __index = Files }

---@param folder string
local function new(folder)
  return setmetatable({ _folder = folder }, files_mt)
end

--- Parts of a key that are not empty, joined.
local function join(...)
  local parts = {}
  for _, part in ipairs { ... } do
    if part ~= "" then
      parts[#parts + 1] = part
    end
  end
  return table.concat(parts, "/")
end

--- Writes an object. In storage `..` is a name like any other; in a file system
--- it would leave the folder.
function Files:_write(key, bytes)
  local path = join(self._folder, (key:gsub("%f[^/%z]%.%.?%f[/%z]", "%%2E")))
  assert(os_.make_folder(path:match("^(.*)/")))
  assert(os_.write_private(path, bytes))
end

local function gzip(bytes)
  local done, _, message = os_.run({ "gzip", "-nc" }, { stdin = bytes, max_output = 2 * #bytes + 1024 })
  assert(done, message)
  return done.stdout
end

--- Data and ending of a file by its format.
local function content(columns, time, is_parquet, compressed)
  if is_parquet then
    return parquet.write(columns), compressed and ".snappy.parquet" or ".parquet"
  end
  local csv = rows.csv(columns, time)
  return compressed and gzip(csv) or csv, compressed and ".csv.gz" or ".csv"
end

--- The name of a partition's folder: its spelling depends on the table.
local function partition(of, time)
  local day = core.iso(math.floor(time))
  return of.partition .. "=" .. (of.partition == "date" and day:sub(1, 10) or day:sub(1, 7))
end

--- Delivers the files of a billing export's execution.
function Files:deliver_export(export, execution, time)
  local definition = execution.definition
  local parsed = query.read(definition.DataQuery)
  local destination = definition.DestinationConfigurations.S3Destination
  local output = destination.S3OutputConfigurations
  local name, root = definition.Name, join(destination.S3Bucket, destination.S3Prefix, definition.Name)
  local folder = partition(parsed.table, execution.created)
  local own = folder
  if output.Overwrite == "CREATE_NEW_REPORT" then
    local stamp = core.iso(math.floor(execution.created)):gsub("Z$", ".000Z")
    own = ("%s/%s-%s"):format(folder, stamp, execution.id)
  end

  local bytes, ending = content(parsed.columns, time, output.Format == "PARQUET", true)
  local key = join(root, "data", own, name .. "-00001" .. ending)
  self:_write(key, bytes)
  local columns = {}
  for i, column in ipairs(parsed.columns) do
    columns[i] = { name = column.Name, type = column.Type }
  end
  local manifest = core.json_encode {
    executionId = execution.id,
    exportArn = export.arn,
    columns = columns,
    dataFiles = { "s3://" .. key },
    additionalOutputFiles = setmetatable({}, core.array_mt),
  }
  if own ~= folder then
    self:_write(join(root, "metadata", own, name .. "-Manifest.json"), manifest)
  end
  self:_write(join(root, "metadata", folder, name .. "-Manifest.json"), manifest)
end

local function azure_manifest(export, run, blob, size)
  local properties = run.properties
  local destination = properties.deliveryInfo.destination
  return core.json_encode {
    blobCount = 1,
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
    blobs = { { blobName = blob, byteCount = size, dataRowCount = rows.COUNT } },
  }
end

--- Delivers the files of an Azure export's run.
function Files:deliver_run(export, run)
  local container = run.properties.deliveryInfo.destination.container
  local folder, file, has_manifest = runs.place(export, run)
  local columns = rows.azure_columns(run.properties.definition.type)
  local bytes = content(columns, run.submitted, file:find("%.parquet$"), file:find("%.gz$"))
  local blob = folder .. "/" .. file
  self:_write(join(container, blob), bytes)
  if has_manifest then
    self:_write(join(container, folder, "manifest.json"), azure_manifest(export, run, blob, #bytes))
  end
end

return { new = new }
