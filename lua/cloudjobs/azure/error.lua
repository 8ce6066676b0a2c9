--- Errors of Azure Resource Manager, in every form they come in.

local after = require "cloudjobs.http.retry_after"
local azure_hints = require "cloudjobs.azure.hints"
local core = require "cloudjobs.core"
local Error = require "cloudjobs.base.error"
local quote = require "cloudjobs.base.quote"

-- Details that are collected.
local MAX_DETAILS = 20

local function text(value)
  if type(value) == "number" then
    return core.json_encode(value)
  end
  return type(value) == "string" and value ~= "" and value or nil
end

local function message_of(value)
  return text(type(value) == "table" and value.value or value)
end

-- { "error": { code, message, details } } | { code, message } |
-- { "error": "code", "error_description": message } | { "Message": message }
local function envelope(body)
  local document = core.json_decode(body)
  if type(document) ~= "table" then
    return {}
  end
  local inner = document.error or document["odata.error"]
  if type(inner) == "table" then
    return inner
  elseif text(inner) then
    return { code = inner, message = document.error_description }
  end
  return document
end

local function collect(details, problems)
  for _, detail in ipairs(type(details) == "table" and details or {}) do
    if type(detail) == "table" and #problems < MAX_DETAILS then
      local code, message = text(detail.code), message_of(detail.message)
      problems[#problems + 1] = {
        path = text(detail.target) or "",
        message = code and message and code .. ": " .. message or message or code or "no message",
      }
      collect(detail.details, problems)
    end
  end
  return problems
end

--- The longest delay of any header.
---@param headers table<string, string>
---@return number|nil seconds
local function retry_after(headers)
  local longest
  for name, value in pairs(headers) do
    local seconds
    if name == "retry-after" then
      seconds = after.read(headers)
    elseif name == "retry-after-ms" or name == "x-ms-retry-after-ms" then
      seconds = after.seconds(value)
      seconds = seconds and seconds / 1000
    elseif name:find("^x%-ms%-ratelimit%-microsoft%.co[0-9a-z%-]*%-retry%-after$")
      and (name:find("consumption", 1, true) or name:find("costmanagement", 1, true)) then
      seconds = after.seconds(value)
    end
    if seconds and seconds > (longest or -1) then
      longest = seconds
    end
  end
  return longest
end

---@return string|nil
local function request_id(response)
  return response.headers["x-ms-request-id"] or response.headers["x-ms-correlation-request-id"]
end

--- The claims that a 401 requires of a new token, decoded.
---@param headers table<string, string>
---@return string|nil
local function claims_of(headers)
  local challenge = headers["www-authenticate"]
  local claims = challenge and challenge:find('error="insufficient_claims"', 1, true)
    and challenge:match('claims="([^"]+)"')
  return claims and core.base64_decode(claims .. ("="):rep(-#claims % 4)) or nil
end

-- The tenant whose tokens a 401 requires.
local function tenant_of(headers)
  local challenge = headers["www-authenticate"]
  return challenge and challenge:match('authorization_uri="https://[^"]+/(%x+%-%x+%-%x+%-%x+%-%x+)/?"') or nil
end

--- The error of a response.
---@param response { status: integer, headers: table<string, string>, body: string }
---@param request table|nil what was sent, where it is known
---@return cloudjobs.Error kind "service"
local function decode(response, request)
  local status, headers = response.status, response.headers
  local found = envelope(response.body)
  local code = text(found.code) or text(found.Code)
  local problems = collect(found.details, {})
  local err = Error.new {
    kind = "service",
    code = code or ("%d"):format(status),
    message = message_of(found.message) or message_of(found.Message) or "",
    status = status,
    request_id = request_id(response),
    correlation_id = headers["x-ms-correlation-request-id"],
    retry_after = retry_after(headers),
    conflict = status == 409 or status == 412,
    claims = claims_of(headers),
    tenant = tenant_of(headers),
    problems = #problems > 0 and problems or nil,
  }
  err.hint = azure_hints.hint(err, request)
  if status >= 300 and status < 400 then
    err.hint = "Redirects are never followed, so that the token stays with this service"
  elseif not code and not err.hint then
    err.hint = "The response is no error of Azure Resource Manager: "
      .. quote.line(headers["content-type"] or "no content type") .. ", perhaps from a proxy or gateway on the way"
  end
  return err
end

return { decode = decode, claims = claims_of, request_id = request_id, retry_after = retry_after }
