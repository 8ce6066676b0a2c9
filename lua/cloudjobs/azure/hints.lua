--- What to do about the failures that fill Azure's issue trackers.

local ascii = require "cloudjobs.base.ascii"

local MAX_TEXT = 8 * 1024 -- of a message that is searched

-- The first api-version that sees what the portal makes.
local CURRENT = "2025-03-01"

local AGREEMENTS = "Departments and enrollment accounts belong to Enterprise Agreements, billing profiles and invoice "
  .. "sections to Microsoft Customer Agreements, customers to partners: check which agreement this account has"

local function is_billing(scope)
  return scope ~= nil and ascii.lower(scope):find("^providers/microsoft.billing/") ~= nil
end

-- Each rule has the error, its code and message in lower case, and the request
-- (nil where there is only a response). The first hint counts.
local RULES = {
  function(err, text)
    if text:find("microsoft.costmanagementexports", 1, true) or text:find("rp not registered", 1, true)
      or err.code == "MissingSubscriptionRegistration" then
      return "Register the provider once, in the subscription of the storage account: client:register_provider()"
    end
  end,
  function(_, text)
    if text:find("key-based authentication", 1, true) or text:find("keybasedauthentication", 1, true) then
      return "Give the export identity = { type = \"SystemAssigned\" } and a location (api-version 2025-03-01 or "
        .. "later), or allow shared keys on the storage account"
    end
  end,
  function(err)
    if err.conflict then
      return "The export was changed in between: get it again and make the change on what that gives"
    end
  end,
  function(err, text)
    if err.status == 400 and text:find("etag", 1, true) then
      return "The export exists, so PUT needs its current eTag; create_or_update reads it when the document has none"
    end
  end,
  function(_, text)
    if text:find("definition type", 1, true) and text:find("'usage'", 1, true) then
      return "This subscription's offer has exports of type \"Usage\" only"
    end
  end,
  function(_, text)
    if text:find("schedule.recurrence", 1, true) then
      return "Leave recurrence out of a schedule that is not active: null and \"None\" are refused"
    elseif text:find("rootfolderpath", 1, true) then
      return "rootFolderPath starts without a slash and holds no colon"
    elseif text:find("failedidentityoperation", 1, true) then
      return "The export's identity could not be set up: try again in a few minutes; who creates it needs "
        .. "Microsoft.Authorization/roleAssignments/write on the storage account"
    end
  end,
  function(_, text, request)
    -- A document alone has a schedule; a run has a time period of its own, with the same messages.
    if request and request.method == "PUT"
      and (text:find("cannot be after", 1, true) or text:find("recurrenceperiod", 1, true)) then
      return "Give recurrencePeriod both ends: from in the future, to after it (such as 2050-02-01T00:00:00Z)"
    end
  end,
  function(err, text)
    if text:find("api-version", 1, true) or text:find("invalidapiversion", 1, true)
      or err.code == "NoRegisteredProviderFound" then
      return "Pass api_version = \"…\" with a version that this cloud has"
    end
  end,
  function(err)
    if err.code == "ExpiredAuthenticationToken" then
      return "The token is over: get a new one, and check this machine's clock"
    elseif err.code == "InvalidAuthenticationTokenTenant" then
      return ("Ask for tokens of the tenant that owns this scope: credentials = { tenant_id = %q, … }")
        :format(err.tenant or "…")
    end
  end,
  function(err, text, request)
    local blind = err.status == 401 and is_billing(request and request.scope)
    if blind or text:find("billingaccessdenied", 1, true) then
      return "A service principal sees billing scopes only with a billing role (such as EnrollmentReader), "
        .. "granted by the billing role assignments API. " .. AGREEMENTS
    end
  end,
  function(err, _, request)
    if is_billing(request and request.scope) and (err.status == 400 or err.status == 403) then
      return AGREEMENTS
    end
  end,
  function(err)
    if err.status == 403 then
      return "The identity needs a role on this scope: Cost Management Reader to read exports, "
        .. "Cost Management Contributor to write and run them"
    end
  end,
  function(err, text, request)
    local version = request and request.api_version
    if err.status ~= 404 or not text:find("export", 1, true) then
      return nil
    elseif version and version < CURRENT then
      return ("Exports made in the portal or with api-version %s are not seen through %s: pass api_version = %q")
        :format(CURRENT, version, CURRENT)
    end
    return "client:list() shows the exports of a scope. What was made with a newer api-version than the one used "
      .. "here is not seen"
  end,
}

--- What to do about an error of the service, or nil.
---@param err cloudjobs.Error
---@param request table|nil
---@return string|nil
local function hint(err, request)
  local text = ascii.lower((err.code .. " " .. err.message):sub(1, MAX_TEXT))
  for _, rule in ipairs(RULES) do
    local found = rule(err, text, request)
    if found then
      return found
    end
  end
end

return { hint = hint }
