local ascii = require "cloudjobs.base.ascii"

describe("ASCII text", function()
  it("changes the case of its letters, and no other byte", function()
    local all = {}
    for byte = 0, 255 do
      all[#all + 1] = string.char(byte)
    end
    all = table.concat(all)
    assert.equal("x-amz-meta-id\xc4\xb0", ascii.lower("X-Amz-Meta-ID\xc4\xb0"))
    assert.equal("TITLE\xc4\xb1", ascii.upper("title\xc4\xb1"))
    local lower, upper = ascii.lower(all), ascii.upper(all)
    for byte = 0, 255 do
      local is_capital, is_small = byte >= 65 and byte <= 90, byte >= 97 and byte <= 122
      assert.equal(is_capital and byte + 32 or byte, lower:byte(byte + 1))
      assert.equal(is_small and byte - 32 or byte, upper:byte(byte + 1))
    end
  end)

  it("loses the blanks at the ends of a text, and none inside", function()
    for text, trimmed in pairs {
      [""] = "", [" \t\r\n\v\f"] = "", ["a"] = "a", [" a b\t"] = "a b", ["\na\n\nb\r\n"] = "a\n\nb", ["\160a\133"] = "\160a\133",
    } do
      assert.equal(trimmed, ascii.trim(text))
    end
    local blanks = "a" .. (" "):rep(1e6) .. "b"
    assert.equal(blanks, ascii.trim(blanks .. " "))
  end)
end)
