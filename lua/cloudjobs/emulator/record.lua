--- A request as the emulator's list of requests shows it: without secrets.

local core = require "cloudjobs.core"
local is_secret = require("cloudjobs.base.quote").is_secret

local HIDDEN = "*****"
local MAX_BODY = 64 * 1024 -- bytes that are shown

-- Headers that hold a secret and whose names do not show it.
local SECRET_HEADERS = { ["x-identity-header"] = true }

local function show_authorization(value)
  local signed = value:match("^(AWS4%-HMAC%-SHA256 .*Signature=)")
  return (signed or value:match("^[Bb]earer ") or "") .. HIDDEN
end

local function show_headers(headers)
  local shown = {}
  for name, value in pairs(headers) do
    if name == "authorization" then
      value = show_authorization(value)
    elseif is_secret(name) or SECRET_HEADERS[name] or name:sub(-5) == "token" then
      value = HIDDEN
    end
    shown[name] = value
  end
  return shown
end

--- Hides the secrets of a document in place. Gives whether it had any.
local function hide(document)
  local found = false
  for name, value in pairs(document) do
    if type(value) == "table" then
      found = hide(value) or found
    elseif is_secret(name) then
      document[name], found = HIDDEN, true
    end
  end
  return found
end

local function show_form(text)
  return (text:gsub("[^&]+", function(field)
    local name = field:match("^([^=]*)=")
    return name and is_secret(name) and name .. "=" .. HIDDEN or nil
  end))
end

local function show_body(headers, body)
  if (headers["content-type"] or ""):find("^application/x%-www%-form%-urlencoded") then
    body = show_form(body)
  else
    local document = core.json_decode(body)
    if type(document) == "table" and hide(document) then
      body = assert(core.json_encode(document))
    end
  end
  return body:sub(1, MAX_BODY)
end

--- Makes the entry of a request for the list.
---@param request table the app's
---@param target { service_name: string, name: string }
---@param status integer of the response
---@param time number epoch seconds
---@return table
local function new(request, target, status, time)
  return {
    method = request.method,
    path = request.path,
    query = request.query and show_form(request.query),
    headers = show_headers(request.headers),
    body = target.service_name == "identity" and HIDDEN or show_body(request.headers, request.body),
    service = target.service_name,
    operation = target.name,
    status = status,
    time = time,
  }
end

return { new = new }
