local core = require "cloudjobs.core"

-- The root element as a text.
local TEXT = core.shape({ Text = "a string" }, "Text")

local function read(text)
  return core.xml_decode(TEXT, text, nil, true)
end

describe("XML text", function()
  local cases = {
    { "<a/>", "" },
    { "<a></a>", "" },
    { "<a>text</a>", "text" },
    { "<a b='1' c = \"2\" >text</a >", "text" },
    { "<p:a xmlns:p='urn:x'>text</p:a>", "text" },
    { '<?xml version="1.0" encoding="UTF-8"?>\n<!-- note -->\n<a/>\n<!-- note -->\n', "" },
    { "<?xml version='1.0'?><a/>", "" },
    { " \n <?xml version='1.0'?> <a/>", "" }, -- S3 sends blanks while it works
    { "<?xml version='1.0' encoding='Utf-8'?><a/>", "" },
    { "\239\187\191<a/>", "" },
    { "<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x42;&#x1F600;</a>", "<>&\"'AB😀" },
    { "<a>ü€😀</a>", "ü€😀" },
    { "<a>1<!-- x -->2<![CDATA[<&]]]>3</a>", "12<&]3" },
    { "<a>1\r\n2\r3</a>", "1\n2\n3" },
    { "<a> x </a>", " x " },
    -- What is no Unicode is replaced; S3 writes control characters of keys as numbers.
    { "<a>1&#xD800;2&#x110000;3&#99999999999999999999;4</a>", "1\239\191\1892\239\191\1893\239\191\1894" },
    { "<a>1\2552\192\1283\224\1604\237\160\1285</a>",
      "1\239\191\1892\239\191\189\239\191\1893\239\191\1894\239\191\189\239\191\189\239\191\1895" },
    { "<a>&#1;&#0;\1\0</a>", "\1\0\1\0" },
    { "<a>&#xFFFF;\239\191\191</a>", "\239\191\191\239\191\191" },
    { "<a>\239\191</a>", "\239\191\189" },
  }
  for _, case in ipairs(cases) do
    it(("reads %q"):format(case[1]), function()
      assert.same({ a = case[2] }, read(case[1]))
    end)
  end

  local mistakes = {
    { "", "expected an element at byte 1" },
    { "text", "expected an element at byte 1" },
    { "{}", "expected an element at byte 1" },
    { "<a>", "the text ends within an element at byte 4" },
    { "<a", "expected > at the end of a tag at byte 3" },
    { "<1/>", "expected a name at byte 2" },
    { "<ü/>", "expected a name at byte 2" },
    { "<:a/>", "expected a name at byte 2" },
    { "<a:/>", "expected a name at byte 4" },
    { "<a:b:c/>", "expected a blank before an attribute at byte 5" },
    { "<a></b>", "an end tag of another element at byte 6" },
    { "<p:a></q:a>", "an end tag of another element at byte 8" },
    { "<a><b></a></b>", "an end tag of another element at byte 9" },
    { "<a/><b/>", "something follows the root element at byte 5" },
    { "<a/>x", "something follows the root element at byte 5" },
    { "<a>&nbsp;</a>", "unknown entity at byte 4" },
    { "<a>&x</a>", "unknown entity at byte 4" },
    { "<a>&#;</a>", "expected a character's number at byte 4" },
    { "<a>]]></a>", "]]> within text at byte 4" },
    { "<a><![CDATA[x</a>", "CDATA does not end at byte 18" },
    { "<a><!-- x", "comment does not end at byte 10" },
    { "<a><!-- -- --></a>", "-- within a comment at byte 9" },
    { "<a b='1' b='2'/>", "an attribute is there twice at byte 10" },
    { "<a b='1'c='2'/>", "expected a blank before an attribute at byte 9" },
    { "<a b/>", "expected = after an attribute's name at byte 5" },
    { "<a b=1/>", "expected a quoted value at byte 6" },
    { "<a b='<'/>", "< within a value at byte 7" },
    { "<a b='", "a value does not end at byte 7" },
    { "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "a document type is not allowed at byte 1" },
    { "<a><!DOCTYPE b></a>", "expected a name at byte 5" },
    { "<a><?pi x?></a>", "expected a name at byte 5" },
    { "<?xml version='1.0' encoding='UTF-16'?><a/>", "an encoding that is not UTF-8 at byte 21" },
    { "<?xml version='1.0'><a/>", "the declaration does not end at byte 20" },
    { "x<?xml version='1.0'?><a/>", "expected an element at byte 1" },
    { ("<a>"):rep(65), "nested too deep at byte 194" },
    { ("<a%s/>"):format((" b"):rep(33):gsub("b", function()
      return "b='1'"
    end)), "an attribute is there twice at byte 10" },
  }
  for _, case in ipairs(mistakes) do
    it(("refuses %q"):format(case[1]:sub(1, 60)), function()
      assert.same({ nil, case[2] }, { core.xml_decode(nil, case[1]) })
    end)
  end

  it("has a limit for attributes", function()
    local attributes = {}
    for i = 1, 33 do
      attributes[i] = (" a%d='1'"):format(i)
    end
    local value, message = core.xml_decode(nil, "<a" .. table.concat(attributes) .. "/>")
    assert.is_nil(value)
    assert.matches("too many attributes", message, 1, true)
  end)

  it("has a limit for elements", function()
    local value, message = core.xml_decode(nil, "<a>" .. ("<b/>"):rep(1024 * 1024) .. "</a>")
    assert.is_nil(value)
    assert.matches("too many elements", message, 1, true)
  end)

  it("is never read past its end", function()
    local text = "<?xml version='1.0' encoding='UTF-8'?><!-- x --><a b='&lt;'>1&#x41;<![CDATA[x]]>€<c/></a>"
    assert.is_truthy(core.xml_decode(nil, text))
    for n = 0, #text - 1 do
      local value, message = core.xml_decode(nil, text:sub(1, n))
      assert.is_nil(value)
      assert.is_truthy(tonumber(message:match("at byte (%d+)$")) <= n + 1)
    end
  end)
end)
