local render = require("cloudjobs.cli.table").render

local function column(title, more)
  local made = { title = title, value = function(row)
    return row[title]
  end }
  for name, value in pairs(more or {}) do
    made[name] = value
  end
  return made
end

describe("a table", function()
  local ROWS = { { A = "one", B = "a long text", C = "x" }, { A = "seventeen", B = "b", C = "yes" } }

  it("aligns its columns and ends lines where the text ends", function()
    assert.same({
      "A          B            C",
      "one        a long text  x",
      "seventeen  b            yes",
    }, render({ column "A", column "B", column "C" }, ROWS))
  end)

  it("leaves out an empty column, unless it is always shown", function()
    assert.same({ "A          E  C", "one           x", "seventeen     yes" },
      render({ column "A", column "D", column("E", { always = true }), column "C" }, ROWS))
  end)

  it("shows its titles when it has no rows", function()
    assert.same({ "A  B" }, render({ column "A", column "B" }, {}))
  end)

  it("cuts columns that shrink", function()
    assert.same({
      "A          B         C",
      "one        a long …  x",
      "seventeen  b         yes",
    }, render({ column "A", column("B", { shrinks = true }), column "C" }, ROWS, { width = 24 }))
  end)

  it("leaves spare columns out before it cuts hard, then those on the right", function()
    local columns = { column "A", column("B", { shrinks = true }), column("C", { spare = true }), column "A" }
    assert.same({ "A          B            A", "one        a long text  one", "seventeen  b            seventeen" },
      render(columns, ROWS, { width = 33 }))
    assert.same({ "A          B", "one        a long text", "seventeen  b" }, render(columns, ROWS, { width = 24 }))
    assert.same({ "A", "one", "sev…" }, render(columns, ROWS, { width = 4 }))
  end)

  it("cuts no column to nothing while another is wide", function()
    local row, columns = {}, {}
    for i, name in ipairs { "A", "B", "C", "D", "E", "F" } do
      row[name], columns[i] = name:rep(40), column(name, { shrinks = true })
    end
    assert.same({
      "A         B         C         D         E         F",
      "AAAAAAA…  BBBBBBB…  CCCCCCC…  DDDDDDD…  EEEEEEE…  FFFFFFF…",
    }, render(columns, { row }, { width = 58 }))
  end)

  it("never cuts a column to be copied", function()
    assert.same({ "A     B", "one   a long text", "sev…  b" },
      render({ column("A", { shrinks = true }), column("B", { whole = true }) }, ROWS, { width = 4 }))
  end)

  it("leaves the reason out after all others", function()
    local columns = { column "A", column "B", column("C", { last = true, shrinks = true }) }
    assert.same({ "A          C", "one        x", "seventeen  yes" }, render(columns, ROWS, { width = 20 }))
  end)

  it("puts a column below its rows where it would have to be cut, broken between words", function()
    local columns = { column "A", column("C", { below = true }) }
    local rows = { { A = "one", C = "no access to the bucket" }, { A = "two" } }
    assert.same({ "A    C", "one  no access to the bucket", "two" }, render(columns, rows, { width = 28 }))
    assert.same({ "A", "one", "    no access to", "    the bucket", "two" }, render(columns, rows, { width = 18 }))
    assert.same({ "A", "one", "    no", "    acce", "    ss", "    to", "    the", "    buck", "    et", "two" },
      render(columns, rows, { width = 8 }))
    assert.same({ "A", "one", "two" }, render({ column "A", column("C", { below = true, shrinks = true }) }, rows,
      { width = 4, flat = true }))
  end)

  it("paints cells after they are filled", function()
    local function paint(color, cell)
      return color and ("<%s>%s</>"):format(color, cell) or cell
    end
    assert.same({ "<dim>A  </>  <dim>C</>", "<red>one</>  x" }, render({ column("A", { color = function()
      return "red"
    end }), column "C" }, { ROWS[1] }, { paint = paint }))
  end)
end)
