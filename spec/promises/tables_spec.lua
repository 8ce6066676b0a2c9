local files = require "spec.support.files"
local process = require "cloudjobs.os"

local PAGES = { "jobs", "clients" }

describe("the tables of the documents", function()
  it("are those of the kinds of job and the models", function()
    local folder = files.temporary()
    finally(function() files.remove(folder) end)
    local words = { arg[-1] or "lua5.4", "tools/tables.lua" }
    for _, page in ipairs(PAGES) do
      files.write(("%s/%s.md"):format(folder, page), files.read(("docs/%s.md"):format(page)))
      words[#words + 1] = ("%s/%s.md"):format(folder, page)
    end
    local made = process.run(words, { timeout = 60 })
    assert.same({ 0, "" }, { made.status, made.stderr })
    for _, page in ipairs(PAGES) do
      local text = files.read(("docs/%s.md"):format(page))
      assert.truthy(text:find("<!-- table: ", 1, true))
      assert.is_true(files.read(("%s/%s.md"):format(folder, page)) == text, "run make tables")
    end
  end)
end)

describe("the rooms", function()
  it("require each other in no circle", function()
    local made = process.run({ arg[-1] or "lua5.4", "tools/rooms.lua" }, { timeout = 60 })
    assert.same({ 0, "" }, { made.status, made.stderr })
    assert.matches("\n  job        %-> base\n", made.stdout)
  end)
end)
