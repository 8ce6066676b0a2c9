--- The document of a listing of blobs.

local core = require "cloudjobs.core"

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }

local function escaped(text)
  return (text:gsub("[&<>]", ESCAPES))
end

local function element(name, text)
  return text and text ~= "" and ("<%s>%s</%s>"):format(name, escaped(text), name) or ("<%s />"):format(name)
end

-- A name that XML cannot write is percent-encoded.
local function name_element(name)
  if not name:find("[%z\1-\8\11\12\14-\31]") and core.json_encode(name) then
    return element("Name", name)
  end
  return '<Name Encoded="true">' .. name:gsub("[^A-Za-z0-9%-._~/]", function(char)
    return ("%%%02X"):format(char:byte())
  end) .. "</Name>"
end

-- Element -> header of the blob
local PROPERTIES = {
  { "Content-Type", "content-type" }, { "Content-Encoding", "content-encoding" }, { "Content-MD5", "content-md5" },
  { "BlobType", "x-ms-blob-type" }, { "AccessTier", "x-ms-access-tier" },
}

local function metadata_element(headers)
  local parts, names = {}, {}
  for header in pairs(headers) do
    names[#names + 1] = header:match("^x%-ms%-meta%-(.+)$")
  end
  table.sort(names)
  for i, name in ipairs(names) do
    parts[i] = element(name, headers["x-ms-meta-" .. name])
  end
  return #parts > 0 and "<Metadata>" .. table.concat(parts) .. "</Metadata>" or "<Metadata />"
end

local function blob_element(object, has_metadata)
  local parts = {
    "<Blob>", name_element(object.name), "<Properties>",
    element("Creation-Time", core.http_date(math.floor(object.last_modified))),
    element("Last-Modified", core.http_date(math.floor(object.last_modified))),
    element("Etag", (object.etag:gsub('"', ""))), element("Content-Length", ("%d"):format(#object.body)),
  }
  for _, property in ipairs(PROPERTIES) do
    parts[#parts + 1] = element(property[1], object.headers[property[2]])
  end
  parts[#parts + 1] = "<ServerEncrypted>true</ServerEncrypted></Properties>"
  parts[#parts + 1] = has_metadata and metadata_element(object.headers) or ""
  parts[#parts + 1] = "<OrMetadata /></Blob>"
  return table.concat(parts)
end

-- Opaque to clients: the name that the next page is after.
local function marker_of(name)
  return ("2!%d!%s"):format(#name, core.base64_encode(name))
end

--- The name in a marker; nil for one that is none.
---@param marker string
---@return string|nil
local function read_marker(marker)
  return core.base64_decode(marker:match("^2!%d+!([A-Za-z0-9+/=]*)$") or "?")
end

--- A page as XML.
---@param place { endpoint: string, container: string }
---@param query table<string, string> of the request
---@param entries table[] of the store
---@param last string|nil the name that the next page is after
---@return string
local function write(place, query, entries, last)
  local parts = {
    '\239\187\191<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="', escaped(place.endpoint),
    '" ContainerName="', escaped(place.container), '">',
  }
  for _, field in ipairs { { "Prefix", "prefix" }, { "Marker", "marker" }, { "MaxResults", "maxresults" },
    { "Delimiter", "delimiter" } } do
    parts[#parts + 1] = query[field[2]] and element(field[1], query[field[2]]) or ""
  end
  parts[#parts + 1] = "<Blobs>"
  local has_metadata = ("," .. (query.include or "") .. ","):find(",metadata,", 1, true) ~= nil
  for _, entry in ipairs(entries) do
    parts[#parts + 1] = entry.object and blob_element(entry.object, has_metadata)
      or "<BlobPrefix>" .. name_element(entry.prefix) .. "</BlobPrefix>"
  end
  parts[#parts + 1] = "</Blobs>" .. element("NextMarker", last and marker_of(last)) .. "</EnumerationResults>"
  return table.concat(parts)
end

return { write = write, read_marker = read_marker }
