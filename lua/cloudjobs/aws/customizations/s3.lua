--- Requirements of S3 on its clients.

local Error = require "cloudjobs.base.error"
local core = require "cloudjobs.core"
local merged = require "cloudjobs.base.merged"
local quote = require "cloudjobs.base.quote"
local url = require "cloudjobs.http.url"

local function invalid(path, message)
  return nil, Error.new { kind = "validation", code = "validation", problems = { { path = path, message = message } } }
end

-- Without this check an empty name would make a call for one bucket a call for all.
local function check_bucket(params)
  local bucket = params.Bucket
  if type(bucket) == "string" and not (bucket:find("^[%w.%-_]+$") and #bucket <= 255) and not bucket:find("^arn:") then
    return invalid("Bucket", "expected a bucket's name or the ARN of an access point, got " .. quote.name(bucket))
  end
  return params
end

-- The key is sent base64-encoded with its MD5, unless the caller gives the MD5.
local function key_with_md5(member)
  return function(params)
    local key, md5 = params[member .. "Key"], params[member .. "KeyMD5"]
    if type(key) ~= "string" or md5 ~= nil then
      return params
    end
    local sum, message = core.checksum("md5")
    if not sum then
      return nil, Error.new { kind = "config", code = "config", message = message }
    end
    return merged(params, {
      [member .. "Key"] = core.base64_encode(key), [member .. "KeyMD5"] = core.base64_encode(sum:update(key):digest()),
    })
  end
end

local sse_key = key_with_md5("SSECustomer")
local source_sse_key = key_with_md5("CopySourceSSECustomer")

local function encode_path(text)
  return (url.encode(text):gsub("%%2F", "/"))
end

-- The source of a copy as its header has it: of a table { Bucket, Key, VersionId }, or of a text "bucket/key".
local function copy_source(params)
  local source = params.CopySource
  local text
  if type(source) == "string" then
    local path, version = source:match("^(.-)(%?versionId=%S+)$")
    text = encode_path(path or source) .. (version or "")
  elseif type(source) == "table" then
    local bucket, key = source.Bucket, source.Key
    if type(bucket) ~= "string" or type(key) ~= "string" then
      return invalid("CopySource", "expected text, or a table with Bucket and Key")
    end
    text = encode_path(bucket .. (bucket:find("^arn:") and "/object/" or "/") .. key)
      .. (source.VersionId and "?versionId=" .. tostring(source.VersionId) or "")
  else
    return params
  end
  return merged(params, { CopySource = text })
end

-- Each name and value is a header, of ASCII alone.
local function check_metadata(params)
  for name, value in pairs(type(params.Metadata) == "table" and params.Metadata or {}) do
    if type(name) == "string" and type(value) == "string" and (name .. value):find("[\128-\255]") then
      return invalid("Metadata." .. quote.name(name), "expected ASCII, as S3 requires of metadata")
    end
  end
  return params
end

local function chain(...)
  local steps = { ... }
  return function(params)
    local err
    for _, step in ipairs(steps) do
      params, err = step(params)
      if not params then
        return nil, err
      end
    end
    return params
  end
end

local function decoded(text)
  return (text:gsub("%+", " "):gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

-- The parameters to which the encoding was added.
local encoded = setmetatable({}, { __mode = "k" })

-- Keys may have characters that XML cannot represent: the request asks for encoded keys, unless the caller sets the
-- encoding.
local function listing(members, lists)
  local set = {}

  function set.parameters(params)
    if params.EncodingType ~= nil then
      return params
    end
    local copy = merged(params, { EncodingType = "url" })
    encoded[copy] = true
    return copy
  end

  function set.output(output, _, params)
    if output.EncodingType ~= "url" or (params.EncodingType ~= nil and not encoded[params]) then
      return output
    end
    for _, name in ipairs(members) do
      output[name] = output[name] and decoded(output[name])
    end
    for list, name in pairs(lists) do
      for _, item in ipairs(output[list] or {}) do
        item[name] = item[name] and decoded(item[name])
      end
    end
    return output
  end

  return set
end

-- Expires is any text of the object's writer; ExpiresString has it where it is no date.
local function expires(output, _, _, response)
  if not output.Expires then
    output.ExpiresString = response.headers.expires
  end
  return output
end

local OBJECTS = { Contents = "Key", CommonPrefixes = "Prefix" }

return {
  S3 = {
    all = { parameters = check_bucket },
    operations = {
      HeadObject = { parameters = sse_key, output = expires },
      GetObject = { parameters = sse_key, output = expires },
      PutObject = { parameters = chain(sse_key, check_metadata) },
      CopyObject = { parameters = chain(sse_key, source_sse_key, copy_source, check_metadata) },
      CreateMultipartUpload = { parameters = chain(sse_key, check_metadata) },
      UploadPart = { parameters = sse_key },
      UploadPartCopy = { parameters = chain(sse_key, source_sse_key, copy_source) },
      CompleteMultipartUpload = { parameters = sse_key },
      SelectObjectContent = { parameters = sse_key },
      ListObjects = listing({ "Delimiter", "Marker", "NextMarker" }, OBJECTS),
      ListObjectsV2 = listing({ "Delimiter", "Prefix", "StartAfter" }, OBJECTS),
      ListObjectVersions = listing({ "KeyMarker", "NextKeyMarker", "Prefix", "Delimiter" }, {
        Versions = "Key", DeleteMarkers = "Key", CommonPrefixes = "Prefix",
      }),
    },
  },
}
