local PROTOCOLS = require "spec.data.xml_protocols"
local Model = require "cloudjobs.model"
local query = require "cloudjobs.aws.protocol.query"

local model = Model.new {
  service = { id = "Probe", protocol = "query", api_version = "2020-01-01", signing = "probe", endpoint = "probe" },
  operations = {
    Put = "In -> Out result=PutResult",
    Bare = "- -> Out",
    Ping = "- -> -",
  },
  errors = { Gone = "code=Probe.Gone status=404 retry" },
  pages = {},
  shapes = {
    In = [[
      Text string required
      Count integer as=count
      Ratio number
      Flag boolean
      Bytes blob
      When time.iso
      Names string[]
      Inner Inner
      Inners Inner[]
      Tags string{}
      Token string idempotency
    ]],
    Inner = "A string\nB integer",
    Out = [[
      Text string
      Count integer as=count
      Big long
      Ratio number
      Flag boolean
      Bytes blob
      When time.iso
      Names string[]
      Inner Inner
      Inners Inner[]
      Tags string{}
    ]],
    Gone = "Item string",
  },
}

local put = model:operation("put")

local function form(params)
  local request, err = query.encode(put, params, {})
  if not request then
    return tostring(err)
  end
  return (request.body:gsub("^Action=Put&Version=2020%-01%-01&", ""):gsub("&?Token=[%x-]+$", ""))
end

describe("the query protocol's request", function()
  it("is a form in the body, nothing in the URL", function()
    local request = query.encode(put, { Text = "x", Token = "t" }, {})
    assert.same({
      route = {
        method = "POST",
        path = "/",
        headers = { ["content-type"] = "application/x-www-form-urlencoded; charset=utf-8" },
      },
      body = "Action=Put&Version=2020-01-01&Text=x&Token=t",
    }, request)
  end)

  it("needs no parameters", function()
    assert.equal("Action=Ping&Version=2020-01-01", query.encode(model:operation("ping"), nil, {}).body)
  end)

  it("has a random token where one is missing", function()
    local a, b = query.encode(put, { Text = "x" }, {}).body, query.encode(put, { Text = "x" }, {}).body
    assert.matches("Token=%x+%-%x+%-%x+%-%x+%-%x+$", a)
    assert.not_equal(a, b)
  end)

  local cases = {
    { { Text = "a b&c=d/ü~" }, "Text=a+b%26c%3Dd%2F%C3%BC~" },
    { { Text = "x", Count = 7 }, "Text=x&count=7" },
    { { Text = "x", Ratio = 0.5 }, "Text=x&Ratio=0.5" },
    { { Text = "x", Flag = false }, "Text=x&Flag=false" },
    { { Text = "x", Bytes = "\1\2" }, "Text=x&Bytes=AQI%3D" },
    { { Text = "x", When = 1577836800 }, "Text=x&When=2020-01-01T00%3A00%3A00Z" },
    { { Text = "x", Names = { "a", "b" } }, "Text=x&Names.member.1=a&Names.member.2=b" },
    { { Text = "x", Names = {} }, "Text=x&Names=" },
    { { Text = "x", Inner = { A = "a", B = 1 } }, "Text=x&Inner.A=a&Inner.B=1" },
    { { Text = "x", Inners = { { A = "a" }, { B = 2 } } }, "Text=x&Inners.member.1.A=a&Inners.member.2.B=2" },
    { { Text = "x", Tags = { b = "2", a = "1 " } },
      "Text=x&Tags.entry.1.key=a&Tags.entry.1.value=1+&Tags.entry.2.key=b&Tags.entry.2.value=2" },
    { {}, "Text: required" },
  }
  for _, case in ipairs(cases) do
    it("has " .. case[2], function()
      assert.equal(case[2], form(case[1]))
    end)
  end
end)

local function decode(body, status, op)
  return query.decode(op or put, { status = status or 200, headers = {}, body = body })
end

local function wrapped(text)
  return "<PutResponse xmlns='urn:x'><PutResult>" .. text .. "</PutResult>"
    .. "<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></PutResponse>"
end

