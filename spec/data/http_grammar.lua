--- The grammar of HTTP/1.1 responses, which is the same in all transports (RFC 9110 and 9112; the doc comments of
--- csrc/http/response_head.h and response_parser.h give the reasons). Each case is
---
---     { title, bytes, expected, method = "GET", ended = false }
---
--- `bytes` answer a request with `method`; where `ended` is true the connection ends behind them. `expected` is one of
---
---     { status, headers, body, keep_alive }   the response: headers as read_fields gives them (names in lower case,
---                                             values of one name joined by ", ", a fold replaced by one blank), and
---                                             whether the connection can carry another exchange
---     "protocol", "too_large", "closed"       the error's code
---     "more"                                  the response is not complete
---
--- Limits: 64 KiB for the heads and trailers of one response together, 64 MiB for its body, 4 KiB for a chunk extension.

local function lines(...)
  return table.concat({ ... }, "\r\n") .. "\r\n"
end

-- A response with these header lines; the body "hello" unless another is given.
local function ok(headers, body)
  return "HTTP/1.1 200 OK\r\n" .. headers .. "\r\n" .. (body or "hello")
end

local function chunked(body)
  return ok("Transfer-Encoding: chunked\r\n", body)
end

local LENGTH = { ["content-length"] = "5" }
local CHUNKED = { ["transfer-encoding"] = "chunked" }
local HELLO = { 200, LENGTH, "hello", true }
local HELLO_CHUNKED = { 200, CHUNKED, "hello", true }

local function with(headers, keep_alive, body)
  return { 200, headers, body or "hello", keep_alive ~= false }
end

