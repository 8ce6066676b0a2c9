--- Read access to one container of blobs, in the form that both clouds' storages have.

local CheckedSink = require "cloudjobs.cloud.checked_sink"
local Error = require "cloudjobs.base.error"
local Paginate = require "cloudjobs.call.paginate"
local SmallObject = require "cloudjobs.cloud.small_object"
local ascii = require "cloudjobs.base.ascii"
local blob = require "cloudjobs.azure.blob"
local listing = require "cloudjobs.azure.blob.listing"
local member = require "cloudjobs.base.path"
local option = require "cloudjobs.base.options"
local quote = require "cloudjobs.base.quote"
local services = require "cloudjobs.cloud.services"
local url = require "cloudjobs.http.url"

---@class cloudjobs.azure.Storage: cloudjobs.Storage
local Storage = {}
local storage_mt = {
  __name = "cloudjobs.azure.storage",
  __index = Storage,
  __tostring = function(self)
    return "cloudjobs.azure.storage: " .. self.place
  end,
}

local function object_of(entry)
  return {
    name = entry.name, size = entry.contentLength, etag = entry.etag, last_modified = entry.lastModified,
    storage_class = entry.accessTier, archived = entry.accessTier == "Archive",
  }
end

--- The blobs whose names begin with `prefix`, of all pages.
---@param prefix string
---@param options { delimiter: string|nil, timeout: number|nil, cancel: cloudjobs.Canceller|nil }|nil delimiter: groups
--- the names below the next one; timeout: seconds for all pages
---@return { objects: cloudjobs.StoredObject[], prefixes: string[] }|nil
---@return cloudjobs.Error|nil err
function Storage:list(prefix, options)
  options = options or {}
  local client, found = self._client, { objects = {}, prefixes = {} }
  local pages = Paginate.start(client, client._context.model:operation "List", {
    container = self._container, prefix = prefix ~= "" and prefix or nil, delimiter = options.delimiter,
  }, { deadline = options.timeout and client:transport():clock() + options.timeout, cancel = options.cancel })
  while true do
    local page, err = pages:next()
    if not page then
      return not err and found or nil, err
    end
    for _, entry in ipairs(page.blobs) do
      found.objects[#found.objects + 1] = object_of(entry)
    end
    for _, folder in ipairs(page.prefixes) do
      found.prefixes[#found.prefixes + 1] = folder
    end
  end
end

--- A small blob, whole.
---@param name string
---@param options { max: integer|nil, timeout: number|nil, cancel: cloudjobs.Canceller|nil }|nil max: bytes
---@return { body: string, etag: string, size: integer, last_modified: number }|nil
---@return cloudjobs.Error|nil err code "too_large" where it has more bytes than max
function Storage:read(name, options)
  local client = self._client
  local output, body = SmallObject.read(client, name, options, function(call_options)
    return client:get({ container = self._container, blob = name }, call_options)
  end, "body")
  if not output then
    return nil, body
  end
  return { body = body, etag = listing.quoted(output.etag), size = #body, last_modified = output.lastModified }
end

--- Streams bytes of one version of a blob into a sink.
---@param name string
---@param options { etag: string, offset: integer|nil, length: integer|nil, size: integer, sink: function|table,
--- timeout: number|nil, cancel: cloudjobs.Canceller|nil } offset and length: a range, all of the blob without; size: of
--- the whole blob
---@return { size: integer, etag: string, md5: string|nil }|nil info md5: base64, of the whole blob
---@return cloudjobs.Error|nil err status 412: the blob was overwritten; code "WholeObject": the service ignored the
--- range; code "BlobArchived"
function Storage:fetch(name, options)
  local sink = CheckedSink.new(options.sink, options)
  local output, err = self._client:get({
    container = self._container, blob = name, ifMatch = options.etag, range = sink:range(),
  }, { sink = sink, timeout = options.timeout, cancel = options.cancel })
  local ok = output ~= nil
  if ok then
    ok, err = sink:finish()
  end
  if not ok then
    return nil, err
  end
  local md5 = output.blobContentMD5 or (not output.contentRange and output.contentMD5 or nil)
  return { size = options.size, etag = options.etag, md5 = md5 }
end

--- The URL of a blob, without a signature.
---@param name string
---@return string
function Storage:url(name)
  return self.place .. "/" .. url.encode(name):gsub("%%2F", "/")
end

-- A URL's host and path in one form, to compare places.
local function place_of(parts)
  return parts.scheme .. "://" .. parts.authority .. parts.path
end

local function decoded(text)
  return (text:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

--- The name of the blob that an entry of a manifest names: a name, or a URL in this container.
---@param entry string
---@return string|nil name
---@return string|nil message where it is in another container or account
function Storage:holds(entry)
  if not entry:find("^%a[%w+.-]*://") then
    return entry
  end
  local address = entry:match("^[^?#]*")
  local parts = url.parse(address)
  local found = parts and place_of(parts)
  if found and found:sub(1, #self._prefix) == self._prefix and #found > #self._prefix then
    return decoded(found:sub(#self._prefix + 1))
  end
  return nil, ("expected a blob in %s, got %s"):format(self.place, quote.url(address))
end

--- The storage of a client's container.
---@param client cloudjobs.Client of cloudjobs.azure.blobs
---@param container string
---@return cloudjobs.azure.Storage|nil
---@return cloudjobs.Error|nil err kind "config" where the client's endpoint is none
local function new(client, container)
  local context = type(client) == "table" and rawget(client, "_context")
  if not context or context.model.service.id ~= "Azure Blob Storage" then
    option.mistake "option storage: expected a client of cloudjobs.azure.blobs"
  end
  local endpoint, err = context.endpoint:resolve()
  if not endpoint then
    return nil, err
  end
  local place = ("%s%s/%s"):format(endpoint.origin, endpoint.path, url.encode(container))
  return setmetatable({
    place = place, _client = client, _container = container, _prefix = place_of(url.parse(place)) .. "/",
  }, storage_mt)
end

local function config(message)
  return nil, Error.new { kind = "config", code = "config", message = message, hint = "Pass a client of "
    .. "cloudjobs.azure.blobs as the option storage" }
end

-- The address of an account's blobs as an export's client sees it: below its own endpoint where it has one, such as the
-- emulator's, so that a token goes nowhere else; else that of its cloud.
local function address_of(context, account)
  if context.has_own_endpoint then
    local endpoint, err = context.endpoint:resolve()
    return endpoint and ("%s%s/%s"):format(endpoint.origin, endpoint.path, account), err
  end
  local address, problem = blob.address(context.addresses, account)
  if not address then
    return config(problem)
  end
  return address
end

--- The storage of an export's destination, with the credentials, transport, network and log of the export's client. Its
--- requests carry tokens for storage.
---@param client cloudjobs.Client of cloudjobs.azure.cost_exports
---@param destination table deliveryInfo.destination of the export's document
---@return cloudjobs.azure.Storage|nil
---@return cloudjobs.Error|nil err
local function from(client, destination)
  local context = client._context
  local id = member.at(destination, "resourceId", "string")
  local account = ascii.lower(id and member.tail(id) or member.at(destination, "storageAccount", "string") or "")
  local container = member.at(destination, "container", "string")
  if not blob.is_account(account) or not container then
    return config("the export's destination names no storage account or no container: " .. quote.value(account))
  end
  local address, err = address_of(context, account)
  if not address then
    return nil, err
  end
  local own = setmetatable({
    credentials = context.credentials:with_scope(blob.TOKEN_SCOPE), api_version = false,
  }, { __index = context })
  blob.complete(own, address)
  own.log = context.log and context.log:with_model(own.model)
  local storage
  storage, err = new(services.client(own, { operations = {} }), container)
  return storage, err
end

return { new = new, from = from }
