local core = require "cloudjobs.core"
local Model = require "cloudjobs.model"
local naming = require "cloudjobs.aws.protocol.xml_names"
local query = require "cloudjobs.aws.protocol.query"

-- What core.members hands on of a line.
local function xml_of(line)
  return core.members(core.shape({ It = line }, "It", {}))[1].xml
end

describe("a member's naming", function()
  local CASES = {
    { "Names string[]", { flattened = false } },
    { "Names string[] required as=names", { flattened = false } },
    { "Names string[] flattened", { flattened = true, item = {} } },
    { "Names string(min=1 as=item)[] min=2",
      { flattened = false, item = { as = "item", flattened = false } } },
    { "Tags string(as=v){min=1 as=k} as=tags", { flattened = false, key = "k", item = { as = "v", flattened = false } } },
    { "Deep string(as=inner)[](flattened as=outer){}", { flattened = false, item = {
      flattened = true, as = "outer", item = { as = "inner", flattened = false },
    } } },
    { "Kind string attribute as=xsi:type", { flattened = false } },
    { "Body It namespace=http://example.com/ prefix=x", { flattened = false } },
  }
  for _, case in ipairs(CASES) do
    it("is read out of " .. case[1], function()
      assert.same(case[2], naming.parse(xml_of(case[1])))
    end)
  end

  it("is handed on of members that have names alone", function()
    assert.is_nil(xml_of "Names string(min=1)[]{min=2} required as=names")
    assert.equal("string(as=x)[] min=1", xml_of "Names string(as=x)[] min=1")
  end)

  it("does not make other flags welcome", function()
    assert.error_matches(function() xml_of "Names string(flat)[]" end, "member Names: unknown flag flat")
    assert.error_matches(function() xml_of "Names string(in=query)[]" end, "member Names: unknown flag in=query")
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
    assert.equal("the answer cannot be read: Tags: expected Name and Value in each entry", err.message)
  end)
end)
