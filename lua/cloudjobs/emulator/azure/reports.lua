--- Asynchronous cost reports: the response to a start is 202 with a Location, the
--- response of the location 202 until the report is made, then its document with
--- signed links.

local access = require "cloudjobs.emulator.azure.blob_access"
local ascii = require "cloudjobs.base.ascii"
local blobs = require "cloudjobs.emulator.azure.blobs"
local core = require "cloudjobs.core"
local life = require "cloudjobs.emulator.life"
local refuse = require("cloudjobs.emulator.refuse").refuse
local rows = require "cloudjobs.emulator.rows"

local RETRY_AFTER = "30" -- seconds
local LINK_LIFETIME = 12 * 3600 -- seconds, by the wall clock

-- Where finished reports are.
local ACCOUNT, CONTAINER = "costreports", "reports"

local PREFIX = "/providers/microsoft.costmanagement/"

-- The segments of each start and each result, in lower case, and the kind of job.
local STARTS = {
  generatecostdetailsreport = "cost_details_report",
  generatereservationdetailsreport = "reservation_details_report",
  ["pricesheets/default/download"] = "price_sheet",
}
local RESULTS = {
  cost_details_report = "costDetailsOperationResults",
  reservation_details_report = "reservationDetailsOperationResults",
  price_sheet = "operationResults",
}
local KINDS = {}
for kind, collection in pairs(RESULTS) do
  KINDS[ascii.lower(collection)] = kind
end

local Reports = {}
local reports_mt = { __name = "cloudjobs.emulator.azure.reports", __index = Reports }

---@param world table
local function new(world)
  return setmetatable({ _world = world, _reports = {} }, reports_mt)
end

-- A link to a report's bytes, which needs no credentials until it expires.
local function link_to(self, origin, report, time)
  local world, place = self._world, blobs.place_of(ACCOUNT, CONTAINER)
  local target = { account = ACCOUNT, container = CONTAINER, blob = report.id .. ".csv" }
  if not world.objects:get(place, target.blob) then
    local bytes = rows.csv(rows.azure_columns("ActualCost"), time)
    world.objects:put(place, blobs.make(world, target.blob, bytes, time, { ["content-type"] = "text/csv" }))
  end
  local expiry = core.iso(math.floor(world.wall()) + LINK_LIFETIME)
  return {
    url = ("%s/%s/%s/%s?%s"):format(origin, ACCOUNT, CONTAINER, target.blob, access.link_query(world, target, expiry)),
    expiry = expiry, size = #world.objects:get(place, target.blob).body,
  }
end

local DOCUMENTS = {}

function DOCUMENTS.cost_details_report(report, state, link)
  return {
    id = report.path, name = report.id, status = state, validTill = link and link.expiry or nil,
    manifest = link and {
      manifestVersion = "2022-05-01", dataFormat = "Csv", compressData = false, blobCount = 1, byteCount = link.size,
      blobs = { { blobLink = link.url, byteCount = link.size } },
    } or nil,
  }
end

-- The sheets of newer agreements have no status.
function DOCUMENTS.price_sheet(_, state, link)
  return link and { downloadUrl = link.url, expiryTime = link.expiry } or { status = state }
end

function DOCUMENTS.reservation_details_report(_, state, link)
  return { status = state, properties = link and { reportUrl = link.url, validUntil = link.expiry } or nil }
end

local function start(self, target, _, now)
  if not target.version then
    refuse("MissingApiVersionParameter", "The api-version query parameter is required for all requests.")
  end
  local kind, world = target.kind, self._world
  local outcome = world.outcomes:consume(kind, { scope = target.scope })
  local report = {
    id = world.uuid(), kind = kind, scope = ascii.lower(target.scope), reason = outcome.reason,
    life = life.new(kind, now, outcome.status),
  }
  report.path = ("/%s/providers/Microsoft.CostManagement/%s/%s"):format(target.scope, RESULTS[kind], report.id)
  self._reports[report.id] = report
  local session = kind == "price_sheet" and "&sessiontoken=0:-1%232&OperationType=PriceSheet" or ""
  return 202, nil, {
    location = ("%s%s?api-version=%s%s"):format(target.origin, report.path, target.version, session),
    ["retry-after"] = RETRY_AFTER,
  }
end

local function read(self, target, _, now)
  local report = self._reports[target.id]
  if not report or report.kind ~= target.kind or report.scope ~= ascii.lower(target.scope) then
    refuse("NotFound", "The operation was not found.", nil, 404)
  end
  local current = report.life:at(now)
  if not current.final then
    return 202, nil, { ["retry-after"] = RETRY_AFTER }
  end
  local link = current.state == "Completed" and link_to(self, target.origin, report, current.at) or nil
  local document = DOCUMENTS[report.kind](report, current.state, link)
  if current.state == "Failed" then
    document.error = { code = "ReportFailed", message = report.reason or "The report could not be made." }
  end
  return 200, document
end

--- The report that a request starts or reads, or nil.
---@param request table
---@param version string|nil
---@param origin string
---@return table|nil target
function Reports:route(request, version, origin)
  local first, last = ascii.lower(request.path):find(PREFIX, 1, true)
  if not first then
    return nil
  end
  local rest = ascii.lower(request.path:sub(last + 1))
  local collection, id = rest:match("^(%w+)/([%x-]+)$")
  local target = { service_name = "azure_cost_reports", state = self, version = version, origin = origin }
  target.scope = request.path:sub(2, first - 1)
  if STARTS[rest] and request.method == "POST" then
    target.kind, target.operation, target.name = STARTS[rest], start, "start_" .. STARTS[rest]
  elseif KINDS[collection] and request.method == "GET" then
    target.kind, target.operation, target.name = KINDS[collection], read, "get_" .. KINDS[collection]
    target.id = id
  else
    return nil
  end
  return target
end

--- The names of its operations, for the faults that name them.
---@return string[]
function Reports.operations()
  local names = {}
  for kind in pairs(RESULTS) do
    names[#names + 1] = "start_" .. kind
    names[#names + 1] = "get_" .. kind
  end
  return names
end

return { new = new }
