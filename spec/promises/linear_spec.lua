-- Text that others choose costs time in proportion to its length: a pattern
-- that tries each start against each end stops an nginx worker for a minute.
-- Each function here gets the worst megabyte for it. In CPU time: a quadratic
-- one needs minutes for it, a linear one a few milliseconds.

local emulated = require "spec.support.emulated"
local forms = require "cloudjobs.emulator.form"
local Config = require "cloudjobs.aws.config"
local ConfigFile = require "cloudjobs.aws.config.file"
local Error = require "cloudjobs.base.error"
local Model = require "cloudjobs.model"
local Network = require "cloudjobs.transport.network"
local Stub = require "cloudjobs.stub"
local ascii = require "cloudjobs.base.ascii"
local aws_error = require "cloudjobs.aws.protocol.error"
local azure_cli = require "cloudjobs.azure.credentials.cli"
local azure_error = require "cloudjobs.azure.error"
local bindings = require "cloudjobs.http.bindings"
local core = require "cloudjobs.core"
local export = require "cloudjobs.azure.export"
local functions = require "cloudjobs.aws.endpoint.functions"
local quote = require "cloudjobs.base.quote"
local scope = require "cloudjobs.azure.scope"
local suggest = require "cloudjobs.base.suggest"
local grammar = require "cloudjobs.http.grammar"
local http1 = require "cloudjobs.http.reader"
local query = require "cloudjobs.emulator.bcm.query"
local rest_xml = require "cloudjobs.aws.protocol.rest_xml"
local retry_after = require "cloudjobs.http.retry_after"
local url = require "cloudjobs.http.url"
local xml_query = require "cloudjobs.aws.protocol.query"

local MB = 1000000
local SECONDS = 2 -- of CPU time

local function response(head)
  return function()
    local reader = http1.reader { role = "client", max_head = 2 * MB }
    reader:feed("HTTP/1.1 200 OK\r\n" .. head .. "\r\nContent-Length: 0\r\n\r\n")
    reader:message()
  end
end

local blanks, digits = (" "):rep(MB), ("1"):rep(MB)

-- A body for the reader of REST-XML and of the query protocol.
local XML_SHAPES = { Out = "A string[] flattened\nB string{} flattened\nC string attribute\nD string" }
local S3 = Model.new {
  service = { id = "S3", protocol = "rest-xml" }, operations = { Run = "GET / - -> Out" }, errors = {}, shapes = XML_SHAPES,
}

local function xml(body)
  return function()
    local answer = { status = 200, headers = {}, body = body }
    rest_xml.decode(S3:operation "Run", answer)
    xml_query.request_id(answer)
    answer.status = 400
    rest_xml.decode(S3:operation "Run", answer)
  end
end

