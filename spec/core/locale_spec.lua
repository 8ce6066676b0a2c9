local files = require "spec.support.files"
local process = require "spec.support.process"

-- In Turkish the small letter of I is no i, in German the decimal point is a comma.
local LOCALES = { "tr_TR", "de_DE" }

local PROGRAM = [[
  local core = require "cloudjobs.core"
  local locale = arg[1]
  local shape = core.shape({ S = "Id string\n Ratio number min=1.5\n At time.iso" }, "S")
  assert(locale == "C" or os.setlocale(locale), "no such locale")

  local function show(value, message)
    if type(value) ~= "table" then
      io.write(tostring(value == nil and message or value), "\n")
      return
    end
    local keys = {}
    for key in pairs(value) do
      keys[#keys + 1] = key
    end
    table.sort(keys)
    for _, key in ipairs(keys) do
      io.write(key, " ")
      show(value[key])
    end
  end

  show(core.read_fields("X-AMZ-META-ID: I\r\nIF: 1\r\n"))
  show(core.read_field("DATE-IN-I: x\r\n", "date-in-i"))
  show((core.whole_response("HTTP/1.1 200 OK\r\nCONNECTION: KEEP-ALIVE\r\nCONTENT-LENGTH: 2\r\n\r\nhi")))
  local parser = core.response_parser "GET"
  show((select(3, parser:feed(
    "HTTP/1.1 200 OK\r\nTRANSFER-ENCODING: CHUNKED\r\nCONNECTION: CLOSE, I\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n"))))
  show((core.request_headers { ["x-id"] = "I" }):lines())
  show(core.request_headers { ["x-I"] = "I" })
  show((core.encode(shape, { ID = "a" })))
  show((select(2, core.encode(shape, { ID = "a", Ratio = 1.25 }))))
  show((core.encode(shape, { Id = "\195\156", Ratio = 1234.5678, At = 0.25 })))
  for _, text in ipairs { "1.5", "-2.25e-3", "1.7976931348623157e308", "123456789.123456789123" } do
    show(core.json_encode(core.json_decode(text)))
  end
  show(core.json_decode "1,5")
  show(core.json_encode { 0.1, 5e-324, 1e21 })
  show(core.iso(1.5))
  show(core.http_date(784111777))
  show(core.json_encode(core.epoch "2026-12-01T00:00:00.125Z"))
  show(core.json_encode(core.epoch "Sun, 06 Nov 1994 08:49:37 GMT"))
  show(core.base64_encode "\105\73\253")
  show(core.xml_decode(core.shape({ Text = "I string" }, "Text"), "<I>&#x49;</I>", nil, true))
]]

describe("the core", function()
  local folder, program, expected

  setup(function()
    folder = files.temporary()
    program = folder .. "/program.lua"
    files.write(program, PROGRAM)
    local _, out, err = process.run(process.command { process.program, program, "C" })
    assert.equal("", err)
    expected = out
  end)

  teardown(function()
    files.remove(folder)
  end)

  it("has results to compare in the C locale", function()
    assert.truthy(expected:find("x-amz-meta-id I\n", 1, true))
    assert.truthy(expected:find("1234.5678", 1, true))
  end)

  for _, name in ipairs(LOCALES) do
    it("gives the same results in the locale " .. name, function()
      local _, _, err = process.run(process.command { "localedef", "-i", name, "-f", "UTF-8", folder .. "/" .. name })
      if err ~= "" then
        pending("localedef cannot make " .. name .. ": " .. err)
        return
      end
      local status, out
      status, out, err = process.run("LOCPATH=" .. folder .. " "
        .. process.command { process.program, program, name })
      assert.same({ 0, "" }, { status, err })
      assert.equal(expected, out)
    end)
  end
end)
