--- What an Azure cost export delivered. A run has a folder with its files and a manifest; older ones are a lone file.
--- Several runs of one window of days hold the same days again, so the newest complete one counts.

local Deadline = require "cloudjobs.base.deadline"
local Delivery = require "cloudjobs.cloud.delivery"
local Error = require "cloudjobs.base.error"
local Filter = require "cloudjobs.cloud.delivery_filter"
local Layout = require "cloudjobs.azure.deliveries.layout"
local Manifest = require "cloudjobs.azure.deliveries.manifest"
local Reader = require "cloudjobs.cloud.delivery_reader"
local Windows = require "cloudjobs.azure.deliveries.windows"
local core = require "cloudjobs.core"
local history = require "cloudjobs.azure.deliveries.history"
local member = require "cloudjobs.base.path"
local option = require "cloudjobs.base.options"
local quote = require "cloudjobs.base.quote"

local WHAT = "cloudjobs.deliveries"

---@class cloudjobs.azure.Deliveries: cloudjobs.DeliverySource
local Deliveries = {}
local deliveries_mt = { __name = "cloudjobs.azure.deliveries", __index = Deliveries }

-- The export's destination and its storage, which are read once.
function Deliveries:_open(deadline)
  if self._storage then
    return true
  end
  local limits, err = Reader.limits_of(deadline)
  if not limits then
    return nil, err
  end
  local export
  export, err = self._client:get({ scope = self._ids.scope, exportName = self._ids.exportName }, limits)
  if not export then
    return nil, err
  end
  local destination = member.at(export, "properties.deliveryInfo.destination", "table")
  local id = member.at(destination, "resourceId", "string")
  -- The last segment of the account's ARM id is its name.
  self._account = id and member.tail(id) or member.at(destination, "storageAccount", "string")
  if not self._account or self._account == "" or not member.at(destination, "container", "string") then
    return nil, Error.new {
      kind = "response", code = "response",
      message = ("the export %s names no storage account or no container"):format(quote.value(self._ids.exportName)),
    }
  end
  self._storage, err = self._open_storage(destination)
  self._id = member.at(export, "id", "string")
  self._name = member.at(export, "name", "string") or self._ids.exportName
  self._root = Layout.root(member.at(destination, "rootFolderPath", "string"), self._name)
  return self._storage and true or nil, err
end

-- Whether a listed run is worth reading. Which period one without a window has, its manifest tells.
local function is_candidate(run, filter)
  return filter:accepts_time(run.time) and (not run.window or filter:accepts(run.window.period))
end

