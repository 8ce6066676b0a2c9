-- CBOR in both directions: csrc/codec/cbor.c, csrc/codec/cbor_write.c, csrc/codec/lcbor.c.

local cases = require "spec.data.cbor"
local core = require "cloudjobs.core"
local independent = require "spec.support.cbor"

local bytes = cases.bytes
local null = core.null

local function hex(text)
  return (text:gsub(".", function(c)
    return ("%02x"):format(c:byte())
  end))
end

local function is_nan(value)
  return value ~= value
end

-- Large tables, of which no difference is to be shown.
local function equal_tables(a, b)
  for key, value in pairs(a) do
    if b[key] ~= value then
      return false
    end
  end
  return next(a) ~= nil and #a == #b
end

local function check_value(expected, actual)
  if is_nan(expected) then
    assert.is_true(is_nan(actual))
  else
    assert.same(expected, actual)
  end
end

-- The shape of one member, and a map of it.
local function shape_of(text)
  local shapes = { One = "M " .. text }
  for name, lines in pairs(cases.shapes) do
    shapes[name] = lines
  end
  return core.shape(shapes, "One")
end

local function with_member(item)
  return bytes("a1 61 4d" .. item)
end

describe("CBOR is read", function()
  for _, case in ipairs(cases.items) do
    it(case[1], function()
      check_value(case[2], core.cbor_decode(bytes(case[1])))
    end)
  end

  it("up to 64 bits without a loss", function()
    assert.equal("9223372036854775807", tostring(core.cbor_decode(bytes "1b 7fffffffffffffff")))
    assert.equal("-9223372036854775808", tostring(core.cbor_decode(bytes "3b 7fffffffffffffff")))
    local number = core.decode_cbor(shape_of "number", with_member "3b ffffffffffffffff")
    assert.same({ M = -2 ^ 64 }, number)
  end)

  it("with the sign of zero", function()
    assert.equal(-math.huge, 1 / core.cbor_decode(bytes "f9 8000"))
    assert.equal(-math.huge, 1 / core.cbor_decode(bytes "fa 80000000"))
    assert.equal(-math.huge, 1 / core.cbor_decode(bytes "fb 8000000000000000"))
  end)

  it("into lists that stay lists", function()
    for _, list in ipairs { "80", "9f ff", "81 01", "9f" .. ("01"):rep(20) .. "ff" } do
      assert.equal(core.array_mt, getmetatable(core.cbor_decode(bytes(list))))
    end
    assert.is_nil(getmetatable(core.cbor_decode(bytes "a0")))
  end)

  it("when it is long, whatever its length is", function()
    local shape = core.shape({ Both = "L integer[]\n M integer{}" }, "Both")
    for _, length in ipairs { 15, 16, 17, 64, 1023, 1024, 1025, 70000 } do
      local list, map, items = {}, {}, {}
      for i = 1, length do
        list[i], map["k" .. i], items[i] = i % 24, i, string.char(i % 24)
      end
      local output = core.decode_cbor(shape, assert(core.encode_cbor(shape, { L = list, M = map })))
      assert.is_true(equal_tables(list, output.L) and equal_tables(map, output.M))
      output = core.decode_cbor(shape, "\191aL\159" .. table.concat(items) .. "\255\255")
      assert.is_true(equal_tables(list, output.L))
    end
  end)

  it("to 128 levels", function()
    assert.is_table(core.cbor_decode(("\129"):rep(127) .. "\128"))
    assert.is_table(core.cbor_decode(("\159"):rep(128) .. ("\255"):rep(128)))
    for _, level in ipairs { "\129", "\159", "\161`", "\191`" } do
      local _, message = core.cbor_decode(level:rep(200) .. "\0")
      assert.matches("nested deeper than 128 levels at byte " .. #level * 128 + 2, message, 1, true)
    end
  end)

  it("with any number of tags", function()
    assert.equal(7, core.cbor_decode(("\193"):rep(1000000) .. "\7"))
    assert.same({}, core.decode_cbor(shape_of "string", "\161aX" .. ("\194"):rep(1000000) .. "\64"))
  end)

  it("from the byte on that is given", function()
    local shape = shape_of "string"
    assert.same({ M = "x" }, core.decode_cbor(shape, "head" .. with_member "61 78", 5))
    assert.same({}, core.decode_cbor(shape, "head", 5))
    assert.has_error(function()
      core.decode_cbor(shape, "head", 6)
    end)
  end)

  it("to no more than 64 MiB", function()
    local _, message = core.cbor_decode("\122\4\0\0\0" .. ("x"):rep(64 * 1024 * 1024))
    assert.equal("longer than 64 MiB at byte 1", message)
    _, message = core.cbor_decode("\122\2\0\0\0" .. ("\255"):rep(32 * 1024 * 1024))
    assert.equal("longer than 64 MiB once it is UTF-8 at byte 33554438", message)
  end)
end)

describe("CBOR is refused", function()
  for _, case in ipairs(cases.refused) do
    it(("%s: %s"):format(case[1], case[2]), function()
      local value, message = core.cbor_decode(bytes(case[1]))
      assert.is_nil(value)
      assert.equal(case[2], message)
    end)
  end

  it("at each of its prefixes", function()
    for _, case in ipairs(cases.items) do
      local text = bytes(case[1])
      for n = 0, #text - 1 do
        assert.is_nil((core.cbor_decode(text:sub(1, n))))
      end
    end
  end)

  it("in members that the shape lacks, but for what they mean", function()
    local shape = shape_of "string"
    for _, item in ipairs { "e0", "f8 20", "a1 01 02", "a1 a0 02", "c2 49 010000000000000000", "c4 82 21 19 6ab3", "62 c328" } do
      assert.same({ M = "" }, core.decode_cbor(shape, bytes("a2 61 58" .. item .. "61 4d 60")))
    end
    for _, case in ipairs(cases.refused) do
      if not case[2]:find("got big number", 1, true) and not case[2]:find("got simple value", 1, true)
        and not case[2]:find("a member's name", 1, true) and not case[2]:find("after the document", 1, true) then
        assert.is_nil((core.decode_cbor(shape, bytes("a1 61 58" .. case[1]))))
      end
    end
  end)

  it("before memory is reserved for what it announces", function()
    -- Each level announces a million items, which the bytes that are left may be.
    for _, level in ipairs { "\154\0\15\0\0", "\186\0\7\128\0\96" } do
      local text = level:rep(100) .. "\255" .. ("\0"):rep(1000000)
      collectgarbage()
      local before = collectgarbage "count"
      assert.is_nil((core.cbor_decode(text)))
      assert.is_true(collectgarbage "count" - before < 10000)
    end
  end)
end)

describe("a CBOR member", function()
  for _, case in ipairs(cases.members) do
    local title, kind, value, item = case[1], case[2], case[3], case[4]

    it("is written: " .. title, function()
      assert.equal(hex(with_member(item)), hex(assert(core.encode_cbor(shape_of(kind), { M = value }))))
    end)

    it("is read: " .. title, function()
      local shape = shape_of(kind)
      check_value(value, core.decode_cbor(shape, with_member(item)).M)
      for _, form in ipairs(case.read or {}) do
        check_value(value, core.decode_cbor(shape, with_member(form)).M)
      end
    end)

    it("has the value that JSON gives: " .. title, function()
      local shape = shape_of(kind)
      local json = core.decode(shape, assert(core.encode(shape, { M = value })))
      check_value(json.M, core.decode_cbor(shape, with_member(item)).M)
    end)

    it("is read alike by another reader: " .. title, function()
      local text = assert(core.encode_cbor(shape_of(kind), { M = value }))
      check_value(is_nan(value) and "NaN" or value, independent.decode(text).M)
    end)
  end

  for _, case in ipairs(cases.mismatches) do
    it(("of type %s is not %s"):format(case[1], case[2]), function()
      local output, message = core.decode_cbor(shape_of(case[1]), with_member(case[2]))
      assert.is_nil(output)
      assert.equal(case[3], message)
    end)
  end

  it("that is null is absent, and removes an earlier value", function()
    assert.same({}, core.decode_cbor(shape_of "string", bytes "a2 61 4d 61 78 61 4d f6"))
    assert.same({ M = {} }, core.decode_cbor(shape_of "string{}", bytes "a1 61 4d a2 61 6b 61 78 61 6b f6"))
  end)

  it("is kept by an open structure where the shape lacks it", function()
    local open = core.shape({ Open = "open\n Id string" }, "Open")
    assert.same({ Id = "x", N = { 1, null } }, core.decode_cbor(open, bytes "a2 61 4e 82 01 f6 62 4964 61 78"))
    local _, message = core.decode_cbor(open, bytes "a1 61 4e c2 41 01")
    assert.equal("N: expected a value, got big number at byte 4", message)
  end)

  it("has its name on the wire", function()
    local shape = core.shape({ S = "Name string as=n" }, "S")
    assert.equal(bytes "a1 61 6e 61 78", core.encode_cbor(shape, { Name = "x" }))
    assert.same({ Name = "x" }, core.decode_cbor(shape, bytes "a1 61 6e 61 78"))
  end)
end)

describe("parameters in CBOR", function()
  it("have as many members as are given", function()
    local lines, params = {}, {}
    for i = 1, 30 do
      lines[i], params["M" .. i] = ("M%d integer"):format(i), i
    end
    local shape = core.shape({ S = table.concat(lines, "\n") }, "S")
    assert.equal(bytes "b8 1e", core.encode_cbor(shape, params):sub(1, 2))
    assert.same(params, core.decode_cbor(shape, core.encode_cbor(shape, params)))
    assert.equal("\160", core.encode_cbor(shape, {}))
    assert.equal("\160", core.encode_cbor(shape, nil))
  end)

  it("have lengths in their shortest form", function()
    local shape = shape_of "string"
    for _, case in ipairs { { 23, "77" }, { 24, "78 18" }, { 255, "78 ff" }, { 256, "79 0100" }, { 65535, "79 ffff" },
      { 65536, "7a 00010000" } } do
      local text = ("x"):rep(case[1])
      assert.is_true(with_member(case[2]) .. text == core.encode_cbor(shape, { M = text }))
    end
    local list = {}
    for i = 1, 65536 do
      list[i] = 1
    end
    assert.is_true(with_member "9a 00010000" .. ("\1"):rep(65536)
      == core.encode_cbor(shape_of "integer[]", { M = list }))
  end)

  it("are refused with every problem, as in JSON", function()
    local shape = shape_of "number single required"
    local text, problems = core.encode_cbor(shape, { N = 1 })
    assert.is_nil(text)
    assert.same({ { path = "M", message = "required" }, { path = "N", message = "unknown parameter (did you mean M?)" } },
      problems)
    assert.equal("\160", core.encode_cbor(shape, {}, nil, true))
  end)

  it("hold no float that single precision cannot", function()
    local shape = shape_of "number single"
    assert.equal(bytes "a1 61 4d fa 7f7fffff", core.encode_cbor(shape, { M = 3.4028235e38 }))
    local _, problems = core.encode_cbor(shape, { M = 3.5e38 })
    assert.same({ { path = "M", message = "expected a number within 32 bits" } }, problems)
  end)

  it("hold integers of 64 bits", function()
    local shape = shape_of "long"
    assert.equal(bytes "a1 61 4d 1b 7fffffffffffffff", core.encode_cbor(shape, { M = "9223372036854775807" }))
    assert.equal(bytes "a1 61 4d 3b 7fffffffffffffff", core.encode_cbor(shape, { M = "-9223372036854775808" }))
  end)

  it("have a token where none is given", function()
    assert.equal(bytes "a1 61 4d 63 746f6b", core.encode_cbor(shape_of "string idempotency", {}, "tok"))
  end)

  it("hold documents by the types of their values", function()
    assert.equal(bytes "a1 61 4d 84 01 fb 3ff8000000000000 f5 a2 61 61 f6 61 62 61 78",
      core.encode_cbor(shape_of "document", { M = { 1, 1.5, true, { a = null, b = "x" } } }))
  end)
end)
