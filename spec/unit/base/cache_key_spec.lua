local fingerprint = require "cloudjobs.base.cache_key"

describe("a fingerprint", function()
  it("is the same for the same settings, in whatever order they came", function()
    local a, b = { x = 1, y = { "p", z = true } }, {}
    b.y, b.x = { z = true, "p" }, 1
    assert.equal(fingerprint(a), fingerprint(b))
    assert.matches("^%x+$", fingerprint(a))
  end)

  it("differs where anything differs", function()
    local settings = {
      {}, { "a" }, { "a", "b" }, { "ab" }, { a = "b" }, { a = { b = "c" } }, { a = {}, b = "c" }, { "1" }, { 1 }, { true },
      { "true" }, { "a\nstring 1 b" },
    }
    local seen = {}
    for _, setting in ipairs(settings) do
      local text = fingerprint(setting)
      assert.is_nil(seen[text])
      seen[text] = true
    end
  end)

  it("is none where an object or a function is among them", function()
    assert.is_nil(fingerprint { print })
    assert.is_nil(fingerprint { a = setmetatable({}, {}) })
    assert.is_nil(fingerprint { [true] = 1 })
  end)
end)
