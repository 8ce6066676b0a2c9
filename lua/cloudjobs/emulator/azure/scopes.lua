--- What an Azure scope can be, and what of it the export rules need to know.

local ascii = require "cloudjobs.base.ascii"
local refuse = require("cloudjobs.emulator.refuse").refuse

--- The forms of a scope, in lower case, and the kind of each.
local FORMS = {
  { "^subscriptions/%x+%-%x+%-%x+%-%x+%-%x+$", "subscription" },
  { "^subscriptions/%x+%-%x+%-%x+%-%x+%-%x+/resourcegroups/[%w_.()-]+$", "resource group" },
  { "^providers/microsoft%.management/managementgroups/[^/]+$", "management group" },
  { "^providers/microsoft%.billing/billingaccounts/[^/]+$", "billing account" },
  { "^providers/microsoft%.billing/billingaccounts/[^/]+/departments/[^/]+$", "department" },
  { "^providers/microsoft%.billing/billingaccounts/[^/]+/enrollmentaccounts/[^/]+$", "enrollment account" },
  { "^providers/microsoft%.billing/billingaccounts/[^/]+/billingprofiles/[^/]+$", "billing profile" },
  {
    "^providers/microsoft%.billing/billingaccounts/[^/]+/billingprofiles/[^/]+/invoicesections/[^/]+$",
    "invoice section",
  },
  { "^providers/microsoft%.billing/billingaccounts/[^/]+/customers/[^/]+$", "customer" },
}

--- What a scope is; refuses one of no known form.
---@param scope string without slashes at its ends
---@return string
local function kind(scope)
  for _, form in ipairs(FORMS) do
    if ascii.lower(scope):find(form[1]) then
      return form[2]
    end
  end
  local subscription = scope:match("^[sS]ubscriptions/([^/]*)")
  if subscription then
    local message = "The provided subscription identifier '%s' is malformed or invalid."
    refuse("InvalidSubscriptionId", message:format(subscription))
  end
  refuse("InvalidScope", ("The scope '%s' is not valid."):format(scope))
end

--- The subscription that a scope or a resource's id lies in, in lower case, or nil.
local function subscription(path)
  return ascii.lower(path):match("^/?subscriptions/([^/]+)")
end

return { kind = kind, subscription = subscription }
