--- BCM Data Exports: exports, their executions on a daily cadence, the tables
--- they can be made from, tags.

local life = require "cloudjobs.emulator.life"
local query = require "cloudjobs.emulator.bcm.query"
local refuse = require("cloudjobs.emulator.refuse").refuse
local tables = require "cloudjobs.emulator.bcm.tables"
local tags = require "cloudjobs.emulator.tags"

local DAY = 86400
local FIRST_EXECUTION = 60 -- seconds from an export's creation to its first execution
local MOST_OVERDUE = 400 -- executions made up for at once, when the clock was set far ahead

local Bcm = {}
local bcm_mt = { __name = "cloudjobs.emulator.bcm", __index = Bcm }

local function new(world)
  return setmetatable({ _world = world, _exports = {} }, bcm_mt)
end

local function begin_execution(self, export, time)
  local facts = { ExportArn = export.arn, Name = export.definition.Name }
  local outcome = self._world.outcomes:consume("export_execution", facts)
  local executions = export.executions
  executions[#executions + 1] = {
    id = self._world.uuid(),
    created = time,
    life = life.new("export_execution", time, outcome.status),
    reason = outcome.reason,
    definition = export.definition,
  }
end

--- Delivers the files of the executions that have succeeded since the last time.
local function deliver(files, export, now)
  for _, execution in ipairs(export.executions) do
    local ended = execution.life:at(now)
    if ended.state == "DELIVERY_SUCCESS" and not execution.delivered then
      execution.delivered = true
      files:deliver_export(export, execution, ended.at)
    end
  end
end

--- Brings every export to the time `now`: begins the executions that are due.
function Bcm:advance(now)
  for _, export in ipairs(self._exports) do
    if now - export.due > MOST_OVERDUE * DAY then
      export.due = now - MOST_OVERDUE * DAY
    end
    while export.due <= now do
      begin_execution(self, export, export.due)
      export.due = export.due + DAY
    end
    deliver(self._world.files, export, now)
  end
end

local function invalid(field, message, why)
  refuse("ValidationException", message, {
    Reason = "fieldValidationFailed",
    Fields = { { Name = field, Message = why } },
  })
end

-- The letters of a bucket's name, those from before S3's naming rules included.
local function check_bucket(export)
  local bucket = export.DestinationConfigurations.S3Destination.S3Bucket
  if not bucket:find("^[%w._-]+$") or #bucket > 255 then
    invalid("Export.DestinationConfigurations.S3Destination.S3Bucket",
      ("The bucket %s does not exist."):format(bucket), "is not a bucket's name")
  end
end

local function not_found(kind, id)
  refuse("ResourceNotFoundException", ("%s %s was not found."):format(kind, id), {
    ResourceId = id,
    ResourceType = kind,
  })
end

local function find_export(self, arn, caller)
  for i, export in ipairs(self._exports) do
    if export.arn == arn and export.account == caller.account then
      return export, i
    end
  end
  not_found("Export", arn)
end

local function execution_status(execution, now)
  local current = execution.life:at(now)
  local failed = current.state == "QUERY_FAILURE" or current.state == "DELIVERY_FAILURE"
  return {
    StatusCode = current.state,
    StatusReason = failed and (execution.reason or "INTERNAL_FAILURE") or nil,
    CreatedAt = execution.created,
    LastUpdatedAt = current.at,
    CompletedAt = current.final and current.at or nil,
  }
end

local function export_status(export, now)
  local status = { StatusCode = "HEALTHY", CreatedAt = export.created, LastUpdatedAt = export.updated }
  for _, execution in ipairs(export.executions) do
    local of = execution_status(execution, now)
    if of.StatusCode == "DELIVERY_SUCCESS" then
      status.StatusCode, status.StatusReason = "HEALTHY", nil
      status.LastRefreshedAt = of.CompletedAt
    elseif of.CompletedAt then
      status.StatusCode, status.StatusReason = "UNHEALTHY", of.StatusReason
    end
  end
  return status
end

local function definition_of(export, arn)
  return {
    ExportArn = arn,
    Name = export.Name,
    Description = export.Description,
    DataQuery = export.DataQuery,
    DestinationConfigurations = export.DestinationConfigurations,
    RefreshCadence = export.RefreshCadence,
  }
end

local operations = {}

