--- Athena: query executions, which run for some seconds and give no rows.

local life = require "cloudjobs.emulator.life"
local refuse = require("cloudjobs.emulator.refuse").refuse

local WORK_GROUP = "primary"
local MIN_TOKEN = 32 -- characters

local Athena = {}
local athena_mt = { __name = "cloudjobs.emulator.athena", __index = Athena }

local function new(world)
  return setmetatable({ _world = world, _queries = {} }, athena_mt)
end

--- A state is a function of the time, so there is nothing to bring forward.
function Athena.advance()
end

local function invalid(message)
  refuse("InvalidRequestException", message, { AthenaErrorCode = "INVALID_INPUT" })
end

local function find(self, id, caller)
  for _, query in ipairs(self._queries) do
    if query.id == id and query.account == caller.account then
      return query
    end
  end
  invalid(("QueryExecution %s was not found"):format(id))
end

-- Where the result is written: the location of the request, with a file named by the query.
local function location_of(query)
  local location = query.params.ResultConfiguration and query.params.ResultConfiguration.OutputLocation
  return location and ("%s%s%s.csv"):format(location, location:sub(-1) == "/" and "" or "/", query.id)
end

local function view(query, now)
  local current = query.life:at(now)
  local failed = current.state == "FAILED"
  return {
    QueryExecutionId = query.id,
    Query = query.params.QueryString,
    StatementType = "DML",
    WorkGroup = query.params.WorkGroup or WORK_GROUP,
    QueryExecutionContext = query.params.QueryExecutionContext,
    ResultConfiguration = { OutputLocation = location_of(query) },
    Status = {
      State = current.state,
      StateChangeReason = failed and (query.reason or "GENERIC_INTERNAL_ERROR") or nil,
      SubmissionDateTime = query.created,
      CompletionDateTime = current.final and current.at or nil,
    },
  }
end

local operations = {}

function operations.StartQueryExecution(self, params, caller)
  local token = params.ClientRequestToken
  if not token or #token < MIN_TOKEN then
    invalid(("ClientRequestToken: expected at least %d characters"):format(MIN_TOKEN))
  end
  for _, query in ipairs(self._queries) do
    if query.params.ClientRequestToken == token and query.account == caller.account then
      if query.params.QueryString ~= params.QueryString then
        invalid("Idempotent parameters do not match")
      end
      return { QueryExecutionId = query.id }
    end
  end
  local outcome = self._world.outcomes:consume("athena_query", { QueryString = params.QueryString })
  local query = {
    id = self._world.uuid(),
    account = caller.account,
    params = params,
    created = caller.now,
    life = life.new("athena_query", caller.now, outcome.status),
    reason = outcome.reason,
  }
  self._queries[#self._queries + 1] = query
  return { QueryExecutionId = query.id }
end

function operations.GetQueryExecution(self, params, caller)
  return { QueryExecution = view(find(self, params.QueryExecutionId, caller), caller.now) }
end

function operations.StopQueryExecution(self, params, caller)
  local query = find(self, params.QueryExecutionId, caller)
  if not query.life:at(caller.now).final then
    query.life:turn(caller.now, "CANCELLED", 0, "CANCELLED")
  end
  return {}
end

function operations.GetQueryResults(self, params, caller)
  local state = find(self, params.QueryExecutionId, caller).life:at(caller.now).state
  if state ~= "SUCCEEDED" then
    invalid(("Query has not yet finished. Current state: %s"):format(state))
  end
  return { ResultSet = { Rows = {}, ResultSetMetadata = { ColumnInfo = {} } } }
end

function operations.ListQueryExecutions(self, params, caller)
  local items = {}
  for i = #self._queries, 1, -1 do
    local query = self._queries[i]
    local group = query.params.WorkGroup or WORK_GROUP
    if query.account == caller.account and group == (params.WorkGroup or WORK_GROUP) then
      items[#items + 1] = { id = query.id }
    end
  end
  local page, token = caller.page(items, "id", params)
  local ids = {}
  for i, item in ipairs(page) do
    ids[i] = item.id
  end
  return { QueryExecutionIds = ids, NextToken = token }
end

function operations.ListWorkGroups()
  return { WorkGroups = { { Name = WORK_GROUP, State = "ENABLED" } } }
end

return {
  new = new,
  model = "athena",
  namespace = "com.amazonaws.athena",
  operations = operations,
  page_size = 50,
}
