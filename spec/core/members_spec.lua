local core = require "cloudjobs.core"

-- Each name, in order, with the value that begins at its place.
local function members(text, place)
  local names, places = core.json_members(text, 100, place)
  if not names then
    return nil, places
  end
  local found = {}
  for i, name in ipairs(names) do
    found[i] = { name, (core.json_decode_strict(text, nil, places[name])) }
  end
  return found
end

describe("the members of an object", function()
  it("are found in their order, and decoded one by one", function()
    assert.same({ { "b", 1 }, { "a", { c = "x" } }, { "é\"", "" } }, members ' { "b": 1 ,"a":{"c":"x"}, "\\u00e9\\"" : ""} ')
    assert.same({}, members "{}")
  end)

  it("are found inside of a text", function()
    local text = '[1, {"a": [true], "b": null}, 2]'
    assert.same({ { "a", { true } }, { "b", core.null } }, members(text, 5))
  end)

  it("are the last of each name", function()
    assert.same({ { "a", 3 }, { "b", 2 } }, members '{"a":1,"b":2,"a":3}')
  end)

  local WRONG = {
    { "expected an object at byte 1", "[1]" },
    { "unexpected end at byte 1", "" },
    { "expected a value at byte 17", '{"a":1,"b":[1,2,}' },
    { "text after the document at byte 8", '{"a":1}x' },
  }
  for _, case in ipairs(WRONG) do
    it("are an error: " .. case[2], function()
      assert.same({ nil, case[1] }, { members(case[2]) })
    end)
  end

  it("are limited", function()
    local text = '{"a":1,"b":"long","a":2}'
    assert.same({ nil, "an object of too many members at byte 8" }, { core.json_members(text, 1) })
    assert.same({ nil, "a value that is too long at byte 12" }, { core.json_members(text, 2, 1, 5) })
    assert.same({ "a", "b" }, (core.json_members(text, 2, 1, 6)))
  end)

  it("begin inside of the text", function()
    for _, place in ipairs { 0, 4 } do
      assert.has_error(function() core.json_members("{}", 1, place) end)
    end
  end)
end)
