--- REST-XML: members bound to HTTP, and a body of XML.

local aws_error = require "cloudjobs.aws.protocol.error"
local bindings = require "cloudjobs.http.bindings"
local core = require "cloudjobs.core"
local rest_json = require "cloudjobs.aws.protocol.rest_json"
local xml = require "cloudjobs.aws.protocol.xml"

-- Service -> operations whose root element is a member itself, with its name.
-- The descriptions do not mark them.
local UNWRAPPED = { S3 = { GetBucketLocation = "LocationConstraint" } }

-- Service -> operations that have the keys of objects in their body. S3 reads
-- their line ends correctly as character references alone.
local NUMBERED_LINES = { S3 = { DeleteObjects = true, PutBucketLifecycleConfiguration = true } }

local function of_operation(table_of, op)
  local of_service = table_of[op.service.id]
  return of_service and of_service[op.name]
end

-- Operation -> how its body is written and read; made once.
local codecs = setmetatable({}, { __mode = "k" })

local function make_codec(op)
  local root = { name = op.input_name or op.name, namespace = op.input_namespace, prefix = op.input_prefix }
  local member, numbers_lines = of_operation(UNWRAPPED, op), of_operation(NUMBERED_LINES, op)
  local codec = {
    media_type = "application/xml",
    encode = function(shape, params, token, is_loose)
      if not shape then
        return ""
      end
      local document, problems = core.encode_xml(shape, params, token, is_loose, root)
      if document and numbers_lines then
        document = document:gsub("\n", "&#xA;")
      end
      return document, problems
    end,
    decode = function(shape, body)
      if body == "" then
        return {}
      end
      local output, message = core.xml_decode(shape, body, nil, member ~= nil)
      if member and output and output[member] == "" then
        output[member] = nil -- of us-east-1
      end
      return output, message
    end,
  }
  codecs[op] = codec
  return codec
end

--- Encodes and validates. The request has no address yet.
---@param op table
---@param params table|nil
---@param context { validate: boolean|nil } false leaves what is required, and how much of it, to the service
---@return { method: string, path: string, query: string|nil, headers: table, body: string|nil }|nil request
---@return cloudjobs.Error|nil err kind "validation", every problem at once
local function encode(op, params, context)
  return bindings.encode(op, params, context, codecs[op] or make_codec(op))
end

-- S3 begins some responses before it is done, and then has no other status left for an error: CopyObject,
-- CompleteMultipartUpload, UploadPartCopy.
local function is_late_error(op, response)
  if op.service.id ~= "S3" or response.status ~= 200 then
    return false
  end
  local payload = op.output and bindings.payload_of(op.output)
  if payload and (payload.type == "blob" or payload.type == "string") then
    return false
  end
  local body = response.body
  return body:find("^%s*<Error[>%s]") ~= nil or body:find("^%s*<%?xml[^>]*>%s*<Error[>%s]") ~= nil
end

--- The operation's output, or why there is none.
---@return table|nil output
---@return cloudjobs.Error|nil err kind "service" or "response"
local function decode(op, response)
  if response.status < 200 or response.status >= 300 then
    return nil, xml.decode_error(op, response)
  elseif is_late_error(op, response) then
    local err = xml.decode_error(op, response)
    err.status = 500 -- as which it is retried
    return nil, err
  elseif not op.output then
    return {}
  end
  local output, message = bindings.decode(op, response, codecs[op] or make_codec(op))
  if not output then
    return nil, aws_error.unreadable(response, message)
  end
  return output
end

return {
  encode = encode, without_body = rest_json.without_body, decode = decode, request_id = aws_error.request_id,
}
