-- csrc/codec/shape.c: the notation.

local core = require "cloudjobs.core"

local function members(text, more)
  local shapes = more or {}
  shapes.S = text
  return core.members(core.shape(shapes, "S", {}))
end

describe("a shape", function()
  it("has its members in the order of its text", function()
    assert.same({
      { name = "ExportArn", wire = "ExportArn", type = "string", required = true, min = 20 },
      { name = "Executions", wire = "executions", type = "Execution[]" },
      { name = "Parameters", wire = "Parameters", type = "string[]{}", sensitive = true },
      { name = "CreatedAt", wire = "CreatedAt", type = "time.iso" },
      { name = "Kind", wire = "kind", type = "string", location = "query", enum = "Kinds" },
      { name = "Token", wire = "Token", type = "string", idempotency = true },
      { name = "Rows", wire = "Rows", type = "long[]", sparse = true, min = 1 },
    }, members([[
      ExportArn string required min=20
      Executions Execution[] as=executions
      Parameters string(min=1 sensitive)[]{min=1}
      CreatedAt time.iso

      Kind string as=kind in=query enum=Kinds
      Token string idempotency
      Rows long[] sparse min=1
    ]], { Execution = "Id string" }))
  end)

  it("may be empty, a union, or open to unknown members", function()
    assert.same({}, members "")
    assert.same({ union = true, { name = "A", wire = "A", type = "string" } }, members "union\n A string")
    assert.same({ open = true, { name = "union", wire = "union", type = "blob" } }, members "open\r\n union blob\r\n")
  end)

  it("may contain itself and shapes that contain it", function()
    local shapes = { A = "Child A\n List B[]", B = "Back A{}\n Name string" }
    local cache = {}
    local a = core.shape(shapes, "A", cache)
    assert.equal(a, core.shape(shapes, "A", cache))
    assert.equal(cache.B, core.shape(shapes, "B", cache))
    local text = '{"Child":{"List":[{"Back":{"x":{"Child":{}}},"Name":"n"}]}}'
    assert.equal(text, core.encode(a, core.decode(a, text)))
  end)

  it("lives as long as a shape that refers to it", function()
    local shape = core.shape({ A = "B B", B = "C C[]", C = "Name string" }, "A", {})
    collectgarbage()
    collectgarbage()
    assert.same({ B = { C = { { Name = "n" } } } }, core.decode(shape, '{"B":{"C":[{"Name":"n"}]}}'))
  end)

  it("comes from a table that makes its texts on demand", function()
    local asked = {}
    local shapes = setmetatable({}, { __index = function(_, name)
      asked[name] = true
      return ({ A = "B B", B = "N long" })[name]
    end })
    assert.same({ B = { N = 1 } }, core.decode(core.shape(shapes, "A", {}), '{"B":{"N":1}}'))
    assert.same({ A = true, B = true }, asked)
  end)

  it("can be compiled while another shape of its model is compiled", function()
    local cache = {}
    local texts = { A = "B B\n X string", B = "C C\n N long", C = "Y string" }
    local shapes = setmetatable({}, { __index = function(_, name)
      if name == "C" and not cache.B then
        core.shape({ B = texts.B, C = texts.C }, "B", cache)
      end
      return texts[name]
    end })
    local a = core.shape(shapes, "A", cache)
    collectgarbage()
    collectgarbage()
    for _, shape in ipairs { a, core.shape(shapes, "A", cache) } do
      assert.same({ B = { C = { Y = "y" }, N = 1 }, X = "x" }, core.decode(shape, '{"B":{"C":{"Y":"y"},"N":1},"X":"x"}'))
    end
    assert.same({ C = { Y = "y" } }, core.decode(cache.B, '{"C":{"Y":"y"}}'))
  end)

  local bad = {
    { "a", "member a: expected a type" },
    { "a strng", "member a: no type or shape is called strng" },
    { "a string reqired", "member a: unknown flag reqired" },
    { "a string(required)", "member a: unknown flag required" },
    { "a string[", "member a: expected ']'" },
    { "a string(min=1", "member a: expected ')'" },
    { "a string{min=1", "member a: expected '}'" },
    { "a string[]x", "member a: expected [] or {} after the type" },
    { "a string min=x", "member a: min= expects a number" },
    { "a string in=cookie", "member a: unknown location in=cookie" },
    { "a string\n a long", "member a: declared twice" },
    { 'a"b string', 'member a"b: bad name' },
    { "a string as=x\\y", "member a: bad name after as=" },
    { "a blob in=body\n b blob in=body", "member b: another member is the body already" },
    { "a string" .. ("[]"):rep(33), "member a: more than 32 lists and maps in a type" },
  }
  for _, case in ipairs(bad) do
    it("is refused: " .. case[2], function()
      local cache = {}
      assert.error_matches(function()
        core.shape({ S = case[1] }, "S", cache)
      end, "shape S: " .. case[2], 1, true)
      assert.is_nil(cache.S)
    end)
  end

  it("is refused where it is not in the model", function()
    assert.error_matches(function()
      core.shape({}, "Nope")
    end, "shape Nope: not in the model", 1, true)
  end)

  it("is not cached when a shape that it refers to is invalid", function()
    local shapes, cache = { A = "B B", B = "x strng" }, {}
    assert.is_false(pcall(core.shape, shapes, "A", cache))
    assert.same({ nil, nil }, { cache.A, cache.B })
    shapes.B = "x string"
    assert.equal('{"B":{"x":"y"}}', core.encode(core.shape(shapes, "A", cache), { B = { x = "y" } }))
  end)

  it("hides its finalizer", function()
    assert.equal("cloudjobs.shape", getmetatable(core.shape({ A = "" }, "A")))
  end)
end)
