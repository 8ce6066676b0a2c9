--- A deployment of Azure Resource Manager. Its name may be used again: the record
--- is then of the newer one.

local member = require "cloudjobs.base.path"

-- The messages of the innermost errors, where the reason is.
local function reason_of(err, texts)
  local details = member.records(err, "details")
  for _, detail in ipairs(details) do
    reason_of(detail, texts)
  end
  local message = member.at(err, "message", "string")
  if #details == 0 and message then
    texts[#texts + 1] = message
  end
  return texts
end

---@class cloudjobs.jobs
---@field arm_deployment cloudjobs.Maker
---@field start_arm_deployment cloudjobs.Finder

---@type cloudjobs.Kind
return {
  kind = "arm_deployment",
  title = "Azure deployment",
  about = "deployment of Azure Resource Manager",
  cloud = "azure",
  service = "deployments",
  service_id = "Resource Deployments",
  params = { "scope", "deploymentName" },
  id = "deploymentName",
  example = { scope = "subscriptions/00000000-0000-0000-0000-000000000001", deploymentName = "exports" },
  name = function(params)
    return params.deploymentName
  end,
  operation = "get",
  members = {
    code = "properties.provisioningState",
    reason = "properties.error.message",
    started_at = "properties.timestamp",
  },
  states = {
    NotSpecified = "queued",
    Accepted = "queued",
    Running = "running",
    Ready = "running",
    Creating = "running",
    Created = "running",
    Updating = "running",
    Deleting = "running",
    Succeeded = "succeeded",
    Failed = "failed",
    Canceled = "cancelled",
    Deleted = "stopped",
  },
  state = function(record)
    local err = member.at(record, "properties.error", "table")
    local texts = err and reason_of(err, {}) or {}
    return nil, texts[1] and table.concat(texts, "; ") or nil
  end,
  result = function(record)
    return member.at(record, "properties.outputs", "table")
  end,
  missing = { DeploymentNotFound = true, ["404"] = true },
  interval = { start = 10, growth = 1.5, cap = 60, floor = 1 },
  cancel = "cancel",
  -- The operations on the resources.
  detail = function(client, params, limits)
    return client:all("list_operations", { scope = params.scope, deploymentName = params.deploymentName }, limits)
  end,
  run = {
    finder = "start_arm_deployment",
    params = { scope = "string", deploymentName = "string", deployment = "table" },
    start = function(client, params, limits)
      local started, err = client:create_or_update(params, limits)
      return started and { scope = params.scope, deploymentName = params.deploymentName }, err
    end,
  },
}
