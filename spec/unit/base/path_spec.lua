local core = require "cloudjobs.core"
local member = require "cloudjobs.base.path"

local DOCUMENT = { a = { b = "x", c = { { n = 1 }, core.null, 5, { n = 2 } } }, null = core.null }

describe("a member of an unchecked document", function()
  local cases = {
    { "a.b", "string", "x" },
    { "a.b", "number", nil },
    { "a.b.c", "string", nil },
    { "a.x.y", "string", nil },
    { "null", "table", nil },
    { "null.a", "string", nil },
  }
  for _, case in ipairs(cases) do
    it(("is %s at %s as a %s"):format(tostring(case[3]), case[1], case[2]), function()
      assert.equal(case[3], member.at(DOCUMENT, case[1], case[2]))
    end)
  end

  it("is nothing where there is no document", function()
    assert.is_nil(member.at(nil, "a", "string"))
    assert.same({}, member.records(core.null, "a"))
  end)

  it("has the records of its list that are some", function()
    assert.same({ { n = 1 }, { n = 2 } }, member.records(DOCUMENT, "a.c"))
    assert.same({}, member.records(DOCUMENT, "a.b"))
  end)
end)
