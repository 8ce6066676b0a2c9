--- Snapshots of opportunities, and the jobs that make them.

local refuse = require("cloudjobs.emulator.refuse").refuse
local store = require "cloudjobs.emulator.selling.store"
local tags = require "cloudjobs.emulator.tags"

local operations = {}

local function check_resource(params)
  if not params.ResourceIdentifier:find("^O%d+$") then
    store.invalid("ResourceIdentifier", "INVALID_STRING_FORMAT", "ResourceIdentifier must match O[0-9]{1,19}.")
  end
end

--- What a snapshot is of, as a job and a single snapshot name it.
local function subject(self, params, caller)
  local engagement = self:find_engagement(params, params.EngagementIdentifier, caller)
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
  local snapshot = self:take_snapshot(subject(self, params, caller), caller.now)
  return { Arn = snapshot.arn, Revision = snapshot.revision }
end

function operations.GetResourceSnapshot(self, params, caller)
  local wanted = subject(self, params, caller)
  local found
  for _, snapshot in ipairs(self.snapshots) do
    if store.is_same(snapshot, wanted) and (not params.Revision or params.Revision == snapshot.revision) then
      found = snapshot -- the last one is the newest
    end
  end
  if not found then
    store.missing(("No snapshot of %s was found."):format(params.ResourceIdentifier))
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
  self:find_engagement(params, params.EngagementIdentifier, caller)
  local items = {}
  local template = params.ResourceSnapshotTemplateIdentifier
  for _, snapshot in ipairs(store.own(self.snapshots, params, caller)) do
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

function operations.CreateResourceSnapshotJob(self, params, caller)
  local job = subject(self, params, caller)
  for _, other in ipairs(self.jobs) do
    if store.is_same(other, job) then
      refuse("ConflictException", ("A resource snapshot job for %s exists already."):format(job.resource))
    end
  end
  job.id = self:identifier("job-", 13)
  job.arn = store.arn(caller, params.Catalog, "resource-snapshot-job/" .. job.id)
  job.created = caller.now
  job.status = "Stopped"
  job.tags = tags.put({}, params.Tags)
  self.jobs[#self.jobs + 1] = job
  return { Id = job.id, Arn = job.arn }
end

function operations.GetResourceSnapshotJob(self, params, caller)
  local job = self:find_job(params, caller)
  return {
    Catalog = job.catalog,
    Id = job.id,
    Arn = job.arn,
    EngagementId = job.engagement,
    ResourceType = "Opportunity",
    ResourceId = job.resource,
    ResourceArn = store.arn(caller, job.catalog, "opportunity/" .. job.resource),
    ResourceSnapshotTemplateName = job.template,
    CreatedAt = job.created,
    Status = job.status,
    LastSuccessfulExecutionDate = job.succeeded,
    LastFailure = job.failure,
  }
end

function operations.ListResourceSnapshotJobs(self, params, caller)
  local items = {}
  for _, job in ipairs(store.own(self.jobs, params, caller)) do
    local wanted = (not params.EngagementIdentifier or params.EngagementIdentifier == job.engagement)
      and (not params.Status or params.Status == job.status)
    if wanted then
      items[#items + 1] = { Id = job.id, Arn = job.arn, EngagementId = job.engagement, Status = job.status }
    end
  end
  local page, token = caller.page(store.sorted(items, params), "Id", params)
  return { ResourceSnapshotJobSummaries = page, NextToken = token }
end

function operations.StartResourceSnapshotJob(self, params, caller)
  store.start(self:find_job(params, caller), caller.now)
end

function operations.StopResourceSnapshotJob(self, params, caller)
  store.stop(self:find_job(params, caller))
end

function operations.DeleteResourceSnapshotJob(self, params, caller)
  local job = self:find_job(params, caller)
  if job.status ~= "Stopped" then
    refuse("ConflictException", "The resource snapshot job must be stopped before it can be deleted.")
  end
  for i, other in ipairs(self.jobs) do
    if other == job then
      table.remove(self.jobs, i)
    end
  end
end

return operations
