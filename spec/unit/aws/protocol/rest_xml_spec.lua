local CASES = require "spec.data.xml_protocols"
local Model = require "cloudjobs.model"
local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local rest_xml = require "cloudjobs.aws.protocol.rest_xml"

-- The one operation of a model of these members.
local function operation_of(members, flags, head)
  local all = { In = members, Out = members }
  for name, text in pairs(CASES.shapes) do
    all[name] = text
  end
  return Model.new({
    service = { id = "Things", protocol = "rest-xml", signing = "things", endpoint = "things" },
    operations = { Run = (head or "POST /x") .. " In -> Out " .. (flags or "as=Root") },
    errors = { Gone = "code=Things.Gone" },
    shapes = all,
  }):operation "Run"
end

local function encode(op, params)
  return assert(rest_xml.encode(op, params, {}))
end

local function decode(op, body, status, headers)
  return rest_xml.decode(op, { status = status or 200, headers = headers or {}, body = body })
end

-- NaN as a word: it equals nothing.
local function comparable(value)
  return value ~= value and "NaN" or value
end

describe("REST-XML", function()
  for _, case in ipairs(CASES.members) do
    local op, name = operation_of(case[1]), case.name or "M"
    it(("writes %q and reads it back: %q"):format(case[3], case[1]), function()
      local body = "<Root>" .. case[3] .. "</Root>"
      assert.equal(body, encode(op, { [name] = case[2] }).body)
      local output = assert(decode(op, '<?xml version="1.0"?>\n' .. body))
      assert.same(comparable(case[2]), comparable(output[name]))
    end)
  end

  for _, case in ipairs(CASES.elements) do
    local op = operation_of(case[1])
    it(("writes %q"):format(case[3]), function()
      assert.equal(case[3], encode(op, case[2]).body)
    end)
    if case.only ~= "write" then
      it(("reads %q"):format(case[3]), function()
        assert.same(case[2], decode(op, case[3]))
      end)
    end
  end

  for _, case in ipairs(CASES.responses) do
    it(("reads %q: %q"):format(case[2], case[1]), function()
      assert.same(case[3], decode(operation_of(case[1]), "<Root>" .. case[2] .. "</Root>"))
    end)
  end

  for _, case in ipairs(CASES.mistakes) do
    it(("refuses %q: %s"):format(case.text or case[2], case[3]), function()
      local output, err = decode(operation_of(case[1]), case.text or "<Root>" .. case[2] .. "</Root>")
      assert.is_nil(output)
      assert.same({ "response", "the response cannot be read: " .. case[3] }, { err.kind, err.message })
    end)
  end

  it("reports each problem of its parameters", function()
    local request, err = rest_xml.encode(operation_of "M integer\nN string required", { M = "x" }, {})
    assert.is_nil(request)
    assert.equal("M: expected integer, got string; N: required", err.message)
  end)
end)

describe("the body of a REST-XML request", function()
  it("is an element of the operation's name and namespace", function()
    local op = operation_of("M string", "as=Doc namespace=https://example.com/ prefix=e")
    assert.equal('<Doc xmlns:e="https://example.com/"><M>m</M></Doc>', encode(op, { M = "m" }).body)
    assert.equal("application/xml", encode(op, { M = "m" }).headers["content-type"])
  end)

  it("is absent where no member has a place in it", function()
    local op = operation_of("M string\nId string in=uri", nil, "PUT /x/{Id}")
    local request = encode(op, { Id = "i" })
    assert.same({ method = "PUT", path = "/x/i", headers = {} }, request)
  end)

  it("is absent without an input", function()
    local op = Model.new({
      service = { id = "Things", protocol = "rest-xml" }, operations = { Run = "GET /x - -> -" }, errors = {}, shapes = {},
    }):operation "Run"
    assert.same({ method = "GET", path = "/x", headers = {} }, encode(op))
    assert.same({}, decode(op, ""))
  end)

  local PAYLOADS = {
    { "M Inner in=body", { A = "a" }, "<M><A>a</A></M>", "application/xml" },
    { "M Inner in=body as=Other namespace=urn:x", { A = "a" }, '<Other xmlns="urn:x"><A>a</A></Other>', "application/xml" },
    { "M Inner in=body", {}, "<M></M>", "application/xml" },
    { "M Inner in=body", nil, nil },
    { "M blob in=body", "<\0>", "<\0>", "application/octet-stream" },
    { "M string in=body", "<text>", "<text>", "text/plain" },
    { "M string in=body", nil, nil },
  }
  for _, case in ipairs(PAYLOADS) do
    it(("is the member of %s: %s"):format(case[1], tostring(case[3])), function()
      local op = operation_of(case[1] .. "\nH string in=header as=h")
      local request = encode(op, { M = case[2], H = "x" })
      assert.same({ case[3], case[4] }, { request.body, request.headers["content-type"] })
      assert.equal("x", request.headers.h)
      if case[3] then
        assert.same({ M = case[2], H = "y" }, decode(op, case[3], 200, { h = "y" }))
      end
    end)
  end
end)

