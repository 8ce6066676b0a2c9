--- The common part of Azure's asynchronous reports: status 202 while they are generated, then 200 with a document whose
--- states are not those of Azure Resource Manager.

local Error = require "cloudjobs.base.error"
local ascii = require "cloudjobs.base.ascii"
local member = require "cloudjobs.base.path"
local quote = require "cloudjobs.base.quote"

local MEMBERS = { code = "status", reason = { "error.code", "error.message" }, retry_after = "retry_after" }

-- Compared case-sensitively; `InProgress` also stands for a response with status 202.
local STATES = {
  Queued = "queued",
  InProgress = "running",
  Running = "running",
  Completed = "succeeded",
  ReadyToDownload = "succeeded",
  Succeeded = "succeeded",
  NoDataFound = "no_data",
  Failed = "failed",
  TimedOut = "timed_out",
  Canceled = "cancelled",
}

local MISSING = { ["404"] = true, NotFound = true, ResourceNotFound = true }

-- Whether a text is one segment of a path. It goes into the address unencoded.
local function is_segment(text)
  return text:find("^[^%c ?#%%\\/]+$") ~= nil and text ~= "." and text ~= ".."
end

--- Why parameters cannot name a report.
---@param params table<string, string>
---@return string|nil
local function refuse(params)
  if not is_segment(params.operationId) then
    return "operationId: expected one segment of a path, got " .. quote.value(params.operationId)
  elseif params.apiVersion and not params.apiVersion:find("^[%w-]+$") then
    return "apiVersion: expected a date, got " .. quote.value(params.apiVersion)
  end
  for segment in (ascii.without_slashes(params.scope):gsub("^/+", "") .. "/"):gmatch("([^/]*)/") do
    if not is_segment(segment) then
      return "scope: expected a scope such as subscriptions/{subscription}, got " .. quote.value(params.scope)
    end
  end
end

-- Reads count against a few requests a minute and scope.
local INTERVAL = { start = 30, growth = 1.25, cap = 60, floor = 15 }

--- A report's record: its document, or a state where it is not generated yet or has no data.
---@param client table
---@param address string
---@param limits table
---@return table|nil record
---@return cloudjobs.Error|nil err
local function read(client, address, limits)
  local result, err = client:poll_operation(address, limits)
  if not result then
    return nil, err
  elseif result.status == 204 then
    return { status = "NoDataFound" }
  end
  local record = result.status == 200 and result.document or { status = "InProgress" }
  record.retry_after = result.retry_after
  return record
end

--- The function that reads reports of one kind.
---@param collection string the path segment of their results
---@return fun(client: table, params: table, limits: table): table|nil, cloudjobs.Error|nil
local function fetch(collection)
  return function(client, params, limits)
    local scope = ascii.without_slashes(params.scope):gsub("^/+", "")
    local address = ("/%s/providers/Microsoft.CostManagement/%s/%s?api-version=%s"):format(
      scope, collection, params.operationId, params.apiVersion or "2025-03-01"
    )
    return read(client, address, limits)
  end
end

local function no_location()
  return Error.new {
    kind = "response", code = "no_id", message = "the response to the start has no Location that ends in an id",
    ambiguous = true,
  }
end

--- The parameters of the job that a start began.
---@param started cloudjobs.azure.OperationResult|nil
---@param err cloudjobs.Error|nil
---@param params { scope: string }
---@return table|nil
---@return cloudjobs.Error|nil err
local function ids(started, err, params)
  if not started then
    return nil, err
  end
  local address = started.headers.location
  -- Where the report exists already, the response is its document, without a Location.
  local id = address and member.tail(address:match("^[^?]*")) or member.at(started.document, "name", "string")
  if not id or not is_segment(id) then
    return nil, no_location()
  end
  return {
    scope = params.scope, operationId = id, apiVersion = address and address:match("[?&]api%-version=([%w-]+)"),
    location = address,
  }
end

--- The same for a job that any process can read, without the address.
local function resumable(started, err, params)
  local found, problem = ids(started, err, params)
  if found then
    found.location = nil
  end
  return found, problem
end

return {
  MEMBERS = MEMBERS, STATES = STATES, MISSING = MISSING, INTERVAL = INTERVAL,
  fetch = fetch, ids = ids, no_location = no_location, read = read, refuse = refuse, resumable = resumable,
}
