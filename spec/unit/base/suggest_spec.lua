local suggest = require "cloudjobs.base.suggest"

describe("a suggestion", function()
  local names = { "get_execution", "get_export", "list_executions", "ssm", "h" }
  local cases = {
    { "get_exection", " (did you mean get_execution?)" },
    { "GET_EXPORT", " (did you mean get_export?)" },
    { "list_execution", " (did you mean list_executions?)" },
    { "frobnicate", "" },
    { "smm", " (did you mean ssm?)" },
    { "sts", "" },
    { "i", "" },
    { "", "" },
  }
  for _, case in ipairs(cases) do
    it(("for %q is %q"):format(case[1], case[2]), function()
      assert.equal(case[2], suggest(case[1], names))
    end)
  end
end)
