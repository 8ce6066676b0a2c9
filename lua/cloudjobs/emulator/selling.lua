--- Partner Central: engagements, snapshots of opportunities in them, the jobs
--- that take snapshots while they run, and the settings jobs need. Every catalog
--- is a world of its own.

local refuse = require("cloudjobs.emulator.refuse").refuse
local tags = require "cloudjobs.emulator.tags"

local CATALOGS = { AWS = true, Sandbox = true }
local FIRST_RUN = 30 -- seconds from a job's start to its first run
local PERIOD = 3600 -- seconds from run to run

local Selling = {}
local selling_mt = { __name = "cloudjobs.emulator.selling", __index = Selling }

local function new(world)
  return setmetatable({ _world = world, _engagements = {}, _jobs = {}, _snapshots = {}, _settings = {} }, selling_mt)
end

local function invalid(field, code, message)
  refuse("ValidationException", message, {
    Reason = "REQUEST_VALIDATION_FAILED",
    ErrorList = { { FieldName = field, Code = code, Message = message } },
  })
end

local function missing(message)
  refuse("ResourceNotFoundException", message)
end

--- An identifier such as eng-0a1b2c3d4e5f6g: a prefix and so many letters and digits.
local function identifier(self, prefix, length)
  return prefix .. self._world.uuid():gsub("-", ""):sub(1, length)
end

local function arn(caller, catalog, path)
  return ("arn:aws:partnercentral:%s:%s:catalog/%s/%s"):format(caller.region, caller.account, catalog, path)
end

