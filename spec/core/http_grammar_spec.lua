local CASES = require "spec.data.http_grammar"
local core = require "cloudjobs.core"

-- The response in the bytes, which arrive in pieces of `size`, as the table has it.
local function parse(bytes, method, ended, size)
  local parser = core.response_parser(method or "GET")
  local status, lines, body, keep_alive = false, nil, nil, nil
  for at = 1, #bytes, size do
    status, lines, body, keep_alive = parser:feed(bytes:sub(at, at + size - 1))
    if status == nil then
      return lines, body
    end
  end
  if ended and not status then
    status, lines, body, keep_alive = parser:feed(nil)
  end
  if status == nil then
    return lines, body
  end
  return status and { status, core.read_fields(lines), body, keep_alive } or "more"
end

describe("the grammar of responses", function()
  local in_one_piece = 0

  for _, case in ipairs(CASES) do
    it("holds for " .. case[1], function()
      local bytes, method, expected = case[2], case.method, case[3]
      for _, size in ipairs { #bytes + 1, 1, 7 } do
        local response, message = parse(bytes, method, case.ended, size)
        assert.same(expected, response, ("in pieces of %d bytes: %s"):format(size, message or ""))
      end
      local status, from = core.whole_response(bytes)
      if status and method ~= "HEAD" then
        in_one_piece = in_one_piece + 1
        assert.same(expected, { status, core.read_fields(bytes), bytes:sub(from), true })
      end
    end)
  end

  it("lets most responses with a length be read where they lie", function()
    assert.is_true(in_one_piece > 20)
  end)
end)

describe("a response parser", function()
  it("refuses what is larger than its limit", function()
    local parser = core.response_parser("GET", 4)
    assert.same({ nil, "too_large", "the response is larger than the limit of 4 bytes" },
      { parser:feed "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" })
  end)

  it("needs more after an empty piece", function()
    local parser = core.response_parser "GET"
    assert.is_false(parser:feed "")
    assert.same({ nil, "closed", "the server closed the connection and sent no response" }, { parser:feed(nil) })
  end)

  it("tells bytes behind a response from a connection that the server closes", function()
    local head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    local function followed(bytes)
      local status, _, body, keep_alive, is_followed = core.response_parser("CONNECT"):feed(bytes)
      return { status, body, keep_alive, is_followed }
    end
    assert.same({ 200, "", false, false }, followed(head))
    assert.same({ 200, "", false, true }, followed(head .. "x"))
  end)

  it("begins anew when it was closed", function()
    local parser = core.response_parser "GET"
    assert.is_false(parser:feed "HTTP/1.1 200 OK\r\nContent-Le")
    parser:close()
    local status, _, body = parser:feed "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"
    assert.same({ 200, "x" }, { status, body })
  end)

  it("is distinguished from other userdata", function()
    assert.has_error(function()
      core.response_parser("GET").feed(io.stdout, "")
    end)
    assert.has_error(function()
      core.response_parser("GET", -1)
    end)
  end)
end)
