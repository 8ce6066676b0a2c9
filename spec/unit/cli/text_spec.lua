local text = require "cloudjobs.cli.text"

describe("text on a terminal", function()
  it("replaces control characters", function()
    assert.equal("a b?[31mred?c", text.plain("a\n b\27[31mred\194\155c"))
  end)

  local WIDTHS = { { "abc", 3 }, { "é", 1 }, { "e\204\129", 1 }, { "日本", 4 }, { "한", 2 }, { "😀", 2 }, { "…", 1 } }
  for _, case in ipairs(WIDTHS) do
    it(("knows that %s is %d wide"):format(case[1], case[2]), function()
      assert.equal(case[2], text.width(case[1]))
    end)
  end

  local CUTS = { { "abc", 3, "abc" }, { "abcd", 3, "ab…" }, { "日本語", 4, "日…" }, { "ab", 1, "…" }, { "ab", 0, "" } }
  for _, case in ipairs(CUTS) do
    it(("cuts %s to %d columns"):format(case[1], case[2]), function()
      assert.equal(case[3], text.cut(case[1], case[2]))
    end)
  end

  it("fills by width, not by bytes", function()
    assert.equal("日本  |", text.pad("日本", 6) .. "|")
  end)

  it("is broken into lines at blanks, and within a word that is wider than a line", function()
    assert.same({ "no access", "to it" }, text.wrap("no access to it", 11))
    assert.same({ "a", "bcde", "f g" }, text.wrap("  a bcdef g ", 4))
    assert.same({ "成本", "中心" }, text.wrap("成本中心", 5))
    assert.same({}, text.wrap(" ", 5))
  end)
end)
