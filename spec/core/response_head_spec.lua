local core = require "cloudjobs.core"
local http1 = require "cloudjobs.http.reader"

local BODY = '{"a":1}'

local function answer(status, fields, body)
  return ("HTTP/1.1 %s\r\n%s\r\n%s"):format(status, fields, body)
end

local USUAL = {
  answer("200 OK", "Content-Length: 7\r\nDate: Tue, 15 Nov 1994 08:12:31 GMT\r\n", BODY),
  answer("200", "content-length:7\r\nX-Empty:\r\nConnection: Keep-Alive\r\n", BODY),
  answer("400 Bad Request", "X-Tab: a\tb \r\nCONTENT-LENGTH: \t0007 \r\n", BODY),
  answer("599 \195\188", "content-length: 0\r\n", ""),
}

-- The reader's word on the same bytes: status, headers and body, where it is
-- one answer behind which the connection goes on.
local function read(bytes)
  local reader = http1.reader { role = "client" }
  reader:expect "POST"
  reader:feed(bytes)
  local message = reader:message()
  if message and message.keep_alive and reader:buffered() == 0 then
    return { message.status, message.headers, message.body }
  end
end

local function taken(bytes)
  local status, from = core.whole_answer(bytes)
  return status and { status, core.read_fields(bytes), bytes:sub(from) }
end

describe("a whole answer", function()
  for _, bytes in ipairs(USUAL) do
    it(("is taken as the reader takes it: %q"):format(bytes), function()
      assert.is_table(taken(bytes))
      assert.same(read(bytes), taken(bytes))
    end)
  end

  local UNUSUAL = {
    ["without its last byte"] = answer("200 OK", "Content-Length: 7\r\n", BODY:sub(1, 6)),
    ["with a byte behind it"] = answer("200 OK", "Content-Length: 7\r\n", BODY .. "H"),
    ["without a length"] = answer("200 OK", "X-A: 1\r\n", BODY),
    ["with two lengths"] = answer("200 OK", "Content-Length: 7\r\nContent-Length: 7\r\n", BODY),
    ["with a length that is none"] = answer("200 OK", "Content-Length: +7\r\n", BODY),
    ["with a length of no digits"] = answer("200 OK", "Content-Length: \r\n", ""),
    ["with a length beyond numbers"] = answer("200 OK", "Content-Length: 1000000000000007\r\n", BODY),
    ["with a host"] = answer("200 OK", "Host: h\r\nContent-Length: 7\r\n", BODY),
    ["that is chunked"] = answer("200 OK", "Transfer-Encoding: chunked\r\nContent-Length: 7\r\n", BODY),
    ["that closes"] = answer("200 OK", "Connection: close\r\nContent-Length: 7\r\n", BODY),
    ["of HTTP/1.0"] = "HTTP/1.0 200 OK\r\nContent-Length: 7\r\n\r\n" .. BODY,
    ["that is interim"] = answer("100 Continue", "Content-Length: 7\r\n", BODY),
    ["that has no body"] = answer("204 No Content", "Content-Length: 0\r\n", ""),
    ["that has not changed"] = answer("304 Not Modified", "Content-Length: 7\r\n", BODY),
    ["of no status"] = answer("2x0 OK", "Content-Length: 7\r\n", BODY),
    ["of a long status"] = answer("2000 OK", "Content-Length: 7\r\n", BODY),
    ["with a bare line feed"] = "HTTP/1.1 200 OK\nContent-Length: 7\r\n\r\n" .. BODY,
    ["with a folded field"] = answer("200 OK", "X-A: 1\r\n  2\r\nContent-Length: 7\r\n", BODY),
    ["with a blank before a colon"] = answer("200 OK", "Content-Length : 7\r\n", BODY),
    ["with a nameless field"] = answer("200 OK", ": 7\r\nContent-Length: 7\r\n", BODY),
    ["with a control character"] = answer("200 OK", "X-A: \1\r\nContent-Length: 7\r\n", BODY),
    ["with a lone carriage return"] = answer("200 OK", "X-A: a\rb\r\nContent-Length: 7\r\n", BODY),
    ["whose head has no end"] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
    ["whose head is too large"] = answer("200 OK", "X-A: " .. ("a"):rep(65536) .. "\r\nContent-Length: 7\r\n", BODY),
    ["of nothing"] = "",
  }
  for what, bytes in pairs(UNUSUAL) do
    it("is left to the reader: one " .. what, function()
      assert.is_nil(core.whole_answer(bytes))
    end)
  end

  -- Whatever is taken, the reader takes too, and makes the same of it.
  it("agrees with the reader about every byte changed", function()
    local count = 0
    for _, bytes in ipairs(USUAL) do
      for i = 1, #bytes do
        for _, byte in ipairs { "\0", "\r", "\n", "\t", " ", ":", "0", "8", "C", "x", "\127", "\255" } do
          for _, changed in ipairs { bytes:sub(1, i - 1) .. byte .. bytes:sub(i + 1),
            bytes:sub(1, i - 1) .. byte .. bytes:sub(i), bytes:sub(1, i - 1) .. bytes:sub(i + 1) } do
            local made = taken(changed)
            if made then
              count = count + 1
              assert.same(read(changed), made, ("%q"):format(changed))
            end
          end
        end
      end
    end
    assert.is_true(count > 100)
  end)
end)
