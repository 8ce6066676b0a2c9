local core = require "cloudjobs.core"

local shapes = {
  Page = [[
    Name string
    Rows Row[] flattened as=Row
    Names string(as=Name)[]
    Tags string{} flattened
    Count long
    At time.iso
    Bytes blob
    Kind string attribute
    Page Page
  ]],
  Row = "Id string\n Names string[]",
}

local PARAMS = {
  Name = ("<n&"):rep(2000),
  Kind = "a \"kind\"",
  Rows = {},
  Names = { "a", "b\r" },
  Tags = { a = "1", b = "2" },
  Count = 7,
  At = 1795154400,
  Bytes = ("\0\255"):rep(3000),
  Page = { Name = "inner" },
}
for i = 1, 40 do
  PARAMS.Rows[i] = { Id = "r" .. i, Names = { "x" } }
end

-- The shape is cached: a call that failed must not change it.
local cache = {}
local function run()
  local page = core.shape(shapes, "Page", cache)
  local _, message = core.xml_decode(nil, "<a>" .. ("<b>"):rep(30) .. "</a>")
  local _, mismatch = core.xml_decode(page, "<Page><Count>x</Count></Page>")
  local _, problems = core.encode_xml(page, { Count = "x" }, nil, false, { name = "Page" })
  local text = core.encode_xml(page, PARAMS, nil, false, { name = "Page", namespace = "urn:x" })
  return {
    message = message, mismatch = mismatch, problems = problems, output = core.xml_decode(page, text),
    form = core.encode_query(page, PARAMS, nil, false, "Action=Put"),
    ec2 = core.encode_ec2(page, { Names = { "a" }, Page = { Name = "&" } }, nil, false, "Action=Put"),
  }
end

local function same(a, b)
  if type(a) ~= "table" then
    return a == b
  end
  for key, value in pairs(a) do
    if not same(value, b[key]) then
      return false
    end
  end
  return true
end

local function check(result)
  return result.message == "an end tag of another element at byte 96"
    and result.mismatch == "Count: expected integer at byte 14"
    and #result.problems == 1
    and same(PARAMS, result.output)
    and result.form:find("&Row.40.Names.member.1=x&", 1, true)
    and result.ec2 == "Action=Put&Names.1=a&Page.Name=%26"
end

return { run = run, check = check }