-- The prefixes that hold the runs of the wanted periods: all of them, or those of one month.
function Deliveries:_prefixes(reader, filter)
  if not filter.period or filter.execution_id then
    return { self._root }
  end
  local listing, err = reader:list(self._root, "/")
  if not listing then
    return nil, err
  end
  local prefixes, has_others = {}, listing.objects[1] ~= nil
  for _, folder in ipairs(listing.prefixes) do
    local window = Layout.window_in(folder, self._root)
    if window and filter:accepts(window.period) then
      prefixes[#prefixes + 1] = folder
    end
    has_others = has_others or not window
  end
  return has_others and { self._root } or prefixes
end

-- The runs in the container, newest first.
function Deliveries:_listed_runs(reader, filter)
  local prefixes, err = self:_prefixes(reader, filter)
  if not prefixes then
    return nil, err
  end
  local objects = {}
  for _, prefix in ipairs(prefixes) do
    local listing
    listing, err = reader:list(prefix)
    if not listing then
      return nil, err
    end
    for _, object in ipairs(listing.objects) do
      objects[#objects + 1] = object
    end
  end
  return Layout.runs(objects, self._root)
end

-- Whether a manifest's byteCount speaks against a blob. What it counts of a compressed file is not documented.
local function has_other_size(blob, file)
  return blob.size ~= nil and blob.size ~= file.size and file.compression == "none"
end

-- Puts the blobs of the manifest into the delivery, and what speaks against its being complete.
local function add_files(delivery, reader, said, by_name)
  local missing = {}
  for _, blob in ipairs(said.blobs) do
    local object = by_name[blob.name]
    if object then
      local file = Delivery.file_of(reader.storage, object, said.format, said.compression)
      if file.format == "parquet" and said.compression == "none" then
        file.compression = "none"
      end
      file.rows, file.md5 = blob.rows, blob.md5
      delivery.files[#delivery.files + 1] = file
      if has_other_size(blob, file) then
        delivery.reason = ("%s has %d bytes, its manifest says %s"):format(
          quote.value(file.name), file.size, quote.word(blob.size))
      end
    else
      missing[#missing + 1] = blob.name
    end
  end
  if missing[1] then
    delivery.missing = missing
    delivery.reason = ("%d of the %d files that the manifest names are missing"):format(#missing, #said.blobs)
  elseif said.count and said.count ~= #said.blobs then
    delivery.reason = ("the manifest counts %d files and names %d"):format(said.count, #said.blobs)
  end
  delivery.complete = delivery.reason == nil
end

-- The month of a time, for runs that have no window of days.
local function month_of(submitted, fallback)
  return core.iso(core.epoch(submitted or "") or fallback):sub(1, 7)
end

-- The delivery of a run with a manifest; nil without an error where it is another export's.
function Deliveries:_of_manifest(reader, run)
  local document, err, manifest = reader:read(run.manifest)
  if not document or Manifest.is_other(document, self._id) then
    return nil, err
  end
  local said, problem = Manifest.parse(document, reader.storage, self._account)
  if not said then
    return nil, Reader.bad_manifest(run.manifest.name, problem)
  end
  -- The export's folder, or the run's where the history has it elsewhere.
  local folder = run.key:sub(1, #self._root) == self._root and self._root or run.key
  local names = {}
  for i, blob in ipairs(said.blobs) do
    names[i] = blob.name
    if blob.name:sub(1, #folder) ~= folder then
      return nil, Reader.bad_manifest(run.manifest.name, ("blobs: %s is not in the export's folder %s"):format(
        quote.value(blob.name), quote.value(folder)))
    end
  end
  local by_name
  by_name, err = reader:objects(names)
  if not by_name then
    return nil, err
  end
  local window = run.window or said.window or { period = month_of(said.submitted, run.time) }
  local delivery = {
    cloud = "azure", export = self._name, period = window.period, range = window.range,
    execution_id = said.run_id or run.run_id, manifest = manifest, files = {},
  }
  add_files(delivery, reader, said, by_name)
  return delivery, nil, window
end

-- The delivery of a run without a manifest. A blob is there when all of it is.
function Deliveries:_of_files(reader, run)
  local window = run.window or { period = month_of(nil, run.time) }
  local files = {}
  for i, object in ipairs(run.files) do
    files[i] = Delivery.file_of(reader.storage, object)
  end
  return {
    cloud = "azure", export = self._name, period = window.period, range = window.range, execution_id = run.run_id,
    complete = true, files = files,
  }, nil, window
end

function Deliveries:_delivery(reader, run)
  local delivery, err, window
  if run.manifest then
    delivery, err, window = self:_of_manifest(reader, run)
  else
    delivery, err, window = self:_of_files(reader, run)
  end
  if not delivery then
    return nil, err
  end
  return Delivery.new(delivery, reader.storage), nil, window
end

-- Reads runs of a period, or of each, from the newest one until the days of each window are there, and leaves out
-- windows that others cover.
function Deliveries:_newest(reader, runs, filter, period)
  local windows = Windows.new()
  for _, run in ipairs(runs) do
    local is_wanted = not (period and run.window) or run.window.period == period
    if is_wanted and is_candidate(run, filter) and not windows:covers(run.window) then
      local delivery, err, window = self:_delivery(reader, run)
      if err then
        return nil, err
      elseif delivery and filter:accepts(delivery.period) then
        windows:add(delivery, window, run.time)
      end
    end
  end
  return windows:deliveries(filter.last)
end

-- The deliveries of the newest period that has any.
function Deliveries:_last(reader, runs, filter)
  local periods, seen = {}, {}
  for _, run in ipairs(runs) do
    local period = run.window and run.window.period or ""
    periods[#periods + 1] = not seen[period] and period or nil
    seen[period] = true
  end
  table.sort(periods)
  for i = #periods, 1, -1 do
    local deliveries, err = self:_newest(reader, runs, filter, periods[i])
    if err or #deliveries > 0 then
      return deliveries, err
    end
  end
  return {}
end

-- The run of that id: where its record in the history says, else where the container has it.
function Deliveries:_run(reader, filter, deadline)
  local id = filter.execution_id
  local run, err = history.run(self._client, self._ids, id, self._root, reader, deadline)
  if run or err then
    return run, err
  end
  local runs
  runs, err = self:_listed_runs(reader, filter)
  for _, listed in ipairs(runs or {}) do
    if listed.run_id == id then
      return listed
    end
  end
  return nil, err or Error.new {
    kind = "job", code = "not_delivered",
    message = ("run %s of %s: no files were found"):format(quote.value(id), quote.name(self._name)),
    hint = "The files of a run are there when it has ended as succeeded, until a later run overwrites them",
  }
end

--- The deliveries that the filter accepts, oldest period first; none is an empty list. A run that was not delivered is
--- an error.
---@param options cloudjobs.DeliveryFilter|nil
---@return cloudjobs.Delivery[]|nil
---@return cloudjobs.Error|nil err as for AWS
function Deliveries:list(options)
  local filter = Filter.new(options, WHAT)
  local deadline = Deadline.new(self._client:transport(), filter.timeout, filter.cancel)
  local opened, err = self:_open(deadline)
  if not opened then
    return nil, err
  end
  local reader = Reader.new(self._storage, deadline)
  local deliveries, runs
  if filter.execution_id then
    local run
    run, err = self:_run(reader, filter, deadline)
    runs = run and { run }
  else
    runs, err = self:_listed_runs(reader, filter)
  end
  if runs then
    local read = filter.last and self._last or self._newest
    deliveries, err = read(self, reader, runs, filter)
  end
  return deliveries, err
end

--- Whether a delivery's manifest, or its files where it has none, are still what it was made from.
---@param delivery cloudjobs.Delivery
---@param limits { timeout: number|nil, cancel: cloudjobs.Canceller|nil }|nil
---@return boolean|nil
---@return cloudjobs.Error|nil err
function Deliveries:unchanged(delivery, limits)
  limits = limits or {}
  local deadline = Deadline.new(self._client:transport(), limits.timeout, limits.cancel)
  local reader = Reader.new(delivery.storage, deadline)
  for _, object in ipairs(delivery.manifest and { delivery.manifest } or delivery.files) do
    local is_same, err = reader:has(object.name, object.etag)
    if not is_same then
      return is_same, err
    end
  end
  return true
end

--- The deliveries of one export.
---@param client cloudjobs.Client of Cost Management Exports
---@param ids { exportName: string, scope: string|nil } scope: the client's own unless given
---@param open_storage fun(destination: table): cloudjobs.Storage|nil, cloudjobs.Error|nil for the destination of the
--- export's document
---@return cloudjobs.azure.Deliveries
local function new(client, ids, open_storage)
  ids = option.check(ids, { exportName = "string", scope = "string" }, WHAT)
  if not ids.exportName then
    option.mistake(WHAT .. ": expected exportName")
  elseif not (ids.scope or client:settings().scope) then
    option.mistake(WHAT .. ": expected scope, as the client has none")
  end
  return setmetatable({ _client = client, _ids = ids, _open_storage = open_storage }, deliveries_mt)
end

return { new = new }
