--- Cost exports, judged by Azure's own client with tokens from Azure's own
--- library, over https: they send no token over http.

local judges = require "spec.support.judges"

local START = judges.START
local SCOPE = "subscriptions/00000000-0000-0000-0000-00000000005b"
local EXPORTS = SCOPE .. "/providers/Microsoft.CostManagement/exports"
local DELIVERY = { destination = {
  resourceId = ("/%s/resourceGroups/lake/providers/Microsoft.Storage/storageAccounts/lakecosts01"):format(SCOPE),
  container = "costs",
  rootFolderPath = "nightly",
} }
local DEFINITION = {
  type = "ActualCost",
  timeframe = "Custom",
  timePeriod = { from = 1790812800, to = 1793404800 },
  dataSet = { granularity = "Daily" },
}
local FIRST_RUN = 1930176000 -- 2031-03-02

local function refused(status, code, message)
  return { name = "RestError", code = code, status = status, message = message }
end

local function not_found(name)
  return refused(404, "404", ("No export found for %s, scope: %s."):format(name, SCOPE))
end

local LIFE = {
  { "creates an export", {
    id = EXPORTS .. "/nightly",
    name = "nightly",
    type = "Microsoft.CostManagement/exports",
    format = "Csv",
    deliveryInfo = DELIVERY,
    definition = DEFINITION,
    nextRunTimeEstimate = FIRST_RUN,
    schedule = {
      status = "Active",
      recurrence = "Daily",
      recurrencePeriod = { from = FIRST_RUN, to = 2527286400 },
    },
  } },
  { "gets it", true },
  { "lists them all", { "nightly", "weekly" } },
  {
    "needs its tag to change it",
    refused(400, "400", "An etag value is needed to update an existing export. Get the latest one and send it in the body."),
  },
  { "changes it", { { status = "Inactive" }, false } },
  {
    "conflicts with the change",
    refused(409, "409", "The etag is not the latest one of the export. Get the export and try again."),
  },
  { "follows a run", { "Queued", "InProgress", "Completed" } },
  { "sees how it ended", { {
    id = ("/%s/nightly/Run/<uuid>"):format(EXPORTS),
    name = "<uuid>",
    type = "Microsoft.CostManagement/exports/Run",
    executionType = "OnDemand",
    status = "Completed",
    submittedBy = "00000000-0000-0000-0000-00000000c11e",
    submittedTime = START,
    processingStartTime = START + 60,
    processingEndTime = START + 300,
    fileName = "nightly/nightly/20261001-20261031/nightly_<uuid>.csv",
    runSettings = { format = "Csv", deliveryInfo = DELIVERY, definition = DEFINITION },
  } } },
  { "sees another fail", { "Failed", { code = "Lost", message = "No such account." } } },
  -- Their pipeline waits for the headers of a plain 429 alone, which this service does not send.
  { "is throttled", { refused(429, "429", "Too many requests. Please retry."), { "list" } } },
  { "tries again when it is told when", { 2, { "list", "list" } } },
  {
    "begins in the past",
    refused(400, "BadRequest", "Request properties validation failed: properties.schedule.recurrencePeriod.from must be in the future."),
  },
  {
    "has a wrong secret",
    { name = "AuthenticationRequiredError", message = "AADSTS7000215: Invalid client secret provided." },
  },
  { "has no real token", refused(401, "InvalidAuthenticationToken", "The access token is invalid.") },
  {
    "has an expired token",
    refused(401, "ExpiredAuthenticationToken", "The access token expiry UTC time '<time>' is earlier than current UTC time '<time>'."),
  },
  {
    "has a token for storage",
    refused(401, "InvalidAuthenticationTokenAudience", "The access token has been obtained for wrong audience or resource 'https://storage.azure.com'."),
  },
  { "sees none that a newer version made", { "nightly", "weekly" } },
  { "cannot get it", not_found "newer" },
  { "misses it when it is deleted", not_found "nightly" },
  { "cannot delete it again", not_found "nightly" },
  { "lists what is left", { "weekly" } },
}

describe("cost exports in the hands of", function()
  judges.hold(judges.azure, "azure_exports", LIFE, { tls = true })
end)
