--- Read access to one bucket of S3.

local Deadline = require "cloudjobs.base.deadline"
local Error = require "cloudjobs.base.error"
local SmallObject = require "cloudjobs.cloud.small_object"
local quote = require "cloudjobs.base.quote"

-- Storage classes whose objects have to be restored before they can be read.
local ARCHIVED = { GLACIER = true, DEEP_ARCHIVE = true }

---@class cloudjobs.aws.Storage: cloudjobs.Storage
local Storage = {}
local storage_mt = { __name = "cloudjobs.aws.storage", __index = Storage }

-- The parameters of every request.
function Storage:_params(more)
  more.Bucket, more.ExpectedBucketOwner, more.RequestPayer = self._bucket, self._owner, self._payer
  return more
end

local function add_page(listing, page)
  for _, object in ipairs(page.Contents or {}) do
    listing.objects[#listing.objects + 1] = {
      name = object.Key, size = object.Size, etag = object.ETag, last_modified = object.LastModified,
      storage_class = object.StorageClass, archived = ARCHIVED[object.StorageClass],
    }
  end
  for _, folder in ipairs(page.CommonPrefixes or {}) do
    listing.prefixes[#listing.prefixes + 1] = folder.Prefix
  end
end

--- The objects whose keys begin with `prefix`, and the common prefixes below it where there is a delimiter.
---@param prefix string
---@param options { delimiter: string|nil, timeout: number|nil, cancel: cloudjobs.Canceller|nil }|nil
---@return { objects: cloudjobs.StoredObject[], prefixes: string[] }|nil
---@return cloudjobs.Error|nil err
function Storage:list(prefix, options)
  options = options or {}
  local deadline = Deadline.new(self._client:transport(), options.timeout, options.cancel)
  local listing = { objects = {}, prefixes = {} }
  local pages = self._client:pages("list_objects_v2", self:_params { Prefix = prefix, Delimiter = options.delimiter },
    deadline:page_limits())
  while true do
    local ok, page = pcall(pages)
    if not ok and Error.is(page) then
      return nil, page
    elseif not ok then
      error(page, 0)
    elseif page == nil then
      return listing
    end
    add_page(listing, page)
  end
end

--- A small object, whole.
---@param name string
---@param options { max: integer|nil, timeout: number|nil, cancel: cloudjobs.Canceller|nil }|nil max: bytes
---@return { body: string, etag: string, size: integer, last_modified: number }|nil
---@return cloudjobs.Error|nil err code "too_large" where it has more bytes than max
function Storage:read(name, options)
  local client = self._client
  local output, body = SmallObject.read(client, name, options, function(call_options)
    return client:get_object(self:_params { Key = name }, call_options)
  end, "Body")
  if not output then
    return nil, body
  end
  return { body = body, etag = output.ETag, size = #body, last_modified = output.LastModified }
end

--- The object's address for people.
---@param name string
---@return string
function Storage:url(name)
  return self.place .. "/" .. name
end

--- The object that an entry of a manifest names: a URL of this bucket, or a key.
---@param entry string
---@return string|nil name
---@return string|nil message where the entry names another bucket
function Storage:holds(entry)
  local scheme = entry:match("^(%a[%w+.-]*)://")
  if not scheme then
    return entry
  end
  local name = entry:sub(1, #self.place + 1) == self.place .. "/" and entry:sub(#self.place + 2)
  if name then
    return name
  end
  return nil, ("expected a file in %s, got one in %s"):format(self.place, quote.value(entry:match("^[^:]*://[^/]*")))
end

--- The objects of a bucket.
---@param client cloudjobs.Client of S3
---@param bucket string
---@param settings { expected_owner: string|nil, request_payer: boolean|nil }|nil expected_owner: account id; without
---   request_payer requests to a bucket whose requester pays are refused
---@return cloudjobs.aws.Storage
local function new(client, bucket, settings)
  settings = settings or {}
  return setmetatable({
    place = "s3://" .. bucket,
    _client = client, _bucket = bucket, _owner = settings.expected_owner,
    _payer = settings.request_payer and "requester" or nil,
  }, storage_mt)
end

return { new = new }
