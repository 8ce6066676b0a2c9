-- cloudjobs.json, and with it the reader and the writer of csrc/codec/json.c.

local core = require "cloudjobs.core"
local json = require "cloudjobs.base.json"

local null = json.null

describe("JSON", function()
  local same = {
    "null", "true", "false", '""', "{}", "[]", "0", "-1", "123456789012345", "0.1", "-2.5e-08", "1e+300", "5e-324",
    '[1,"two",[3],{"four":[]}]', '{"a":{"b":{"c":null}}}', '"é€😀\\u0000\\u001f\\"\\\\/\\n\\r\\t\\b\\f\127"', "[null,null]",
  }
  for _, text in ipairs(same) do
    it("comes back as it went: " .. text, function()
      assert.equal(text, json.encode(json.decode(text)))
    end)
  end

  local read = {
    { ' \t\r\n{ "a" : [ 1 , 2 ] } ', '{"a":[1,2]}' },
    { '{"b":1,"a":2,"B":3,"":4,"aa":5}', '{"":4,"B":3,"a":2,"aa":5,"b":1}' },
    { '{"a":1,"a":{"x":1},"a":[2]}', '{"a":[2]}' },
    { '"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\\/"', '"Aé€😀/"' },
    { '"\\ud800\\udc00\\udbff\\udfff"', '"\240\144\128\128\244\143\191\191"' },
    { "[1.0,1e2,100E-2,-0,0.0,-0.0,1.5e+3]", "[1,100,1,-0,0,-0,1500]" },
    { "[1e-999,0e999]", "[0,0]" },
    { '{"\\u0061":1}', '{"a":1}' },
    { "\239\187\191 []", "[]" },
  }
  for _, case in ipairs(read) do
    it(("%s reads as %s"):format(case[1], case[2]), function()
      assert.equal(case[2], json.encode(json.decode(case[1])))
    end)
  end

  it("is text; anything else raises at the caller's line", function()
    for _, value in pairs { nothing = false, number = 5, table = {} } do
      local ok, message = pcall(function()
        local decoded = json.decode(value or nil)
        return decoded
      end)
      assert.is_false(ok)
      assert.matches("^spec/unit/base/json_spec%.lua:%d+: cloudjobs%.json%.decode: expected string, got %l+$", message)
    end
  end)

  it("keeps NUL bytes in strings and keys", function()
    local value = json.decode '{"a\\u0000b":"\\u0000"}'
    assert.same({ ["a\0b"] = "\0" }, value)
    assert.equal('{"a\\u0000b":"\\u0000"}', json.encode(value))
  end)

  it("keeps integers that a double cannot hold", function()
    for _, digits in ipairs { "9007199254740993", "-9223372036854775808", "9223372036854775807" } do
      assert.equal(digits, tostring(json.decode(digits)))
    end
    assert.equal(18446744073709551616, json.decode "18446744073709551616")
  end)

  it("writes a double in the shortest way that reads back", function()
    local numbers = { 0.1, 1 / 3, 1e21, 123456.789, 2 ^ 53, 2 ^ 63, 5e-324, 1.7976931348623157e308, -1e-7 }
    for _, number in ipairs(numbers) do
      local text = json.encode(number)
      assert.equal(number, tonumber(text))
      assert.is_true(#text <= #("%.17g"):format(number))
    end
    assert.equal("[0.1,1e+21,123456.789]", json.encode { 0.1, 1e21, 123456.789 })
  end)

  it("does not mind the locale", function()
    local old = os.setlocale(nil, "numeric")
    for _, name in ipairs { "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE" } do
      if os.setlocale(name, "numeric") then
        break
      end
    end
    local text, value = json.encode { 1234.5, 5e-324 }, json.decode "[1234.5,1.7976931348623157e308]"
    os.setlocale(old, "numeric")
    assert.equal("[1234.5,5e-324]", text)
    assert.same({ 1234.5, 1.7976931348623157e308 }, value)
  end)

  it("hands out the order of keys", function()
    local orders = {}
    local value = core.json_decode('{"z":{"b":1,"a":2},"y":[{"d":1,"c":2,"d":3}],"x":{}}', orders)
    assert.same({ "z", "y", "x" }, orders[value])
    assert.same({ "b", "a" }, orders[value.z])
    assert.same({ "d", "c" }, orders[value.y[1]])
    assert.same({}, orders[value.x])
  end)

  local bad = {
    { "", "unexpected end at byte 1" },
    { " ", "unexpected end at byte 2" },
    { "{", "unexpected end at byte 2" },
    { "[1", "unexpected end at byte 3" },
    { '{"a"', "unexpected end at byte 5" },
    { '"a', "unexpected end at byte 3" },
    { '"a\\', "unexpected end at byte 4" },
    { "[1,]", "expected a value at byte 4" },
    { "[,1]", "expected a value at byte 2" },
    { "[1 2]", "expected ',' or ']' at byte 4" },
    { '{"a":1,}', "expected a member's name at byte 8" },
    { "{a:1}", "expected a member's name at byte 2" },
    { '{"a" 1}', "expected ':' at byte 6" },
    { '{"a":1 "b":2}', "expected ',' or '}' at byte 8" },
    { '{"a":}', "expected a value at byte 6" },
    { "[1}", "expected ',' or ']' at byte 3" },
    { "{}{}", "text after the document at byte 3" },
    { "{}\0", "text after the document at byte 3" },
    { "nul", "expected a value at byte 1" },
    { "True", "expected a value at byte 1" },
    { "truex", "text after the document at byte 5" },
    { "NaN", "expected a value at byte 1" },
    { "Infinity", "expected a value at byte 1" },
    { "+1", "expected a value at byte 1" },
    { ".5", "expected a value at byte 1" },
    { "01", "text after the document at byte 2" },
    { "[-01]", "expected ',' or ']' at byte 4" },
    { "-", "unexpected end at byte 2" },
    { "[-a]", "expected a digit at byte 3" },
    { "[1.]", "expected a digit at byte 4" },
    { "[1e]", "expected a digit at byte 4" },
    { "[1e+]", "expected a digit at byte 5" },
    { "0x10", "text after the document at byte 2" },
    { "[1,1e999]", "number too large at byte 4" },
    { "-1e309", "number too large at byte 1" },
    { "'a'", "expected a value at byte 1" },
    { "/**/1", "expected a value at byte 1" },
    { '"a\nb"', "control character in a string at byte 3" },
    { '"\0"', "control character in a string at byte 2" },
    { '"\\x41"', "unknown escape at byte 2" },
    { '"\\\0"', "unknown escape at byte 2" },
    { '"\\u12g4"', "bad \\u escape at byte 2" },
    { '"\\u12"', "bad \\u escape at byte 2" },
    { '"\\ud800"', "lone surrogate at byte 2" },
    { '"ab\\udc00"', "lone surrogate at byte 4" },
    { '"\\ud800\\u0041"', "lone surrogate at byte 2" },
    { '"\\ud800\\ud800"', "lone surrogate at byte 2" },
    { '"a\255"', "invalid UTF-8 at byte 3" },
    { '"\192\128"', "invalid UTF-8 at byte 2" },
    { '"\193\191"', "invalid UTF-8 at byte 2" },
    { '"\224\159\191"', "invalid UTF-8 at byte 2" },
    { '"\237\160\128"', "invalid UTF-8 at byte 2" },
    { '"\240\143\191\191"', "invalid UTF-8 at byte 2" },
    { '"\244\144\128\128"', "invalid UTF-8 at byte 2" },
    { '"12345678901234567\128"', "invalid UTF-8 at byte 19" },
    { '"\226\130"', "invalid UTF-8 at byte 2" },
    { '"\226\130', "invalid UTF-8 at byte 2" },
    { ("["):rep(129), "nested deeper than 128 levels at byte 129" },
    { ('{"a":'):rep(1000), "nested deeper than 128 levels at byte 641" },
  }
  for _, case in ipairs(bad) do
    it(("%q is refused: %s"):format(case[1]:sub(1, 40), case[2]), function()
      assert.same({ nil, case[2] }, { json.decode(case[1]) })
      local shape = core.shape({ S = "" }, "S")
      local _, message = core.decode(shape, '{"unknown":' .. case[1])
      assert.is_string(message) -- what is left out is checked as well
    end)
  end

  it("is refused at every byte where it may be cut", function()
    local text = '{"a":[1.5e3,"x\\u00e9\\ud83d\\ude00é",true,null],"b":{}}'
    for n = 0, #text - 1 do
      local value, message = json.decode(text:sub(1, n))
      assert.is_nil(value)
      assert.matches(" at byte %d+$", message)
    end
  end)

  it("reads 128 levels", function()
    local text = ("["):rep(128) .. ("]"):rep(128)
    assert.equal(text, json.encode(json.decode(text)))
  end)

  it("finds what is odd in every place of a long string", function()
    for n = 0, 40 do
      local before, after = ("a"):rep(n), ("b"):rep(40 - n)
      assert.equal(('"%s\\n%s"'):format(before, after), json.encode(before .. "\n" .. after))
      assert.equal(before .. '"' .. after, json.decode(('"%s\\"%s"'):format(before, after)))
      assert.equal(before .. "é" .. after, json.decode(json.encode(before .. "é" .. after)))
      assert.is_nil((json.decode(('"%s\1%s"'):format(before, after))))
      assert.is_nil((json.decode(('"%s\255%s"'):format(before, after))))
    end
  end)

  it("takes 64 MiB and no more", function()
    assert.same({ nil, "longer than 64 MiB at byte 1" }, { json.decode((" "):rep(64 * 2 ^ 20 + 1)) })
    assert.same({ nil, "the text would be longer than 64 MiB" }, { json.encode(("x"):rep(64 * 2 ^ 20)) })
  end)
end)

describe("a Lua value", function()
  local cyclic = {}
  cyclic.self = cyclic
  cyclic.too = cyclic

  local bad = {
    { print, "expected a value that JSON can hold, got function" },
    { { a = { io.stdout } }, "a[1]: expected a value that JSON can hold, got userdata" },
    { { a = 0 / 0 }, "a: JSON has no NaN and no infinity" },
    { { 1, 1 / 0 }, "[2]: JSON has no NaN and no infinity" },
    { { 1, 2, x = 3 }, "expected a list, got a table with other keys" },
    { { [1.5] = 1 }, "expected keys that are strings" },
    { { a = { [true] = 1 } }, "a: expected keys that are strings" },
    { { a = { b = "\255" } }, "a.b: expected valid UTF-8" },
    { { ["\255"] = 1 }, "\255: expected valid UTF-8" },
    { cyclic, "self.self.self.self.self.self.self.self: nested deeper than 128 levels (does it hold itself?)" },
  }
  for _, case in ipairs(bad) do
    it("is refused: " .. case[2], function()
      assert.same({ nil, case[2] }, { json.encode(case[1]) })
    end)
  end

  it("is a list with the keys 1 to n or the mark, else an object", function()
    assert.equal("[1,2]", json.encode { 1, 2 })
    assert.equal("{}", json.encode {})
    assert.equal("[]", json.encode(setmetatable({}, json.array_mt)))
    assert.equal("[]", json.encode(setmetatable({}, core.array_mt)))
    assert.equal("[null]", json.encode { null })
  end)

  it("with holes is refused", function()
    local list = { 1, 2, 3, 4 }
    list[2] = nil
    assert.is_nil((json.encode(list)))
    assert.is_nil((json.encode { [2] = 1 }))
  end)

  -- Where Lua keeps a key, and which comes next, depends on how the table grew.
  it("loses no key, in whatever order a table got them", function()
    local function check(order)
      local value, highest, expected = {}, 0, {}
      for digit in order:gmatch "." do
        local key = tonumber(digit)
        value[key] = key
        highest = math.max(highest, key)
      end
      for key = 1, highest do
        expected[key] = key
      end
      local text = json.encode(value)
      assert.equal(highest == #order and "[" .. table.concat(expected, ",") .. "]" or nil, text, order)
    end
    local function grow(order)
      for digit in ("12345"):gmatch "." do
        if not order:find(digit, 1, true) then
          check(order .. digit)
          grow(order .. digit)
        end
      end
    end
    grow ""
  end)

  it("has its many keys in order, too", function()
    local object, expected = {}, {}
    for i = 1, 100 do
      object[("k%03d"):format(i)] = i
      expected[i] = ('"k%03d":%d'):format(i, i)
    end
    assert.equal("{" .. table.concat(expected, ",") .. "}", json.encode(object))
  end)

  it("keeps its metamethods out of it", function()
    local object = setmetatable({ a = 1 }, { __index = error, __pairs = error, __len = error })
    assert.equal('{"a":1}', json.encode(object))
  end)

  it("is read into lists with cjson's mark, where it has one", function()
    local has_cjson, cjson = pcall(require, "cjson")
    assert.equal(has_cjson and cjson.array_mt or core.array_mt, getmetatable(json.decode "[]"))
    assert.equal(json.array_mt, getmetatable(json.decode("[" .. ("1,"):rep(100) .. "1]")))
    if has_cjson then
      assert.equal(cjson.null, null)
    end
  end)
end)
