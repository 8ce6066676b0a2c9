-- Encoding and decoding by a shape: csrc/codec/lencode.c, csrc/codec/lencode_scalar.c and
-- csrc/codec/ldecode.c.

local core = require "cloudjobs.core"

local null = core.null

local SHAPES = {
  Everything = [[
    Text string min=3
    Short string as=short
    Count integer min=2
    Big long
    Ratio number min=0.5
    On boolean
    Bytes blob min=2
    Time time
    Iso time.iso
    Http time.http
    Any document
    Child Everything
    List string(min=1)[] min=2
    Sparse string[] sparse
    Map long{min=2}
    SparseMap string{} sparse
    Rows Row[]
    Choice Choice
    Nested string[]{}[]
    Open Row open
  ]],
  Row = "Id string required\n N integer",
  Choice = "union\n A string\n B Row\n C string[]",
}

local cache = {}
local function shape(name)
  return core.shape(SHAPES, name, cache)
end
local everything = shape "Everything"

-- Numbers as they are compared: integers and floats of one value differ only on 5.4 and are distinguished by tostring.
local ALL = {
  Text = "abc",
  Short = "s",
  Count = 2,
  Big = 12345678901234,
  Ratio = 0.5,
  On = false,
  Bytes = "\0\255",
  Time = 1.5,
  Iso = 1795154400,
  Http = 784111777,
  Any = { a = { 1, null, "x" }, b = {} },
  Child = { Text = "xyz" },
  List = { "a", "b" },
  Sparse = { "a", null },
  Map = { aa = 1, bb = 2 },
  SparseMap = { a = null, b = "c" },
  Rows = { { Id = "1" }, { Id = "2", N = 3 } },
  Choice = { B = { Id = "b" } },
  Nested = { { k = { "v" } }, {} },
  Open = { Id = "o", More = { true } },
}
local ALL_TEXT = table.concat({
  '{"Text":"abc"', '"short":"s"', '"Count":2', '"Big":12345678901234', '"Ratio":0.5', '"On":false', '"Bytes":"AP8="', '"Time":1.5',
  '"Iso":"2026-11-20T06:00:00Z"', '"Http":"Sun, 06 Nov 1994 08:49:37 GMT"', '"Any":{"a":[1,null,"x"],"b":{}}',
  '"Child":{"Text":"xyz"}', '"List":["a","b"]', '"Sparse":["a",null]', '"Map":{"aa":1,"bb":2}', '"SparseMap":{"a":null,"b":"c"}',
  '"Rows":[{"Id":"1"},{"Id":"2","N":3}]', '"Choice":{"B":{"Id":"b"}}', '"Nested":[{"k":["v"]},{}]', '"Open":{"Id":"o","More":[true]}}',
}, ",")

local function problems(name, params, token)
  local text, list = core.encode(shape(name), params, token)
  assert.is_nil(text)
  local lines = {}
  for i, problem in ipairs(list) do
    lines[i] = problem.path .. ": " .. problem.message
  end
  return lines
end

