--- A client of blobs over a stub transport, and documents of the service.

local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"

local blobs = {}

--- A client of the account lakecosts01 and its stub, which answers with `answers` in turn.
function blobs.client(answers, options)
  local stub = Stub.new(answers)
  local settings = { transport = stub, env = {}, account = "lakecosts01", credentials = { token = "hush-hush" } }
  for name, value in pairs(options or {}) do
    settings[name] = value or nil
  end
  return cloudjobs.azure.blobs(settings), stub
end

--- The document of a listing: elements of blobs, and the marker of the next page.
function blobs.page(elements, marker)
  return '<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="costs"><Prefix/><Blobs>'
    .. table.concat(elements) .. ("</Blobs><NextMarker>%s</NextMarker></EnumerationResults>"):format(marker or "")
end

--- The element of a blob.
---@param name string as it stands in XML
---@param size integer
---@param more string|nil further properties
---@param metadata string|nil
function blobs.element(name, size, more, metadata)
  return ("<Blob><Name>%s</Name><Properties><Last-Modified>Sun, 22 Nov 2026 00:00:00 GMT</Last-Modified>"
    .. "<Etag>0x8D1</Etag><Content-Length>%d</Content-Length><Content-Encoding/><Content-MD5/>%s</Properties>"
    .. "<Metadata>%s</Metadata><OrMetadata/></Blob>"):format(name, size, more or "", metadata or "")
end

--- A response with an error, as the service sends it.
function blobs.failure(status, code, message)
  return {
    status = status, headers = { ["x-ms-error-code"] = code, ["content-type"] = "application/xml" },
    body = ("\239\187\191<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>%s</Code><Message>%s\nRequestId:1\nTime:2"
      .. "</Message></Error>"):format(code, message or code .. " it is."),
  }
end

return blobs
