--- The error object of an exchange without a response, shared by the transports
--- on libcurl.

local Error = require "cloudjobs.base.error"
local quote = require "cloudjobs.base.quote"

local RETRYABLE = { resolve = true, connect = true, timeout = true, closed = true }

local HINT = {
  resolve = "Check the region or endpoint, and this machine's name resolution",
  connect = "Check the endpoint, and whether it needs a proxy",
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

-- The request's host and port, without a user and password.
local function address(url)
  return (url:match("^[A-Za-z]+://([^/?#]*)") or "?"):match("[^@]*$")
end

--- The error object for `code`, `message` and `sent` of cloudjobs.curl.
---@param request { url: string }
---@param code string
---@param message string
---@param sent boolean the request may have reached the server
---@return cloudjobs.Error
local function failure(request, code, message, sent)
  return Error.new {
    -- "request" was refused before anything was sent.
    kind = code == "request" and "validation" or "transport",
    code = code,
    message = ("%s: %s"):format(quote.line(address(request.url)), quote.line(message)),
    retryable = RETRYABLE[code],
    ambiguous = sent,
    hint = hint_of(code, message),
  }
end

return failure
