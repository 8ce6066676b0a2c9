--- The document of a listing of blobs, in the form that the model describes.

local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"

local PAGE = core.shape({
  Page = [[
    Blobs Blobs
    NextMarker string
  ]],
  Blobs = [[
    Blob Blob[] flattened
    BlobPrefix Prefix[] flattened
  ]],
  Blob = [[
    Name string
    Encoded string
    Properties Properties
    Metadata Metadata
  ]],
  Prefix = [[
    Name string
    Encoded string
  ]],
  Metadata = [[
    lower string as=hdi_isfolder
    upper string as=Hdi_isfolder
  ]],
  Properties = [[
    etag string as=Etag
    contentLength long as=Content-Length
    lastModified time.http as=Last-Modified
    contentType string as=Content-Type
    contentEncoding string as=Content-Encoding
    contentMD5 string as=Content-MD5
    blobType string as=BlobType
    accessTier string as=AccessTier
    archiveStatus string as=ArchiveStatus
    resourceType string as=ResourceType
  ]],
}, "Page")

-- Names with characters that XML does not have come percent-encoded, and marked by an attribute. An element of another
-- name shows it.
local ENCODED_NAME = "<Name%s+Encoded%s*=%s*[\"']true[\"']%s*>([^<]*)</Name%s*>"

local function name_of(entry)
  if not entry.Encoded then
    return entry.Name
  end
  return (entry.Encoded:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

-- Accounts with hierarchical namespaces list their folders as empty blobs.
local function is_folder(blob)
  local metadata, properties = blob.Metadata or {}, blob.Properties or {}
  local mark = metadata.lower or metadata.upper
  local is_marked = mark ~= nil and ascii.lower(mark) == "true" or properties.resourceType == "directory"
  return is_marked and (properties.contentLength or 0) == 0
end

-- As If-Match has it: the header of a response is quoted, a listing's is not.
local function quoted(etag)
  return etag and not etag:find('"$') and '"' .. etag .. '"' or etag
end

local function blob_of(entry)
  local blob = entry.Properties or {}
  blob.name, blob.etag, blob.resourceType = name_of(entry), quoted(blob.etag), nil
  for _, name in ipairs { "contentType", "contentEncoding", "contentMD5" } do
    blob[name] = blob[name] ~= "" and blob[name] or nil -- an element is there for each
  end
  return blob
end

--- A page of a listing.
---@param text string
---@return { blobs: table[], prefixes: string[], nextMarker: string|nil }|nil
---@return string|nil message
local function parse(text)
  text = text:find("Encoded", 1, true) and text:gsub(ENCODED_NAME, "<Encoded>%1</Encoded>") or text
  local page, message = core.xml_decode(PAGE, text)
  if page and not text:find("<EnumerationResults", 1, true) then
    page, message = nil, "expected the element EnumerationResults"
  end
  if not page then
    return nil, message
  end
  local found = {
    blobs = setmetatable({}, core.array_mt), prefixes = setmetatable({}, core.array_mt),
    nextMarker = page.NextMarker ~= "" and page.NextMarker or nil,
  }
  local listed = page.Blobs or {}
  for _, entry in ipairs(listed.Blob or {}) do
    if not is_folder(entry) then
      found.blobs[#found.blobs + 1] = blob_of(entry)
    end
  end
  for _, entry in ipairs(listed.BlobPrefix or {}) do
    found.prefixes[#found.prefixes + 1] = name_of(entry)
  end
  return found
end

return { parse = parse, quoted = quoted }
