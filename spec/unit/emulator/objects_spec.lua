local Objects = require "cloudjobs.emulator.objects"
local conditions = require "cloudjobs.emulator.conditions"

local function store(names)
  local objects = Objects.new()
  for _, name in ipairs(names) do
    objects:put("place", { name = name, body = name })
  end
  return objects
end

local function page(objects, options)
  local entries, last = objects:list("place", options)
  local names = {}
  for i, entry in ipairs(entries) do
    names[i] = entry.prefix and "[" .. entry.prefix .. "]" or entry.object.name
  end
  return table.concat(names, " "), last
end

describe("the emulator's store", function()
  it("keeps, replaces and removes objects", function()
    local objects = store { "a" }
    assert.equal("a", objects:get("place", "a").body)
    objects:put("place", { name = "a", body = "2" })
    assert.equal("2", objects:get("place", "a").body)
    assert.is_true(objects:remove("place", "a"))
    assert.is_false(objects:remove("place", "a"))
    assert.is_nil(objects:get("other", "a"))
    assert.same({ true, false, false, true }, {
      objects:has "place", objects:has "other", objects:create "place", objects:create "other",
    })
  end)

  local NAMES = { "a", "b/1", "b/2", "b/c/3", "b0", "c/4", "\195\169" }

  it("lists by prefix and delimiter, in the order of bytes", function()
    local objects = store(NAMES)
    assert.equal("a b/1 b/2 b/c/3 b0 c/4 \195\169", page(objects, { max = 10 }))
    assert.equal("a [b/] b0 [c/] \195\169", page(objects, { max = 10, delimiter = "/" }))
    assert.equal("b/1 b/2 [b/c/]", page(objects, { max = 10, delimiter = "/", prefix = "b/" }))
    assert.equal("b/1 b/2 b/c/3 b0", page(objects, { max = 10, prefix = "b" }))
    assert.equal("", page(objects, { max = 10, prefix = "x" }))
  end)

  it("lists page by page, each entry once", function()
    for _, delimiter in ipairs { false, "/" } do
      local objects, names, after = store(NAMES), {}, nil
      repeat
        local text, last = page(objects, { max = 1, delimiter = delimiter or nil, after = after })
        names[#names + 1], after = text, last
      until not after
      assert.equal(page(objects, { max = 10, delimiter = delimiter or nil }), table.concat(names, " "))
    end
  end)
end)

describe("the emulator's reading of a range", function()
  local cases = {
    { nil, 10, nil, nil },
    { "bytes=0-3", 10, 0, 3 },
    { "bytes=3-", 10, 3, 9 },
    { "bytes=3-99", 10, 3, 9 },
    { "bytes=9-9", 10, 9, 9 },
    { "bytes=10-", 10, nil, "unsatisfiable" },
    { "bytes=0-", 0, nil, "unsatisfiable" },
    { "bytes=5-3", 10, nil, nil },
    { "bytes=0-1,3-4", 10, nil, nil },
    { "lines=0-1", 10, nil, nil },
    { "bytes=-4", 10, 6, 9 },
    { "bytes=-99", 10, 0, 9 },
    { "bytes=-0", 10, nil, "unsatisfiable" },
    { "bytes=-", 10, nil, nil },
  }
  for _, case in ipairs(cases) do
    it(("%s of %d bytes"):format(tostring(case[1]), case[2]), function()
      local first, last = conditions.range(case[1], case[2], true)
      assert.same({ n = 2, case[3], case[4] }, { n = 2, first, last })
    end)
  end

  it("knows services without suffixes", function()
    assert.is_nil(conditions.range("bytes=-4", 10, false))
  end)

  it("compares entity tags", function()
    local object = { etag = '"1"' }
    local wanted = {
      { { ["if-match"] = '"1"' }, nil }, { { ["if-match"] = "1" }, nil }, { { ["if-match"] = "*" }, nil },
      { { ["if-match"] = '"2", "1"' }, nil }, { { ["if-match"] = '"2"' }, 412 },
      { { ["if-none-match"] = '"1"' }, 304 }, { { ["if-none-match"] = "*" }, 304 }, { { ["if-none-match"] = '"2"' }, nil },
    }
    for _, case in ipairs(wanted) do
      assert.equal(case[2], (conditions.status(case[1], object, true)))
    end
    assert.equal(412, conditions.status({ ["if-none-match"] = "*" }, object, false))
    assert.equal(412, conditions.status({ ["if-match"] = "*" }, nil, false))
    assert.is_nil((conditions.status({ ["if-none-match"] = "*" }, nil, false)))
  end)
end)
