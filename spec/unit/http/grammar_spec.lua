local grammar = require "cloudjobs.http.grammar"

describe("HTTP's grammar", function()
  it("trims blanks and nothing else", function()
    for text, trimmed in pairs { [" \ta b\t "] = "a b", [""] = "", ["  "] = "", ["a"] = "a", ["\ra\n"] = "\ra\n" } do
      assert.equal(trimmed, grammar.trim(text))
    end
    assert.equal("value", grammar.trim("name: value ", 6))
  end)

  it("reads a field line", function()
    assert.same({ "x-a", "b: c" }, { grammar.field "X-A:b: c " })
    for _, line in ipairs { "X-A", "X A: b", ": b", "X-A : b" } do
      assert.is_nil((grammar.field(line)))
    end
  end)

  it("reads a length, and one that is repeated", function()
    for text, length in pairs { ["0"] = 0, ["12"] = 12, ["7, 7"] = 7, ["7,7 ,\t7"] = 7, ["007"] = 7, [("9"):rep(16)] = math.huge } do
      assert.equal(length, grammar.content_length(text))
    end
    for _, text in ipairs { "", " ", "7, 8", "7,", "+7", "-7", "7.0", "0x7", "7 7" } do
      assert.is_nil(grammar.content_length(text), text)
    end
  end)

  it("finds a word in a list", function()
    assert.is_true(grammar.has_word("x, Close", "close"))
    assert.is_false(grammar.has_word("closed", "close"))
    assert.is_false(grammar.has_word(nil, "close"))
  end)
end)
