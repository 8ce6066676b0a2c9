local Live = require "cloudjobs.cli.live"
local Screen = require "spec.support.screen"

describe("lines that change in place", function()
  local live, screen, written

  before_each(function()
    screen, written = Screen.new(), {}
    live = Live.new(function(bytes)
      written[#written + 1] = bytes
      screen:feed(bytes)
    end)
  end)

  local function draw(lines, columns)
    live:draw(lines, columns or 80)
    return screen:text()
  end

  it("writes what differs and nothing else", function()
    assert.equal("a\nb\nc\n", draw { "a", "b", "c" })
    assert.equal("a\nB\nc\n", draw { "a", "B", "c" })
    assert.equal("\27[2A\r\27[KB\27[2B\r", written[2])
  end)

  it("writes nothing when nothing has changed", function()
    draw { "a", "b" }
    draw { "a", "b" }
    assert.equal(1, #written)
  end)

  it("grows and shrinks", function()
    draw { "a" }
    assert.equal("a\nb\n", draw { "a", "b" })
    assert.equal("b\n", draw { "b" })
    assert.equal("b\nc\n", draw { "b", "c" })
  end)

  it("begins anew below what came in between", function()
    draw { "a" }
    screen:feed "\ra complaint\r\n"
    live:leave()
    assert.equal("a\na complaint\nb\n", draw { "b" })
    assert.equal("a\na complaint\nc\n", draw { "c" })
  end)

  it("begins anew below when the terminal was made wider or narrower", function()
    draw({ "a" }, 80)
    assert.equal("a\na\n", draw({ "a" }, 60))
  end)
end)
