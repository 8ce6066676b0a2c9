--- What an AWS data export delivered. No API names the files: GetExport tells the bucket and the prefix, the folders
--- below metadata/ are the periods, and each has a manifest, which is written when all of its files are there.

local Deadline = require "cloudjobs.base.deadline"
local Delivery = require "cloudjobs.cloud.delivery"
local Error = require "cloudjobs.base.error"
local Filter = require "cloudjobs.cloud.delivery_filter"
local Layout = require "cloudjobs.aws.deliveries.layout"
local Manifest = require "cloudjobs.aws.deliveries.manifest"
local Reader = require "cloudjobs.cloud.delivery_reader"
local member = require "cloudjobs.base.path"
local option = require "cloudjobs.base.options"
local quote = require "cloudjobs.base.quote"

local WHAT = "cloudjobs.deliveries"

local DESTINATION = "Export.DestinationConfigurations.S3Destination"

-- A delivery of the same keys has ended within this time: the service begins one at least once a day.
local MAX_DELIVERY = 86400

local MAX_READS = 3 -- of a manifest that changes while it is compared with its files
local MAX_REFRESHES = 3 -- folders that are searched where the manifest of the newest refresh is absent

---@class cloudjobs.aws.Deliveries: cloudjobs.DeliverySource
local Deliveries = {}
local deliveries_mt = { __name = "cloudjobs.aws.deliveries", __index = Deliveries }

-- The export's name and destination, and its storage, which are read once.
function Deliveries:_open(deadline)
  if self._storage then
    return true
  end
  local limits, err = Reader.limits_of(deadline)
  if not limits then
    return nil, err
  end
  local output
  output, err = self._client:get_export({ ExportArn = self._arn }, limits)
  if not output then
    return nil, err
  end
  local destination = member.at(output, DESTINATION, "table")
  local name = member.at(output, "Export.Name", "string")
  if not name or not member.at(destination, "S3Bucket", "string") then
    return nil, Error.new {
      kind = "response", code = "response", message = "GetExport names no bucket for " .. quote.value(self._arn),
    }
  end
  self._storage, err = self._open_storage(destination)
  self._name, self._destination = name, destination
  return self._storage and true or nil, err
end

