local core = require "cloudjobs.core"
local jmespath = require "cloudjobs.base.jmespath"

local DOCUMENT = core.json_decode [==[{
  "Status": "Success", "Count": 3, "Empty": [], "None": {}, "with-dash": 1,
  "Job": { "Id": "j-1", "Steps": [ { "Name": "a", "Done": true }, { "Name": "b" }, { "Name": "c", "Done": true } ] },
  "Groups": [ { "Items": [1, 2] }, { "Items": [3] }, {} ],
  "Tags": { "y": "2", "x": "1" },
  "Nested": [[1], [2, [3]], 4]
}]==]

local function search(expression)
  local found = jmespath.compile(expression)(DOCUMENT)
  return found
end

describe("JMESPath", function()
  local cases = {
    { "Status", "Success" },
    { "Job.Id", "j-1" },
    { "Job.Nothing.At.All", nil },
    { '"with-dash"', 1 },
    { "Job.Steps[0].Name", "a" },
    { "Job.Steps[-1].Name", "c" },
    { "Job.Steps[7]", nil },
    { "Job.Steps[].Name", { "a", "b", "c" } },
    { "Job.Steps[*].Done", { true, true } },
    { "Groups[].Items[]", { 1, 2, 3 } },
    { "Job.Steps[].[Missing, Name][]", { "a", "b", "c" } },
    { "Groups[*].Items", { { 1, 2 }, { 3 } } },
    { "Groups[*].Items | [0]", { 1, 2 } },
    { "Nested[]", { 1, 2, { 3 }, 4 } },
    { "Tags.*", { "1", "2" } },
    { "*.Id", { "j-1" } },
    { "keys(Tags)", { "x", "y" } },
    { "values(Tags)", { "1", "2" } },
    { "length(Job.Steps[?Done])", 2 },
    { "length(Status)", 7 },
    { "length(None)", 0 },
    { "length(Job.Steps[?Done == `true`]) > `1`", true },
    { "Job.Steps[?Name == 'b'].Name | [0]", "b" },
    { "Job.Steps[?!Done].Name", { "b" } },
    { "Count >= `3` && Status == 'Success'", true },
    { "Count < `3` || Count != `3`", false },
    { "Status > `3`", nil },
    { "Missing || Status", "Success" },
    { "Empty || None || Status", "Success" },
    { "!Empty", true },
    { "(Missing || Job).Id", "j-1" },
    { "contains(keys(@), 'Job')", true },
    { "contains(Status, 'ucc')", true },
    { "starts_with(Status, 'Succ') && ends_with(Status, 'ess')", true },
    { "[Count, Job.Id]", { 3, "j-1" } },
    { "Job.[Id, Steps[0].Name]", { "j-1", "a" } },
    { "{ id: Job.Id, n: Count }", { id = "j-1", n = 3 } },
    { "Job.{ id: Id }", { id = "j-1" } },
    { "not_null(Missing, Status)", "Success" },
    { "join('-', Job.Steps[].Name)", "a-b-c" },
    { "to_number('12')", 12 },
    { "to_string(Count)", "3" },
    { "`\"a\\`b\"`", "a`b" },
    { "'it\\'s'", "it's" },
    { "@.Count", 3 },
  }
  for _, case in ipairs(cases) do
    it("reads " .. case[1], function()
      assert.same(case[2], search(case[1]))
    end)
  end

  it("tells an empty list from an empty map", function()
    assert.is_true(jmespath.is_list(DOCUMENT.Empty))
    assert.is_false(jmespath.is_list(DOCUMENT.None))
  end)

  local broken = {
    { "", "unexpected end" },
    { "a.", "expected a name, *, [ or { after the dot" },
    { "a b", "expected end, got b" },
    { "a[?b", "expected ], got end" },
    { "a['x']", "expected an index or * in the brackets" },
    { "'open", "expected ' to close what begins at 1" },
    { "`{`", "byte" },
    { "frob(a)", "no function frob" },
    { "a ~ b", 'unexpected "~" at 3' },
    { "a[1", "expected ], got end" },
  }
  for _, case in ipairs(broken) do
    it(("refuses %q"):format(case[1]), function()
      local ok, message = pcall(jmespath.compile, case[1])
      assert.is_false(ok)
      assert.matches(("JMESPath %q: "):format(case[1]), message, 1, true)
      assert.matches(case[2], message, 1, true)
    end)
  end
end)
