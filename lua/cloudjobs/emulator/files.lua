--- Delivered files, in the services' own layouts: objects of the store and, where there is a folder for them, files
--- <folder>/<bucket or container>/<key>. The manifest comes last: it marks the delivery as complete.

local ascii = require "cloudjobs.base.ascii"
local blobs = require "cloudjobs.emulator.azure.blobs"
local core = require "cloudjobs.core"
local gzip = require "cloudjobs.base.gzip"
local manifests = require "cloudjobs.emulator.azure.manifests"
local member = require "cloudjobs.base.path"
local os_ = require "cloudjobs.os"
local parquet = require "cloudjobs.emulator.parquet"
local query = require "cloudjobs.emulator.bcm.query"
local rows = require "cloudjobs.emulator.rows"
local runs = require "cloudjobs.emulator.azure.runs"

local Files = {}
local files_mt = { __name = "cloudjobs.emulator.files", __index = Files }

---@param world table
---@param folder string|nil
local function new(world, folder)
  return setmetatable({ _world = world, _folder = folder }, files_mt)
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

-- The path of an object. In storage `..` is a name like any other; in a file system it would leave the folder.
function Files:_path(key)
  return join(self._folder, (key:gsub("%f[^/%z]%.%.?%f[/%z]", "%%2E")))
end

-- Writes a file where there is a folder for them.
function Files:_write(key, bytes)
  if self._folder then
    local path = self:_path(key)
    assert(os_.make_folder(path:match("^(.*)/")))
    assert(os_.write_private(path, bytes))
  end
end

--- Data and ending of a file by its format.
local function content(columns, time, is_parquet, compressed, first, last)
  if is_parquet then
    return parquet.write(columns), compressed and ".snappy.parquet" or ".parquet"
  end
  local csv = rows.csv(columns, time, first, last)
  return compressed and assert(gzip.encode(csv)) or csv, compressed and ".csv.gz" or ".csv"
end

--- The name of a partition's folder: its spelling depends on the table.
local function partition(of, time)
  local day = core.iso(math.floor(time))
  return of.partition .. "=" .. (of.partition == "date" and day:sub(1, 10) or day:sub(1, 7))
end

--- Delivers the files of a billing export's execution.
function Files:deliver_export(export, execution, time)
  if not self._folder then
    return
  end
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

-- The storage account that a destination names.
local function account_of(destination)
  return ascii.lower(destination.resourceId and member.tail(destination.resourceId) or destination.storageAccount)
end

-- Writes a blob of a run; the run remembers it.
function Files:_put_blob(run, name, bytes, time)
  local destination = run.properties.deliveryInfo.destination
  local place = blobs.place_of(account_of(destination), destination.container)
  local blob = blobs.make(self._world, name, bytes, time)
  self._world.objects:put(place, blob)
  self:_write(join(destination.container, name), bytes)
  run.blobs[#run.blobs + 1] = { place = place, key = join(destination.container, name), name = name }
  return blob
end

-- Removes what earlier runs delivered for the same month.
function Files:_overwrite(export, run)
  local month = core.iso(run.from):sub(1, 7)
  for _, other in ipairs(export.runs) do
    if other ~= run and core.iso(other.from):sub(1, 7) == month then
      for _, blob in ipairs(other.blobs or {}) do
        self._world.objects:remove(blob.place, blob.name)
        if self._folder then
          os.remove(self:_path(blob.key))
        end
      end
      other.blobs = nil
    end
  end
end

--- Delivers the files of an Azure export's run that ended at a time.
function Files:deliver_run(export, run, time)
  run.blobs = {}
  if ascii.lower(run.properties.dataOverwriteBehavior or "") == "overwritepreviousreport" then
    self:_overwrite(export, run)
  end
  local folder, names, manifest = runs.place(export, run)
  local columns = rows.azure_columns(run.properties.definition.type)
  local listed, count = {}, math.ceil(rows.COUNT / #names)
  for i, name in ipairs(names) do
    local first, last = (i - 1) * count + 1, math.min(i * count, rows.COUNT)
    local bytes = content(columns, run.submitted, name:find("%.parquet$"), name:find("%.gz$"), first, last)
    local blob = self:_put_blob(run, join(folder, name), bytes, time)
    listed[i] = { name = blob.name, size = #bytes, rows = last - first + 1, md5 = blob.headers["content-md5"] }
  end
  if manifest then
    local write = manifest == "_manifest.json" and manifests.old or manifests.current
    self:_put_blob(run, join(folder, manifest), core.json_encode(write(export, run, listed)), time)
  end
end

return { new = new }
