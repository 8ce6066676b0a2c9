local words = require "cloudjobs.base.shell_words"

describe("a command line", function()
  local cases = {
    { "", {} },
    { "  a  b\tc\n", { "a", "b", "c" } },
    { [[a 'b c' "d e"]], { "a", "b c", "d e" } },
    { [[a'b'"c"d]], { "abcd" } },
    { [['' ""]], { "", "" } },
    { [[a\ b \"c\']], { "a b", [["c']] } },
    { [['a\b']], { [[a\b]] } },
    { [["a\"b\\c\d"]], { [[a"b\c\d]] } },
    { [[$HOME `id` *;|&]], { "$HOME", "`id`", "*;|&" } },
  }
  for _, case in ipairs(cases) do
    it(("splits %q"):format(case[1]), function()
      assert.same(case[2], words.split(case[1]))
    end)
  end

  local mistakes = {
    { [[a "b]], "a quote is not closed" },
    { [[a 'b\']] .. "'", "a quote is not closed" },
    { [["a\"]], "a quote is not closed" },
    { [[a\]], "nothing follows the last backslash" },
  }
  for _, case in ipairs(mistakes) do
    it(("is refused: %q"):format(case[1]), function()
      assert.same({ nil, case[2] }, { words.split(case[1]) })
    end)
  end
end)
