local http1 = require "cloudjobs.http.reader"

--- Reads `bytes` fed `step` at a time, closes the stream, and tells everything
--- that came out, joining data that belongs together.
local function read(role, bytes, step, options)
  options = options or {}
  local reader = http1.reader { role = role, max_head = options.max_head, max_body = options.max_body }
  if options.method then
    reader:expect(options.method)
  end
  local told = {}
  local function drain()
    while true do
      local event, err = reader:next()
      if err then
        told[#told + 1] = err.code .. " " .. err.status
        return false
      elseif not event then
        return true
      elseif event.type == "closed" then
        told[#told + 1] = "closed"
        return false
      elseif event.type == "data" then
        if told[#told]:sub(1, 5) == "data " then
          told[#told] = told[#told] .. event.data
        else
          told[#told + 1] = "data " .. event.data
        end
      elseif event.type == "end" then
        told[#told + 1] = "end"
      else
        told[#told + 1] = ("%s %s %s"):format(event.type, event.method or event.status, event.target or event.reason)
      end
    end
  end
  for at = 1, #bytes, step do
    reader:feed(bytes:sub(at, at + step - 1))
    if not drain() then
      return told
    end
  end
  reader:feed(nil)
  drain()
  return told
end

local function lines(...)
  return table.concat({ ... }, "\r\n")
end

local REQUESTS = {
  { "one request without a body", lines("GET /a?b HTTP/1.1", "Host: x", "", ""), { "head GET /a?b", "end", "closed" } },
  { "a length", lines("POST / HTTP/1.1", "Host: x", "Content-Length: 5", "", "hello"), { "head POST /", "data hello", "end", "closed" } },
  { "a length of nothing", lines("POST / HTTP/1.1", "Host: x", "Content-Length: 0", "", ""), { "head POST /", "end", "closed" } },
  {
    "chunks",
    lines("POST / HTTP/1.1", "Host: x", "Transfer-Encoding: Chunked", "", "5;a=b", "hello", "6", " world", "0", "", ""),
    { "head POST /", "data hello world", "end", "closed" },
  },
  {
    "trailers, which are dropped",
    lines("POST / HTTP/1.1", "Host: x", "Transfer-Encoding: chunked", "", "1", "a", "0", "X-Sum: 1", "", ""),
    { "head POST /", "data a", "end", "closed" },
  },
  {
    "pipelined requests",
    lines("GET /1 HTTP/1.1", "Host: x", "", "GET /2 HTTP/1.1", "Host: x", "", ""),
    { "head GET /1", "end", "head GET /2", "end", "closed" },
  },
  { "one empty line before a request", lines("", "GET / HTTP/1.1", "Host: x", "", ""), { "head GET /", "end", "closed" } },
  { "HTTP/1.0 without a host", lines("GET / HTTP/1.0", "", ""), { "head GET /", "end", "closed" } },
  { "nothing at all", "", { "closed" } },
  -- What must not pass.
  { "two empty lines", lines("", "", "GET / HTTP/1.1", "Host: x", "", ""), { "malformed 400" } },
  {
    "both lengths",
    lines("POST / HTTP/1.1", "Host: x", "Content-Length: 5", "Transfer-Encoding: chunked", "", "0", "", ""),
    { "malformed 400" },
  },
  { "two lengths", lines("POST / HTTP/1.1", "Host: x", "Content-Length: 5", "Content-Length: 5", "", "hello"), { "malformed 400" } },
  { "a list of lengths", lines("POST / HTTP/1.1", "Host: x", "Content-Length: 5, 5", "", "hello"), { "malformed 400" } },
  { "a signed length", lines("POST / HTTP/1.1", "Host: x", "Content-Length: +5", "", "hello"), { "malformed 400" } },
  { "a hexadecimal length", lines("POST / HTTP/1.1", "Host: x", "Content-Length: 0x5", "", "hello"), { "malformed 400" } },
  { "an absurd length", lines("POST / HTTP/1.1", "Host: x", "Content-Length: 99999999999999999999", "", ""), { "too_large 413" } },
  { "a blank before the colon", lines("POST / HTTP/1.1", "Host: x", "Content-Length : 5", "", "hello"), { "malformed 400" } },
  { "a folded line", lines("GET / HTTP/1.1", "Host: x", "X: a", " b", "", ""), { "malformed 400" } },
  { "a name that is no token", lines("GET / HTTP/1.1", "Host: x", "X(y): a", "", ""), { "malformed 400" } },
  { "a bare line feed", "GET / HTTP/1.1\nHost: x\r\n\r\n", { "malformed 400" } },
  { "a carriage return in a value", lines("GET / HTTP/1.1", "Host: x\rX: y", "", ""), { "malformed 400" } },
  { "a zero byte in a value", lines("GET / HTTP/1.1", "Host: x", "X: a\0b", "", ""), { "malformed 400" } },
  { "no host", lines("GET / HTTP/1.1", "", ""), { "malformed 400" } },
  { "two hosts", lines("GET / HTTP/1.1", "Host: x", "Host: y", "", ""), { "malformed 400" } },
  { "another coding", lines("POST / HTTP/1.1", "Host: x", "Transfer-Encoding: gzip, chunked", "", ""), { "unsupported 501" } },
  { "a disguised coding", lines("POST / HTTP/1.1", "Host: x", "Transfer-Encoding: xchunked", "", ""), { "unsupported 501" } },
  { "a coding in HTTP/1.0", lines("POST / HTTP/1.0", "Transfer-Encoding: chunked", "", "0", "", ""), { "malformed 400" } },
  { "a newer version", lines("GET / HTTP/2.0", "Host: x", "", ""), { "unsupported 505" } },
  { "no version", lines("GET /", "Host: x", "", ""), { "malformed 400" } },
  { "a blank in the target", lines("GET /a b HTTP/1.1", "Host: x", "", ""), { "malformed 400" } },
  { "another protocol", "\22\3\1\2\0\1\0\1\252\3\3\r\n\r\n", { "malformed 400" } },
  {
    "a chunk's size that is none",
    lines("POST / HTTP/1.1", "Host: x", "Transfer-Encoding: chunked", "", "5 5", "hello", "0", "", ""),
    { "head POST /", "malformed 400" },
  },
  {
    "a chunk longer than its size",
    lines("POST / HTTP/1.1", "Host: x", "Transfer-Encoding: chunked", "", "4", "hello", "0", "", ""),
    { "head POST /", "data hell", "malformed 400" },
  },
  {
    "a chunk of absurd size",
    lines("POST / HTTP/1.1", "Host: x", "Transfer-Encoding: chunked", "", "FFFFFFFFFFFFFFFF", ""),
    { "head POST /", "too_large 413" },
  },
  { "an end in the head", lines("GET / HTTP/1.1", "Hos"), { "closed 400" } },
  { "an end in the body", lines("POST / HTTP/1.1", "Host: x", "Content-Length: 9", "", "hello"), { "head POST /", "data hello", "closed 400" } },
}

local RESPONSES = {
  { "a length", lines("HTTP/1.1 200 OK", "Content-Length: 2", "", "ok"), { "head 200 OK", "data ok", "end", "closed" } },
  { "an empty reason", lines("HTTP/1.1 200 ", "Content-Length: 0", "", ""), { "head 200 ", "end", "closed" } },
  { "no reason", lines("HTTP/1.1 200", "Content-Length: 0", "", ""), { "head 200 ", "end", "closed" } },
  { "a body that ends with the stream", lines("HTTP/1.1 200 OK", "", "all of it"), { "head 200 OK", "data all of it", "end", "closed" } },
  { "204 with the next answer behind it", lines("HTTP/1.1 204 No Content", "", ""), { "head 204 No Content", "end", "closed" } },
  {
    "informational answers",
    lines("HTTP/1.1 100 Continue", "", "HTTP/1.1 103 Early Hints", "Link: x", "", "HTTP/1.1 200 OK", "Content-Length: 0", "", ""),
    { "informational 100 Continue", "informational 103 Early Hints", "head 200 OK", "end", "closed" },
  },
  { "an answer to HEAD", lines("HTTP/1.1 200 OK", "Content-Length: 99", "", ""), { "head 200 OK", "end", "closed" }, { method = "HEAD" } },
  { "a change of protocol", lines("HTTP/1.1 101 Switching Protocols", "Upgrade: x", "", ""), { "malformed 400" } },
  {
    "a length and a coding, of which the coding counts",
    lines("HTTP/1.1 200 OK", "Content-Length: 9", "Transfer-Encoding: chunked", "", "2", "ok", "0", "", ""),
    { "head 200 OK", "data ok", "end", "closed" },
  },
  { "equal lengths", lines("HTTP/1.1 200 OK", "Content-Length: 2, 2", "Content-Length: 2", "", "ok"), { "head 200 OK", "data ok", "end", "closed" } },
  { "unequal lengths", lines("HTTP/1.1 200 OK", "Content-Length: 2, 3", "", "ok"), { "malformed 400" } },
  { "a length of blanks", lines("HTTP/1.1 200 OK", "Content-Length: ", "", "ok"), { "malformed 400" } },
  { "a folded line", lines("HTTP/1.1 200 OK", "X: a", " \t b", "Content-Length: 0", "", ""), { "head 200 OK", "end", "closed" } },
  { "bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", { "head 200 OK", "data ok", "end", "closed" } },
  {
    "blanks behind a chunk's size",
    lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "2 \t", "ok", "0 ", "", ""),
    { "head 200 OK", "data ok", "end", "closed" },
  },
  { "a status of four digits", lines("HTTP/1.1 2000 OK", "Content-Length: 0", "", ""), { "malformed 400" } },
  { "a status of two digits", lines("HTTP/1.1 20 OK", "", ""), { "malformed 400" } },
  { "another protocol", lines("ICY 200 OK", "", ""), { "malformed 400" } },
  { "a truncated body", lines("HTTP/1.1 200 OK", "Content-Length: 9", "", "ok"), { "head 200 OK", "data ok", "closed 400" } },
  {
    "truncated chunks",
    lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "2", "ok", ""),
    { "head 200 OK", "data ok", "closed 400" },
  },
  { "no answer", "", { "closed" } },
}

describe("http1", function()
  for role, cases in pairs { server = REQUESTS, client = RESPONSES } do
    for _, case in ipairs(cases) do
      it(("a %s reads %s, whole and byte by byte alike"):format(role, case[1]), function()
        for _, step in ipairs { #case[2] + 1, 1, 2, 3, 7 } do
          assert.same(case[3], read(role, case[2], step, case[4]))
        end
      end)
    end
  end

  it("says the same of mutilated messages, whole and byte by byte", function()
    local state = 1
    local function random(n) -- the same on every Lua
      state = state * 16807 % 2147483647
      return state % n + 1
    end
    local PIECES = { "\r", "\n", "\r\n", "\r\n\r\n", " ", ":", ",", "\0", "0", "5", "f", ";", "\t", "chunked", "Host: y\r\n", "\255" }
    local seen = {}
    for role, cases in pairs { server = REQUESTS, client = RESPONSES } do
      for _ = 1, 3000 do
        local bytes = cases[random(#cases)][2]
        for _ = 1, random(3) do
          local at = random(#bytes + 1)
          bytes = bytes:sub(1, at - 1) .. PIECES[random(#PIECES)] .. bytes:sub(at + random(3) - 1)
        end
        local whole = read(role, bytes, #bytes)
        assert.same(whole, read(role, bytes, 1), ("%s %q"):format(role, bytes))
        assert.same(whole, read(role, bytes, random(9)), ("%s %q"):format(role, bytes))
        seen[whole[#whole]] = true
      end
    end
    assert.is_true(seen["closed"] and seen["closed 400"] and seen["malformed 400"])
  end)

  it("keeps header values, joins repeats and trims blanks", function()
    local reader = http1.reader { role = "server" }
    reader:feed "GET / HTTP/1.1\r\nHost:x\r\nX-A: \t one two \t\r\nx-a: three\r\nX-Empty:\r\n\r\n"
    assert.same({ host = "x", ["x-a"] = "one two, three", ["x-empty"] = "" }, reader:next().headers)
  end)

  it("says whether the connection may be used again", function()
    local cases = {
      { "HTTP/1.1", "", true },
      { "HTTP/1.1", "Connection: Close\r\n", false },
      { "HTTP/1.1", "Connection: x, close\r\n", false },
      { "HTTP/1.0", "", false },
      { "HTTP/1.0", "Connection: keep-alive\r\n", true },
    }
    for _, case in ipairs(cases) do
      local reader = http1.reader { role = "server" }
      reader:feed(("GET / %s\r\nHost: x\r\n%s\r\n"):format(case[1], case[2]))
      assert.equal(case[3], reader:next().keep_alive)
    end
  end)

  it("keeps no connection on which more may follow than a response", function()
    local cases = {
      { "204 No Content", "Content-Length: 2", false },
      { "204 No Content", "Content-Length: 0", true },
      { "204 No Content", "Transfer-Encoding: chunked", false },
      { "304 Not Modified", "Content-Length: 2", true },
      { "200 OK", "Transfer-Encoding: chunked\r\nContent-Length: 2", false },
      { "200 OK", "X: 1", false },
      { "200 OK", "Content-Length: 2, 2", true },
    }
    for _, case in ipairs(cases) do
      local reader = http1.reader { role = "client" }
      reader:feed(("HTTP/1.1 %s\r\n%s\r\n\r\n"):format(case[1], case[2]))
      assert.equal(case[3], reader:next().keep_alive, case[2])
    end
  end)

  it("joins folded lines by one blank", function()
    local reader = http1.reader { role = "client" }
    reader:feed "HTTP/1.1 200 OK\r\nX: a \r\n \t b\r\n\tc\r\nContent-Length: 0\r\n\r\n"
    assert.equal("a b c", reader:next().headers.x)
  end)

  it("counts the heads of interim responses together with the final one's", function()
    local interim = "HTTP/1.1 102 Processing\r\n\r\n"
    local final = lines("HTTP/1.1 200 OK", "Content-Length: 0", "", "")
    local reader = http1.reader { role = "client", max_head = 2 * #interim + #final }
    reader:feed(interim .. interim .. final)
    assert.equal(200, reader:message().status)
    reader:feed(interim .. interim .. interim .. final)
    local _, problem = reader:message()
    assert.equal("too_large", problem.code)
  end)

  it("joins a body of very many pieces", function()
    local reader = http1.reader { role = "client" }
    reader:feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" .. ("1\r\nx\r\n"):rep(5000) .. "0\r\n\r\n")
    assert.equal(("x"):rep(5000), reader:message().body)
  end)

  it("says when a client waits for 100 Continue", function()
    local reader = http1.reader { role = "server" }
    reader:feed "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-Continue\r\n\r\n"
    assert.is_true(reader:next().expects_continue)
    assert.is_nil(reader:next())
  end)

  it("holds its limits, whole and byte by byte alike", function()
    local long = lines("GET / HTTP/1.1", "Host: x", "X: " .. ("y"):rep(200), "", "")
    local many = lines("GET / HTTP/1.1", "Host: x", ("X: y\r\n"):rep(40), "")
    local body = lines("POST / HTTP/1.1", "Host: x", "Content-Length: 11", "", "hello world")
    local chunks = lines("POST / HTTP/1.1", "Host: x", "Transfer-Encoding: chunked", "", "6", "hello ", "5", "world", "0", "", "")
    local stream = lines("HTTP/1.1 200 OK", "", "hello world")
    for _, step in ipairs { 1000, 1, 3 } do
      assert.same({ "too_large 431" }, read("server", long, step, { max_head = 100 }))
      assert.same({ "too_large 431" }, read("server", many, step, { max_head = 100 }))
      assert.same({ "head GET /", "end", "closed" }, read("server", long, step, { max_head = #long }))
      assert.same({ "too_large 413" }, read("server", body, step, { max_body = 10 }))
      assert.same({ "head POST /", "data hello ", "too_large 413" }, read("server", chunks, step, { max_body = 10 }))
      assert.equal("too_large 413", (function(told) return told[#told] end)(read("client", stream, step, { max_body = 10 })))
    end
  end)

  it("says the same again after a problem", function()
    local reader = http1.reader { role = "server" }
    reader:feed "garbage\r\n"
    local _, first = reader:next()
    reader:feed "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    local _, second = reader:next()
    assert.equal(first, second)
  end)

  it("puts whole messages together", function()
    local reader = http1.reader { role = "client" }
    reader:feed "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
    assert.is_nil(reader:message())
    reader:feed "2\r\nde\r\n0\r\n\r\n"
    local message = reader:message()
    assert.same({ 200, "abcde", true }, { message.status, message.body, message.keep_alive })
    reader:feed(nil)
    assert.equal("closed", reader:message().type)
  end)
end)