--- Those of a list that the caller owns in the catalog.
local function own(list, params, caller)
  if not CATALOGS[params.Catalog] then
    invalid("Catalog", "INVALID_ENUM_VALUE", ("%s is not a catalog."):format(params.Catalog))
  end
  local found = {}
  for _, item in ipairs(list) do
    if item.catalog == params.Catalog and item.account == caller.account then
      found[#found + 1] = item
    end
  end
  return found
end

local function find_engagement(self, params, id, caller)
  for _, engagement in ipairs(own(self._engagements, params, caller)) do
    if engagement.Id == id or engagement.Arn == id then
      return engagement
    end
  end
  missing(("The engagement %s was not found."):format(id))
end

local function find_job(self, params, caller)
  local id = params.ResourceSnapshotJobIdentifier
  for _, job in ipairs(own(self._jobs, params, caller)) do
    if job.id == id then
      return job
    end
  end
  missing(("The resource snapshot job %s was not found."):format(id))
end

local function is_same(snapshot, of)
  return snapshot.catalog == of.catalog and snapshot.account == of.account and snapshot.engagement == of.engagement
    and snapshot.resource == of.resource and snapshot.template == of.template
end

--- Takes a snapshot; its revision is one more than the last one's.
local function take_snapshot(self, of, time)
  local revision = 1
  for _, snapshot in ipairs(self._snapshots) do
    if is_same(snapshot, of) then
      revision = math.max(revision, snapshot.revision + 1)
    end
  end
  local snapshot = {
    catalog = of.catalog,
    account = of.account,
    engagement = of.engagement,
    resource = of.resource,
    template = of.template,
    revision = revision,
    created = time,
  }
  snapshot.arn = ("%s/resource/Opportunity/%s/template/%s/resource-snapshot/%d")
    :format(of.engagement_arn, of.resource, of.template, revision)
  self._snapshots[#self._snapshots + 1] = snapshot
  return snapshot
end

--- One run of a job. The first success takes a snapshot; later ones find the
--- opportunity as it was, for nothing here changes it.
local function run(self, job, time)
  local facts = { Id = job.id, ResourceIdentifier = job.resource, EngagementIdentifier = job.engagement }
  local outcome = self._world.outcomes:take("resource_snapshot_job", facts)
  if outcome.status == "Failed" then
    job.failure = outcome.message or ("Snapshot of %s failed."):format(job.resource)
    return
  end
  job.succeeded, job.failure = time, nil
  if not job.snapshot then
    job.snapshot = take_snapshot(self, job, time)
  end
end

--- Brings every running job to the time `now`.
function Selling:advance(now)
  for _, job in ipairs(self._jobs) do
    if job.due and now - job.due > 100 * PERIOD then
      job.due = now - 100 * PERIOD
    end
    while job.due and job.due <= now do
      run(self, job, job.due)
      job.due = job.due + PERIOD
    end
  end
end

local operations = {}

-- Engagements.

local function engagement_view(engagement, contexts)
  local view = {
    Id = engagement.Id,
    Arn = engagement.Arn,
    Title = engagement.title,
    CreatedAt = engagement.created,
    CreatedBy = engagement.account,
    ModifiedAt = engagement.created,
    ModifiedBy = engagement.account,
    MemberCount = 1,
  }
  if contexts then
    view.Description, view.Contexts = engagement.description, engagement.contexts
  else
    view.ContextTypes = {}
    for i, context in ipairs(engagement.contexts) do
      view.ContextTypes[i] = context.Type
    end
  end
  return view
end

function operations.CreateEngagement(self, params, caller)
  own({}, params, caller)
  if not params.Title or not params.Description then
    invalid(params.Title and "Description" or "Title", "REQUIRED_FIELD_MISSING", "Title and Description are required.")
  end
  local id = identifier(self, "eng-", 14)
  local engagement = {
    Id = id,
    Arn = arn(caller, params.Catalog, "engagement/" .. id),
    catalog = params.Catalog,
    account = caller.account,
    title = params.Title,
    description = params.Description,
    contexts = params.Contexts or {},
    created = caller.now,
  }
  for i, context in ipairs(engagement.contexts) do
    context.Id = context.Id or tostring(i)
  end
  self._engagements[#self._engagements + 1] = engagement
  return { Id = id, Arn = engagement.Arn, ModifiedAt = caller.now }
end

function operations.GetEngagement(self, params, caller)
  return engagement_view(find_engagement(self, params, params.Identifier, caller), true)
end

local function contains(list, value)
  for _, item in ipairs(list) do
    if item == value then
      return true
    end
  end
  return false
end

local function is_listed(engagement, params)
  local creator = engagement.account
  local types, wanted, unwanted = {}, params.ContextTypes, params.ExcludeContextTypes
  for i, context in ipairs(engagement.contexts) do
    types[i] = context.Type
  end
  local function has_any(list)
    for _, one in ipairs(list) do
      if contains(types, one) then
        return true
      end
    end
    return false
  end
  local ids = params.EngagementIdentifier
  return (not params.CreatedBy or contains(params.CreatedBy, creator))
    and not (params.ExcludeCreatedBy and contains(params.ExcludeCreatedBy, creator))
    and (not ids or contains(ids, engagement.Id) or contains(ids, engagement.Arn))
    and (not wanted or has_any(wanted))
    and not (unwanted and has_any(unwanted))
end

local function reverse(list)
  local reversed = {}
  for i = #list, 1, -1 do
    reversed[#reversed + 1] = list[i]
  end
  return reversed
end

function operations.ListEngagements(self, params, caller)
  local items = {}
  for _, engagement in ipairs(own(self._engagements, params, caller)) do
    if is_listed(engagement, params) then
      items[#items + 1] = engagement_view(engagement)
    end
  end
  if params.Sort and params.Sort.SortOrder == "DESCENDING" then
    items = reverse(items)
  end
  local page, token = caller.page(items, "Id", params)
  return { EngagementSummaryList = page, NextToken = token }
end

function operations.ListEngagementMembers(self, params, caller)
  find_engagement(self, params, params.Identifier, caller)
  local items = { { CompanyName = "Example Corp", WebsiteUrl = "https://example.com", AccountId = caller.account } }
  local page, token = caller.page(items, "AccountId", params)
  return { EngagementMemberList = page, NextToken = token }
end

function operations.ListEngagementResourceAssociations(self, params, caller)
  local items, seen = {}, {}
  for _, list in ipairs { self._jobs, self._snapshots } do
    for _, item in ipairs(own(list, params, caller)) do
      local key = item.engagement .. " " .. item.resource
      local wanted = (not params.EngagementIdentifier or params.EngagementIdentifier == item.engagement)
        and (not params.ResourceIdentifier or params.ResourceIdentifier == item.resource)
        and (not params.CreatedBy or params.CreatedBy == item.account)
      if wanted and not seen[key] then
        seen[key] = true
        items[#items + 1] = {
          Catalog = item.catalog,
          EngagementId = item.engagement,
          ResourceType = "Opportunity",
          ResourceId = item.resource,
          CreatedBy = item.account,
        }
      end
    end
  end
  local page, token = caller.page(items, "ResourceId", params)
  return { EngagementResourceAssociationSummaries = page, NextToken = token }
end

-- Snapshots.

local function check_resource(params)
  if not params.ResourceIdentifier:find("^O%d+$") then
    invalid("ResourceIdentifier", "INVALID_STRING_FORMAT", "ResourceIdentifier must match O[0-9]{1,19}.")
  elseif params.ResourceType ~= "Opportunity" then
    invalid("ResourceType", "INVALID_ENUM_VALUE", ("%s is not a resource type."):format(params.ResourceType))
  end
end

--- What a snapshot is of, as a job and a single snapshot name it.
local function subject(self, params, caller)
  local engagement = find_engagement(self, params, params.EngagementIdentifier, caller)
  check_resource(params)
  return {
    catalog = params.Catalog,
    account = caller.account,
    engagement = engagement.Id,
    engagement_arn = engagement.Arn,
    resource = params.ResourceIdentifier,
    template = params.ResourceSnapshotTemplateIdentifier,
  }
end

function operations.CreateResourceSnapshot(self, params, caller)
  local snapshot = take_snapshot(self, subject(self, params, caller), caller.now)
  return { Arn = snapshot.arn, Revision = snapshot.revision }
end

function operations.GetResourceSnapshot(self, params, caller)
  local wanted = subject(self, params, caller)
  local found
  for _, snapshot in ipairs(self._snapshots) do
    if is_same(snapshot, wanted) and (not params.Revision or params.Revision == snapshot.revision) then
      found = snapshot -- the last one is the newest
    end
  end
  if not found then
    missing(("No snapshot of %s was found."):format(params.ResourceIdentifier))
  end
  return {
    Catalog = found.catalog,
    Arn = found.arn,
    CreatedBy = found.account,
    CreatedAt = found.created,
    EngagementId = found.engagement,
    ResourceType = "Opportunity",
    ResourceId = found.resource,
    ResourceSnapshotTemplateName = found.template,
    Revision = found.revision,
    Payload = { OpportunitySummary = {
      OpportunityType = "Net New Business",
      Lifecycle = { Stage = "Qualified", ReviewStatus = "Approved", TargetCloseDate = "2027-03-31" },
      Customer = { Account = { CompanyName = "Example Corp", Industry = "Software and Internet" } },
    } },
    TargetMemberAccounts = { found.account },
  }
end

function operations.ListResourceSnapshots(self, params, caller)
  find_engagement(self, params, params.EngagementIdentifier, caller)
  local items = {}
  local template = params.ResourceSnapshotTemplateIdentifier
  for _, snapshot in ipairs(own(self._snapshots, params, caller)) do
    local wanted = snapshot.engagement == params.EngagementIdentifier
      and (not params.ResourceIdentifier or params.ResourceIdentifier == snapshot.resource)
      and (not params.CreatedBy or params.CreatedBy == snapshot.account)
      and (not template or template == snapshot.template)
    if wanted then
      items[#items + 1] = {
        Arn = snapshot.arn,
        Revision = snapshot.revision,
        ResourceType = "Opportunity",
        ResourceId = snapshot.resource,
        ResourceSnapshotTemplateName = snapshot.template,
        CreatedBy = snapshot.account,
      }
    end
  end
  local page, token = caller.page(items, "Arn", params)
  return { ResourceSnapshotSummaries = page, NextToken = token }
end

-- Jobs.

function operations.CreateResourceSnapshotJob(self, params, caller)
  local job = subject(self, params, caller)
  for _, other in ipairs(self._jobs) do
    if is_same(other, job) then
      refuse("ConflictException", ("A resource snapshot job for %s exists already."):format(job.resource))
    end
  end
  job.id = identifier(self, "job-", 13)
  job.arn = arn(caller, params.Catalog, "resource-snapshot-job/" .. job.id)
  job.created = caller.now
  job.status = "Stopped"
  job.tags = tags.put({}, params.Tags)
  self._jobs[#self._jobs + 1] = job
  return { Id = job.id, Arn = job.arn }
end

function operations.GetResourceSnapshotJob(self, params, caller)
  local job = find_job(self, params, caller)
  return {
    Catalog = job.catalog,
    Id = job.id,
    Arn = job.arn,
    EngagementId = job.engagement,
    ResourceType = "Opportunity",
    ResourceId = job.resource,
    ResourceArn = arn(caller, job.catalog, "opportunity/" .. job.resource),
    ResourceSnapshotTemplateName = job.template,
    CreatedAt = job.created,
    Status = job.status,
    LastSuccessfulExecutionDate = job.succeeded,
    LastFailure = job.failure,
  }
end

function operations.ListResourceSnapshotJobs(self, params, caller)
  local items = {}
  for _, job in ipairs(own(self._jobs, params, caller)) do
    local wanted = (not params.EngagementIdentifier or params.EngagementIdentifier == job.engagement)
      and (not params.Status or params.Status == job.status)
    if wanted then
      items[#items + 1] = { Id = job.id, Arn = job.arn, EngagementId = job.engagement, Status = job.status }
    end
  end
  if params.Sort and params.Sort.SortOrder == "DESCENDING" then
    items = reverse(items)
  end
  local page, token = caller.page(items, "Id", params)
  return { ResourceSnapshotJobSummaries = page, NextToken = token }
end

function operations.StartResourceSnapshotJob(self, params, caller)
  local job = find_job(self, params, caller)
  if job.status ~= "Running" then
    job.status, job.due = "Running", caller.now + FIRST_RUN
  end
end

function operations.StopResourceSnapshotJob(self, params, caller)
  local job = find_job(self, params, caller)
  job.status, job.due = "Stopped", nil
end

function operations.DeleteResourceSnapshotJob(self, params, caller)
  local job = find_job(self, params, caller)
  if job.status ~= "Stopped" then
    refuse("ConflictException", "The resource snapshot job must be stopped before it can be deleted.")
  end
  for i, other in ipairs(self._jobs) do
    if other == job then
      table.remove(self._jobs, i)
    end
  end
end

-- Settings and tags.

function operations.GetSellingSystemSettings(self, params, caller)
  own({}, params, caller)
  return { Catalog = params.Catalog, ResourceSnapshotJobRoleArn = self._settings[caller.account .. params.Catalog] }
end

function operations.PutSellingSystemSettings(self, params, caller)
  own({}, params, caller)
  local role = params.ResourceSnapshotJobRoleIdentifier
  if role and not role:find("^arn:") then
    role = ("arn:aws:iam::%s:role/%s"):format(caller.account, role)
  end
  self._settings[caller.account .. params.Catalog] = role
  return { Catalog = params.Catalog, ResourceSnapshotJobRoleArn = role }
end

local function find_tagged(self, params, caller)
  for _, job in ipairs(self._jobs) do
    if job.arn == params.ResourceArn and job.account == caller.account then
      return job
    end
  end
  missing(("%s was not found."):format(params.ResourceArn))
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

return {
  new = new,
  model = "partnercentral_selling",
  namespace = "com.amazonaws.partnercentralselling",
  operations = operations,
  page_size = 100,
  max_results = 1000,
  token_reused = "ConflictException",
}
