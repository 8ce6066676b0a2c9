--- Engagements: those of the caller, their members and resources.

local contains = require("cloudjobs.emulator.input").contains
local store = require "cloudjobs.emulator.selling.store"

local operations = {}

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
  store.check_catalog(params)
  if not params.Title or not params.Description then
    local absent = params.Title and "Description" or "Title"
    store.invalid(absent, "REQUIRED_FIELD_MISSING", absent .. " is required.")
  end
  local id = self:identifier("eng-", 14)
  local engagement = {
    Id = id,
    Arn = store.arn(caller, params.Catalog, "engagement/" .. id),
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
  self.engagements[#self.engagements + 1] = engagement
  return { Id = id, Arn = engagement.Arn, ModifiedAt = caller.now }
end

function operations.GetEngagement(self, params, caller)
  return engagement_view(self:find_engagement(params, params.Identifier, caller), true)
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

function operations.ListEngagements(self, params, caller)
  local items = {}
  for _, engagement in ipairs(store.own(self.engagements, params, caller)) do
    if is_listed(engagement, params) then
      items[#items + 1] = engagement_view(engagement)
    end
  end
  local page, token = caller.page(store.sorted(items, params), "Id", params)
  return { EngagementSummaryList = page, NextToken = token }
end

function operations.ListEngagementMembers(self, params, caller)
  self:find_engagement(params, params.Identifier, caller)
  local items = { { CompanyName = "Example Corp", WebsiteUrl = "https://example.com", AccountId = caller.account } }
  local page, token = caller.page(items, "AccountId", params)
  return { EngagementMemberList = page, NextToken = token }
end

function operations.ListEngagementResourceAssociations(self, params, caller)
  local items, seen = {}, {}
  for _, list in ipairs { self.jobs, self.snapshots } do
    for _, item in ipairs(store.own(list, params, caller)) do
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

return operations
