-- Members in the path, the query, headers and the body: http/bindings and http/values, as the protocol rest-json uses
-- them.

local CASES = require "spec.data.http_bindings"
local Model = require "cloudjobs.model"
local rest = require "cloudjobs.aws.protocol.rest_json"

local SERVICE = { id = "Things", protocol = "rest-json", signing = "things", endpoint = "things" }

-- The one operation of a model of these lines.
local function operation_of(head, lines, shapes)
  local all = { In = lines, Out = lines }
  for name, text in pairs(shapes or {}) do
    all[name] = text
  end
  return Model.new({
    service = SERVICE, operations = { Run = head .. " In -> Out" }, errors = { Bad = "" }, shapes = all,
  }):operation "Run"
end

local function encode(op, params)
  return rest.encode(op, params, {})
end

local function problem_of(op, params)
  local request, err = encode(op, params)
  assert.is_nil(request)
  return err.problems[1].path .. ": " .. err.problems[1].message
end

local function decode(op, headers, body)
  return rest.decode(op, { status = 200, headers = headers, body = body or "" })
end

-- NaN as a word: it equals nothing.
local function comparable(value)
  return value ~= value and "NaN" or value
end

describe("a member", function()
  for _, case in ipairs(CASES.labels) do
    it(("is written into the path: %s as %s"):format(case[1], case[3]), function()
      local op = operation_of("GET /x/{M}", "M " .. case[1] .. " required in=uri")
      assert.equal(case[3], encode(op, { M = case[2] }).path)
    end)
  end

  for _, case in ipairs(CASES.queries) do
    it(("is written into the query: %s as %s"):format(case[1], tostring(case[3])), function()
      local op = operation_of("GET /x?fixed=1&sync", "M " .. case[1] .. " in=query")
      assert.equal("fixed=1&sync" .. (case[3] and "&" .. case[3] or ""), encode(op, { M = case[2] }).query)
    end)
  end

  for _, case in ipairs(CASES.headers) do
    local op = operation_of("GET /x", "M " .. case[1] .. " in=header as=m")
    if case.only ~= "read" then
      it(("is written into a header: %s as %s"):format(case[1], case[3]), function()
        assert.same({ m = case[3] }, encode(op, { M = case[2] }).headers)
      end)
    end
    it(("is read from a header: %s as %s"):format(case[1], case[3]), function()
      local output, err = decode(op, { m = case[3] })
      assert.is_nil(err)
      assert.same(comparable(case[2]), comparable(output.M))
    end)
  end

  for _, case in ipairs(CASES.misfits) do
    it(("of a header that does not fit is an error: %s of %q"):format(case[1], case[2]), function()
      local output, err = decode(operation_of("GET /x", "M " .. case[1] .. " in=header as=m"), { m = case[2] })
      assert.is_nil(output)
      assert.same({ "response", "the response cannot be read: " .. case[3] }, { err.kind, err.message })
    end)
  end

  it("that names a query parameter wins against a map's, which is sent once", function()
    local op = operation_of("GET /x", "All string{} in=query\n One string in=query as=one")
    assert.equal("one=1&two=2", encode(op, { All = { one = "x", two = "2" }, One = "1" }).query)
    assert.equal("one=x", encode(op, { All = { one = "x" } }).query)
  end)

  it("that names a header wins against a map's", function()
    local op = operation_of("GET /x", "One string in=header as=X-One\n All string{} in=headers as=X-")
    assert.same({ ["x-one"] = "1", ["x-two"] = "2" }, encode(op, { All = { One = "x", Two = "2" }, One = "1" }).headers)
  end)

  it("keeps the slashes of a greedy label", function()
    local op = operation_of("GET /x/{Key+}/end", "Key string required in=uri")
    assert.equal("/x/a/b%20c//d/end", encode(op, { Key = "a/b c//d" }).path)
  end)

  it("of the path is required, also where the description does not mark it", function()
    local op = operation_of("GET /x/{M}", "M string in=uri")
    assert.equal("M: required: it is a part of the path", problem_of(op, {}))
  end)

  it("that is a token is made up in any place", function()
    local op = operation_of("POST /x", "Q string idempotency in=query as=q\n H string idempotency in=header as=h")
    local request = encode(op, {})
    assert.equal(request.query, "q=" .. request.headers.h)
    assert.same({ "q=1", "2" }, { encode(op, { Q = "1", H = "2" }).query, encode(op, { Q = "1", H = "2" }).headers.h })
  end)
end)

