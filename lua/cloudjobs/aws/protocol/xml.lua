--- The errors of AWS's XML protocols, in each of the wrappings that services
--- send: <ErrorResponse><Error>, EC2's <Response><Errors><Error>, and S3's
--- <Error> as it is.

local Error = require "cloudjobs.base.error"
local aws_error = require "cloudjobs.aws.protocol.error"
local bindings = require "cloudjobs.http.bindings"
local core = require "cloudjobs.core"

-- The root element of any of them.
local ENVELOPE = core.shape({
  Envelope = [[
    Error Error
    Errors Error[]
    Code string
    Message string
    RequestId string
    RequestID string
    HostId string
  ]],
  Error = "Code string\nMessage string\nRequestId string",
}, "Envelope")

-- Status -> the message of a response without a body: to HEAD, or 304.
local REASONS = {
  [301] = "Moved Permanently", [304] = "Not Modified", [307] = "Temporary Redirect", [400] = "Bad Request",
  [403] = "Forbidden", [404] = "Not Found", [405] = "Method Not Allowed", [412] = "Precondition Failed",
  [416] = "Requested Range Not Satisfiable",
}

-- The members of a modelled error: of its element, and of its headers.
local function fields_of(shape, response)
  local fields = core.xml_decode(shape, response.body, "Error")
  return fields and bindings.read_headers(shape, fields, response)
end

-- The error of a response whose body names no code.
local function without_code(op, response)
  local err = aws_error.decode(op, response)
  if response.body == "" and (op.method == "HEAD" or response.status == 304) then
    err.message, err.hint = REASONS[response.status] or "", nil
  end
  return err
end

--- The error of a response: its code from the body, else the status.
---@return cloudjobs.Error kind "service"; extended_request_id is S3's x-amz-id-2
local function decode_error(op, response)
  local envelope = core.xml_decode(ENVELOPE, response.body) or {}
  local detail = envelope.Error or (envelope.Errors and envelope.Errors[1]) or envelope
  local code = detail.Code
  if not code or code == "" then
    return without_code(op, response)
  end
  local modeled = op.model:error(code)
  return Error.new {
    kind = "service",
    code = code,
    message = detail.Message or "",
    status = response.status,
    request_id = aws_error.request_id(response) or detail.RequestId or envelope.RequestId or envelope.RequestID,
    extended_request_id = response.headers["x-amz-id-2"] or envelope.HostId,
    retry_after = aws_error.retry_after(response.headers),
    fields = modeled and fields_of(modeled.shape, response) or nil,
  }
end

return { decode_error = decode_error }
