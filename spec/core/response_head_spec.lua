local core = require "cloudjobs.core"

local BODY = '{"a":1}'

local function response(status, fields, body)
  return ("HTTP/1.1 %s\r\n%s\r\n%s"):format(status, fields, body)
end

local PLAIN = {
  response("200 OK", "Content-Length: 7\r\nDate: Tue, 15 Nov 1994 08:12:31 GMT\r\n", BODY),
  response("200", "content-length:7\r\nX-Empty:\r\nConnection: Keep-Alive\r\n", BODY),
  response("400 Bad Request", "X-Tab: a\tb \r\nCONTENT-LENGTH: \t0007 \r\n", BODY),
  response("599 \195\188", "content-length: 0\r\n", ""),
}

-- What the parser makes of the same bytes, where the connection survives them.
local function parsed(bytes)
  local status, lines, body, keep_alive = core.response_parser("POST"):feed(bytes)
  return status and keep_alive and { status, core.read_fields(lines), body } or nil
end

local function whole(bytes)
  local status, from = core.whole_response(bytes)
  return status and { status, core.read_fields(bytes), bytes:sub(from) }
end

describe("a response in one piece", function()
  for _, bytes in ipairs(PLAIN) do
    it(("is read as the parser reads it: %q"):format(bytes), function()
      assert.is_table(whole(bytes))
      assert.same(parsed(bytes), whole(bytes))
    end)
  end

  local LEFT = {
    ["without its last byte"] = response("200 OK", "Content-Length: 7\r\n", BODY:sub(1, 6)),
    ["with a byte behind it"] = response("200 OK", "Content-Length: 7\r\n", BODY .. "H"),
    ["without a length"] = response("200 OK", "X-A: 1\r\n", BODY),
    ["in chunks"] = response("200 OK", "Transfer-Encoding: chunked\r\nContent-Length: 7\r\n", BODY),
    ["that closes"] = response("200 OK", "Connection: close\r\nContent-Length: 7\r\n", BODY),
    ["of HTTP/1.0"] = "HTTP/1.0 200 OK\r\nContent-Length: 7\r\n\r\n" .. BODY,
    ["that is interim"] = response("100 Continue", "Content-Length: 7\r\n", BODY),
    ["without a body"] = response("204 No Content", "Content-Length: 0\r\n", ""),
    ["that has not changed"] = response("304 Not Modified", "Content-Length: 7\r\n", BODY),
    ["that is malformed"] = response("200 OK", "Content-Length : 7\r\n", BODY),
    ["whose head has no end"] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
    ["whose head is too large"] = response("200 OK", "X-A: " .. ("a"):rep(65536) .. "\r\nContent-Length: 7\r\n", BODY),
    ["of nothing"] = "",
  }
  for what, bytes in pairs(LEFT) do
    it("is left to the parser: one " .. what, function()
      assert.is_nil(core.whole_response(bytes))
    end)
  end

  it("agrees with the parser about every byte changed", function()
    local count = 0
    for _, bytes in ipairs(PLAIN) do
      for i = 1, #bytes do
        for _, byte in ipairs { "\0", "\r", "\n", "\t", " ", ":", "0", "8", "C", "x", "\127", "\255" } do
          for _, changed in ipairs { bytes:sub(1, i - 1) .. byte .. bytes:sub(i + 1),
            bytes:sub(1, i - 1) .. byte .. bytes:sub(i), bytes:sub(1, i - 1) .. bytes:sub(i + 1) } do
            local made = whole(changed)
            if made then
              count = count + 1
              assert.same(parsed(changed), made, ("%q"):format(changed))
            end
          end
        end
      end
    end
    assert.is_true(count > 100)
  end)
end)