describe("the query protocol's answer", function()
  local cases = {
    { "", {} },
    { "<Text>a &amp; b</Text><Other>1</Other>", { Text = "a & b" } },
    { "<Text/>", { Text = "" } },
    { "<count>7</count><Big>9007199254740991</Big>", { Count = 7, Big = 9007199254740991 } },
    { "<Ratio>0.5</Ratio>", { Ratio = 0.5 } },
    { "<Ratio>-Infinity</Ratio>", { Ratio = -math.huge } },
    { "<Flag>true</Flag>", { Flag = true } },
    { "<Flag>false</Flag>", { Flag = false } },
    { "<Bytes>AQI=</Bytes>", { Bytes = "\1\2" } },
    { "<When>2020-01-01T00:00:00Z</When>", { When = 1577836800 } },
    { "<Names/>", { Names = {} } },
    { "<Names><member>a</member><member>b</member></Names>", { Names = { "a", "b" } } },
    { "<Inner><A>a</A><B>1</B></Inner>", { Inner = { A = "a", B = 1 } } },
    { "<Inners><member><A>a</A></member><member/></Inners>", { Inners = { { A = "a" }, {} } } },
    { "<Tags><entry><key>k</key><value>v</value></entry></Tags>", { Tags = { k = "v" } } },
  }
  for _, case in ipairs(cases) do
    it(("reads %q"):format(case[1]), function()
      assert.same(case[2], decode(wrapped(case[1])))
    end)
  end

  it("without a wrapper is the root element, without an output nothing", function()
    assert.same({ Text = "x" }, decode("<Out><Text>x</Text></Out>", 200, model:operation("bare")))
    assert.same({}, decode("", 200, model:operation("ping")))
  end)

  it("carries the request id in its text", function()
    assert.equal("r-1", query.request_id { status = 200, headers = {}, body = wrapped "" })
    assert.equal("h-1", query.request_id { status = 200, headers = { ["x-amzn-requestid"] = "h-1" }, body = wrapped "" })
  end)

  local mistakes = {
    { " ", "the response cannot be read: expected an element at byte 2" },
    { "<PutResponse/>", "the response cannot be read: expected PutResult at byte 15" },
    { wrapped "<count>x</count>", "the response cannot be read: Count: expected integer at byte 46" },
    { wrapped "<count>1.5</count>", "the response cannot be read: Count: expected integer at byte 46" },
    { wrapped "<Flag>yes</Flag>", "the response cannot be read: Flag: expected boolean at byte 45" },
    { wrapped "<When>soon</When>", "the response cannot be read: When: expected a time at byte 45" },
    { wrapped "<Inners><member/><member><B>x</B></member></Inners>",
      "the response cannot be read: Inners[2].B: expected integer at byte 67" },
    { wrapped "<Tags><entry><key>k</key></entry></Tags>",
      "the response cannot be read: Tags: expected key and value in each entry at byte 72" },
    { wrapped "<Text><b/></Text>", "the response cannot be read: Text: expected text, got an element at byte 45" },
  }
  for _, case in ipairs(mistakes) do
    it("is refused with " .. case[2], function()
      local output, err = decode(case[1])
      assert.is_nil(output)
      assert.equal("response", err.kind)
      assert.equal(case[2], err.message)
    end)
  end
end)

describe("the query protocol's error", function()
  it("has code, message, request id and the members its model gives it", function()
    local output, err = decode("<ErrorResponse xmlns='urn:x'><Error><Type>Sender</Type><Code>Probe.Gone</Code>"
      .. "<Message>it is gone</Message><Item>i</Item></Error><RequestId>r-2</RequestId></ErrorResponse>", 404)
    assert.is_nil(output)
    assert.same({ "service", "Probe.Gone", "it is gone", 404, "r-2", { Item = "i" } },
      { err.kind, err.code, err.message, err.status, err.request_id, err.fields })
  end)

  it("may be one of a list", function()
    local _, err = decode("<Response><Errors><Error><Code>Denied</Code><Message>no</Message></Error></Errors></Response>",
      403)
    assert.same({ "Denied", "no" }, { err.code, err.message })
  end)

  it("without a word for it has the status for a code", function()
    local _, err = decode("<ErrorResponse><Error><Code/></Error><RequestID>r-3</RequestID></ErrorResponse>", 503)
    assert.same({ "503", 503 }, { err.code, err.status })
    _, err = decode("<Response><Errors><Error><Code>No</Code></Error></Errors><RequestID>r-3</RequestID></Response>", 400)
    assert.equal("r-3", err.request_id)
  end)

  it("of a gateway is an error, too", function()
    local _, err = decode("<html><body>hush</body></html>", 502)
    assert.same({ "service", "502", 502 }, { err.kind, err.code, err.status })
    assert.not_matches("hush", tostring(err), 1, true)
  end)
end)

