--- The front of Blob Storage, by addresses with the account in the path: http://host/account/container/blob. Every
--- account is there; a container is where something was delivered or it was created.

local access = require "cloudjobs.emulator.azure.blob_access"
local ascii = require "cloudjobs.base.ascii"
local conditions = require "cloudjobs.emulator.conditions"
local core = require "cloudjobs.core"
local form = require "cloudjobs.emulator.form"
local listing = require "cloudjobs.emulator.azure.blob_listing"
local refusal = require "cloudjobs.emulator.refuse"

local refuse = refusal.refuse

local MOST_RESULTS = 5000

local Blobs = {}
local blobs_mt = { __name = "cloudjobs.emulator.azure.blobs", __index = Blobs }

---@param world table
local function new(world)
  return setmetatable({ _world = world }, blobs_mt)
end

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

--- The place of a container in the store.
---@param account string
---@param container string
---@return string
local function place_of(account, container)
  return ("blob://%s/%s"):format(account, container)
end

--- A blob for the store: with an entity tag of its own, and the MD5 of its bytes.
---@param world table
---@param name string
---@param body string
---@param time number epoch seconds
---@param headers table<string, string>|nil what is returned with it
---@return cloudjobs.emulator.Object
local function make(world, name, body, time, headers)
  headers = headers or {}
  headers["content-type"] = headers["content-type"] or "application/octet-stream"
  headers["content-md5"] = core.base64_encode(core.checksum("md5"):update(body):digest())
  headers["x-ms-blob-type"] = "BlockBlob"
  headers["x-ms-access-tier"] = headers["x-ms-access-tier"] or "Hot"
  return {
    name = name, body = body, last_modified = time, headers = headers,
    etag = ('"0x8D%s"'):format(ascii.upper((world.uuid():gsub("-", ""))):sub(1, 13)),
  }
end

local OPERATIONS = {
  ["GET container list"] = "list", ["PUT container"] = "create_container",
  ["GET blob"] = "get", ["HEAD blob"] = "head", ["PUT blob"] = "put",
}

--- Which operation a request is for, or nil: storage's clients send x-ms-version, and links have it as sv.
function Blobs.route(_, request)
  local query = form.parse((request.query or ""):gsub("%+", "%%2B"))
  local account, container, blob = request.path:match("^/([a-z0-9]+)/([^/]+)/?(.*)$")
  local version = request.headers["x-ms-version"] or query.sig and query.sv
  if not (account and version) then
    return nil
  end
  local resource = blob ~= "" and "blob" or query.restype == "container" and "container"
    .. (query.comp and " " .. query.comp or "") or "?"
  local route = request.method .. " " .. resource
  return {
    service_name = "azure_blobs", name = OPERATIONS[route] or route, account = account, container = unescape(container),
    blob = blob ~= "" and unescape(blob) or nil, version = version, query = query,
  }
end

local handlers = {}

function handlers.list(self, target, request)
  local query = target.query
  local max = tonumber(query.maxresults or MOST_RESULTS)
  local after = query.marker and query.marker ~= "" and listing.read_marker(query.marker)
  if not max or max < 1 or max % 1 ~= 0 then
    refuse("OutOfRangeQueryParameterValue", "One of the query parameters is outside the permissible range.")
  elseif query.marker and query.marker ~= "" and not after then
    refuse("InvalidQueryParameterValue", "Value for one of the query parameters is invalid.")
  end
  local entries, last = self._world.objects:list(target.place, {
    prefix = query.prefix, delimiter = query.delimiter ~= "" and query.delimiter or nil, after = after or nil,
    max = math.min(max, MOST_RESULTS),
  })
  local endpoint = ("%s://%s/%s/"):format(self._world.scheme, request.headers.host or "", target.account)
  return {
    status = 200, headers = { ["content-type"] = "application/xml" },
    body = listing.write({ endpoint = endpoint, container = target.container }, query, entries, last),
  }
end

-- The blob of a request that reads, as its conditions allow.
local function find(self, target, request)
  local object = self._world.objects:get(target.place, target.blob)
  if not object then
    refuse("BlobNotFound", "The specified blob does not exist.", nil, 404)
  end
  if target.fault and target.fault.changed then
    object = make(self._world, object.name, object.body, self._world.clock:now(), object.headers)
    self._world.objects:put(target.place, object)
  end
  local status = conditions.status(request.headers, object, true)
  if status then
    refuse("ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.", nil, status)
  end
  return object
end

local function headers_of(object)
  local headers = {}
  for name, value in pairs(object.headers) do
    headers[name] = value
  end
  headers.etag = object.etag
  headers["last-modified"] = core.http_date(math.floor(object.last_modified))
  headers["accept-ranges"] = "bytes"
  return headers
end

function handlers.head(self, target, request)
  local object = find(self, target, request)
  return { status = 200, headers = headers_of(object), body = object.body }
end

