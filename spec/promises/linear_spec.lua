-- Text that others choose costs time in proportion to its length: a pattern
-- that tries each start against each end stops an nginx worker for a minute.
-- Each function here gets the worst megabyte for it. In CPU time: a quadratic
-- one needs minutes for it, a linear one a few milliseconds.

local emulated = require "spec.support.emulated"
local forms = require "cloudjobs.emulator.form"
local grammar = require "cloudjobs.http.grammar"
local http1 = require "cloudjobs.http.reader"
local query = require "cloudjobs.emulator.bcm.query"
local retry_after = require "cloudjobs.http.retry_after"
local url = require "cloudjobs.http.url"

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

local CASES = {
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
  ["a URL with a port of digits"] = function()
    url.parse("https://a:" .. digits .. "x/")
    url.parse("https://[" .. (":"):rep(MB) .. "/")
  end,
}

describe("time in proportion to the length", function()
  for what, run in pairs(CASES) do
    it("is spent on " .. what, function()
      local started = os.clock()
      run()
      assert.is_true(os.clock() - started < SECONDS, os.clock() - started)
    end)
  end
end)