describe("a query service with names of its own", function()
  local op = Model.new {
    service = { id = "Probe", protocol = "query", api_version = "2020-01-01" },
    operations = { Put = "Shelf -> Shelf" },
    errors = {},
    shapes = {
      Shelf = [[
        Books Book(as=Book)[]
        Flat string[] flattened
        FlatNamed string(as=Item)[] flattened
        Tags string(as=Value){as=Name}
        FlatTags string{} flattened as=Tag
        Lists string(as=Leaf)[](as=Branch)[]
      ]],
      Book = "Titles string(as=Title)[]",
    },
  }:operation("Put")

  local CASES = {
    { { Books = { { Titles = { "a" } }, { Titles = { "b" } } } },
      "Books.Book.1.Titles.Title.1=a&Books.Book.2.Titles.Title.1=b",
      "<Books><Book><Titles><Title>a</Title></Titles></Book><Book><Titles><Title>b</Title></Titles></Book></Books>" },
    { { Flat = { "a", "b" } }, "Flat.1=a&Flat.2=b", "<Flat>a</Flat><Flat>b</Flat>" },
    { { FlatNamed = { "a", "b" } }, "Item.1=a&Item.2=b", "<Item>a</Item><Item>b</Item>" },
    { { Tags = { k = "v" } }, "Tags.entry.1.Name=k&Tags.entry.1.Value=v",
      "<Tags><entry><Name>k</Name><Value>v</Value></entry></Tags>" },
    { { FlatTags = { k = "v", l = "w" } }, "Tag.1.key=k&Tag.1.value=v&Tag.2.key=l&Tag.2.value=w",
      "<Tag><key>k</key><value>v</value></Tag><Tag><key>l</key><value>w</value></Tag>" },
    { { Lists = { { "a" }, { "b" } } }, "Lists.Branch.1.Leaf.1=a&Lists.Branch.2.Leaf.1=b",
      "<Lists><Branch><Leaf>a</Leaf></Branch><Branch><Leaf>b</Leaf></Branch></Lists>" },
  }
  for _, case in ipairs(CASES) do
    it("sends " .. case[2] .. " and reads it back", function()
      assert.equal("Action=Put&Version=2020-01-01&" .. case[2], query.encode(op, case[1], {}).body)
      local body = "<PutResponse>" .. case[3] .. "</PutResponse>"
      assert.same(case[1], query.decode(op, { status = 200, headers = {}, body = body }))
    end)
  end

  it("names a missing element by its own name", function()
    local body = "<PutResponse><Tags><entry><Name>k</Name></entry></Tags></PutResponse>"
    local output, err = query.decode(op, { status = 200, headers = {}, body = body })
    assert.is_nil(output)
    assert.equal("the response cannot be read: Tags: expected Name and Value in each entry at byte 49", err.message)
  end)
end)

describe("a form", function()
  local function body_of(protocol, members, params)
    local shapes = { In = members }
    for name, text in pairs(PROTOCOLS.shapes) do
      shapes[name] = text
    end
    local run = Model.new({
      service = { id = "Probe", protocol = protocol, api_version = "1" }, operations = { Run = "In -> -" }, errors = {},
      shapes = shapes,
    }):operation "Run"
    return (assert(query.encode(run, params, {})).body:gsub("^Action=Run&Version=1&?", ""))
  end

  for _, case in ipairs(PROTOCOLS.members) do
    local params = { [case.name or "M"] = case[2] }
    it(("of the query protocol has %q: %q"):format(case[4], case[1]), function()
      assert.equal(case[4], body_of("query", case[1], params))
    end)
    if case[5] then
      it(("of EC2's protocol has %q: %q"):format(case[5], case[1]), function()
        assert.equal(case[5], body_of("ec2", case[1], params))
      end)
    end
  end

  it("names the items of a flattened list by their own name where the list has no other", function()
    assert.equal("item.1=a", body_of("query", "M string(as=item)[] flattened", { M = { "a" } }))
  end)
end)

describe("EC2's response", function()
  local ec2 = Model.new({
    service = { id = "EC2", protocol = "ec2", api_version = "1" }, operations = { Run = "- -> Out" }, errors = {},
    shapes = { Out = "Names string(as=item)[] as=nameSet" },
  }):operation "Run"
  local BODY = "<RunResponse xmlns='urn:x'><requestId>r-1</requestId><nameSet><item>a</item></nameSet></RunResponse>"

  it("is the root element", function()
    assert.same({ Names = { "a" } }, decode(BODY, 200, ec2))
  end)

  it("carries the request id in its text", function()
    assert.equal("r-1", query.request_id { status = 200, headers = {}, body = BODY })
  end)
end)
