--- What AWS's XML protocols have on the wire, both ways: members of a structure, a value of each, and what stands in an
--- element, a form of the query protocol and one of EC2's. Written from smithy.io's specifications of the XML binding
--- traits and of the protocols restXml, awsQuery and ec2Query.

local NAN, INFINITY = 0 / 0, math.huge
local T = 1767225600.5 -- 2026-01-01T00:00:00.5Z
local BIG = require("cloudjobs.core").json_decode "9007199254740993" -- text where Lua's numbers are doubles

local INNER = { Inner = "A string\nB integer", Self = "Name string\nKids Self[]" }

return {
  shapes = INNER,

  -- { members, value, XML, query form, EC2 form }; the XML is read and written
  members = {
    { "M string", "a < b & c > d \"e\" 'f'", "<M>a &lt; b &amp; c &gt; d \"e\" 'f'</M>",
      "M=a+%3C+b+%26+c+%3E+d+%22e%22+%27f%27", "M=a+%3C+b+%26+c+%3E+d+%22e%22+%27f%27" },
    { "M string", "", "<M></M>", "M=", "M=" },
    { "M string", " x\n\ty ", "<M> x\n\ty </M>", "M=+x%0A%09y+", "M=+x%0A%09y+" },
    { "M string", "1\r\n2\1\31", "<M>1&#xD;\n2&#x1;&#x1F;</M>", "M=1%0D%0A2%01%1F", "M=1%0D%0A2%01%1F" },
    { "M string", "ü€😀", "<M>ü€😀</M>", "M=%C3%BC%E2%82%AC%F0%9F%98%80", "M=%C3%BC%E2%82%AC%F0%9F%98%80" },
    { "M integer", -7, "<M>-7</M>", "M=-7", "M=-7" },
    { "M long", BIG, "<M>9007199254740993</M>", "M=9007199254740993", "M=9007199254740993" },
    { "M number", 1.5, "<M>1.5</M>", "M=1.5", "M=1.5" },
    { "M number", NAN, "<M>NaN</M>", "M=NaN", "M=NaN" },
    { "M number", INFINITY, "<M>Infinity</M>", "M=Infinity", "M=Infinity" },
    { "M number", -INFINITY, "<M>-Infinity</M>", "M=-Infinity", "M=-Infinity" },
    { "M boolean", true, "<M>true</M>", "M=true", "M=true" },
    { "M boolean", false, "<M>false</M>", "M=false", "M=false" },
    { "M blob", "\1\2", "<M>AQI=</M>", "M=AQI%3D", "M=AQI%3D" },
    { "M blob", "", "<M></M>", "M=", "M=" },
    { "M time.iso", T, "<M>2026-01-01T00:00:00.5Z</M>", "M=2026-01-01T00%3A00%3A00.5Z", "M=2026-01-01T00%3A00%3A00.5Z" },
    { "M time", T, "<M>1767225600.5</M>", "M=1767225600.5", "M=1767225600.5" },
    { "M time.http", T - 0.5, "<M>Thu, 01 Jan 2026 00:00:00 GMT</M>", "M=Thu%2C+01+Jan+2026+00%3A00%3A00+GMT",
      "M=Thu%2C+01+Jan+2026+00%3A00%3A00+GMT" },
    -- names: EC2's begin with a capital, and queryName is its alone
    { "M string as=other", "x", "<other>x</other>", "other=x", "Other=x" },
    { "M string as=other query=Third", "x", "<other>x</other>", "other=x", "Third=x" },
    { "m string", "x", "<m>x</m>", "m=x", "M=x", name = "m" },
    -- lists
    { "M string[]", { "a", "b" }, "<M><member>a</member><member>b</member></M>", "M.member.1=a&M.member.2=b",
      "M.1=a&M.2=b" },
    { "M string[]", { "" }, "<M><member></member></M>", "M.member.1=", "M.1=" },
    { "M string[]", {}, "<M></M>", "M=", "" },
    { "M string(as=item)[]", { "a" }, "<M><item>a</item></M>", "M.item.1=a", "M.1=a" },
    { "M string(as=item)[] as=Ms query=N", { "a" }, "<Ms><item>a</item></Ms>", "Ms.item.1=a", "N.1=a" },
    { "M string[][]", { { "a" }, { "b", "c" } },
      "<M><member><member>a</member></member><member><member>b</member><member>c</member></member></M>",
      "M.member.1.member.1=a&M.member.2.member.1=b&M.member.2.member.2=c", "M.1.1=a&M.2.1=b&M.2.2=c" },
    { "M string[] flattened", { "a", "b" }, "<M>a</M><M>b</M>", "M.1=a&M.2=b", "M.1=a&M.2=b" },
    { "M string(as=item)[] flattened as=Ms", { "a" }, "<Ms>a</Ms>", "Ms.1=a", "Ms.1=a" },
    { "M time[]", { T }, "<M><member>1767225600.5</member></M>", "M.member.1=1767225600.5", "M.1=1767225600.5" },
    { "M Inner[]", { { A = "a" }, { B = 2 } }, "<M><member><A>a</A></member><member><B>2</B></member></M>",
      "M.member.1.A=a&M.member.2.B=2", "M.1.A=a&M.2.B=2" },
    { "M Inner[] flattened", { { A = "a" }, { B = 2 } }, "<M><A>a</A></M><M><B>2</B></M>", "M.1.A=a&M.2.B=2",
      "M.1.A=a&M.2.B=2" },
    -- maps, their keys sorted
    { "M string{}", { b = "2", a = "1&" },
      "<M><entry><key>a</key><value>1&amp;</value></entry><entry><key>b</key><value>2</value></entry></M>",
      "M.entry.1.key=a&M.entry.1.value=1%26&M.entry.2.key=b&M.entry.2.value=2" },
    { "M string{}", {}, "<M></M>", "" },
    { "M string(as=V){as=K} as=Ms", { a = "1" }, "<Ms><entry><K>a</K><V>1</V></entry></Ms>",
      "Ms.entry.1.K=a&Ms.entry.1.V=1" },
    { "M integer{} flattened", { a = 1, b = 2 },
      "<M><key>a</key><value>1</value></M><M><key>b</key><value>2</value></M>",
      "M.1.key=a&M.1.value=1&M.2.key=b&M.2.value=2" },
    { "M integer(as=V){as=K} flattened as=Ms", { a = 1 }, "<Ms><K>a</K><V>1</V></Ms>", "Ms.1.K=a&Ms.1.V=1" },
    { "M string{}{}", { a = { b = "c" } },
      "<M><entry><key>a</key><value><entry><key>b</key><value>c</value></entry></value></entry></M>",
      "M.entry.1.key=a&M.entry.1.value.entry.1.key=b&M.entry.1.value.entry.1.value=c" },
    { "M string(as=n)[]{}", { a = { "x" } }, "<M><entry><key>a</key><value><n>x</n></value></entry></M>",
      "M.entry.1.key=a&M.entry.1.value.n.1=x" },
    -- structures, also of themselves, and unions
    { "M Inner", { A = "a", B = 1 }, "<M><A>a</A><B>1</B></M>", "M.A=a&M.B=1", "M.A=a&M.B=1" },
    { "M Inner", {}, "<M></M>", "", "" },
    { "M Self", { Name = "a", Kids = { { Name = "b", Kids = {} } } },
      "<M><Name>a</Name><Kids><member><Name>b</Name><Kids></Kids></member></Kids></M>",
      "M.Name=a&M.Kids.member.1.Name=b&M.Kids.member.1.Kids=" },
    { "union\nM string\nN integer", "x", "<M>x</M>", "M=x", "M=x" },
  },

  -- { members, params, the root element } of REST-XML alone, both ways
  elements = {
    { "Kind string attribute as=xsi:type\nName string", { Kind = "a\"<b>\"\n", Name = "n" },
      '<Root xsi:type="a&quot;&lt;b&gt;&quot;&#xA;"><Name>n</Name></Root>' },
    { "Name string\nOn boolean attribute as=on\nN integer attribute as=n", { Name = "n", On = true, N = 3 },
      '<Root on="true" n="3"><Name>n</Name></Root>' },
    { "Kind string attribute as=kind", { Kind = "" }, '<Root kind=""></Root>' },
    { "M Inner namespace=https://example.com/", { M = { A = "a" } },
      '<Root><M xmlns="https://example.com/"><A>a</A></M></Root>' },
    { "M Inner namespace=https://example.com/?a&b prefix=e", { M = { A = "a" } },
      '<Root><M xmlns:e="https://example.com/?a&amp;b"><A>a</A></M></Root>' },
    { "M string namespace=urn:x as=e:m", { M = "a" }, '<Root><e:m xmlns="urn:x">a</e:m></Root>', only = "write" },
    { "M string(namespace=urn:i)[] namespace=urn:l", { M = { "a" } },
      '<Root><M xmlns="urn:l"><member xmlns="urn:i">a</member></M></Root>' },
    { "M string(namespace=urn:v){namespace=urn:k} namespace=urn:m", { M = { a = "b" } },
      '<Root><M xmlns="urn:m"><entry><key xmlns="urn:k">a</key><value xmlns="urn:v">b</value></entry></M></Root>' },
    { "M string(namespace=urn:i)[] flattened", { M = { "a", "b" } },
      '<Root><M xmlns="urn:i">a</M><M xmlns="urn:i">b</M></Root>' },
    { "M string[] flattened\nN string", { M = {}, N = "n" }, "<Root><N>n</N></Root>", only = "write" },
    -- two members of one name, as S3's older notifications have them
    { "Events string[] flattened as=Event\nEvent string", { Event = "a" }, "<Root><Event>a</Event></Root>", only = "write" },
    { "Event string\nEvents string[] flattened as=Event", { Events = { "a" } }, "<Root><Event>a</Event></Root>",
      only = "write" },
    { "Event string\nEvents string[] flattened as=Event", { Event = "a", Events = { "b", "c" } },
      "<Root><Event>a</Event><Event>b</Event><Event>c</Event></Root>", only = "write" },
  },

  -- { members, content of the root element, output }: what services send that is never sent to them
  responses = {
    { "M string\nN string", "<!-- x -->\n <Other><M>no</M></Other> <p:M xmlns:p='urn:x' a='b'>x</p:M> text <N/>",
      { M = "x", N = "" } },
    { "M string", "<M><![CDATA[<a>]]> &amp; &#x41;</M>", { M = "<a> & A" } },
    { "M string", "<M>1</M><M>2</M>", { M = "2" } },
    { "M integer\nN number\nT time\nB boolean", "<M> 7\n</M><N>\t1e3 </N><T> 2026-01-01T00:00:00Z </T><B> true </B>",
      { M = 7, N = 1000, T = 1767225600, B = true } },
    { "M integer", "<M>7.0</M>", { M = 7 } },
    { "M blob", "<M>\n AQI=\n</M>", { M = "\1\2" } },
    { "M time.iso", "<M>1767225600</M>", { M = 1767225600 } },
    { "M string[]", "<M/>", { M = {} } },
    { "M string[]", "<M>\n </M>", { M = {} } },
    { "M string[]", "<M><a>1</a><b>2</b></M>", { M = { "1", "2" } } }, -- whatever an item is called
    { "M string{}", "<M/>", { M = {} } },
    { "M string{}", "<M><entry><value>1</value><x/><key>a</key></entry></M>", { M = { a = "1" } } },
    { "M string{}", "<M><entry><key/><value/></entry></M>", { M = { [""] = "" } } },
    { "M Inner", "<M/>", { M = {} } },
    { "M string[] flattened\nN string", "<M>1</M><N>n</N><M>2</M><Other/><M/>", { M = { "1", "2", "" }, N = "n" } },
    { "M string{} flattened\nN string[] flattened",
      "<M><key>a</key><value>1</value></M><N>n</N><M><key>b</key><value>2</value></M><N>o</N>",
      { M = { a = "1", b = "2" }, N = { "n", "o" } } },
    -- descriptions differ in whose name the elements of a flattened list have
    { "M string(as=item)[] flattened", "<item>1</item><M>2</M>", { M = { "1", "2" } } },
    { "M Inner[] flattened", "<M/><M><A>a</A></M>", { M = { {}, { A = "a" } } } },
    { "union\nM string\nN string", "<N>n</N><M>m</M>", { N = "n" } },
    { "union\nM string[] flattened\nN string", "<M>1</M><N>n</N><M>2</M>", { M = { "1", "2" } } },
    { "Kind string attribute as=xsi:type", "<Kind>no</Kind>", {} },
    { "M string in=query\nN string in=uri", "<M>m</M><N>n</N>", { M = "m", N = "n" } }, -- a response has no URL
  },

  -- { members, content of the root element, message } with the byte of the whole text
  mistakes = {
    { "M integer", "<M>x</M>", "M: expected integer at byte 10" },
    { "M integer", "<M>9223372036854775808</M>", "M: expected integer at byte 10" },
    { "M integer", "<M/>", "M: expected integer at byte 11" },
    { "M number", "<M>1,5</M>", "M: expected number at byte 10" },
    { "M boolean", "<M>True</M>", "M: expected boolean at byte 10" },
    { "M blob", "<M>=</M>", "M: expected base64 at byte 10" },
    { "M time", "<M>soon</M>", "M: expected a time at byte 10" },
    { "M string", "<M>a<b/></M>", "M: expected text, got an element at byte 10" },
    { "M Inner[]", "<M><member/><member><B>x</B></member></M>", "M[2].B: expected integer at byte 30" },
    { "M integer[] flattened\nN string", "<M>1</M><N/><M>x</M>", "M[2]: expected integer at byte 22" },
    { "M integer{}", "<M><entry><key>a</key><value>x</value></entry></M>", "M.a: expected integer at byte 36" },
    { "M integer{}", "<M><entry><key>a</key></entry></M>", "M: expected key and value in each entry at byte 37" },
    { "M integer(as=V){as=K} flattened", "<M><V>1</V></M>", "M: expected K and V in each entry at byte 22" },
    { "On boolean attribute as=on", nil, "On: expected boolean at byte 6", text = "<Root on='yes'/>" },
    { "M string", "<M>", "an end tag of another element at byte 12", text = "<Root><M></Root>" },
    { "M string", nil, "a document type is not allowed at byte 1",
      text = "<!DOCTYPE Root [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><Root><M>&b;</M></Root>" },
    { "M string", "<M>&b;</M>", "unknown entity at byte 10" },
    { "M string", nil, "expected > at the end of a tag at byte 14", text = "<Root><M>a</M" },
    { "M string", nil, "the text ends within an element at byte 11", text = "<Root><M>a" },
    { "M string", nil, "something follows the root element at byte 14", text = "<Root></Root><M/>" },
  },
}