function handlers.get(self, target, request)
  local object = find(self, target, request)
  local headers, size = headers_of(object), #object.body
  if object.headers["x-ms-access-tier"] == "Archive" then
    refuse("BlobArchived", "This operation is not permitted on an archived blob.", nil, 409)
  end
  local is_whole = target.fault and target.fault.whole
  local first, last = conditions.range(
    not is_whole and (request.headers["x-ms-range"] or request.headers.range) or nil, size, false)
  if last == "unsatisfiable" then
    refuse("InvalidRange", "The range specified is invalid for the current size of the resource.",
      { headers = { ["content-range"] = ("bytes */%d"):format(size) } }, 416)
  elseif not first then
    return { status = 200, headers = headers, body = object.body }
  end
  headers["content-range"] = ("bytes %d-%d/%d"):format(first, last, size)
  headers["x-ms-blob-content-md5"], headers["content-md5"] = headers["content-md5"], nil
  return { status = 206, headers = headers, body = object.body:sub(first + 1, last + 1) }
end

-- Header of the request -> header of the blob
local STORED = {
  ["x-ms-blob-content-type"] = "content-type", ["x-ms-blob-content-encoding"] = "content-encoding",
  ["x-ms-access-tier"] = "x-ms-access-tier",
}

function handlers.put(self, target, request)
  local world = self._world
  local status = conditions.status(request.headers, world.objects:get(target.place, target.blob), false)
  if request.headers["x-ms-blob-type"] ~= "BlockBlob" then
    refuse("InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format: x-ms-blob-type.")
  elseif status and request.headers["if-none-match"] == "*" then
    refuse("BlobAlreadyExists", "The specified blob already exists.", nil, 409)
  elseif status then
    refuse("ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.", nil, 412)
  end
  local headers = { ["content-type"] = request.headers["content-type"] }
  for name, value in pairs(request.headers) do
    if STORED[name] or name:find("^x%-ms%-meta%-") then
      headers[STORED[name] or name] = value
    end
  end
  local object = make(world, target.blob, request.body, world.clock:now(), headers)
  if request.headers["content-md5"] and request.headers["content-md5"] ~= object.headers["content-md5"] then
    refuse("Md5Mismatch", "The MD5 value specified in the request did not match with the MD5 value calculated by the "
      .. "server.")
  end
  world.objects:put(target.place, object)
  local sent = headers_of(object)
  return { status = 201, headers = {
    etag = sent.etag, ["last-modified"] = sent["last-modified"], ["content-md5"] = sent["content-md5"],
    ["x-ms-request-server-encrypted"] = "true",
  }, body = "" }
end

function handlers.create_container(self, target)
  if not self._world.objects:create(target.place) then
    refuse("ContainerAlreadyExists", "The specified container already exists.", nil, 409)
  end
  return { status = 201, headers = {}, body = "" }
end

local function serve(self, target, request)
  access.verify(self._world, target, request, target.query)
  local handler = handlers[target.name]
  if not handler then
    refuse("UnsupportedHttpVerb", "The resource doesn't support specified Http Verb.", nil, 405)
  end
  target.place = place_of(target.account, target.container)
  self._world.advance()
  if target.name ~= "create_container" and not self._world.objects:has(target.place) then
    refuse("ContainerNotFound", "The specified container does not exist.", nil, 404)
  end
  return handler(self, target, request)
end

local XML = '\239\187\191<?xml version="1.0" encoding="utf-8"?><Error><Code>%s</Code><Message>%s\nRequestId:%s\nTime:%s'
  .. "</Message></Error>"

local function failure(self, status, code, message, headers)
  local id = self._world.uuid()
  local response = { status = status, headers = {
    ["content-type"] = "application/xml", ["x-ms-error-code"] = code, ["x-ms-request-id"] = id,
  }, body = XML:format(code, message, id, core.iso(math.floor(self._world.wall()))) }
  for name, value in pairs(headers or {}) do
    response.headers[name] = value
  end
  return response
end

--- Responds to a routed request.
function Blobs:respond(target, request)
  local ok, result = refusal.attempt(serve, self, target, request)
  local response = ok and result
    or failure(self, result.status, result.code, result.message, result.members and result.members.headers)
  local headers = response.headers
  headers["x-ms-request-id"] = headers["x-ms-request-id"] or self._world.uuid()
  headers["x-ms-version"] = target.version
  headers["x-ms-client-request-id"] = request.headers["x-ms-client-request-id"]
  return response
end

--- An error that a fault rule ordered: of the server being busy unless it says more.
function Blobs:fail(_, fault)
  local status = fault.status or 503
  local headers = fault.retry_after and { ["retry-after"] = tostring(fault.retry_after) }
  return failure(self, status, fault.code or status == 503 and "ServerBusy" or "InternalError",
    fault.message or "The server is busy.", headers)
end

--- Service -> its operations, for the faults that name them.
function Blobs.operations()
  local names = {}
  for _, name in pairs(OPERATIONS) do
    names[#names + 1] = name
  end
  return { azure_blobs = names }
end

return { new = new, make = make, place_of = place_of }
