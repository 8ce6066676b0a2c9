--- The links that finished reports hand out: a blob each, which whoever has the link's signature may read until it
--- expires.

local core = require "cloudjobs.core"
local form = require "cloudjobs.emulator.form"
local url = require "cloudjobs.http.url"

local LIFETIME = 12 * 3600 -- seconds
local VERSION = "2024-11-04"
local PREFIX = "/report-blobs/"

local Links = {}
local links_mt = { __name = "cloudjobs.emulator.azure.links", __index = Links }

local function new(world)
  return setmetatable({ _world = world, _blobs = {} }, links_mt)
end

--- A link to the bytes of a report, and when it expires.
---@param origin string of the emulator
---@param id string the report's
---@param bytes string
---@param time number when the report was made
---@return string link
---@return string expiry in ISO-8601
function Links:add(origin, id, bytes, time)
  local path = ("%s%s/%s.csv"):format(PREFIX, self._world.account, id)
  local blob = self._blobs[path]
  if not blob then
    local signature = core.base64_encode(core.hmac_sha256(self._world.uuid(), id))
    blob = { bytes = bytes, signature = signature, expiry = time + LIFETIME }
    self._blobs[path] = blob
  end
  local expiry = core.iso(math.floor(blob.expiry))
  return ("%s%s?sv=%s&sr=b&sp=r&se=%s&sig=%s"):format(
    origin, path, VERSION, url.encode(expiry), url.encode(blob.signature)), expiry
end

--- The blob that a request reads, or nil.
function Links.route(_, request)
  if request.path:sub(1, #PREFIX) ~= PREFIX then
    return nil
  end
  return { service_name = "azure_report_blobs", name = "get_blob" }
end

local XML = '<?xml version="1.0" encoding="utf-8"?><Error><Code>%s</Code><Message>%s</Message></Error>'

local function refuse(self, status, code, message)
  return {
    status = status,
    headers = {
      ["content-type"] = "application/xml", ["x-ms-error-code"] = code, ["x-ms-request-id"] = self._world.uuid(),
    },
    body = XML:format(code, message),
  }
end

--- Responds to a routed request: a token beside the signature is refused, as the service refuses two ways to sign in.
function Links:respond(_, request)
  local blob, query = self._blobs[request.path], form.parse(request.query)
  if request.method ~= "GET" and request.method ~= "HEAD" then
    return refuse(self, 405, "UnsupportedHttpVerb", "The resource doesn't support specified Http Verb.")
  elseif request.headers.authorization then
    return refuse(self, 400, "InvalidAuthenticationInfo", "A signature and an Authorization header exclude each other.")
  elseif not blob or query.sig ~= blob.signature or self._world.clock:now() >= blob.expiry then
    return refuse(self, 403, "AuthenticationFailed", "Server failed to authenticate the request.")
  end
  return {
    status = 200,
    headers = { ["content-type"] = "text/csv", ["x-ms-blob-type"] = "BlockBlob", ["x-ms-version"] = VERSION },
    body = request.method == "GET" and blob.bytes or "",
  }
end

--- An error that a fault rule ordered.
function Links:fail(_, fault)
  return refuse(self, fault.status or 503, fault.code or "ServerBusy", fault.message or "The server is busy.")
end

--- Service -> its operations, for the faults that name them.
function Links.operations()
  return { azure_report_blobs = { "get_blob" } }
end

return { new = new }