function operations.CreateExport(self, params, caller)
  local export = params.Export
  local parsed = query.read(export.DataQuery)
  check_bucket(export)
  local count = 0
  for _, other in ipairs(self._exports) do
    if other.account == caller.account then
      if other.definition.Name == export.Name then
        invalid("Export.Name", ("An export with the name %s already exists."):format(export.Name), "already exists")
      end
      count = count + (other.table == parsed.table.name and 1 or 0)
    end
  end
  if self._world.quotas and count >= parsed.table.quota then
    refuse("ServiceQuotaExceededException", ("The account has %d exports of %s."):format(count, parsed.table.name), {
      ResourceType = "Export",
      ResourceId = export.Name,
      QuotaCode = "L-EXPORTS",
      ServiceCode = "bcm-data-exports",
    })
  end

  local id = export.Name .. "-" .. self._world.uuid()
  local arn = ("arn:aws:bcm-data-exports:%s:%s:export/%s"):format(caller.region, caller.account, id)
  local made = {
    arn = arn,
    account = caller.account,
    table = parsed.table.name,
    definition = definition_of(export, arn),
    created = caller.now,
    updated = caller.now,
    due = caller.now + FIRST_EXECUTION,
    executions = {},
    tags = tags.put({}, params.ResourceTags),
  }
  self._exports[#self._exports + 1] = made
  return { ExportArn = arn }
end

function operations.UpdateExport(self, params, caller)
  local export = find_export(self, params.ExportArn, caller)
  local parsed = query.read(params.Export.DataQuery)
  check_bucket(params.Export)
  if parsed.table.name ~= export.table then
    invalid("Export.DataQuery.QueryStatement", "The table of an export cannot be changed.", "names another table")
  elseif params.Export.Name ~= export.definition.Name then
    invalid("Export.Name", "The name of an export cannot be changed.", "differs")
  end
  export.definition = definition_of(params.Export, export.arn)
  export.updated = caller.now
  return { ExportArn = export.arn }
end

function operations.DeleteExport(self, params, caller)
  local export, at = find_export(self, params.ExportArn, caller)
  table.remove(self._exports, at)
  return { ExportArn = export.arn }
end

function operations.GetExport(self, params, caller)
  local export = find_export(self, params.ExportArn, caller)
  return { Export = export.definition, ExportStatus = export_status(export, caller.now) }
end

function operations.ListExports(self, params, caller)
  local items = {}
  for _, export in ipairs(self._exports) do
    if export.account == caller.account then
      items[#items + 1] = {
        ExportArn = export.arn,
        ExportName = export.definition.Name,
        ExportStatus = export_status(export, caller.now),
      }
    end
  end
  local page, token = caller.page(items, "ExportArn", params)
  return { Exports = page, NextToken = token }
end

function operations.GetExecution(self, params, caller)
  local export = find_export(self, params.ExportArn, caller)
  for _, execution in ipairs(export.executions) do
    if execution.id == params.ExecutionId then
      return {
        ExecutionId = execution.id,
        Export = execution.definition,
        ExecutionStatus = execution_status(execution, caller.now),
      }
    end
  end
  not_found("Execution", params.ExecutionId)
end

function operations.ListExecutions(self, params, caller)
  local export = find_export(self, params.ExportArn, caller)
  local items = {}
  for i = #export.executions, 1, -1 do
    local execution = export.executions[i]
    items[#items + 1] = { ExecutionId = execution.id, ExecutionStatus = execution_status(execution, caller.now) }
  end
  local page, token = caller.page(items, "ExecutionId", params)
  return { Executions = page, NextToken = token }
end

function operations.ListTables(_, params, caller)
  local items = {}
  for _, of in ipairs(tables) do
    items[#items + 1] = { TableName = of.name, Description = of.description, TableProperties = of.properties }
  end
  local page, token = caller.page(items, "TableName", params)
  return { Tables = page, NextToken = token }
end

function operations.GetTable(_, params)
  local of = query.find(params.TableName)
  if not of then
    invalid("TableName", ("The table %s does not exist."):format(params.TableName), "does not exist")
  end
  local properties = query.settle(of, params.TableProperties, "TableProperties")
  return {
    TableName = of.name,
    Description = of.description,
    TableProperties = properties,
    Schema = query.columns(of, properties),
  }
end

function operations.ListTagsForResource(self, params, caller)
  local export = find_export(self, params.ResourceArn, caller)
  local page, token = caller.page(export.tags, "Key", params)
  return { ResourceTags = page, NextToken = token }
end

function operations.TagResource(self, params, caller)
  tags.put(find_export(self, params.ResourceArn, caller).tags, params.ResourceTags)
  return {}
end

function operations.UntagResource(self, params, caller)
  tags.drop(find_export(self, params.ResourceArn, caller).tags, params.ResourceTagKeys)
  return {}
end

--- What this service adds to a refusal of parameters.
local function describe(problems)
  local fields = {}
  for i, problem in ipairs(problems) do
    fields[i] = { Name = problem.path, Message = problem.message }
  end
  return { Reason = "fieldValidationFailed", Fields = fields }
end

return {
  new = new,
  model = "bcm_data_exports",
  namespace = "com.amazonaws.bcmdataexports",
  operations = operations,
  page_size = 100,
  describe = describe,
}
