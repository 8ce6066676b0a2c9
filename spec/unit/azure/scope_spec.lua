local azure_scope = require "cloudjobs.azure.scope"

local ID = "5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c"
local ACCOUNT = "providers/Microsoft.Billing/billingAccounts/"

describe("a scope", function()
  it("takes each of the nine forms", function()
    for _, scope in ipairs {
      "subscriptions/" .. ID,
      "subscriptions/" .. ID .. "/resourceGroups/My-Group_1.(old)",
      "providers/Microsoft.Management/managementGroups/Contoso",
      ACCOUNT .. "123456",
      ACCOUNT .. "12/departments/1234",
      ACCOUNT .. "100/enrollmentAccounts/456",
      ACCOUNT .. ID .. ":" .. ID .. "_2019-05-31/billingProfiles/IM4X-4HIU-BG7-PGB",
      ACCOUNT .. ID .. ":" .. ID .. "_2019-05-31/billingProfiles/IM4X-4HIU-BG7-PGB/invoiceSections/ABCD-EF",
      ACCOUNT .. ID .. ":" .. ID .. "_2019-05-31/customers/" .. ID,
    } do
      assert.equal(scope, azure_scope.check(scope))
    end
  end)

  it("loses the slashes around it and keeps the caller's case", function()
    assert.equal("SUBSCRIPTIONS/" .. ID .. "/resourcegroups/x",
      azure_scope.check("//SUBSCRIPTIONS/" .. ID .. "/resourcegroups/x/"))
  end)

  local wrong = {
    { "", "expected a scope such as subscriptions/" },
    { "subscriptions/nightly", 'segment "nightly" of "subscriptions/nightly": expected a subscription id' },
    { "subscription/" .. ID, 'segment "subscription" of .*expected "subscriptions" or "providers" %(did you mean' },
    { "subscriptions/" .. ID .. "/resourceGroups", 'ends early: expected the name of a resource group' },
    { "subscriptions/" .. ID .. "/resourceGroups/a.", 'segment "a%." of .*no dot at its end' },
    { "subscriptions/" .. ID .. "/resourceGroups/a/providers", "goes on after its end: unexpected segment .providers." },
    { "providers/Microsoft.Billing", 'ends early: expected "billingAccounts" after "Microsoft%.Billing"' },
    { ACCOUNT .. "1/billingProfile/2", 'expected .*"customers" %(did you mean "billingProfiles"%?%)' },
    { ACCOUNT .. "1/departments/2/invoiceSections/3", "goes on after its end" },
    { "subscriptions/../" .. ID, 'holds the segment "%.%."' },
    { "subscriptions//" .. ID, "holds an empty segment" },
    { "https://management.azure.com/subscriptions/" .. ID, "holds an empty segment" },
    { "subscriptions%2F" .. ID, "holds percent%-encoding" },
    { "subscriptions/" .. ID .. "?x=1", 'holds "%?" in' },
    { "subscriptions/" .. ID .. "#x", 'holds "#" in' },
    { "subscriptions\\" .. ID, 'holds "\\\\" in' },
    { "subscriptions/" .. ID .. "/resourceGroups/a b", 'holds a blank in "a b"' },
    { "subscriptions/" .. ID .. "\r\nHost: x", "holds a blank in" },
    { "subscriptions/" .. ID .. "\0", "holds a control character" },
  }
  for _, case in ipairs(wrong) do
    it(("refuses %q"):format(case[1]), function()
      local scope, message = azure_scope.check(case[1])
      assert.is_nil(scope)
      assert.matches(case[2], message)
    end)
  end
end)
