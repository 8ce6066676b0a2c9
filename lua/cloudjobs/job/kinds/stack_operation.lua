--- An operation on an AWS CloudFormation stack. A stack's status means what its
--- operation was: UPDATE_COMPLETE is the end of an update, but the state before
--- a deletion has begun.

local Error = require "cloudjobs.base.error"
local core = require "cloudjobs.core"
local member = require "cloudjobs.base.path"
local merged = require "cloudjobs.base.merged"

-- Operation -> the stack's final statuses -> the operation's state. "queued": it has not begun.
local OUTCOMES = {
  create = {
    CREATE_COMPLETE = "succeeded", UPDATE_COMPLETE = "succeeded", UPDATE_FAILED = "succeeded",
    UPDATE_ROLLBACK_COMPLETE = "succeeded", UPDATE_ROLLBACK_FAILED = "succeeded", IMPORT_COMPLETE = "succeeded",
    IMPORT_ROLLBACK_COMPLETE = "succeeded", IMPORT_ROLLBACK_FAILED = "succeeded", CREATE_FAILED = "failed",
    ROLLBACK_COMPLETE = "failed", ROLLBACK_FAILED = "failed", DELETE_COMPLETE = "failed", DELETE_FAILED = "failed",
  },
  update = {
    UPDATE_COMPLETE = "succeeded", UPDATE_FAILED = "failed", UPDATE_ROLLBACK_COMPLETE = "failed",
    UPDATE_ROLLBACK_FAILED = "failed", DELETE_COMPLETE = "failed", DELETE_FAILED = "failed",
    ROLLBACK_COMPLETE = "failed", ROLLBACK_FAILED = "failed",
  },
  delete = { DELETE_COMPLETE = "succeeded", DELETE_FAILED = "failed" },
  -- A stack without an earlier stable state is deleted by its rollback.
  rollback = {
    ROLLBACK_COMPLETE = "succeeded", UPDATE_ROLLBACK_COMPLETE = "succeeded", DELETE_COMPLETE = "succeeded",
    ROLLBACK_FAILED = "failed", UPDATE_ROLLBACK_FAILED = "failed", DELETE_FAILED = "failed",
  },
  import = {
    IMPORT_COMPLETE = "succeeded", IMPORT_ROLLBACK_COMPLETE = "failed", IMPORT_ROLLBACK_FAILED = "failed",
    DELETE_COMPLETE = "failed", DELETE_FAILED = "failed",
  },
}

local STARTS = {
  create = "create_stack", update = "update_stack", delete = "delete_stack", rollback = "rollback_stack",
}

local function refuse(params)
  if not OUTCOMES[params.Operation] then
    return ("Operation: expected create, update, delete, rollback or import, got %q"):format(params.Operation)
  end
end

-- Whether the stack's record lists its last operations without this one.
local function is_before(record, id)
  local operations = member.records(record, "LastOperations")
  for _, operation in ipairs(operations) do
    if operation.OperationId == id then
      return false
    end
  end
  return id ~= nil and #operations > 0
end

local function state(record, params, general)
  if general == "running" or general == "queued" then
    return nil
  elseif is_before(record, params.OperationId) then
    return "queued"
  end
  local code = record.StackStatus
  local reason = type(record.StackStatusReason) == "string" and record.StackStatusReason or ""
  local outcome = OUTCOMES[params.Operation][code] or (general ~= "unknown" and "queued") or nil
  -- The deletion of a stack whose exports are in use ends where it began.
  if params.Operation == "delete" and outcome == "queued" and reason:find("[Ee]xport") then
    return "failed"
  elseif outcome == "succeeded" and member.at(record, "DeploymentConfig.Mode", "string") == "EXPRESS" then
    return outcome, "in EXPRESS mode the resources may not be ready yet"
  end
  return outcome
end

-- The stack's id, by which a stack is still described when it has been deleted.
local function id_of(client, name, limits)
  local output, err = client:describe_stacks({ StackName = name }, limits)
  return output and member.at(output, "Stacks[0].StackId", "string"), err
end

