local writer = require "cloudjobs.http.writer"

describe("HTTP/1.1 messages", function()
  it("are written with their lengths", function()
    local bytes = writer.request { method = "POST", target = "/a", headers = { host = "x", ["x-b"] = "c" }, body = "hello" }
    assert.equal("POST /a HTTP/1.1\r\ncontent-length: 5\r\nhost: x\r\nx-b: c\r\n\r\nhello", bytes)
    bytes = writer.response { status = 201, headers = { ["x-b"] = "c" }, body = "made" }
    assert.equal("HTTP/1.1 201 Created\r\ncontent-length: 4\r\nx-b: c\r\n\r\nmade", bytes)
    assert.equal("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n", writer.response({ status = 200, headers = {}, body = "made" }, true))
    assert.equal("HTTP/1.1 204 No Content\r\n\r\n", writer.response { status = 204, headers = {} })
  end)

  it("have no header that ends a line", function()
    local bytes, message = writer.request { method = "GET", target = "/", headers = { ["x-a"] = "b\r\nx-c: d" } }
    assert.is_nil(bytes)
    assert.equal("the header x-a holds a control character", message)
    assert.is_nil(writer.request { method = "GET", target = "/ HTTP/1.1\r\n", headers = {} })
    assert.is_nil(writer.response { status = 200, headers = { ["a b"] = "c" } })
  end)
end)
