--- Long-running operations of Azure Resource Manager: the response to a request is 202 with a Location, which is polled
--- until its status is another one. The meaning of the final response depends on the service.
--- https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations

local Deadline = require "cloudjobs.base.deadline"
local Error = require "cloudjobs.base.error"
local azure_error = require "cloudjobs.azure.error"
local call = require "cloudjobs.call.call"
local core = require "cloudjobs.core"
local option = require "cloudjobs.base.options"
local protocol = require "cloudjobs.azure.protocol"

local MAX_URL = 8192 -- bytes
local MAX_LOCATIONS = 10 -- that are followed one after the other

---@class cloudjobs.azure.OperationResult
---@field status integer 202 while the operation runs
---@field headers table<string, string> names in lower case; `location`, `azure-asyncoperation`, `retry-after`
---@field document table|nil the body
---@field retry_after number|nil seconds, the longest that a header names

local function unreadable(response, message)
  return Error.new {
    kind = "response", code = "response", message = "the response cannot be read: " .. message,
    status = response.status, request_id = azure_error.request_id(response),
  }
end

-- Any response but an error, with its headers.
local function decode(_, response, _, request)
  local status, headers = response.status, response.headers
  if status >= 400 or status < 200 or (status >= 300 and not headers.location) then
    return nil, azure_error.decode(response, request)
  end
  local document
  if response.body:find("%S") then
    local message
    document, message = core.json_decode(response.body)
    if type(document) ~= "table" then
      return nil, unreadable(response, message or "expected an object")
    end
  end
  return { status = status, headers = headers, document = document, retry_after = azure_error.retry_after(headers) }
end

-- The context of a client in which each output includes the response's headers.
local function context_of(self, encode)
  return setmetatable({
    protocol = { encode = encode, decode = decode, request_id = protocol.request_id },
  }, { __index = self._context })
end

-- An address that begins with a slash is a path of the client's Azure Resource Manager.
local function follow(_, params, context)
  local address = params.url
  if address:sub(1, 1) == "/" then
    local endpoint, err = context.endpoint:resolve()
    if not endpoint then
      return nil, err
    end
    address = endpoint.origin .. endpoint.path .. address
  end
  return protocol.follow(address, context, "url")
end

-- The operation behind each poll.
local function poll_of(context)
  return {
    name = "PollOperation", method_name = "poll_operation", method = "GET", service = context.model.service,
    model = context.model, readonly = true, gives_headers = true,
  }
end

local function too_long(address)
  return Error.new {
    kind = "validation", code = "validation",
    problems = { { path = "url", message = ("expected at most %d bytes, got %d"):format(MAX_URL, #address) } },
  }
end

local function endless()
  return Error.new {
    kind = "response", code = "redirects",
    message = ("the operation led from one location to the next %d times"):format(MAX_LOCATIONS),
  }
end

local POLL_OPTIONS = { timeout = "number", cancel = "canceller", meta = "table" }

local methods = {}

--- Reads the state of a long-running operation once. Redirects are followed within the client's own Azure Resource
--- Manager, ten at most; its token is sent to no other host.
---@param address string the Location or Azure-AsyncOperation that a response has, or its path
---@param options { timeout: number|nil, cancel: cloudjobs.Canceller|nil, meta: table|nil }|nil timeout: seconds in all
---@return cloudjobs.azure.OperationResult|nil
---@return cloudjobs.Error|nil err kind "validation" for an address that is not of the client's Azure Resource Manager
function methods:poll_operation(address, options)
  options = option.check(options, POLL_OPTIONS, "poll_operation")
  if type(address) ~= "string" then
    option.mistake("poll_operation: url: expected string, got " .. type(address))
  end
  local context = context_of(self, follow)
  local deadline = Deadline.new(context.transport, options.timeout, options.cancel)
  local op = poll_of(context)
  for _ = 0, MAX_LOCATIONS do
    if #address > MAX_URL then
      return nil, too_long(address)
    end
    local limits = deadline:limits()
    limits.meta = options.meta
    local result, err = call.run(context, op, { url = address }, limits)
    if not result then
      return nil, err
    elseif result.status < 300 then
      return result
    end
    address = result.headers.location
  end
  return nil, endless()
end

--- Makes a call that starts a long-running operation.
---@param name string one of the client's operations, in either spelling
---@param params table|nil
---@param options { timeout: number|nil, cancel: cloudjobs.Canceller|nil, meta: table|nil, api_version: string|nil }|nil
---@return cloudjobs.azure.OperationResult|nil where to poll is in its headers
---@return cloudjobs.Error|nil err
function methods:start_operation(name, params, options)
  local op = type(name) == "string" and self._context.model:operation(name)
  if not op then
    option.mistake(("start_operation: %s has no operation %s"):format(self._context.model.service.id, tostring(name)))
  end
  op = setmetatable({ gives_headers = true }, { __index = op }) -- for the log
  local result, err = call.run(context_of(self, protocol.encode), op, params, options)
  if not result then
    return nil, err
  end
  return result
end

return { methods = methods }
