--- Engagements and resource snapshot jobs, judged by boto3 and the AWS SDK for
--- JavaScript.

local judges = require "spec.support.judges"

local START = judges.START
local CATALOG = "arn:aws:partnercentral:us-east-1:111122223333:catalog/AWS/"
local ENGAGEMENT = "eng-<id>"
local SNAPSHOT = CATALOG .. "engagement/eng-<id>/resource/Opportunity/O123456/template/summary/resource-snapshot/"
local JOB = { Id = "job-<id>", Arn = CATALOG .. "resource-snapshot-job/job-<id>" }

local function refused(code, message)
  return { code = code, message = message, status = 400, attempts = 1 }
end

local function job(status, succeeded)
  return {
    Catalog = "AWS",
    Id = JOB.Id,
    Arn = JOB.Arn,
    EngagementId = ENGAGEMENT,
    ResourceType = "Opportunity",
    ResourceId = "O123456",
    ResourceArn = CATALOG .. "opportunity/O123456",
    ResourceSnapshotTemplateName = "summary",
    CreatedAt = START,
    Status = status,
    LastSuccessfulExecutionDate = succeeded,
  }
end

local LIFE = {
  {
    "creates an engagement",
    { Id = ENGAGEMENT, Arn = CATALOG .. "engagement/eng-<id>", ModifiedAt = START },
  },
  { "creates it once for one token", true },
  {
    "is refused another for that token",
    refused("ConflictException", "The client token was used before with other parameters."),
  },
  { "gets it", {
    Id = ENGAGEMENT,
    Arn = CATALOG .. "engagement/eng-<id>",
    Title = "First",
    Description = "Together",
    CreatedAt = START,
    CreatedBy = "111122223333",
    ModifiedAt = START,
    ModifiedBy = "111122223333",
    MemberCount = 1,
    Contexts = { {
      Id = "1",
      Type = "CustomerProject",
      Payload = { CustomerProject = {
        Customer = {
          Industry = "Software and Internet",
          CompanyName = "Example Corp",
          WebsiteUrl = "https://example.com",
          CountryCode = "DE",
        },
        Project = {
          Title = "Move",
          BusinessProblem = "A data centre that is too small for what it has to do.",
          TargetCompletionDate = "2027-03-31",
        },
      } },
    } },
  } },
  { "lists page after page", { { "First" }, { "Second" } } },
  { "lists its members", {
    { CompanyName = "Example Corp", WebsiteUrl = "https://example.com", AccountId = "111122223333" },
  } },
  { "keeps settings", "arn:aws:iam::111122223333:role/snapshots" },
  { "gets them back", { Catalog = "AWS", ResourceSnapshotJobRoleArn = "arn:aws:iam::111122223333:role/snapshots" } },
  { "creates a snapshot job", JOB },
  {
    "is refused another of its subject",
    refused("ConflictException", "A resource snapshot job for O123456 exists already."),
  },
  { "gets it stopped", job "Stopped" },
  { "starts it", {} },
  { "gets it running", job("Running", START + 30) },
  { "lists it", { { "Running" } } },
  { "lists what it took", { {
    Arn = SNAPSHOT .. "1",
    Revision = 1,
    ResourceType = "Opportunity",
    ResourceId = "O123456",
    ResourceSnapshotTemplateName = "summary",
    CreatedBy = "111122223333",
  } } },
  { "takes a snapshot itself", { Arn = SNAPSHOT .. "2", Revision = 2 } },
  { "lists what belongs to it", { {
    Catalog = "AWS",
    EngagementId = ENGAGEMENT,
    ResourceType = "Opportunity",
    ResourceId = "O123456",
    CreatedBy = "111122223333",
  } } },
  { "gets the snapshot", { Stage = "Qualified", ReviewStatus = "Approved", TargetCloseDate = "2027-03-31" } },
  { "tags it", { Tags = { { Key = "team", Value = "sales" }, { Key = "tier", Value = "1" } } } },
  { "untags it", { Tags = { { Key = "tier", Value = "1" } } } },
  {
    "is refused to delete it while it runs",
    refused("ConflictException", "The resource snapshot job must be stopped before it can be deleted."),
  },
  { "stops it", "Stopped" },
  { "deletes it", {} },
  {
    "misses it then",
    refused("ResourceNotFoundException", ("The resource snapshot job %s was not found."):format(JOB.Id)),
  },
}

describe("snapshot jobs in the hands of", function()
  judges.hold(judges.boto3, "snapshots", LIFE)
  judges.hold(judges.javascript, "snapshots", LIFE)
end)
