-- csrc/base/scalar.c and csrc/base/date.c through the functions of cloudjobs.core.

local core = require "cloudjobs.core"

describe("base64", function()
  local cases = {
    { "", "" },
    { "f", "Zg==" },
    { "fo", "Zm8=" },
    { "foo", "Zm9v" },
    { "foobar", "Zm9vYmFy" },
    { "\0\255\254\128", "AP/+gA==" },
  }
  for _, case in ipairs(cases) do
    it(("writes and reads %q"):format(case[2]), function()
      assert.equal(case[2], core.base64_encode(case[1]))
      assert.equal(case[1], core.base64_decode(case[2]))
    end)
  end

  it("is refused when it is not canonical", function()
    for _, text in ipairs { "Z", "Zg", "Zg=", "Zg==Zg==", "Zh==", "Zm9=", "Zm 9", "Zm-_", "====", "Zg==\n" } do
      assert.same({ nil, "not base64" }, { core.base64_decode(text) })
    end
  end)

  it("encodes a megabyte", function()
    local bytes = ("\0\1\2\253\254\255x"):rep(150000)
    assert.equal(bytes, core.base64_decode(core.base64_encode(bytes)))
  end)
end)

describe("a time", function()
  local read = {
    { "1970-01-01T00:00:00Z", 0 },
    { "2026-11-20T06:00:00.000Z", 1795154400 },
    { "2026-11-20T06:06:40.5Z", 1795154800.5 },
    { "2019-12-16T22:48:18-01:00", 1576540098 },
    { "2019-12-17T01:18:18+0130", 1576540098 },
    { "2019-12-16T23:48:18+00", 1576540098 },
    { "2019-12-16 23:48:18", 1576540098 },
    { "2019-12-16t23:48:18z", 1576540098 },
    { "20191216T234818Z", 1576540098 },
    { "2019-12-16T23:48Z", 1576540080 },
    { "2000-02-29", 951782400 },
    { "2016-12-31T23:59:60Z", 1483228800 },
    { "2019-12-16T24:00:00Z", 1576540800 },
    { "0000-01-01T00:00:00Z", -62167219200 },
    { "9999-12-31T23:59:59Z", 253402300799 },
    { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
    { "Sun, 06 Nov 1994 08:49:37.5 GMT", 784111777.5 },
    { "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
    { "Sun Nov  6 08:49:37 1994", 784111777 },
    { "1398796238", 1398796238 },
    { "1398796238.25", 1398796238.25 },
    { "-1.5e0", -1.5 },
  }
  for _, case in ipairs(read) do
    it("is read from " .. case[1], function()
      assert.equal(case[2], core.epoch(case[1]))
    end)
  end

  it("is an integer when whole", function()
    assert.equal("784111777", tostring(core.epoch "Sun, 06 Nov 1994 08:49:37.0 GMT"))
  end)

  it("is refused for other text", function()
    local bad = {
      "", "x", "2026-13-01", "2026-02-29", "2026-00-10", "2026-01-00", "2026-1-1", "2026-01-01T", "2026-01-01T25:00Z",
      "2026-01-01T23:60Z", "2026-01-01T00:00:61Z", "2026-01-01T24:00:01Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+24:00",
      "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00\0", "Sun, 06 Now 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET",
      "Sun, 31 Feb 1994 08:49:37 GMT", "1e999", "0x10", "nan",
    }
    for _, text in ipairs(bad) do
      assert.same({ nil, "not an ISO-8601 or HTTP date" }, { core.epoch(text) }, text)
    end
  end)

  it("is written as ISO-8601, fractions kept to the microsecond", function()
    local written = {
      { 0, "1970-01-01T00:00:00Z" },
      { 1.5, "1970-01-01T00:00:01.5Z" },
      { 1795154800.4, "2026-11-20T06:06:40.4Z" },
      { 951782400, "2000-02-29T00:00:00Z" },
      { -1, "1969-12-31T23:59:59Z" },
      { -0.25, "1969-12-31T23:59:59.75Z" },
      { 1.9999999, "1970-01-01T00:00:02Z" },
      { 253402300799, "9999-12-31T23:59:59Z" },
    }
    for _, case in ipairs(written) do
      assert.equal(case[2], core.iso(case[1]))
    end
  end)

  it("is written as an HTTP date in whole seconds", function()
    assert.equal("Sun, 06 Nov 1994 08:49:37 GMT", core.http_date(784111777.9))
    assert.equal("Thu, 01 Jan 1970 00:00:00 GMT", core.http_date(0))
    assert.equal("Wed, 31 Dec 1969 23:59:59 GMT", core.http_date(-0.5))
  end)

  it("outside four-digit years is refused", function()
    for _, t in ipairs { 253402300800, -62167219201, 1 / 0, -1 / 0, 0 / 0 } do
      assert.same({ nil, "not a time between the years 0 and 9999" }, { core.iso(t) })
      assert.same({ nil, "not a time between the years 0 and 9999" }, { core.http_date(t) })
    end
  end)

  it("is written and read for every day of four centuries", function()
    for t = 951782400, 951782400 + 146097 * 86400, 86400 * 7 + 3601 do
      if core.epoch(core.iso(t)) ~= t or core.epoch(core.http_date(t)) ~= t then
        error("not the same: " .. core.iso(t))
      end
    end
  end)
end)
