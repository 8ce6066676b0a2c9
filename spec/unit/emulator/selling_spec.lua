local emulated = require "spec.support.emulated"

describe("the emulator's Partner Central", function()
  local emulator
  local function call(operation, params, how)
    params = params or {}
    params.Catalog = params.Catalog or "AWS"
    return emulator:aws("partnercentral_selling", operation, params, how)
  end
  local function refused(operation, params, how)
    local output, err = call(operation, params, how)
    assert.is_nil(output)
    return { (err.__type:gsub("^.*#", "")), err.Message }
  end
  local function engagement(token)
    return assert(call("CreateEngagement", { ClientToken = token, Title = "T", Description = "D" })).Id
  end
  local function subject(of, more)
    local params = {
      EngagementIdentifier = of,
      ResourceType = "Opportunity",
      ResourceIdentifier = "O123",
      ResourceSnapshotTemplateIdentifier = "summary",
      ClientToken = "a token",
    }
    for name, value in pairs(more or {}) do
      params[name] = value
    end
    return params
  end
  before_each(function()
    emulator = emulated.new()
  end)

  it("makes an engagement once for one client token", function()
    local id = engagement "a"
    assert.truthy(id:find("^eng%-" .. ("%w"):rep(14) .. "$"))
    assert.equal(id, engagement "a")
    assert.same({ "ConflictException", "The client token was used before with other parameters." },
      refused("CreateEngagement", { ClientToken = "a", Title = "other", Description = "D" }))
    assert.equal(1, #call("ListEngagements").EngagementSummaryList)
  end)

  it("lists engagements by their creator, in order, by catalog", function()
    local first, second = engagement "a", engagement "b"
    local down = { Sort = { SortBy = "CreatedDate", SortOrder = "DESCENDING" } }
    local listed = call("ListEngagements", down).EngagementSummaryList
    assert.same({ second, first }, { listed[1].Id, listed[2].Id })
    assert.same({}, call("ListEngagements", { CreatedBy = { "444455556666" } }).EngagementSummaryList)
    assert.same({}, call("ListEngagements", { ExcludeCreatedBy = { "111122223333" } }).EngagementSummaryList)
    assert.same({}, call("ListEngagements", { Catalog = "Sandbox" }).EngagementSummaryList)
    assert.same({ "ValidationException", "Nowhere is not a catalog." }, refused("ListEngagements", { Catalog = "Nowhere" }))
    assert.equal("T", call("GetEngagement", { Identifier = listed[1].Arn }).Title)
    assert.equal("111122223333", call("ListEngagementMembers", { Identifier = first }).EngagementMemberList[1].AccountId)
  end)

  it("makes snapshots while a job runs, and stops with it", function()
    local of = engagement "a"
    local job = call("CreateResourceSnapshotJob", subject(of, { Tags = { { Key = "a", Value = "1" } } }))
    assert.truthy(job.Id:find("^job%-" .. ("%w"):rep(13) .. "$"))
    local id = { ResourceSnapshotJobIdentifier = job.Id }
    local function get()
      return call("GetResourceSnapshotJob", { ResourceSnapshotJobIdentifier = job.Id })
    end
    assert.same({ "Stopped", nil }, { get().Status, get().LastSuccessfulExecutionDate })
    call("StartResourceSnapshotJob", id)
    assert.same({ "Running", nil }, { get().Status, get().LastSuccessfulExecutionDate })
    emulator:pass(30)
    assert.equal(emulated.START + 30, get().LastSuccessfulExecutionDate)
    emulator:pass(3600)
    assert.equal(emulated.START + 3630, get().LastSuccessfulExecutionDate)
    assert.equal(1, #call("ListResourceSnapshots", { EngagementIdentifier = of }).ResourceSnapshotSummaries)

    assert.same({ "ConflictException", "The resource snapshot job must be stopped before it can be deleted." },
      refused("DeleteResourceSnapshotJob", { ResourceSnapshotJobIdentifier = job.Id }))
    assert.equal(1, #call("ListResourceSnapshotJobs", { Status = "Running" }).ResourceSnapshotJobSummaries)
    call("StopResourceSnapshotJob", id)
    emulator:pass(7200)
    assert.same({ "Stopped", emulated.START + 3630 }, { get().Status, get().LastSuccessfulExecutionDate })
    call("DeleteResourceSnapshotJob", { ResourceSnapshotJobIdentifier = job.Id })
    assert.equal("ResourceNotFoundException", refused("GetResourceSnapshotJob", { ResourceSnapshotJobIdentifier = job.Id })[1])
  end)

  it("lets a job's run fail as ordered", function()
    emulator:control("POST", "outcomes", { kind = "resource_snapshot_job", status = "Failed", message = "The engagement is closed." })
    local job = call("CreateResourceSnapshotJob", subject(engagement "a")).Id
    call("StartResourceSnapshotJob", { ResourceSnapshotJobIdentifier = job })
    emulator:pass(60)
    local got = call("GetResourceSnapshotJob", { ResourceSnapshotJobIdentifier = job })
    assert.same({ "The engagement is closed.", nil }, { got.LastFailure, got.LastSuccessfulExecutionDate })
    emulator:pass(3600)
    assert.is_nil(call("GetResourceSnapshotJob", { ResourceSnapshotJobIdentifier = job }).LastFailure)
  end)

  it("has one job for one opportunity in an engagement", function()
    local of = engagement "a"
    call("CreateResourceSnapshotJob", subject(of))
    assert.same({ "ConflictException", "A resource snapshot job for O123 exists already." },
      refused("CreateResourceSnapshotJob", subject(of, { ClientToken = "another" })))
    assert.equal("ValidationException", refused("CreateResourceSnapshotJob", subject(of, { ResourceIdentifier = "X", ClientToken = "b" }))[1])
    assert.equal("ResourceNotFoundException",
      refused("CreateResourceSnapshotJob", subject("eng-00000000000000", { ClientToken = "c" }))[1])
    local found = call("ListEngagementResourceAssociations", { EngagementIdentifier = of })
    assert.equal("O123", found.EngagementResourceAssociationSummaries[1].ResourceId)
  end)

  it("keeps every revision of a snapshot", function()
    local of = engagement "a"
    assert.equal(1, call("CreateResourceSnapshot", subject(of)).Revision)
    assert.equal(2, call("CreateResourceSnapshot", subject(of, { ClientToken = "b" })).Revision)
    local params = subject(of)
    params.ClientToken = nil
    assert.equal(2, call("GetResourceSnapshot", params).Revision)
    params.Revision = 1
    local first = call("GetResourceSnapshot", params)
    assert.same({ 1, "summary" }, { first.Revision, first.ResourceSnapshotTemplateName })
    assert.truthy(first.Payload.OpportunitySummary)
    params.Revision = 9
    assert.equal("ResourceNotFoundException", refused("GetResourceSnapshot", params)[1])
    local page = call("ListResourceSnapshots", { EngagementIdentifier = of, MaxResults = 1 })
    assert.equal(2, call("ListResourceSnapshots", { EngagementIdentifier = of, NextToken = page.NextToken }).ResourceSnapshotSummaries[1].Revision)
  end)

  it("has settings by catalog", function()
    assert.same({ Catalog = "AWS" }, call("GetSellingSystemSettings"))
    call("PutSellingSystemSettings", { ResourceSnapshotJobRoleIdentifier = "Snapshots" })
    assert.equal("arn:aws:iam::111122223333:role/Snapshots", call("GetSellingSystemSettings").ResourceSnapshotJobRoleArn)
    assert.is_nil(call("GetSellingSystemSettings", { Catalog = "Sandbox" }).ResourceSnapshotJobRoleArn)
  end)

  it("reports errors field by field", function()
    local _, err = emulator:aws("partnercentral_selling", "CreateResourceSnapshotJob", nil, {
      body = '{"Catalog":"AWS","ClientToken":"a","EngagementIdentifier":"e","ResourceType":"Lead","ResourceSnapshotTemplateIdentifier":"s"}',
    })
    assert.same({
      { FieldName = "ResourceIdentifier", Code = "REQUIRED_FIELD_MISSING", Message = "required" },
      { FieldName = "ResourceType", Code = "INVALID_ENUM_VALUE", Message = "Member must satisfy enum value set: [Opportunity]" },
      { FieldName = "ResourceSnapshotTemplateIdentifier", Code = "INVALID_STRING_FORMAT", Message = "Member must satisfy regular expression pattern: [a-zA-Z0-9]{3,80}" },
    }, err.ErrorList)
    assert.same({ "com.amazonaws.partnercentralselling#ValidationException", "REQUEST_VALIDATION_FAILED" }, { err.__type, err.Reason })
  end)

  it("has all that snapshots and settings need, and no more", function()
    local handlers = require("cloudjobs.emulator.selling").operations
    local of = require("cloudjobs.model").load "partnercentral_selling"
    for _, name in ipairs(of:operations()) do
      name = of:operation(name).name
      if name:find "Snapshot" or name:find "Settings" or name:find "^ListEngagement[sMR]" or name:find "agResource" then
        assert.is_function(handlers[name], name)
      end
    end
    assert.equal("NotImplementedException", refused("ListOpportunities")[1])
  end)

  it("tags jobs", function()
    local job = call("CreateResourceSnapshotJob", subject(engagement "a")).Arn
    local function tags(operation, params)
      params.ResourceArn = job
      return emulator:aws("partnercentral_selling", operation, params)
    end
    tags("TagResource", { Tags = { { Key = "a", Value = "1" }, { Key = "b", Value = "2" } } })
    tags("UntagResource", { TagKeys = { "a" } })
    assert.same({ { Key = "b", Value = "2" } }, tags("ListTagsForResource", {}).Tags)
  end)
end)