local function start(client, params, limits)
  local operation = params.Operation
  if not STARTS[operation] then
    return nil, Error.new {
      kind = "validation", code = "validation",
      problems = { { path = "Operation", message = "expected create, update, delete or rollback" } },
    }
  end
  -- The description does not mark the token, so no client fills it in by itself.
  local request, id = merged({ ClientRequestToken = core.uuid() }, params.request), nil
  if operation == "delete" then
    local problem
    id, problem = id_of(client, request.StackName, limits)
    if not id then
      return nil, problem
    end
    request.StackName = id
  end
  local output, err = client[STARTS[operation]](client, request, limits)
  if not output then
    return nil, err
  end
  return { StackId = id or output.StackId, Operation = operation, OperationId = output.OperationId }
end

---@class cloudjobs.jobs
---@field stack_operation cloudjobs.Maker
---@field start_stack_operation cloudjobs.Finder

---@type cloudjobs.Kind
return {
  kind = "stack_operation",
  title = "AWS stack",
  about = "operation on an AWS CloudFormation stack",
  cloud = "aws",
  service = "cloudformation",
  service_id = "CloudFormation",
  params = { "StackId", "Operation" },
  optional = { "OperationId" },
  id = "StackId",
  example = {
    StackId = "arn:aws:cloudformation:us-east-1:111122223333:stack/exports/0a1b2c3d-4e5f-11ee-8c7d-9e0f1a2b3c4d",
    Operation = "create",
  },
  name = function(params)
    return params.StackId:match(":stack/([^/]+)") or params.StackId
  end,
  refuse = refuse,
  operation = "describe_stacks",
  request = { StackName = "{StackId}" },
  record = "Stacks[0]",
  members = {
    code = "StackStatus",
    reason = "StackStatusReason",
    started_at = "CreationTime",
    updated_at = "LastUpdatedTime",
    ended_at = "DeletionTime",
  },
  states = {
    REVIEW_IN_PROGRESS = "queued",
    CREATE_IN_PROGRESS = "running",
    ROLLBACK_IN_PROGRESS = "running",
    DELETE_IN_PROGRESS = "running",
    UPDATE_IN_PROGRESS = "running",
    UPDATE_COMPLETE_CLEANUP_IN_PROGRESS = "running",
    UPDATE_ROLLBACK_IN_PROGRESS = "running",
    UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS = "running",
    IMPORT_IN_PROGRESS = "running",
    IMPORT_ROLLBACK_IN_PROGRESS = "running",
    CREATE_COMPLETE = "succeeded",
    UPDATE_COMPLETE = "succeeded",
    IMPORT_COMPLETE = "succeeded",
    DELETE_COMPLETE = "succeeded",
    CREATE_FAILED = "failed",
    ROLLBACK_COMPLETE = "failed",
    ROLLBACK_FAILED = "failed",
    DELETE_FAILED = "failed",
    UPDATE_FAILED = "failed",
    UPDATE_ROLLBACK_COMPLETE = "failed",
    UPDATE_ROLLBACK_FAILED = "failed",
    IMPORT_ROLLBACK_COMPLETE = "failed",
    IMPORT_ROLLBACK_FAILED = "failed",
  },
  state = state,
  hints = { REVIEW_IN_PROGRESS = "somebody has to execute the change set" },
  -- The code is that of any bad input, so the message decides.
  missing = function(err)
    return err.code == "ValidationError" and err.message:find("does not exist", 1, true) ~= nil
  end,
  interval = { start = 10, growth = 1.5, cap = 30, floor = 1 },
  cancel = function(client, params)
    if params.Operation ~= "update" then
      return nil, Error.new {
        kind = "job", code = "unsupported", message = "stack_operation: only an update can be cancelled",
      }
    end
    return client:cancel_update_stack { StackName = params.StackId }
  end,
  -- The events of the stack, the newest first.
  detail = function(client, params, limits)
    return client:all("describe_stack_events", { StackName = params.StackId }, limits)
  end,
  run = { finder = "start_stack_operation", params = { Operation = "string", request = "table" }, start = start },
}
