--- An exchange that gave no answer, as the error object. What the transports on
--- libcurl share.

local Error = require "cloudjobs.error"

local RETRYABLE = { resolve = true, connect = true, timeout = true, closed = true }

local HINT = {
  resolve = "Check the region or endpoint, and this machine's name resolution",
  connect = "Check the endpoint, and whether it is reached through a proxy",
  tls = "A private certificate authority is named by ca_bundle",
  timeout = "A longer time is given by timeout = { connect = …, total = … }",
  proxy = "Check the proxy's address, user and password",
}

--- What `code`, `message` and `sent` of cloudjobs.curl mean for a call.
---@param request { url: string }
---@param code string
---@param message string
---@param sent boolean the request may have reached the server
---@return cloudjobs.Error
local function failure(request, code, message, sent)
  return Error.new {
    -- "request" is what libcurl was never asked to send.
    kind = code == "request" and "validation" or "transport",
    code = code,
    message = ("%s: %s"):format(request.url:match("^%a+://([^/?#]*)") or "request", message),
    retryable = RETRYABLE[code],
    ambiguous = sent,
    hint = HINT[code],
  }
end

return failure