describe("a map of headers", function()
  it("with an empty prefix is every header", function()
    local op = operation_of("GET /x", "All string{} in=headers as=")
    assert.same({ a = "1", ["x-b"] = "2" }, encode(op, { All = { A = "1", ["X-B"] = "2" } }).headers)
    assert.same({ All = { a = "1", ["x-b"] = "2" } }, decode(op, { a = "1", ["x-b"] = "2" }))
  end)

  it("is empty where it has no items, both ways", function()
    local op = operation_of("GET /x", "All string{} in=headers as=X-Meta-")
    assert.same({}, encode(op, { All = {} }).headers)
    assert.same({ All = {} }, decode(op, { other = "1" }))
  end)

  it("has no keys that differ in case alone", function()
    local op = operation_of("GET /x", "All string{} in=headers as=X-Meta-")
    assert.equal("All: A and a differ in case alone, which headers ignore", problem_of(op, { All = { a = "1", A = "2" } }))
  end)
end)

describe("the member that is the body", function()
  local shapes = { Inner = "N string", Choice = "union\n A string" }
  local cases = {
    { "a structure", "M Inner in=body", { N = "n" }, '{"N":"n"}', "application/json" },
    { "an absent structure", "M Inner in=body", nil, "{}", "application/json" },
    { "a union", "M Choice in=body", { A = "a" }, '{"A":"a"}', "application/json" },
    { "an absent union", "M Choice in=body", nil, nil, nil },
    { "a document", "M document in=body", { 1, "x" }, '[1,"x"]', "application/json" },
    { "an absent document", "M document in=body", nil, nil, nil },
    { "a blob", "M blob in=body", "\0\1", "\0\1", "application/octet-stream" },
    { "an empty blob", "M blob in=body", "", "", "application/octet-stream" },
    { "an absent blob", "M blob in=body", nil, nil, nil },
    { "a string", "M string in=body", "é", "é", "text/plain" },
    { "an enumeration", "M string in=body enum=Kind", "a", "a", "text/plain" },
  }
  for _, case in ipairs(cases) do
    it("is sent as it is: " .. case[1], function()
      local request = encode(operation_of("POST /x", case[2], shapes), { M = case[3] })
      assert.same({ case[4], case[5] }, { request.body, request.headers["content-type"] })
    end)
  end

  it("has the media type of another member", function()
    local op = operation_of("POST /x", "M blob in=body\n Kind string in=header as=Content-Type")
    assert.equal("image/png", encode(op, { M = "x", Kind = "image/png" }).headers["content-type"])
  end)

  it("is read from the whole body", function()
    local function read(line, body)
      return decode(operation_of("POST /x", line, shapes), {}, body).M
    end
    assert.same({ N = "n" }, read("M Inner in=body", '{"N":"n"}'))
    assert.same({ A = "a" }, read("M Choice in=body", '{"A":"a"}'))
    assert.same({ a = { 1 } }, read("M document in=body", '{"a":[1]}'))
    assert.equal("\0", read("M blob in=body", "\0"))
    assert.equal("é", read("M string in=body", "é"))
    assert.is_nil(read("M Inner in=body", ""))
  end)
end)

describe("a header that HTTP defines", function()
  it("Expires, may be no date", function()
    local op = operation_of("GET /x", "M time.http in=header as=Expires")
    assert.same({ M = 1767225600 }, decode(op, { expires = "Thu, 01 Jan 2026 00:00:00 GMT" }))
    assert.same({}, decode(op, { expires = "never" }))
  end)
end)

describe("an error", function()
  it("has the members of its body and of its headers", function()
    local op = operation_of("GET /x", "M string", { Bad = "message string\n Wait integer in=header as=Retry-In\n Why string" })
    local _, err = rest.decode(op, {
      status = 400, headers = { ["x-amzn-errortype"] = "aws.things#Bad:http://x", ["retry-in"] = "7" },
      body = '{"message":"no","Why":"because"}',
    })
    assert.same({ "Bad", "no", { message = "no", Wait = 7, Why = "because" } }, { err.code, err.message, err.fields })
  end)

  it("without a body has those of its headers", function()
    local op = operation_of("GET /x", "M string", { Bad = "Wait integer in=header as=Retry-In" })
    local _, err = rest.decode(op, {
      status = 400, headers = { ["x-amzn-errortype"] = "Bad", ["retry-in"] = "7" }, body = "",
    })
    assert.same({ Wait = 7 }, err.fields)
  end)
end)