describe("a REST-XML response", function()
  it("has members in its status and headers, and an empty body has none", function()
    local op = operation_of "M string\nStatus integer in=status\nSize long in=header as=x-size"
    assert.same({ Status = 201, Size = 5 }, decode(op, "", 201, { ["x-size"] = "5" }))
  end)

  it("carries its request id in a header", function()
    assert.equal("r", rest_xml.request_id { headers = { ["x-amz-request-id"] = "r" }, body = "" })
  end)
end)

local function s3(name, shapes, output)
  return Model.new({
    service = { id = "S3", protocol = "rest-xml" }, operations = { [name] = "GET /x - -> " .. output }, errors = {},
    shapes = shapes,
  }):operation(name)
end

describe("S3's response", function()
  it("may be the location of a bucket, which is the root element itself", function()
    local op = s3("GetBucketLocation", { Out = "LocationConstraint string" }, "Out")
    local root = '<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
    assert.same({ LocationConstraint = "EU" }, decode(op, root .. ">EU</LocationConstraint>"))
    assert.same({}, decode(op, root .. "/>")) -- of us-east-1
  end)

  it("may be an error behind status 200, which counts as one of the server's", function()
    local op = s3("CopyObject", { Out = "Result Result in=body", Result = "ETag string" }, "Out")
    for _, head in ipairs { "", '<?xml version="1.0" encoding="UTF-8"?>\n\n ', "  \n" } do
      local output, err = decode(op, head .. "<Error><Code>InternalError</Code><Message>try again</Message></Error>")
      assert.is_nil(output)
      assert.same({ "service", "InternalError", "try again", 500 }, { err.kind, err.code, err.message, err.status })
    end
    assert.same({ Result = { ETag = "e" } }, decode(op, "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>"))
  end)

  it("is asked for again when it is such an error", function()
    local stub = Stub.new {
      { body = "<Error><Code>InternalError</Code><Message>try again</Message></Error>" },
      { body = "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>" },
    }
    local client = cloudjobs.aws.client {
      model = {
        metadata = { serviceId = "S3", protocol = "rest-xml", endpointPrefix = "s3", signatureVersion = "s3v4" },
        operations = { CopyObject = { name = "CopyObject", http = { method = "PUT", requestUri = "/x" }, output = { shape = "Out" } } },
        shapes = {
          Out = { type = "structure", payload = "Result", members = { Result = { shape = "Result" } } },
          Result = { type = "structure", members = { ETag = { shape = "Text" } } },
          Text = { type = "string" },
        },
      },
      region = "us-east-1", endpoint = "https://example.com", transport = stub, env = {},
      credentials = { access_key_id = "AKID", secret_access_key = "hush" },
    }
    assert.same({ Result = { ETag = "e" } }, client:copy_object())
    assert.equal(2, #stub.requests)
  end)

  it("may be a file that begins like an error", function()
    local op = s3("GetObject", { Out = "Body blob in=body" }, "Out")
    assert.same({ Body = "<Error>x</Error>" }, decode(op, "<Error>x</Error>"))
  end)
end)

describe("S3's request", function()
  it("has line ends as numbers where it names keys of objects", function()
    local shapes = { In = "Delete Delete in=body", Delete = "Key string" }
    for name, line_end in pairs { DeleteObjects = "&#xA;", PutBucketTagging = "\n" } do
      local op = Model.new({
        service = { id = "S3", protocol = "rest-xml" }, operations = { [name] = "POST /x In -> -" }, errors = {},
        shapes = shapes,
      }):operation(name)
      assert.equal("<Delete><Key>a" .. line_end .. "&#xD;</Key></Delete>", encode(op, { Delete = { Key = "a\n\r" } }).body)
    end
  end)
end)
