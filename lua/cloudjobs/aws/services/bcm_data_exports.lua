--- What a client for BCM Data Exports does beyond its operations.

local Deadline = require "cloudjobs.base.deadline"
local option = require "cloudjobs.base.options"

local OPTIONS = { timeout = "number", cancel = "canceller" }

local ROUNDS = 3
-- Seconds until an export whose response was lost appears in a listing.
local LISTING_DELAY = 2
-- Seconds by which clocks may differ: an export created longer than this before
-- the call is another one.
local CLOCK_TOLERANCE = 300

local methods = {}

-- The export of that name, made since then, once it had time to show; nil and
-- why it is unclear whether there is one.
local function search(self, name, since, deadline)
  local left = deadline:left()
  if left and left <= LISTING_DELAY then
    return nil, "no time was left to search the exports for it"
  end
  local _, err = deadline:sleep(LISTING_DELAY)
  if err then
    return nil, "the exports were not searched for it: " .. err
  end
  local list
  list, err = self:all("list_exports", nil, deadline:page_limits())
  if not list then
    return nil, "the exports could not be searched: " .. err
  end
  for _, export in ipairs(list) do
    if export.ExportName == name then
      local created = export.ExportStatus and export.ExportStatus.CreatedAt
      if created and created < since - CLOCK_TOLERANCE then
        return nil, "an older export has this name: " .. export.ExportArn
      end
      return export
    end
  end
end

--- Creates an export, and never two: CreateExport has no idempotency token, so
--- once a response was lost the exports are searched for the name before it is
--- sent again, and before any later refusal is believed.
---@param params { Export: table, ResourceTags: table|nil } as for create_export
---@param options { timeout: number|nil, cancel: table|nil }|nil timeout: seconds for all of it
---@return { ExportArn: string }|nil
---@return cloudjobs.Error|nil err
function methods:create_export_once(params, options)
  if type(params) ~= "table" then
    option.mistake("create_export_once: parameters: expected table, got " .. type(params))
  end
  options = option.check(options, OPTIONS, "create_export_once")
  local transport = self:transport()
  local deadline, since = Deadline.new(transport, options.timeout, options.cancel), transport:now()
  local lost
  for _ = 1, ROUNDS do
    local created, err = self:create_export(params, deadline:limits())
    if created then
      return created
    end
    lost = lost or (err.ambiguous and err)
    if not lost then
      return nil, err
    end
    local found, unclear = search(self, params.Export.Name, since, deadline)
    if found then
      return { ExportArn = found.ExportArn }
    elseif unclear then
      lost.hint = unclear
      return nil, lost
    elseif not err.ambiguous then
      return nil, err
    end
  end
  return nil, lost
end

local SOURCE_OPTIONS = { storage = "table", request_payer = "boolean" }

--- What finds the files that an export delivered; cloudjobs.deliveries and job:files() use it.
---@param ids { ExportArn: string }
---@param options { storage: cloudjobs.Client|nil, request_payer: boolean|nil }|nil storage: a client of S3 in place of
--- one that is made from this client's credentials and the export's bucket
---@return cloudjobs.DeliverySource
function methods:delivery_source(ids, options)
  options = option.check(options, SOURCE_OPTIONS, "delivery_source")
  return require("cloudjobs.aws.deliveries").new(self, ids, function(destination)
    local client = options.storage or self._context:neighbour("s3", destination.S3Region)
    return require("cloudjobs.aws.storage").new(client, destination.S3Bucket, {
      expected_owner = destination.S3BucketOwner, request_payer = options.request_payer,
    })
  end)
end

return { methods = methods }
