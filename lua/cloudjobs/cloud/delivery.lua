--- What an export delivered for one period, in the form that both clouds' readers give it.

local ascii = require "cloudjobs.base.ascii"
local quote = require "cloudjobs.base.quote"

---@class cloudjobs.Delivery
---@field cloud "aws"|"azure"
---@field export string the export's name
---@field period string the month, "2026-10", or the day, "2026-10-05", of a table that is partitioned by days
---@field range string|nil "2026-10-01..2026-10-15" where an Azure run covers less or more than the month in `period`
---@field execution_id string|nil the execution or run that delivered it
---@field complete boolean every file that the manifest names is there, with the size that the manifest gives
---@field reason string|nil why it is not complete
---@field missing string[]|nil names that the manifest has and the listing lacks
---@field rewritten string[]|nil names of files that are newer than the manifest: another delivery is under way
---@field columns { name: string, type: string|nil }[]|nil
---@field manifest { name: string, etag: string, last_modified: number }|nil absent for an Azure run without one
---@field files cloudjobs.DeliveredFile[]
---@field place string the bucket or container
---@field storage cloudjobs.Storage reads the files; it is not among the members that pairs, tostring and JSON show

---@class cloudjobs.DeliveredFile
---@field name string S3 key or blob name
---@field url string without a signature
---@field size integer bytes
---@field etag string as If-Match has it, quotes included
---@field last_modified number epoch seconds
---@field format "csv"|"parquet"|nil
---@field compression "gzip"|"zip"|"snappy"|"none"
---@field rows integer|nil where the manifest has it
---@field md5 string|nil base64, where the manifest has it
---@field archived boolean it has to be restored before it can be read

---@class cloudjobs.StoredObject
---@field name string S3 key or blob name, as it is stored
---@field size integer bytes
---@field etag string as If-Match has it, quotes included
---@field last_modified number epoch seconds
---@field storage_class string|nil the service's word
---@field archived boolean|nil it has to be restored before it can be read

--- Read access to one bucket or container.
---@class cloudjobs.Storage
---@field place string "s3://bucket" or "https://account.blob.core.windows.net/container"
---@field list fun(self, prefix: string, options?: table): { objects: cloudjobs.StoredObject[], prefixes: string[] }?,
--- cloudjobs.Error?
---@field read fun(self, name: string, options?: table): table|nil, cloudjobs.Error|nil a small object, whole
---@field fetch fun(self, name: string, options: table): table|nil, cloudjobs.Error|nil streams a range into a sink
---@field url fun(self, name: string): string
---@field holds fun(self, entry: string): string|nil, any the object that an entry of a manifest names

--- What finds an export's deliveries.
---@class cloudjobs.DeliverySource
---@field list fun(self, filter?: cloudjobs.DeliveryFilter): cloudjobs.Delivery[]|nil, cloudjobs.Error|nil
---@field unchanged fun(self, delivery: cloudjobs.Delivery, limits?: table): boolean|nil, cloudjobs.Error|nil

-- By the end of a file's name; the longer ones first.
local FORMATS = {
  { ".csv.gz", "csv", "gzip" },
  { ".csv.gzip", "csv", "gzip" },
  { ".csv.zip", "csv", "zip" },
  { ".zip", "csv", "zip" },
  { ".csv", "csv", "none" },
  { ".snappy.parquet", "parquet", "snappy" },
  { ".parquet", "parquet", "snappy" },
}

--- Format and compression of a file by its name.
---@param name string
---@return string|nil format
---@return string|nil compression
local function format_of(name)
  name = ascii.lower(name)
  for _, known in ipairs(FORMATS) do
    if name:sub(-#known[1]) == known[1] then
      return known[2], known[3]
    end
  end
end

--- The file of an object in a listing.
---@param storage cloudjobs.Storage
---@param object table
---@param format string|nil where the name does not tell it
---@param compression string|nil the same
---@return cloudjobs.DeliveredFile
local function file_of(storage, object, format, compression)
  local by_name, compressed = format_of(object.name)
  return {
    name = object.name,
    url = storage:url(object.name),
    size = object.size,
    etag = object.etag,
    last_modified = object.last_modified,
    format = by_name or format,
    compression = compressed or compression or "none",
    archived = object.archived or false,
  }
end

local function count(n, word)
  return ("%d %s%s"):format(n, word, n == 1 and "" or "s")
end

local function describe(delivery)
  local size = 0
  for _, file in ipairs(delivery.files) do
    size = size + file.size
  end
  return ("%s %s: %s, %s, %s"):format(
    quote.clean(delivery.export), delivery.range or delivery.period, count(#delivery.files, "file"),
    count(size, "byte"), delivery.complete and "complete" or "not complete: " .. (delivery.reason or "unknown")
  )
end

--- A delivery. The storage is reached through the metatable, so that what prints or encodes a delivery leaves it out.
---@param fields table the members, which it keeps
---@param storage cloudjobs.Storage
---@return cloudjobs.Delivery
local function new(fields, storage)
  fields.place = storage.place
  return setmetatable(fields, {
    __name = "cloudjobs.delivery", __index = { storage = storage }, __tostring = describe,
  })
end

return { new = new, file_of = file_of, format_of = format_of }
