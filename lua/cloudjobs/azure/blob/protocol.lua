--- Azure Blob Storage over REST: members bound to HTTP, the version in a header, listings in XML.

local Error = require "cloudjobs.base.error"
local azure_error = require "cloudjobs.azure.error"
local bindings = require "cloudjobs.http.bindings"
local blob_error = require "cloudjobs.azure.blob.error"
local core = require "cloudjobs.core"
local listing = require "cloudjobs.azure.blob.listing"
local quote = require "cloudjobs.base.quote"

local codec = {
  media_type = "application/octet-stream",
  encode = core.encode, -- which checks the members
  decode = function(_, body)
    return listing.parse(body)
  end,
}

local function invalid(problem)
  return nil, Error.new { kind = "validation", code = "validation", problems = { problem } }
end

--- Encodes and validates. The request has no address yet.
---@param op table
---@param params table|nil
---@param context cloudjobs.Context
---@param options { api_version: string|nil } of this call
---@return table|nil request
---@return cloudjobs.Error|nil err kind "validation"
local function encode(op, params, context, options)
  local version = options.api_version or context.api_version
  if not version:find("^[0-9][0-9][0-9][0-9]%-[0-9][0-9]%-[0-9][0-9]$") then
    return invalid { path = "api_version", message = "expected a date, got " .. quote.word(version) }
  end
  local request, err = bindings.encode(op, params, context, codec)
  if not request then
    return nil, err
  end
  request.headers["x-ms-version"] = version
  if op.name == "Put" then
    request.headers["x-ms-blob-type"] = "BlockBlob"
    request.body = request.body or ""
  end
  return request
end

--- The operation's output, or why there is none.
---@return table|nil output
---@return cloudjobs.Error|nil err kind "service" or "response"
local function decode(op, response, context)
  if response.status < 200 or response.status >= 300 then
    return nil, blob_error.decode(response, context.has_sas or false)
  end
  local output, message = bindings.decode(op, response, codec)
  if output then
    return output
  end
  return nil, Error.new {
    kind = "response",
    code = "response",
    message = "the response cannot be read: " .. message,
    status = response.status,
    request_id = azure_error.request_id(response),
    hint = "It came as " .. quote.line(response.headers["content-type"] or "no content type"),
  }
end

return { encode = encode, decode = decode, request_id = azure_error.request_id }
