--- A command of AWS Systems Manager Run Command, over all its targets.

-- Status details that are more exact than the status, without their spaces.
local DETAILS = {
  DeliveryTimedOut = "timed_out",
  ExecutionTimedOut = "timed_out",
  NoInstancesInTag = "no_data",
}

local function count(record, name)
  return type(record[name]) == "number" and record[name] or 0
end

---@class cloudjobs.jobs
---@field run_command cloudjobs.Maker
---@field start_run_command cloudjobs.Finder

---@type cloudjobs.Kind
return {
  kind = "run_command",
  title = "AWS Run Command",
  about = "command of AWS Systems Manager Run Command",
  cloud = "aws",
  service = "ssm",
  service_id = "SSM",
  params = { "CommandId" },
  id = "CommandId",
  example = { CommandId = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d" },
  name = function(params)
    return params.CommandId
  end,
  operation = "list_commands",
  record = "Commands[0]",
  members = { code = "Status", reason = "StatusDetails", started_at = "RequestedDateTime" },
  states = {
    Pending = "queued",
    InProgress = "running",
    Cancelling = "running",
    Success = "succeeded",
    Failed = "failed",
    TimedOut = "timed_out",
    Cancelled = "cancelled",
  },
  -- Success means that no failure of a target counted: unreachable targets do not count, and there may be no targets.
  -- `detail` lists each.
  state = function(record, _, state)
    local refined = DETAILS[(tostring(record.StatusDetails):gsub("%s", ""))]
    if state ~= "succeeded" then
      return state == "failed" and refined or nil
    elseif record.TargetCount == 0 then
      return "no_data", "no target matched"
    end
    local bad = count(record, "ErrorCount") + count(record, "DeliveryTimedOutCount")
    return nil, bad > 0 and ("%d of %d targets failed"):format(bad, count(record, "TargetCount")) or nil
  end,
  missing = { InvalidCommandId = true },
  interval = { start = 2, growth = 1.5, cap = 15, floor = 1 },
  cancel = "cancel_command",
  -- The targets.
  detail = function(client, params, limits)
    return client:all("list_command_invocations", { CommandId = params.CommandId }, limits)
  end,
  run = { finder = "start_run_command", operation = "send_command", ids = { CommandId = "Command.CommandId" } },
}
