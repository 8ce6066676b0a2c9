local Error = require "cloudjobs.base.error"
local message = require "cloudjobs.http.message"

describe("a message", function()
  it("makes its headers when they are first asked for, once", function()
    local answer = message.new { status = 200, lines = "HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n" }
    assert.is_nil(rawget(answer, "headers"))
    local headers = answer.headers
    assert.same({ ["x-a"] = "1" }, headers)
    assert.equal(headers, answer.headers)
    assert.is_nil(answer.body)
  end)

  it("gives one header, with its lines or without", function()
    assert.equal("1", message.field(message.new { lines = "X-A: 1\r\n" }, "x-a"))
    assert.equal("1", message.field({ headers = { ["x-a"] = "1" } }, "x-a"))
    assert.is_nil(message.field({ headers = {} }, "x-a"))
    local answer = message.new { lines = "X-A: 1\r\n" }
    answer.headers["x-a"] = "2" -- by somebody who passes it on
    assert.equal("2", message.field(answer, "x-a"))
  end)

  it("has what its route has", function()
    local request = message.new { route = { method = "GET", url = "https://h/" }, body = "b" }
    assert.same({ "GET", "https://h/", "b", nil }, { request.method, request.url, request.body, request.timeout })
  end)

  it("is sent as it is, or as a transport in between changed it", function()
    local fields = message.fields({ host = "h" }, {})
    local function new()
      return message.write(message.new { route = { method = "GET", url = "https://h/", fields = fields } })
    end
    local request = new()
    assert.same({ request.route, "host: h\r\n" }, { message.parts(request) })
    request.headers["x-trace"] = "t"
    assert.same({ request.route, { host = "h", ["x-trace"] = "t" } }, { message.parts(request) })

    request = new()
    request.url = "https://elsewhere/"
    local where, headers = message.parts(request)
    assert.same({ "GET", "https://elsewhere/", "host: h\r\n" }, { where.method, where.url, headers })

    local plain = { method = "PUT", url = "https://h/", headers = { host = "h" } }
    where, headers = message.parts(plain)
    assert.equal(plain, where)
    assert.equal(plain.headers, headers)
  end)

  it("gets its lines anew for each attempt", function()
    local request = message.new { route = { fields = message.fields({ host = "h" }, { "x-id", "x-attempt" }) } }
    assert.equal(request, message.write(request, "7", "1"))
    assert.same({ host = "h", ["x-id"] = "7", ["x-attempt"] = "1" }, request.headers)
    message.write(request, "7", "2")
    assert.equal("2", request.headers["x-attempt"])
  end)

  it("keeps from attempt to attempt what all share", function()
    local request = message.new { route = { fields = message.fields({ host = "h" }, { "x-id" }) } }
    assert.is_true(message.kept(request, "x-id")) -- a new one
    local id = message.write(request, true).headers["x-id"]
    assert.equal(36, #id)
    assert.equal(id, message.kept(request, "x-id"))
    assert.is_true(message.kept(request, "x-other"))
  end)

  it("is refused with an error where a header is none", function()
    local fields, err = message.fields({ host = "a\nb" }, {})
    assert.is_nil(fields)
    assert.is_true(Error.is(err))
    assert.same({ "validation", "header host holds a control character" }, { err.kind, err.message })
    local request = message.new { route = { fields = message.fields({}, { "x-id" }) } }
    request, err = message.write(request, "a\nb")
    assert.is_nil(request)
    assert.equal("validation", err.kind)
  end)
end)
