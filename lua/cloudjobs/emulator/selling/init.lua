--- Partner Central: engagements, snapshots and their jobs, and (in this file)
--- settings and tags.

local engagements = require "cloudjobs.emulator.selling.engagements"
local snapshots = require "cloudjobs.emulator.selling.snapshots"
local store = require "cloudjobs.emulator.selling.store"
local tags = require "cloudjobs.emulator.tags"

local operations = {}

function operations.GetSellingSystemSettings(self, params, caller)
  store.check_catalog(params)
  return { Catalog = params.Catalog, ResourceSnapshotJobRoleArn = self.settings[caller.account .. params.Catalog] }
end

function operations.PutSellingSystemSettings(self, params, caller)
  store.check_catalog(params)
  local role = params.ResourceSnapshotJobRoleIdentifier
  if role and not role:find("^arn:") then
    role = ("arn:aws:iam::%s:role/%s"):format(caller.account, role)
  end
  self.settings[caller.account .. params.Catalog] = role
  return { Catalog = params.Catalog, ResourceSnapshotJobRoleArn = role }
end

local function find_tagged(self, params, caller)
  for _, job in ipairs(self.jobs) do
    if job.arn == params.ResourceArn and job.account == caller.account then
      return job
    end
  end
  store.missing(("%s was not found."):format(params.ResourceArn))
end

function operations.TagResource(self, params, caller)
  tags.put(find_tagged(self, params, caller).tags, params.Tags)
  return {}
end

function operations.UntagResource(self, params, caller)
  tags.drop(find_tagged(self, params, caller).tags, params.TagKeys)
  return {}
end

function operations.ListTagsForResource(self, params, caller)
  return { Tags = find_tagged(self, params, caller).tags }
end

for _, handlers in ipairs { engagements, snapshots } do
  for name, handler in pairs(handlers) do
    operations[name] = handler
  end
end

--- What this service adds to a refusal of parameters.
local function describe(problems)
  local list = {}
  for i, problem in ipairs(problems) do
    local code = problem.message == "required" and "REQUIRED_FIELD_MISSING"
      or problem.message:find("enum", 1, true) and "INVALID_ENUM_VALUE"
      or problem.message:find("pattern", 1, true) and "INVALID_STRING_FORMAT" or "INVALID_VALUE"
    list[i] = { FieldName = problem.path, Message = problem.message, Code = code }
  end
  return { Reason = "REQUEST_VALIDATION_FAILED", ErrorList = list }
end

return {
  new = store.new,
  model = "partnercentral_selling",
  namespace = "com.amazonaws.partnercentralselling",
  operations = operations,
  page_size = 100,
  describe = describe,
  token_reused = "ConflictException",
}