local CASES = {
  ["XML of blanks"] = xml(blanks),
  ["XML of blanks behind its declaration"] = xml("<?xml version='1.0'?>" .. blanks .. "<Out/>"),
  ["XML of elements that the shape lacks"] = xml("<Out>" .. ("<x/>"):rep(MB / 4) .. "</Out>"),
  ["XML of two flattened members in turn"] =
    xml("<Out>" .. ("<A/><B><key/><value/></B>"):rep(MB / 25) .. "</Out>"),
  ["XML of a long attribute"] = xml("<Out C='" .. blanks .. "'/>"),
  ["XML of references"] = xml("<Out><D>" .. ("&amp;"):rep(MB / 5) .. "</D></Out>"),
  ["XML of a request id that does not end"] = xml("<Out><RequestId>" .. digits .. "</Out>"),
  ["XML of request ids that do not end"] = xml("<Out>" .. ("<RequestId>"):rep(MB / 10)),
  ["blanks inside a header's value"] = response("X: a" .. blanks .. "b \r\nY: c"),
  ["blanks at its end"] = response("X: a" .. blanks),
  ["a header of words"] = response("Connection: " .. ("a "):rep(MB / 2)),
  ["a length of digits"] = response("Content-Length: " .. digits .. "x"),
  ["a length of commas"] = response("Content-Length: " .. (","):rep(MB)),
  ["a chunk's size of digits"] = response("Transfer-Encoding: chunked\r\n\r\n" .. digits .. "x"),
  ["a status line of digits"] = function()
    local reader = http1.reader { role = "client", max_head = 2 * MB }
    reader:feed("HTTP/1.1 " .. digits .. "\r\n\r\n")
    reader:message()
  end,
  ["a request line of blanks"] = function()
    local reader = http1.reader { role = "server", max_head = 2 * MB }
    reader:feed("GET " .. blanks .. "\r\n\r\n")
    reader:message()
  end,
  ["trimming blanks around nothing"] = function()
    grammar.trim(blanks)
    grammar.trim("a" .. blanks .. "b" .. blanks)
  end,
  ["a Retry-After of digits"] = function()
    assert.is_nil(retry_after.read { ["retry-after"] = digits .. "x" })
    assert.is_nil(retry_after.read { ["retry-after"] = digits })
  end,
  ["a Retry-After of a date in which blanks stand"] = function()
    retry_after.read { ["retry-after"] = "Mon," .. blanks, date = "Mon," .. blanks }
  end,
  ["a URL of slashes"] = function()
    url.parse("https://" .. ("/"):rep(MB))
    url.shown(("/"):rep(MB))
    url.shown("//" .. ("@"):rep(MB))
  end,
  ["a form and a query of one name"] = function()
    forms.parse(("a"):rep(MB))
  end,
  ["a signature's header of one name"] = function()
    local authorization = "AWS4-HMAC-SHA256 " .. ("a"):rep(MB)
    emulated.new():respond { method = "POST", path = "/", headers = {
      authorization = authorization, ["content-type"] = "application/x-amz-json-1.1",
      ["x-amz-target"] = "AmazonSSM.DescribeMaintenanceWindows",
    } }
  end,
  ["an export's query of semicolons"] = function()
    pcall(query.read, { QueryStatement = "SELECT " .. (";"):rep(MB) .. "x" })
  end,
  ["a config file of blanks, marks and brackets"] = function()
    for _, text in ipairs { "k = a" .. blanks .. "b", ("="):rep(MB), ("[ "):rep(MB / 2), "[profile " .. ("\\"):rep(MB) .. "]" } do
      ConfigFile.parse_config("[default]\n" .. text .. "\n")
    end
  end,
  ["a path of variables, and one of slashes"] = function()
    Config.new({ env = {} }):expand(("${"):rep(MB / 2))
    functions.parseURL("https://h/" .. ("/"):rep(MB) .. "x")
    ascii.without_slashes(("/"):rep(MB) .. "x")
  end,
  ["a name that is none"] = function()
    suggest(("a"):rep(MB), { "region", "profile", ("a"):rep(MB) })
  end,
  ["a scope and a storage account of slashes"] = function()
    scope.check(("/"):rep(MB) .. "x")
    scope.check("subscriptions" .. ("/"):rep(MB))
    pcall(export.new, { name = "n", container = "costs", from = "2031-01-01", storage = ("/subscriptions/"):rep(math.floor(MB / 15)),
      folder = "a" .. ("/"):rep(MB) .. "b" })
  end,
  ["Azure's headers"] = function()
    azure_error.decode({ status = 401, body = "", headers = {
      ["www-authenticate"] = 'error="insufficient_claims" ' .. ('claims="'):rep(MB / 8),
      ["x-ms-ratelimit-microsoft.costmanagement" .. ("-retry-after"):rep(math.floor(MB / 12)) .. "x"] = digits,
      ["retry-after-ms"] = digits,
    } })
    azure_error.decode({ status = 401, body = "", headers = {
      ["www-authenticate"] = 'authorization_uri="https://' .. ("/a-"):rep(math.floor(MB / 3)),
    } })
  end,
  ["an error code of marks"] = function()
    aws_error.decode({ model = { error = function() end }, service = {} }, { status = 400, body = "", headers = {
      ["x-amzn-errortype"] = ("#:"):rep(MB / 2), ["x-amz-retry-after"] = digits,
    } })
  end,
  ["a list of headers in quotes"] = function()
    local op = { output = core.shape({ S = "L string[] in=header as=l" }, "S", {}) }
    for _, text in ipairs { ('"'):rep(MB), blanks, ("\\"):rep(MB), '"' .. ("a,"):rep(MB / 2), (" ,"):rep(MB / 2) } do
      bindings.decode(op, { status = 200, body = "", headers = { l = text } }, {})
    end
  end,
  ["a proxy and a list of hosts"] = function()
    local network = Network.new({ proxy = "http://u@h" .. ("#"):rep(MB), no_proxy = ("."):rep(MB) }, { proxy = true }, function() end)
    network:settings_for("https://h")
  end,
  ["a text in an error"] = function()
    for _, piece in ipairs { "a", "a=", "://", "@", "Basic ", "-", "/aaaa" } do
      Error.new { kind = "service", message = piece:rep(math.floor(MB / #piece)) }
      quote.document("sig=" .. piece:rep(math.floor(MB / #piece)))
      quote.without(piece:rep(math.floor(MB / #piece)), { piece:rep(8), "%a+" })
    end
  end,
  ["what az writes"] = function()
    local cli = azure_cli.new { transport = Stub.new {}, run = function()
      return { status = 1, stdout = "", stderr = "ERROR:" .. blanks .. ("ERROR: "):rep(math.floor(MB / 7)) }
    end }
    cli:get("x")
  end,
  ["a URL with a port of digits"] = function()
    url.parse("https://a:" .. digits .. "x/")
    url.parse("https://[" .. (":"):rep(MB) .. "/")
  end,
}

local kinds = require "cloudjobs.job.kinds"
local out = require "cloudjobs.cli.out"
local ref = require "cloudjobs.job.ref"
local result = require "cloudjobs.cli.result"
local table_ = require "cloudjobs.cli.table"
local text = require "cloudjobs.cli.text"
local when = require "cloudjobs.cli.when"

-- What services and users put into jobs and tables.
local letters, slashes, hyphens = ("a"):rep(MB), ("/"):rep(MB), ("-"):rep(MB)
local MORE = {
  ["an Azure run's id"] = function()
    for _, id in ipairs { letters .. "/", slashes .. "a", letters } do
      kinds.export_run.record_id { id = id }
    end
  end,
  ["an export's ARN"] = function()
    for _, arn in ipairs { "export/" .. hyphens, ("export/"):rep(100000), "arn:" .. (":"):rep(MB) .. letters } do
      kinds.export_execution.name { ExportArn = arn }
      kinds.export_execution.source.matches(arn)
      kinds.export_execution.source.region(arn)
    end
  end,
  ["a reference"] = function()
    for _, word in ipairs { letters .. ",", "a," .. letters, "a,b=" .. (","):rep(MB), "a," .. ("%"):rep(MB) } do
      ref.parse(word)
    end
  end,
  ["a cell of blanks"] = function()
    for _, cell in ipairs { "a" .. blanks .. "b", blanks, ("é "):rep(300000) } do
      text.plain(cell)
      text.cut(cell, 20)
      table_.render({ { title = "A", value = function(row) return row end }, { title = "B", value = function() return "b" end } },
        { cell, "short" }, { width = 80 })
    end
  end,
  ["a wide table that ends in blanks"] = function()
    local function value(row)
      return row
    end
    table_.render({ { title = "A", value = function() return "a" end }, { title = "B", value = value } }, { letters, "b" })
    table_.render({ { title = "B", value = value }, { title = "C", value = function(row) return row == "b" and "" or "c" end } },
      { letters, "b" })
  end,
  ["JSON of one long string"] = function()
    out.indent('{"a":"' .. ('\\"'):rep(500000) .. '"}')
    out.indent(digits)
    out.indent("[" .. ("1,"):rep(500000) .. "1]")
  end,
  ["the name of a member"] = function()
    result.shape { [letters .. "."] = 1, [letters] = 2, [("."):rep(MB)] = 3 }
  end,
  ["a duration"] = function()
    when.parse_duration(digits .. "x")
    when.parse_duration(("1m"):rep(500000) .. "x")
    when.parse_since(digits .. "x")
  end,
}
for what, run in pairs(MORE) do
  CASES[what] = run
end

describe("time in proportion to the length", function()
  for what, run in pairs(CASES) do
    it("is spent on " .. what, function()
      local started = os.clock()
      run()
      assert.is_true(os.clock() - started < SECONDS, os.clock() - started)
    end)
  end
end)
