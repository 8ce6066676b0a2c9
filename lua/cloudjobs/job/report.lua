--- What Azure's asynchronous reports have in common: 202 while they are made, then 200 with a document whose words are
--- not those of Azure Resource Manager.

local Error = require "cloudjobs.base.error"
local member = require "cloudjobs.base.path"

local MEMBERS = { code = "status", reason = { "error.code", "error.message" }, retry_after = "retry_after" }

-- Compared as they are; `InProgress` stands for an answer of 202, too.
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

-- Reads count against a few requests a minute and scope.
local INTERVAL = { start = 30, growth = 1.25, cap = 60, floor = 15 }

--- A report's record: its document, or that it is still being made.
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
---@param collection string where the service has their results
---@return fun(client: table, params: table, limits: table): table|nil, cloudjobs.Error|nil
local function fetch(collection)
  return function(client, params, limits)
    local address = ("/%s/providers/Microsoft.CostManagement/%s/%s?api-version=%s"):format(
      params.scope, collection, params.operationId, params.apiVersion or "2025-03-01"
    )
    return read(client, address, limits)
  end
end

local function no_location()
  return Error.new {
    kind = "response", code = "no_id", message = "the response to the start has no Location", ambiguous = true,
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
  -- A report that exists is answered at once, by its document.
  local id = address and member.tail(address:match("^[^?]*")) or member.at(started.document, "name", "string")
  if not id or id == "" then
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
  fetch = fetch, ids = ids, read = read, resumable = resumable,
}