return {
  -- The status line: exactly three digits, HTTP/1.0 or 1.1. A status above 599 counts as a server's error.
  { "a status and a reason", ok "Content-Length: 5\r\n", HELLO },
  { "no reason", "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello", HELLO },
  { "an empty reason", "HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\nhello", HELLO },
  { "a reason in UTF-8", "HTTP/1.1 200 \195\156ber: 1\r\nContent-Length: 5\r\n\r\nhello", HELLO },
  { "a status of 999", "HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n", { 999, { ["content-length"] = "0" }, "", true } },
  { "HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", with(LENGTH, false) },
  { "four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 5\r\n\r\nhello", "protocol" },
  { "two digits", "HTTP/1.1 20 OK\r\nContent-Length: 5\r\n\r\nhello", "protocol" },
  { "a status below 100", "HTTP/1.1 099 OK\r\nContent-Length: 5\r\n\r\nhello", "protocol" },
  { "a status with a letter", "HTTP/1.1 2x0 OK\r\nContent-Length: 5\r\n\r\nhello", "protocol" },
  { "two blanks before the status", "HTTP/1.1  200 OK\r\nContent-Length: 5\r\n\r\nhello", "protocol" },
  { "a tab behind the status", "HTTP/1.1 200\tOK\r\nContent-Length: 5\r\n\r\nhello", "protocol" },
  { "HTTP/2", "HTTP/2 200 OK\r\nContent-Length: 5\r\n\r\nhello", "protocol" },
  { "HTTP/1.2", "HTTP/1.2 200 OK\r\nContent-Length: 5\r\n\r\nhello", "protocol" },
  { "HTTP in small letters", "http/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "protocol" },
  { "an empty line before the status", "\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "protocol" },
  { "another protocol", "SSH-2.0-OpenSSH_9.2\r\n", "protocol" },
  { "a body without a head", '{"a":1}\r\n', "protocol" },

  -- Line ends: CR LF, or a bare LF (RFC 9112 2.2). A CR that no LF follows ends nothing.
  { "bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", HELLO },
  { "a CR at the end of all bytes", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r", "closed", ended = true },
  { "a CR in a reason", "HTTP/1.1 200 O\rK\r\nContent-Length: 5\r\n\r\nhello", HELLO },
  { "a CR behind the status", "HTTP/1.1 200\rOK\r\nContent-Length: 5\r\n\r\nhello", "protocol" },

  -- Header lines: a token, a colon, a value without its outer blanks.
  { "no blank behind the colon", ok "content-length:5\r\n", HELLO },
  { "blanks around a value", ok "CONTENT-LENGTH: \t5 \t\r\n", HELLO },
  { "an empty value", ok "X-A:\r\nContent-Length: 5\r\n", with { ["x-a"] = "", ["content-length"] = "5" } },
  { "a value of two lines", ok "X-A: 1\r\nx-a: 2\r\nContent-Length: 5\r\n",
    with { ["x-a"] = "1, 2", ["content-length"] = "5" } },
  { "a name of all that a token may hold", ok "!#$%&'*+-.^_`|~9: 1\r\nContent-Length: 5\r\n",
    with { ["!#$%&'*+-.^_`|~9"] = "1", ["content-length"] = "5" } },
  { "bytes above ASCII", ok "X-A: \195\188\255\r\nContent-Length: 5\r\n",
    with { ["x-a"] = "\195\188\255", ["content-length"] = "5" } },
  { "a control character", ok "X-A: a\27b\127\r\nContent-Length: 5\r\n",
    with { ["x-a"] = "a\27b\127", ["content-length"] = "5" } },
  { "a CR in a value", ok "X-A: a\rb\r\nContent-Length: 5\r\n", with { ["x-a"] = "a b", ["content-length"] = "5" } },
  { "a NUL in a value", ok "X-A: a\0b\r\nContent-Length: 5\r\n", "protocol" },
  { "a NUL in the reason", "HTTP/1.1 200 O\0K\r\nContent-Length: 5\r\n\r\nhello", "protocol" },
  { "a line without a colon", ok "nonsense\r\nContent-Length: 5\r\n", "protocol" },
  { "a line without a name", ok ": 1\r\nContent-Length: 5\r\n", "protocol" },
  { "a blank before the colon", ok "Content-Length : 5\r\n", "protocol" },
  { "a blank in a name", ok "X A: 1\r\nContent-Length: 5\r\n", "protocol" },
  { "a name beyond ASCII", ok "X-\195\188: 1\r\nContent-Length: 5\r\n", "protocol" },

  -- Obsolete line folding: a user agent replaces it by blanks (RFC 9112 5.2).
  { "a fold", ok "X-A: 1\r\n  2\r\n\t3\r\nContent-Length: 5\r\n", with { ["x-a"] = "1 2 3", ["content-length"] = "5" } },
  { "a fold before the value", ok "Content-Length:\r\n 5\r\n", HELLO },
  { "a fold of blanks alone", ok "X-A: 1\r\n \r\nContent-Length: 5\r\n",
    with { ["x-a"] = "1", ["content-length"] = "5" } },
  { "a fold that holds a colon", ok "X-A: 1\r\n Content-Length: 9\r\nContent-Length: 5\r\n",
    with { ["x-a"] = "1 Content-Length: 9", ["content-length"] = "5" } },
  { "a fold right behind the status line", ok " X-A: 1\r\nContent-Length: 5\r\n", "protocol" },

  -- Content-Length: equal ones are one (RFC 9110 8.6).
  { "zeros before the length", ok "Content-Length: 0005\r\n", with { ["content-length"] = "0005" } },
  { "two equal lengths", ok "Content-Length: 5\r\nContent-Length: 5\r\n", with { ["content-length"] = "5, 5" } },
  { "a list of equal lengths", ok "Content-Length: 5, 5,5\r\n", with { ["content-length"] = "5, 5,5" } },
  { "two lengths", ok "Content-Length: 5\r\nContent-Length: 6\r\n", "protocol" },
  { "a list of lengths", ok "Content-Length: 5, 6\r\n", "protocol" },
  { "lengths without a comma", ok "Content-Length: 5 5\r\n", "protocol" },
  { "a list with an empty length", ok "Content-Length: 5,\r\n", "protocol" },
  { "an empty length", ok "Content-Length: \r\n", "protocol" },
  { "a length with a sign", ok "Content-Length: +5\r\n", "protocol" },
  { "a negative length", ok "Content-Length: -5\r\n", "protocol" },
  { "a hexadecimal length", ok "Content-Length: 0x5\r\n", "protocol" },
  { "a length with a fraction", ok "Content-Length: 5.0\r\n", "protocol" },
  { "a length beyond the limit", ok "Content-Length: 67108865\r\n", "too_large" },
  { "a length beyond all numbers", ok "Content-Length: 99999999999999999999999\r\n", "too_large" },
  { "no length, until the end", ok "X-A: 1\r\n", with({ ["x-a"] = "1" }, false), ended = true },
  { "no length, before the end", ok "X-A: 1\r\n", "more" },
  { "less than the length", ok "Content-Length: 6\r\n", "closed", ended = true },
  { "more than the length", ok("Content-Length: 5\r\n", "hello!"), with(LENGTH, false) },

  -- Transfer-Encoding: chunked, be it named twice; nothing else (it was not asked for). It overrides a length, and behind
  -- all that is doubtful the connection is closed (RFC 9112 6.1).
  { "chunks", chunked "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", HELLO_CHUNKED },
  { "chunked in capitals", ok("Transfer-Encoding: CHUNKED\r\n", "5\r\nhello\r\n0\r\n\r\n"),
    with { ["transfer-encoding"] = "CHUNKED" } },
  { "chunked twice", ok("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"),
    with({ ["transfer-encoding"] = "chunked, chunked" }, false) },
  { "chunked twice in a line", ok("Transfer-Encoding: chunked, chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"),
    with({ ["transfer-encoding"] = "chunked, chunked" }, false) },
  { "chunked and a length", ok("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"),
    with({ ["content-length"] = "5", ["transfer-encoding"] = "chunked" }, false) },
  { "chunked in HTTP/1.0", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
    .. "5\r\nhello\r\n0\r\n\r\n", with({ connection = "keep-alive", ["transfer-encoding"] = "chunked" }, false) },
  { "another coding", ok "Transfer-Encoding: gzip\r\n", "protocol" },
  { "another coding before chunked", ok "Transfer-Encoding: gzip, chunked\r\n", "protocol" },
  { "another coding behind chunked", ok "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n", "protocol" },
  { "a coding that only resembles chunked", ok "Transfer-Encoding: xchunked\r\n", "protocol" },
  { "chunked and an empty coding", ok("Transfer-Encoding: chunked,\r\n", "0\r\n\r\n"), "protocol" },
  { "an empty coding", ok "Transfer-Encoding: \r\n", "protocol" },
  { "chunked and a length that is none", ok("Content-Length: x\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
    "protocol" },

  -- Chunks: a size in hexadecimal digits, blanks (which a recipient has to parse, RFC 9112 7.1.1), an extension.
  { "a size in capitals", chunked("A\r\n0123456789\r\n0\r\n\r\n"), { 200, CHUNKED, "0123456789", true } },
  { "zeros before a size", chunked "0000000000000005\r\nhello\r\n000\r\n\r\n", HELLO_CHUNKED },
  { "a blank behind a size", chunked "5 \r\nhello\r\n0 \r\n\r\n", HELLO_CHUNKED },
  { "blanks behind a size", chunked "5 \t  \r\nhello\r\n0\t\r\n\r\n", HELLO_CHUNKED },
  { "an extension", chunked "5;a=b\r\nhello\r\n0;c\r\n\r\n", HELLO_CHUNKED },
  { "an extension behind blanks", chunked "5 \t; a = \"b;c\"\r\nhello\r\n0\r\n\r\n", HELLO_CHUNKED },
  { "an extension of 1000 bytes", chunked("5;" .. ("a"):rep(1000) .. "\r\nhello\r\n0\r\n\r\n"), HELLO_CHUNKED },
  { "an extension of 5000 bytes", chunked("5;" .. ("a"):rep(5000) .. "\r\nhello\r\n0\r\n\r\n"), "protocol" },
  { "bare line feeds around chunks", chunked "5\nhello\n0\n\n", HELLO_CHUNKED },
  { "a blank before a size", chunked " 5\r\nhello\r\n0\r\n\r\n", "protocol" },
  { "two sizes", chunked "5 5\r\nhello\r\n0\r\n\r\n", "protocol" },
  { "a size of no digits", chunked "\r\nhello\r\n0\r\n\r\n", "protocol" },
  { "a size that is none", chunked "x\r\nhello\r\n0\r\n\r\n", "protocol" },
  { "a prefix of a size", chunked "0x5\r\nhello\r\n0\r\n\r\n", "protocol" },
  { "a size with a sign", chunked "+5\r\nhello\r\n0\r\n\r\n", "protocol" },
  { "a CR within a size line", chunked "5\r;a\r\nhello\r\n0\r\n\r\n", "protocol" },
  { "a CR within an extension", chunked "5;a\rb\r\nhello\r\n0\r\n\r\n", "protocol" },
  { "a control character in an extension", chunked "5;a\1\r\nhello\r\n0\r\n\r\n", "protocol" },
  { "a size of 17 digits", chunked "00000000000000005\r\nhello\r\n0\r\n\r\n", "protocol" },
  { "a size beyond the limit", chunked "4000001\r\n", "too_large" },
  { "a size of 16 digits", chunked "FFFFFFFFFFFFFFFF\r\n", "too_large" },
  { "a chunk longer than its size", chunked "4\r\nhello\r\n0\r\n\r\n", "protocol" },
  { "two line ends behind a chunk", chunked "5\r\nhello\r\n\r\n0\r\n\r\n", "protocol" },
  { "a chunk cut off", chunked "9\r\nhello", "closed", ended = true },
  { "no last chunk", chunked "5\r\nhello\r\n", "closed", ended = true },
  { "no end behind the last chunk", chunked "5\r\nhello\r\n0\r\n", "closed", ended = true },
  { "bytes behind the last chunk", chunked "5\r\nhello\r\n0\r\n\r\n!", { 200, CHUNKED, "hello", false } },
  { "trailers, which are dropped", chunked "5\r\nhello\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\n\r\n", HELLO_CHUNKED },
  { "trailers beyond the limit", chunked("0\r\nX-A: " .. ("a"):rep(65536) .. "\r\n\r\n"), "too_large" },

  -- Responses without a body.
  { "a HEAD's length", ok("Content-Length: 5\r\n", ""), { 200, LENGTH, "", true }, method = "HEAD" },
  { "a HEAD's chunks", chunked "", { 200, CHUNKED, "", true }, method = "HEAD" },
  { "a HEAD without a length", ok("X-A: 1\r\n", ""), { 200, { ["x-a"] = "1" }, "", true }, method = "HEAD" },
  { "a body behind a HEAD's head", ok "Content-Length: 5\r\n", { 200, LENGTH, "", false }, method = "HEAD" },
  { "204", "HTTP/1.1 204 No Content\r\n\r\n", { 204, {}, "", true } },
  { "204 with a length of 0", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
    { 204, { ["content-length"] = "0" }, "", true } },
  { "204 with a length", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", { 204, LENGTH, "", false } },
  { "204 with a body", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", { 204, LENGTH, "", false } },
  { "204 with chunks", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", { 204, CHUNKED, "", false } },
  { "304 with the length of what it stands for", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    { 304, LENGTH, "", true } },
  { "a length of 0", ok("Content-Length: 0\r\n", ""), { 200, { ["content-length"] = "0" }, "", true } },

  -- Interim responses precede the final one and have no body; all their heads count against the limit.
  { "100", "HTTP/1.1 100 Continue\r\n\r\n" .. ok "Content-Length: 5\r\n", HELLO },
  { "100 and 103 with headers", "HTTP/1.1 100 Continue\r\nContent-Length: 9\r\n\r\nHTTP/1.1 103 Early Hints\r\n"
    .. "Link: </a>\r\n\r\n" .. ok "Content-Length: 5\r\n", HELLO },
  { "100 alone", "HTTP/1.1 100 Continue\r\n\r\n", "more" },
  { "100 and the end", "HTTP/1.1 100 Continue\r\n\r\n", "closed", ended = true },
  { "interim responses beyond the limit", ("HTTP/1.1 100 Continue\r\n\r\n"):rep(3000), "too_large" },
  { "101, which was not asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", "protocol" },

  -- Whether the connection can carry another exchange.
  { "close", ok "Connection: close\r\nContent-Length: 5\r\n", with({ connection = "close", ["content-length"] = "5" },
    false) },
  { "close in a list", ok "Connection: x, Close\r\nContent-Length: 5\r\n",
    with({ connection = "x, Close", ["content-length"] = "5" }, false) },
  { "close in a second line", ok "Connection: keep-alive\r\nConnection: close\r\nContent-Length: 5\r\n",
    with({ connection = "keep-alive, close", ["content-length"] = "5" }, false) },
  { "keep-alive in HTTP/1.0", lines("HTTP/1.0 200 OK", "Connection: Keep-Alive", "Content-Length: 5", "") .. "hello",
    with { connection = "Keep-Alive", ["content-length"] = "5" } },

  -- Heads.
  { "nothing", "", "more" },
  { "nothing and the end", "", "closed", ended = true },
  { "a head without its end", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", "more" },
  { "a head cut off", "HTTP/1.1 200 OK\r\nContent-Le", "closed", ended = true },
  { "a head beyond the limit", ok("X-A: " .. ("a"):rep(65536) .. "\r\nContent-Length: 5\r\n"), "too_large" },
  { "a line beyond the limit", "HTTP/1.1 200 OK\r\nX-A: " .. ("a"):rep(65536), "too_large" },
}