-- Adds the partitions below a folder of metadata/ to `found`.
local function add_partitions(reader, found, root, prefix, depth)
  local listing, err = reader:list(prefix, "/")
  if not listing then
    return nil, err
  end
  for _, folder in ipairs(listing.prefixes) do
    local period, is_level = Layout.partition_of(folder)
    if period then
      found[#found + 1] = {
        period = period, metadata = folder, data = root .. "/data/" .. folder:sub(#root + #"/metadata/" + 1),
      }
    elseif is_level and depth == 1 then
      local added
      added, err = add_partitions(reader, found, root, folder, depth + 1)
      if not added then
        return nil, err
      end
    end
  end
  return true
end

-- The partitions, newest periods first.
function Deliveries:_partitions(reader)
  local found = {}
  for _, root in ipairs(Layout.roots(member.at(self._destination, "S3Prefix", "string") or "", self._name)) do
    local added, err = add_partitions(reader, found, root, root .. "/metadata/", 1)
    if not added then
      return nil, err
    elseif #found > 0 then
      break
    end
  end
  table.sort(found, function(a, b)
    if a.period ~= b.period then
      return a.period > b.period
    end
    return a.metadata < b.metadata
  end)
  return found
end

-- The newest of the latest refreshes that has a manifest.
local function newest_refresh(reader, prefixes)
  table.sort(prefixes) -- by their timestamps
  for i = #prefixes, math.max(1, #prefixes - MAX_REFRESHES + 1), -1 do
    local listing, err = reader:list(prefixes[i], "/")
    local manifest = listing and Layout.manifest_in(listing.objects, prefixes[i])
    if manifest or err then
      return manifest, err
    end
  end
end

-- The manifest's object in a partition: of one execution, where it has a folder of its own, else the newest; nil
-- without an error where there is none.
local function find_manifest(reader, partition, execution_id)
  local listing, err = reader:list(partition.metadata, "/")
  if not listing then
    return nil, err
  end
  local refresh = execution_id and Layout.refresh_of(listing.prefixes, execution_id)
  if refresh then
    listing, err = reader:list(refresh, "/")
    return listing and Layout.manifest_in(listing.objects, refresh), err
  end
  local manifest = Layout.manifest_in(listing.objects, partition.metadata)
  if manifest or execution_id then
    return manifest
  end
  return newest_refresh(reader, listing.prefixes)
end

local FORMATS = { TEXT_OR_CSV = "csv", PARQUET = "parquet" }
local COMPRESSIONS = { GZIP = "gzip", PARQUET = "snappy" }

-- Puts the files that the manifest names into the delivery, and what speaks against its being complete.
local function add_files(delivery, reader, partition, names, context)
  local by_name, err = reader:objects(names)
  if not by_name then
    return nil, err
  end
  local missing, rewritten = {}, {}
  for _, name in ipairs(names) do
    local object = by_name[name]
    if not object then
      missing[#missing + 1] = name
    else
      local file = Delivery.file_of(reader.storage, object, context.format, context.compression)
      delivery.files[#delivery.files + 1] = file
      -- Files in folders of their own refresh are written once.
      local is_shared = not name:find("/", #partition.data + 1, true)
      if is_shared and object.last_modified > delivery.manifest.last_modified
        and context.now - object.last_modified < MAX_DELIVERY then
        rewritten[#rewritten + 1] = name
      end
    end
  end
  delivery.missing, delivery.rewritten = missing[1] and missing, rewritten[1] and rewritten
  if missing[1] then
    delivery.reason = ("%d of the %d files that the manifest names are missing"):format(#missing, #names)
  elseif rewritten[1] then
    delivery.reason = ("%d of %d files are newer than the manifest"):format(#rewritten, #names)
  end
  delivery.complete = delivery.reason == nil
  return true
end

-- The delivery of a manifest; nil without an error where it is another execution's.
function Deliveries:_delivery(reader, partition, object, execution_id)
  local document, err, manifest = reader:read(object)
  if not document then
    return nil, err
  end
  local said, problem = Manifest.parse(document, reader.storage, partition.data)
  if not said then
    return nil, Reader.bad_manifest(object.name, problem)
  elseif execution_id and said.execution_id ~= execution_id then
    return nil
  end
  local delivery = {
    cloud = "aws", export = self._name, period = partition.period, execution_id = said.execution_id,
    columns = said.columns, manifest = manifest, files = {},
  }
  local output = member.at(self._destination, "S3OutputConfigurations", "table") or {}
  local added
  added, err = add_files(delivery, reader, partition, said.names, {
    now = self._client:transport():now(), format = FORMATS[output.Format],
    compression = COMPRESSIONS[output.Compression],
  })
  if not added then
    return nil, err
  end
  return Delivery.new(delivery, reader.storage)
end

-- The same, read again where the manifest was replaced before its files were listed.
function Deliveries:_settled(reader, partition, object, execution_id)
  local delivery, err, etag
  for _ = 1, MAX_READS do
    delivery, err = self:_delivery(reader, partition, object, execution_id)
    if not delivery or delivery.complete or delivery.manifest.etag == etag then
      break
    end
    etag = delivery.manifest.etag
  end
  return delivery, err
end

-- Of several folders for one period (both spellings, several versions of a model) the one with the newest manifest.
local function newest_by_period(reader, partitions, filter)
  local chosen, by_period = {}, {}
  for _, partition in ipairs(partitions) do
    -- The newest period that has a manifest is the last one.
    if filter.last and chosen[1] and chosen[1].period ~= partition.period then
      break
    end
    local manifest, err
    if filter:accepts(partition.period) then
      manifest, err = find_manifest(reader, partition, filter.execution_id)
    end
    if err then
      return nil, err
    end
    local other = by_period[partition.period]
    if manifest and not other then
      by_period[partition.period] = partition
      chosen[#chosen + 1] = partition
      partition.manifest = manifest
    elseif manifest and manifest.last_modified > other.manifest.last_modified then
      other.metadata, other.data, other.manifest = partition.metadata, partition.data, manifest
    end
  end
  return chosen
end

-- The error for an execution that no manifest names.
function Deliveries:_not_delivered(execution_id)
  local mode = member.at(self._destination, "S3OutputConfigurations.Overwrite", "string")
  local why = mode == "OVERWRITE_REPORT"
    and "the export overwrites earlier deliveries, so only the newest one of each period can be found"
    or "no manifest names it"
  return Error.new {
    kind = "job", code = "not_delivered",
    message = ("execution %s of %s: no files were found: %s"):format(
      quote.value(execution_id), quote.name(self._name), why),
    hint = "The files of an execution are there when it has ended as succeeded",
  }
end

--- The deliveries that the filter accepts, oldest period first; none is an empty list. An execution that was not
--- delivered is an error.
---@param options cloudjobs.DeliveryFilter|nil
---@return cloudjobs.Delivery[]|nil
---@return cloudjobs.Error|nil err kind "response", code "manifest" or "listing" for what cannot be trusted; kind "job",
--- code "not_delivered"; kind "timeout" or "cancelled"; or what GetExport or the storage answered
function Deliveries:list(options)
  local filter = Filter.new(options, WHAT)
  local deadline = Deadline.new(self._client:transport(), filter.timeout, filter.cancel)
  local opened, err = self:_open(deadline)
  if not opened then
    return nil, err
  end
  local reader = Reader.new(self._storage, deadline)
  local partitions
  partitions, err = self:_partitions(reader)
  if partitions then
    partitions, err = newest_by_period(reader, partitions, filter)
  end
  if not partitions then
    return nil, err
  end
  local deliveries, was_found = {}, false
  for i = #partitions, 1, -1 do
    local partition, delivery = partitions[i], nil
    if filter.execution_id or filter:accepts_time(partition.manifest.last_modified) then
      delivery, err = self:_settled(reader, partition, partition.manifest, filter.execution_id)
    end
    if err then
      return nil, err
    end
    was_found = was_found or delivery ~= nil
    deliveries[#deliveries + 1] = delivery and filter:accepts_time(delivery.manifest.last_modified) and delivery or nil
  end
  if filter.execution_id and not was_found then
    return nil, self:_not_delivered(filter.execution_id)
  end
  return deliveries
end

--- Whether a delivery's manifest is still the one that it was made from.
---@param delivery cloudjobs.Delivery
---@param limits { timeout: number|nil, cancel: cloudjobs.Canceller|nil }|nil
---@return boolean|nil
---@return cloudjobs.Error|nil err
function Deliveries:unchanged(delivery, limits)
  limits = limits or {}
  local deadline = Deadline.new(self._client:transport(), limits.timeout, limits.cancel)
  local is_same, err = Reader.new(delivery.storage, deadline):has(delivery.manifest.name, delivery.manifest.etag)
  return is_same, err
end

--- The deliveries of one export.
---@param client cloudjobs.Client of BCM Data Exports
---@param ids { ExportArn: string }
---@param open_storage fun(destination: table): cloudjobs.Storage|nil, cloudjobs.Error|nil for the S3Destination of
--- GetExport
---@return cloudjobs.aws.Deliveries
local function new(client, ids, open_storage)
  ids = option.check(ids, { ExportArn = "string" }, WHAT)
  if not ids.ExportArn then
    option.mistake(WHAT .. ": expected ExportArn")
  end
  return setmetatable({ _client = client, _arn = ids.ExportArn, _open_storage = open_storage }, deliveries_mt)
end

return { new = new }
