local core = require "cloudjobs.core"
local haunted = require "spec.support.haunted"

describe("request headers", function()
  it("are written in the order of their names, per-attempt ones last", function()
    local fields = core.request_headers({ host = "h", ["x-empty"] = "", accept = "*/*" }, { "x-id", "authorization" })
    assert.equal("accept: */*\r\nhost: h\r\nx-empty: \r\n", fields:lines())
    assert.equal("accept: */*\r\nhost: h\r\nx-empty: \r\nauthorization: a\r\n", fields:lines(nil, "a"))
    assert.equal("accept: */*\r\nhost: h\r\nx-empty: \r\nx-id: 1\r\nauthorization: a\r\n", fields:lines("1", "a"))
  end)

  it("keep their values when the table that they came from changes", function()
    local headers = { host = ("h"):rep(60) }
    local fields = core.request_headers(headers)
    headers.host = nil
    collectgarbage()
    assert.equal("host: " .. ("h"):rep(60) .. "\r\n", fields:lines())
  end)

  local REFUSED = {
    { { host = "a\rb" }, "header host holds a control character" },
    { { host = "a\nb" }, "header host holds a control character" },
    { { host = "a\0b" }, "header host holds a control character" },
    { { ["user-agent"] = "a\r\nb" }, "header user-agent holds a control character" },
    { { Host = "h" }, "a header's name is not a lower-case word" },
    { { ["a b"] = "h" }, "a header's name is not a lower-case word" },
    { { [""] = "h" }, "a header's name is not a lower-case word" },
    { { "h" }, "the names and values of headers have to be strings" },
    { { host = 1 }, "the names and values of headers have to be strings" },
  }
  for _, case in ipairs(REFUSED) do
    it("are refused: " .. case[2], function()
      assert.same({ nil, case[2] }, { core.request_headers(case[1]) })
    end)
  end

  it("are bounded in number and size", function()
    local headers = {}
    for i = 1, 128 do
      headers["x-" .. i] = "v"
    end
    assert.is_userdata(core.request_headers(headers))
    headers["x-129"] = "v"
    assert.same({ nil, "there are too many headers" }, { core.request_headers(headers) })
    assert.same({ nil, "the headers are too large" }, { core.request_headers({ x = ("v"):rep(2 ^ 20) }):lines() })
    assert.has_error(function()
      core.request_headers({}, { "a", "b", "c", "d", "e" })
    end)
  end)

  it("get a new UUID for a per-attempt value of true", function()
    local fields = core.request_headers({}, { "x-id", "x-attempt" })
    local seen = {}
    for i = 1, 40 do -- more than the first drawing of random bytes makes
      local id, attempt = fields:lines(true, tostring(i)):match("^x%-id: (%S+)\r\nx%-attempt: (%d+)\r\n$")
      assert.matches("^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$", id)
      assert.equal(tostring(i), attempt)
      assert.is_nil(seen[id])
      seen[id] = true
    end
    local id, attempt = fields:lines(true, true):match("^x%-id: (%S+)\r\nx%-attempt: (%S+)\r\n$")
    assert.is_true(#id == 36 and #attempt == 36 and id ~= attempt)
    assert.has_error(function()
      fields:lines(false)
    end)
  end)

  it("get different UUIDs in a finalizer that runs meanwhile", function()
    assert.matches("^finalizers: %d%d%d+\n$", haunted [[
      local fields = require("cloudjobs.core").request_headers({}, { "x-id" })
      local seen, inner, over = {}, 0, false
      local function write()
        local id = fields:lines(true):match "^x%-id: (%S+)\r\n$"
        assert(not seen[id])
        seen[id] = true
      end
      haunt(function()
        if not over then
          write()
          inner = inner + 1
        end
        return over
      end)
      for _ = 1, 1000 do
        write()
      end
      over = true
      local count = 0
      for _ in pairs(seen) do
        count = count + 1
      end
      assert(count == 1000 + inner)
      print("finalizers: " .. inner)
    ]])
  end)

  it("require per-attempt names that are lower-case tokens", function()
    assert.same({ nil, "a header's name is not a lower-case word" }, { core.request_headers({}, { "X-Id" }) })
    assert.has_error(function()
      core.request_headers({}, { 1 })
    end)
    assert.has_error(function()
      core.request_headers({}, "x-id")
    end)
    assert.has_error(function()
      core.request_headers({}, nil, "GET")
    end)
    assert.has_error(function()
      core.request_headers({}, nil, { method = "GET", path = 7, query = "", region = "r", service = "s" })
    end)
  end)

  it("refuse a per-attempt value with a line break", function()
    local fields = core.request_headers({}, { "x-id" })
    assert.same({ nil, "header x-id holds a control character" }, { fields:lines "1\r\nx-b: 2" })
    assert.has_error(function()
      fields:lines {}
    end)
  end)

  it("hide their metatable and are distinguished from other userdata", function()
    local fields = core.request_headers {}
    assert.equal("cloudjobs.request_headers", getmetatable(fields))
    assert.has_error(function()
      fields.lines(io.stdout)
    end)
  end)
end)

describe("the lines of a message", function()
  local RESPONSE = "HTTP/1.1 200 It: fine\r\nX-A:  1\t\r\nx-b:\r\nX-A: 2\r\nx-c: 1\r\n  2\r\n\t3\r\nnonsense\r\n"
    .. "Date: Tue, 15 Nov 1994 08:12:31 GMT\r\n\r\nX-Late: 1\r\n"

  it("are read with names in lower case, repeats joined and folds replaced by blanks", function()
    assert.same({ ["x-a"] = "1, 2", ["x-b"] = "", ["x-c"] = "1 2 3", date = "Tue, 15 Nov 1994 08:12:31 GMT" },
      core.read_fields(RESPONSE))
    assert.same({}, core.read_fields "")
    assert.same({}, core.read_fields "HTTP/1.1 200 OK")
  end)

  it("are searched for one name", function()
    assert.equal("Tue, 15 Nov 1994 08:12:31 GMT", core.read_field(RESPONSE, "date"))
    assert.equal("1", core.read_field(RESPONSE, "x-a"))
    assert.equal("", core.read_field(RESPONSE, "x-b"))
    assert.is_nil(core.read_field(RESPONSE, "x-late"))
    assert.is_nil(core.read_field(RESPONSE, "dat"))
    assert.is_nil(core.read_field("", "date"))
  end)

  it("are joined in order when many have one name", function()
    local lines = ("x-a: 1\r\n"):rep(5) .. "x-b: 2\r\n" .. ("x-a: \r\n"):rep(2)
    assert.same({ ["x-a"] = "1, 1, 1, 1, 1, , ", ["x-b"] = "2" }, core.read_fields(lines))
  end)

  it("cost memory in proportion to their size when thousands have one name", function()
    local text = ("x-a: 1\r\n"):rep(8000)
    core.read_fields(text)
    collectgarbage()
    collectgarbage("stop")
    local before = collectgarbage("count")
    local fields = core.read_fields(text)
    local cost = collectgarbage("count") - before
    collectgarbage("restart")
    assert.equal(8000 * 3 - 2, #fields["x-a"])
    assert.is_true(cost < 2000, cost .. " KiB")
  end)

  it("keep names of any length", function()
    local a, b = ("X-" .. ("a"):rep(300)), ("X-" .. ("a"):rep(299) .. "b")
    assert.same({ [a:lower()] = "1", [b:lower()] = "2" }, core.read_fields(a .. ": 1\r\n" .. b .. ": 2\r\n"))
  end)

  it("are read as they were written", function()
    local headers = { host = "h", ["x-long"] = ("v"):rep(5000), ["x-utf8"] = "ü" }
    assert.same(headers, core.read_fields(core.request_headers(headers):lines()))
  end)
end)