describe("encoding", function()
  it("writes every type in the order of the shape", function()
    assert.equal(ALL_TEXT, core.encode(everything, ALL))
  end)

  it("is the same each time", function()
    local again = {}
    for i = 20, 1, -1 do
      again["key" .. i] = i
    end
    local first = core.encode(everything, { Map = again })
    for i = 1, 20 do
      again["key" .. i] = nil
      again["key" .. i] = i
    end
    assert.equal(first, core.encode(everything, { Map = again }))
  end)

  it("distinguishes an empty list from an empty map", function()
    assert.equal('{"Sparse":[],"Map":{}}', core.encode(everything, { Sparse = {}, Map = {} }))
  end)

  it("leaves absent and null members out", function()
    assert.equal("{}", core.encode(everything, { Text = null, Child = null }))
    assert.equal("{}", core.encode(everything, nil))
    assert.equal("{}", core.encode(nil, nil))
  end)

  it("accepts times as numbers and as text", function()
    local text = '{"Time":784111777,"Iso":"1994-11-06T08:49:37Z","Http":"Sun, 06 Nov 1994 08:49:37 GMT"}'
    for _, time in ipairs { 784111777, "1994-11-06T08:49:37Z", "1994-11-06T10:49:37+02:00", "Sun, 06 Nov 1994 08:49:37 GMT" } do
      assert.equal(text, core.encode(everything, { Time = time, Iso = time, Http = time }))
    end
    assert.equal('{"Iso":"1970-01-01T00:00:01.25Z"}', core.encode(everything, { Iso = 1.25 }))
  end)

  it("accepts integers of 64 bits, as digits where a number cannot hold them", function()
    for _, digits in ipairs { "9007199254740993", "-9223372036854775808" } do
      assert.equal('{"Big":' .. digits .. "}", core.encode(everything, { Big = digits }))
      local text = '{"Big":' .. digits .. "}"
      assert.equal(text, core.encode(everything, core.decode(everything, text)))
    end
    assert.equal('{"Count":3}', core.encode(everything, { Count = 3.0 }))
    assert.same({ "Big: expected integer, got string" }, problems("Everything", { Big = "5" }))
    assert.same({ "Big: expected integer, got string" }, problems("Everything", { Big = "9223372036854775808" }))
    assert.same({ "Big: expected a whole number within 64 bits" }, problems("Everything", { Big = 2 ^ 63 }))
    assert.same({ "Count: expected a whole number within 64 bits" }, problems("Everything", { Count = 2.5 }))
  end)

  it("writes numbers that JSON lacks as text", function()
    local infinite = { Ratio = 1 / 0 }
    assert.equal('{"Ratio":"Infinity"}', core.encode(everything, infinite))
    assert.equal('{"Ratio":"NaN"}', core.encode(everything, { Ratio = 0 / 0 }))
    assert.equal(1 / 0, core.decode(everything, '{"Ratio":"Infinity"}').Ratio)
    assert.equal(-1 / 0, core.decode(everything, '{"Ratio":"-Infinity"}').Ratio)
    local nan = core.decode(everything, '{"Ratio":"NaN"}').Ratio
    assert.is_true(nan ~= nan)
  end)

  it("checks no minimum of blobs, as botocore does", function()
    assert.equal('{"Bytes":""}', core.encode(everything, { Bytes = "" }))
  end)

  it("reports every problem with its path", function()
    assert.same({
      "Text: expected at least 3 characters, got 2",
      "Count: expected at least 2, got 1",
      "Ratio: expected number, got string",
      "On: expected boolean, got number",
      "Bytes: expected string, got number",
      "Iso: expected a time in seconds or as ISO-8601 text, got string",
      "Any[2]: expected a value that JSON can hold, got function",
      "Child.Child.Short: expected string, got table",
      "List: expected at least 2 items, got 1",
      "List[1]: expected at least 1 character, got 0",
      "Map.b: expected at least 2 characters, got 1",
      "Map.bb: expected integer, got boolean",
      "Rows[1].Id: required",
      "Rows[2]: expected table, got string",
      "Choice: expected exactly one member, got 2, of A, B, C",
      "Nested[1].k: expected list, got string",
    }, problems("Everything", {
      Text = "éé", Count = 1, Ratio = "1", On = 1, Bytes = 1, Iso = "soon", Any = { 1, print }, Child = { Child = { Short = {} } },
      List = { "" }, Map = { b = 1, bb = true }, Rows = { {}, "x" }, Choice = { A = "a", C = {} }, Nested = { { k = "v" } },
    }))
  end)

  it("suggests what an unknown member means", function()
    assert.same({
      "Rows[1].id: unknown parameter (did you mean Id?)",
      "Cuont: unknown parameter (did you mean Count?)",
      "Zebra: unknown parameter",
      "sparse_map: unknown parameter (did you mean SparseMap?)",
      "text: unknown parameter (did you mean Text?)",
    }, problems("Everything", { Cuont = 1, Zebra = 2, text = "", sparse_map = {}, Rows = { { Id = "x", id = 1 } } }))
    assert.same({ ": expected keys that are strings" }, problems("Everything", { "x" }))
  end)

  it("finds members with names of any length", function()
    local name = ("Long"):rep(20)
    local long = core.shape({ S = name .. " string required" }, "S")
    assert.equal(('{"%s":"x"}'):format(name), core.encode(long, { [name] = "x" }))
  end)

  it("requires exactly one member of a union", function()
    assert.equal('{"A":"a"}', core.encode(shape "Choice", { A = "a", B = null }))
    assert.same({ ": expected exactly one member, got 0, of A, B, C" }, problems("Choice", {}))
  end)

  it("refuses nulls, holes and keys in lists that are not sparse", function()
    assert.same({ "List[2]: expected string, got null" }, problems("Everything", { List = { "a", null } }))
    assert.same({ "Map.aa: expected integer, got null" }, problems("Everything", { Map = { aa = null } }))
    assert.same({ "Sparse: expected a list, got a table with other keys" }, problems("Everything", { Sparse = { "a", n = 1 } }))
    assert.same({ "Sparse: expected a list, got a table with other keys" }, problems("Everything", { Sparse = { a = "a" } }))
    local holes = { "a", "b", "c", "d" }
    holes[3] = nil
    assert.equal(1, #problems("Everything", { Sparse = holes }))
  end)

  it("refuses a table that contains itself", function()
    local params = { Text = "abc" }
    params.Child, params.Open = params, { Id = "x", More = params }
    assert.same({
      "Child.Child.Child.Child.Child.Child.Child.Child: nested deeper than 128 levels (does it hold itself?)",
    }, problems("Everything", params))
  end)

  it("refuses text that is not UTF-8, in keys as well", function()
    assert.same({ "Text: expected valid UTF-8" }, problems("Everything", { Text = "abc\255" }))
    assert.same({ "Map.a\237\160\128: expected valid UTF-8" }, problems("Everything", { Map = { ["a\237\160\128"] = 1 } }))
    assert.equal('{"Bytes":"////"}', core.encode(everything, { Bytes = "\255\255\255" }))
  end)

  it("stops at a hundred problems", function()
    local list = {}
    for i = 1, 1000 do
      list[i] = i
    end
    assert.equal(100, #problems("Everything", { List = list }))
  end)

  it("refuses parameters that are no table", function()
    for _, params in ipairs { "x", 5, true, null } do
      assert.matches("^: expected table, got ", problems("Everything", params)[1])
    end
  end)

  it("fills an absent idempotency token", function()
    local s = core.shape({ S = "Token string required idempotency min=3" }, "S")
    assert.equal('{"Token":"made"}', core.encode(s, {}, "made"))
    assert.equal('{"Token":"mine"}', core.encode(s, { Token = "mine" }, "made"))
    assert.is_nil((core.encode(s, {})))
  end)

  it("checks members that are bound elsewhere, and leaves them out", function()
    local s = core.shape({ S = "Id string required in=uri\n Tag string in=header as=x-tag\n Name string" }, "S")
    assert.equal('{"Name":"n"}', core.encode(s, { Id = "i", Tag = "t", Name = "n" }))
    local _, list = core.encode(s, { Tag = 5 })
    assert.same({ { path = "Id", message = "required" }, { path = "Tag", message = "expected string, got number" } }, list)
    assert.equal("", core.encode(core.shape({ S = "Id string in=uri" }, "S"), { Id = "i" }))
  end)

  it("makes a member the whole text where the shape says so", function()
    local function body(kind, value)
      return core.encode(core.shape({ S = "Id string in=uri\n B " .. kind .. " in=body", Row = SHAPES.Row }, "S"), { Id = "i", B = value })
    end
    assert.equal('{"Id":"x"}', body("Row", { Id = "x" }))
    assert.equal("[1]", body("document", { 1 }))
    assert.equal("\0raw", body("blob", "\0raw"))
    assert.equal("text", body("string", "text"))
    assert.equal("", body("Row", nil))
  end)
end)

describe("decoding", function()
  it("reads every type", function()
    assert.same(ALL, core.decode(everything, ALL_TEXT))
  end)

  it("accepts any order, blanks, escapes in names, and unknown members", function()
    assert.same({ Text = "t", Short = "s", Rows = { { Id = "1", N = 2 } } }, core.decode(everything, [[
      { "__type" : {"a":[1,{}]}, "Rows":[{"X":null,"N":2,"Id":"1"}] , "short":"s", "Short":"no", "\u0054ext" : "t" } ]]))
  end)

  it("uses the last of duplicate members, null included", function()
    assert.same({ Text = "b" }, core.decode(everything, '{"Text":"a","Text":"b"}'))
    assert.same({}, core.decode(everything, '{"Text":"a","Text":null}'))
    assert.same({ Map = { b = 2 } }, core.decode(everything, '{"Map":{"a":1,"b":1,"b":2,"a":null}}'))
  end)

  it("drops nulls except in sparse lists and maps", function()
    assert.same({ List = { "a", "b" }, Sparse = { null, "a" }, Map = { b = 1 }, SparseMap = { a = null } },
      core.decode(everything, '{"List":["a",null,"b"],"Sparse":[null,"a"],"Map":{"a":null,"b":1},"SparseMap":{"a":null},"Any":null}'))
  end)

  it("marks lists, long ones too", function()
    local long = {}
    for i = 1, 1000 do
      long[i] = tostring(i)
    end
    for n = 1, 40 do
      local list = core.decode(everything, '{"List":["' .. table.concat(long, '","', 1, n) .. '"]}').List
      assert.equal(n, #list)
      assert.equal(tostring(n), list[n])
    end
    local output = core.decode(everything, '{"List":["' .. table.concat(long, '","') .. '"],"Sparse":[]}')
    assert.same({ List = long, Sparse = {} }, output)
    assert.is_table(getmetatable(output.Sparse))
    assert.equal(getmetatable(output.Sparse), getmetatable(output.List))
    assert.is_nil(getmetatable(output))
  end)

  it("reads whole numbers in every notation", function()
    local output = core.decode(everything, '{"Count":1.2e1,"Big":-3.0,"Time":1.7e9,"Ratio":2}')
    assert.same({ "12", "-3", "1700000000", "2" },
      { tostring(output.Count), tostring(output.Big), tostring(output.Time), tostring(output.Ratio) })
  end)

  it("reads times of any form for any kind of time", function()
    for _, time in ipairs { "784111777", "7.84111777e8", '"1994-11-06T08:49:37Z"', '"Sun, 06 Nov 1994 08:49:37 GMT"', '"784111777"' } do
      assert.same({ Time = 784111777, Iso = 784111777, Http = 784111777 },
        core.decode(everything, ('{"Time":%s,"Iso":%s,"Http":%s}'):format(time, time, time)))
    end
  end)

  it("keeps the first known member of a union", function()
    assert.same({ A = "a" }, core.decode(shape "Choice", '{"__type":"x","C":null,"A":"a","B":{"Id":1}}'))
  end)

  it("keeps unknown members where the shape is open", function()
    local open = core.shape({ S = "open\n Known time.iso" }, "S")
    local text = '{"Known":"1970-01-01T00:00:00Z","a":{"b":[]},"c":null}'
    assert.same({ Known = 0, a = { b = {} }, c = null }, core.decode(open, text))
    assert.equal(text, core.encode(open, core.decode(open, text)))
  end)

  it("gives the whole text to a member in=body", function()
    local s = core.shape({ S = "Id string in=header\n Row Row in=body", Row = SHAPES.Row }, "S")
    assert.same({ Row = { Id = "x" } }, core.decode(s, '{"Id":"x"}'))
    assert.same({}, core.decode(s, "null"))
  end)

  it("without a shape checks the text", function()
    assert.same({}, core.decode(nil, '{"a":1}'))
    assert.same({ nil, "unexpected end at byte 2" }, { core.decode(nil, "{") })
  end)

  local bad = {
    { "", "unexpected end at byte 1" },
    { "[]", "expected object, got list at byte 1" },
    { "null", "expected object, got null at byte 1" },
    { '{"Text":5}', "Text: expected string, got number at byte 9" },
    { '{"Rows":[{"Id":"a"},{"Id":true}]}', "Rows[2].Id: expected string, got boolean at byte 27" },
    { '{"Child":{"Map":{"a b":"x"}}}', "Child.Map.a b: expected integer, got string at byte 24" },
    { '{"Count":1.5}', "Count: expected a whole number within 64 bits at byte 10" },
    { '{"Big":9223372036854775808}', "Big: expected a whole number within 64 bits at byte 8" },
    { '{"Ratio":"much"}', "Ratio: expected number, got string at byte 10" },
    { '{"On":"true"}', "On: expected boolean, got string at byte 7" },
    { '{"Bytes":"*"}', "Bytes: expected base64 at byte 10" },
    { '{"Iso":"soon"}', "Iso: expected a time at byte 8" },
    { '{"Iso":{}}', "Iso: expected a time, got object at byte 8" },
    { '{"List":{}}', "List: expected list, got object at byte 9" },
    { '{"Map":[]}', "Map: expected object, got list at byte 8" },
    { '{"Child":[]}', "Child: expected object, got list at byte 10" },
    { '{"Ratio":1e999}', "number too large at byte 10" },
    { '{"Text":"a"', "unexpected end at byte 12" },
    { '{"Text":"a"}x', "text after the document at byte 13" },
    { ('{"Child":'):rep(129), "nested deeper than 128 levels at byte 1153" },
  }
  for _, case in ipairs(bad) do
    it(("refuses %s: %s"):format(case[1]:sub(1, 40), case[2]), function()
      assert.same({ nil, case[2] }, { core.decode(everything, case[1]) })
    end)
  end

  -- U+FFFD for each lone surrogate and for each sequence of bytes that is no UTF-8.
  local R = "\239\191\189"
  local replaced = {
    { '"a\\ud800b"', "a" .. R .. "b" },
    { '"\\udc00\\ud800"', R .. R },
    { '"\\ud800\\u0041"', R .. "A" },
    { '"\\ud83d\\ude00\\ud83d"', "😀" .. R },
    { '"a\255b\128"', "a" .. R .. "b" .. R },
    { '"\192\175"', R .. R },
    { '"\224\160x\226\130"', R .. "x" .. R },
    { '"\237\160\128"', R .. R .. R },
    { '"\244\144\128\128"', R .. R .. R .. R },
    { '"\240\159\152\\n"', R .. "\n" },
    { '"a\1\n"', "a\1\n" },
  }
  for _, case in ipairs(replaced) do
    it(("replaces what is no Unicode in one string of a response: %q"):format(case[1]), function()
      local text = '{"Text":' .. case[1] .. ',"Map":{' .. case[1] .. ':1},"Document":[' .. case[1] .. ']}'
      for _, mark in ipairs { "", "\239\187\191" } do
        local output = assert(core.decode(everything, mark .. text))
        assert.equal(case[2], output.Text)
        assert.equal(1, output.Map[case[2]])
        assert.equal(case[2], core.json_decode(mark .. text).Document[1])
        assert.same({}, core.decode(nil, mark .. text))
      end
    end)

    it(("refuses it in what a user writes: %q"):format(case[1]), function()
      assert.is_nil(core.json_decode_strict(case[1]))
    end)
  end

  it("refuses a text cut anywhere", function()
    for n = 0, #ALL_TEXT - 1 do
      local value, message = core.decode(everything, ALL_TEXT:sub(1, n))
      assert.is_nil(value)
      assert.matches(" at byte %d+$", message)
    end
  end)
end)

-- Bytes that f leaves allocated when nothing is collected.
local function allocated(f)
  local least, kept = math.huge, nil
  for _ = 1, 3 do -- a trace that LuaJIT records allocates too
    collectgarbage()
    collectgarbage "stop"
    local before = collectgarbage "count"
    kept = f()
    least = math.min(least, collectgarbage "count" - before)
    collectgarbage "restart"
  end
  return math.floor(least * 1024 + 0.5), kept
end

-- The text of a constructor: what Lua itself builds from it needs nothing more.
local function constructor(value)
  if type(value) ~= "table" then
    return ("%q"):format(value):gsub('^"(%-?%d+)"$', "%1")
  end
  local fields = {}
  for key, item in pairs(value) do
    fields[#fields + 1] = (type(key) == "number" and "" or key .. "=") .. constructor(item)
  end
  return "{" .. table.concat(fields, ",") .. "}"
end

describe("a decode", function()
  local row = '{"ExecutionId":"e%d","ExecutionStatus":{"StatusCode":"QUERY_QUEUED","CreatedAt":"2026-11-20T06:00:0%dZ"}}'
  local shapes = {
    Page = "Executions Row[]\n NextToken string",
    Row = "ExecutionId string\n ExecutionStatus Status",
    Status = "StatusCode string\n StatusReason string\n CreatedAt time.iso\n CompletedAt time.iso\n LastUpdatedAt time.iso",
  }

  it("allocates its result and nothing else", function()
    local rows = {}
    for i = 1, 9 do
      rows[i] = row:format(i, i)
    end
    local text = '{"Executions":[' .. table.concat(rows, ",") .. '],"NextToken":"n"}'
    local page = core.shape(shapes, "Page")
    local first = core.decode(page, text) -- makes the strings, shows the shape how many members are usual
    local build = (loadstring or load)("return " .. constructor(first)) -- luacheck: ignore 113

    local bytes, decoded = allocated(function()
      return core.decode(page, text)
    end)
    local least, built = allocated(build)
    assert.same(first, decoded)
    assert.same(first, built)
    assert.equal(least, bytes)
  end)

  it("is not presized for an exceptional response", function()
    local page = core.shape({ Page = "open\n A string\n B string" }, "Page")
    local function small()
      return core.decode(page, '{"A":"a"}')
    end
    small()
    local before = allocated(small)
    core.decode(page, '{"A":"a"' .. (',"A":"a"'):rep(100000) .. "}")
    assert.is_true(allocated(small) < 2 * before)
  end)

  it("needs no memory for members that it leaves out", function()
    local page = core.shape({ Page = "NextToken string" }, "Page")
    local junk = '{"NextToken":"n","Junk":[' .. ('{"a":"\\u0041bc","b":[1,2,{}]},'):rep(1000) .. "null]}"
    core.decode(page, junk)
    local bytes = allocated(function()
      return core.decode(page, junk)
    end)
    assert.equal(allocated(function()
      return { NextToken = "n" }
    end), bytes)
  end)
end)

-- Between them a collector runs code of ours at any allocation.
describe("a finalizer that encodes and decodes", function()
  it("does not disturb a call in progress", function()
    local function proxy()
      local mt = { __gc = function()
        core.encode(everything, ALL)
        core.decode(everything, ALL_TEXT)
      end }
      if _VERSION == "Lua 5.1" then
        getmetatable(newproxy(true)).__gc = mt.__gc -- luacheck: ignore 113
      else
        setmetatable({}, mt)
      end
    end
    local escaped = ALL_TEXT:gsub("abc", "\\u0061bc")
    for _ = 1, 300 do
      proxy()
      assert.equal(ALL_TEXT, core.encode(everything, core.decode(everything, escaped)))
    end
  end)
end)
