--- What Partner Central keeps: engagements, snapshots of opportunities in them,
--- the jobs that make snapshots while they run. Every catalog is a world of its own.

local refuse = require("cloudjobs.emulator.refuse").refuse

local CATALOGS = { AWS = true, Sandbox = true }
local FIRST_RUN = 30 -- seconds from a job's start to its first run
local PERIOD = 3600 -- seconds from run to run
local MOST_OVERDUE = 100 -- runs made up for at once, when the clock was set far ahead

local Selling = {}
local selling_mt = { __name = "cloudjobs.emulator.selling", __index = Selling }

local function new(world)
  return setmetatable({ world = world, engagements = {}, jobs = {}, snapshots = {}, settings = {} }, selling_mt)
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
function Selling:identifier(prefix, length)
  return prefix .. self.world.uuid():gsub("-", ""):sub(1, length)
end

local function arn(caller, catalog, path)
  return ("arn:aws:partnercentral:%s:%s:catalog/%s/%s"):format(caller.region, caller.account, catalog, path)
end

local function check_catalog(params)
  if not CATALOGS[params.Catalog] then
    invalid("Catalog", "INVALID_ENUM_VALUE", ("%s is not a catalog."):format(params.Catalog))
  end
end

--- Those of a list that the caller owns in the catalog.
local function own(list, params, caller)
  check_catalog(params)
  local found = {}
  for _, item in ipairs(list) do
    if item.catalog == params.Catalog and item.account == caller.account then
      found[#found + 1] = item
    end
  end
  return found
end

function Selling:find_engagement(params, id, caller)
  for _, engagement in ipairs(own(self.engagements, params, caller)) do
    if engagement.Id == id or engagement.Arn == id then
      return engagement
    end
  end
  missing(("The engagement %s was not found."):format(id))
end

function Selling:find_job(params, caller)
  local id = params.ResourceSnapshotJobIdentifier
  for _, job in ipairs(own(self.jobs, params, caller)) do
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
function Selling:take_snapshot(of, time)
  local revision = 1
  for _, snapshot in ipairs(self.snapshots) do
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
  self.snapshots[#self.snapshots + 1] = snapshot
  return snapshot
end

--- One run of a job. The first success makes a snapshot; later ones find the
--- opportunity as it was, for nothing here changes it.
local function run(self, job, time)
  local facts = { Id = job.id, ResourceIdentifier = job.resource, EngagementIdentifier = job.engagement }
  local outcome = self.world.outcomes:consume("resource_snapshot_job", facts)
  if outcome.status == "Failed" then
    job.failure = outcome.message or ("Snapshot of %s failed."):format(job.resource)
    return
  end
  job.succeeded, job.failure = time, nil
  if not job.snapshot then
    job.snapshot = self:take_snapshot(job, time)
  end
end

--- Brings every running job to the time `now`.
function Selling:advance(now)
  for _, job in ipairs(self.jobs) do
    if job.due and now - job.due > MOST_OVERDUE * PERIOD then
      job.due = now - MOST_OVERDUE * PERIOD
    end
    while job.due and job.due <= now do
      run(self, job, job.due)
      job.due = job.due + PERIOD
    end
  end
end

--- Starts a job; one that runs goes on as it did.
local function start(job, now)
  if job.status ~= "Running" then
    job.status, job.due = "Running", now + FIRST_RUN
  end
end

local function stop(job)
  job.status, job.due = "Stopped", nil
end

--- A listing in the order that the caller asks for.
local function sorted(list, params)
  if not params.Sort or params.Sort.SortOrder ~= "DESCENDING" then
    return list
  end
  local reversed = {}
  for i = #list, 1, -1 do
    reversed[#reversed + 1] = list[i]
  end
  return reversed
end

return {
  new = new,
  invalid = invalid,
  missing = missing,
  arn = arn,
  check_catalog = check_catalog,
  own = own,
  is_same = is_same,
  sorted = sorted,
  start = start,
  stop = stop,
}
