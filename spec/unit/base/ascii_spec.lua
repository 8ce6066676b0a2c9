local ascii = require "cloudjobs.base.ascii"

describe("ASCII letters", function()
  it("change their case, and no other byte does", function()
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
end)
