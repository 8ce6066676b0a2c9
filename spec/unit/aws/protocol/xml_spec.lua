local Model = require "cloudjobs.model"
local xml = require "cloudjobs.aws.protocol.xml"

local op = Model.new({
  service = { id = "Things", protocol = "rest-xml" },
  operations = { Run = "GET /x - -> -" },
  errors = { Gone = "code=Things.Gone", NoSuchKey = "" },
  shapes = { Gone = "Item string\nInner Inner\nSince string in=header as=x-since", Inner = "A string", NoSuchKey = "Key string" },
}):operation "Run"

local function decode(body, status, headers)
  return xml.decode_error(op, { status = status or 400, headers = headers or {}, body = body })
end

describe("an error in XML", function()
  local DETAIL = "<Code>Denied</Code><Message>no &amp; never</Message>"
  local WRAPPINGS = {
    { "<ErrorResponse xmlns='urn:x'><Error><Type>Sender</Type>%s</Error><RequestId>r</RequestId></ErrorResponse>", "r" },
    { "<ErrorResponse><RequestId>r</RequestId><Error>%s</Error></ErrorResponse>", "r" },
    { "<Response><Errors><Error>%s</Error><Error><Code>Other</Code></Error></Errors><RequestID>r</RequestID></Response>",
      "r" },
    { "<?xml version='1.0'?>\n<Error>%s<RequestId>r</RequestId><HostId>h</HostId></Error>", "r", "h" },
    { "<ErrorResponse><Error>%s<RequestId>r</RequestId></Error></ErrorResponse>", "r" },
    { "<Error>%s</Error>" },
  }
  for _, case in ipairs(WRAPPINGS) do
    it("is read in " .. case[1], function()
      local err = decode(case[1]:format((DETAIL:gsub("%%", "%%%%"))), 403)
      assert.same({ "service", "Denied", "no & never", 403, case[2], case[3] },
        { err.kind, err.code, err.message, err.status, err.request_id, err.extended_request_id })
    end)
  end

  it("has the members that its model gives it, of its element and of its headers", function()
    local detail = "<Code>Things.Gone</Code><Item>i</Item><Inner><A>a</A></Inner>"
    for _, case in ipairs(WRAPPINGS) do
      local err = decode(case[1]:format(detail), 404, { ["x-since"] = "s" })
      assert.same({ "Things.Gone", { Item = "i", Inner = { A = "a" }, Since = "s" } }, { err.code, err.fields })
    end
  end)

  it("has its request ids from the headers first", function()
    local err = decode("<Error><Code>NoSuchKey</Code><Key>k</Key><RequestId>r</RequestId><HostId>h</HostId></Error>", 404,
      { ["x-amz-request-id"] = "R", ["x-amz-id-2"] = "H" })
    assert.same({ "R", "H", { Key = "k" } }, { err.request_id, err.extended_request_id, err.fields })
  end)

  it("has the status for a code where the body names none", function()
    for _, body in ipairs { "", "<html><p>hush</html>", "<Error/>", "<Error><Code/></Error>", "hush", "<Error><Code>X" } do
      local err = decode(body, 502)
      assert.same({ "service", "502", 502 }, { err.kind, err.code, err.status })
      assert.matches("names no error code", err.hint, 1, true)
      assert.not_matches("hush", tostring(err), 1, true)
    end
  end)

  it("of a request for the head alone has the status for a reason", function()
    local head = setmetatable({ method = "HEAD" }, { __index = op })
    local err = xml.decode_error(head, { status = 404, headers = { ["x-amz-request-id"] = "r" }, body = "" })
    assert.same({ "404", "Not Found", "r" }, { err.code, err.message, err.request_id })
    assert.is_nil(err.hint)
    err = xml.decode_error(head, { status = 418, headers = {}, body = "" })
    assert.same({ "418", "" }, { err.code, err.message })
  end)

  it("of a file that was not changed has the status for a reason", function()
    assert.same({ "304", "Not Modified" }, { decode("", 304).code, decode("", 304).message })
  end)

  it("may ask for a pause", function()
    assert.equal(3, decode("<Error><Code>SlowDown</Code></Error>", 503, { ["retry-after"] = "3" }).retry_after)
  end)
end)
