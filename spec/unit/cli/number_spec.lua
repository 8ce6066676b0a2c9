local number = require "cloudjobs.cli.number"

describe("a number on the command line", function()
  local REFUSED = "expected a whole number from 1 to 9, got '%s'"

  it("is whole and within its limits where it has any", function()
    local convert = number.whole(1, 9)
    assert.same({ 1, 9 }, { convert "1", (convert "9") })
    for _, text in ipairs { "0", "10", "-1", "1.5", "1e0", "0x1", "x", "" } do
      assert.same({ nil, REFUSED:format(text) }, { convert(text) })
    end
    assert.same({ nil, "expected a whole number from 1, got '0'" }, { number.whole(1) "0" })
    assert.equal(1000000, number.whole(1) "1000000")
  end)

  it("is above 0 where time is divided by it", function()
    assert.same({ 0.5, 600 }, { number.above_zero "0.5", (number.above_zero "600") })
    for _, text in ipairs { "0", "-1", "nan", "inf", "1e999", "x", "" } do
      assert.same({ nil, ("expected a number above 0, got '%s'"):format(text) }, { number.above_zero(text) })
    end
  end)
end)
