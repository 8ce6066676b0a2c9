--- An exchange that gave no answer, as the error object. What the transports on
--- libcurl share.

local Error = require "cloudjobs.base.error"

local RETRYABLE = { resolve = true, connect = true, timeout = true, closed = true }

local HINT = {
  resolve = "Check the region or endpoint, and this machine's name resolution",
  connect = "Check the endpoint, and whether it is reached through a proxy",
  timeout = "A longer time is given by timeout = { connect = …, total = … }",
  proxy = "Check the proxy's address, user and password",
  too_large = "A transport's limit is its option max_body",
}

local function hint_of(code, message)
  if code == "tls" and (message:find("issuer", 1, true) or message:find("self", 1, true)) then
    return "A certificate authority that this machine does not know is named by ca_bundle"
  end
  return HINT[code]
end

-- Where the request was to go, without a password that does not belong there.
local function address(url)
  return (url:match("^%a+://([^/?#]*)") or "?"):match("[^@]*$")
end

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
    message = ("%s: %s"):format(address(request.url), message),
    retryable = RETRYABLE[code],
    ambiguous = sent,
    hint = hint_of(code, message),
  }
end

return failure
