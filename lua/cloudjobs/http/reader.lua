--- HTTP/1.1 without I/O, both roles: bytes in, events out. The reader keeps to
--- the grammar and refuses every form on which two parsers could disagree (both
--- lengths, folded lines, blanks before a colon, bare line feeds), and whether
--- bytes come at once or one by one makes no difference to what it says.

local write = require "cloudjobs.http.writer"

local LIMITS = {
  max_head = 64 * 1024, -- start line and header fields, or a chunked body's trailers
  max_body = 64 * 1024 * 1024,
}
local MAX_CHUNK_LINE = 256 -- a size and extensions that nobody sends
local MAX_SIZE_DIGITS = 15 -- decimal digits that every Lua number holds exactly
local MAX_HEX_DIGITS = 12

local TOKEN = "^[%w!#$%%&'*+%-.^_`|~]+$"
local CONTROL = "[%z\1-\8\10-\31\127]" -- all but the tab

--- Repeats of these are never joined: a second one is an attempt at confusion.
local SINGLE = { host = true, ["content-length"] = true, ["transfer-encoding"] = true }

-- Names of header fields as they were written, in lower case: of the few that
-- services send, each is checked once.
local MAX_NAMES = 1000
local names, name_count = {}, 0

local function field_name(written)
  local name = names[written]
  if not name and written:find(TOKEN) then
    name = written:lower()
    if name_count == MAX_NAMES then
      names, name_count = {}, 0
    end
    names[written] = name
    name_count = name_count + 1
  end
  return name
end

-- The first pattern goes over a text several times as fast as the second, and
-- no tab stands in most.
local function has_control(text)
  return not text:find("^%C*$") and text:find(CONTROL) ~= nil
end

local Reader = {}
local reader_mt = { __name = "cloudjobs.http1", __index = Reader }

--- What is wrong with the bytes: `status` is what a server answers to them.
local function problem(code, status, message)
  return { code = code, status = status, message = message }
end

local function malformed(message)
  return problem("malformed", 400, message)
end

---@param options table role ("server" reads requests, "client" responses), max_head, max_body
---@return table reader
local function reader(options)
  return setmetatable({
    _role = options.role,
    _max_head = options.max_head or LIMITS.max_head,
    _max_body = options.max_body or LIMITS.max_body,
    _buffer = "",
    _at = 1, -- first byte not consumed
    _scan = 1, -- first byte not yet searched for a line's end
    _state = "start",
  }, reader_mt)
end

--- Takes bytes as they arrive; nil says that no more will come.
function Reader:feed(bytes)
  if not bytes then
    self._ended = true
  elseif self._at > #self._buffer then
    self._buffer, self._at, self._scan = bytes, 1, 1
  else
    self._buffer = self._buffer:sub(self._at) .. bytes
    self._scan = self._scan - self._at + 1
    self._at = 1
  end
end

--- A client says which request the next response answers: HEAD has no body.
function Reader:expect(method)
  self._method = method
end

--- Bytes that came and belong to no event so far.
function Reader:buffered()
  return #self._buffer - self._at + 1
end

--- The next whole line without its end; nil when more bytes are needed. `room`
--- is how long it may be, its end included.
local function take_line(self, room)
  local stop = self._buffer:find("\n", self._scan, true)
  if (stop or #self._buffer) - self._at + 1 > room then
    return nil, problem("too_large", 431, "the message's head is larger than its limit")
  elseif not stop then
    self._scan = #self._buffer + 1
    return nil
  elseif stop == self._at or self._buffer:byte(stop - 1) ~= 13 then
    return nil, malformed("a line ends in a bare line feed")
  end
  local line = self._buffer:sub(self._at, stop - 2)
  self._at, self._scan = stop + 1, stop + 1
  return line
end

--- A line of the head or the trailers, counted against the limit of both.
local function take_head_line(self)
  local before = self._at
  local line, err = take_line(self, self._max_head - self._head_size)
  if line then
    self._head_size = self._head_size + self._at - before
  end
  return line, err
end

local function add_field(headers, line)
  local colon = line:find(":", 1, true)
  local name = colon and field_name(line:sub(1, colon - 1))
  if not name then
    return malformed("a header field that is not `name: value`")
  elseif has_control(line) then
    return malformed("a control character in a header's value")
  end
  local value = line:match("^[ \t]*(.*)", colon + 1)
  local last = value:byte(-1)
  if last == 32 or last == 9 then
    value = value:match("^(.-)[ \t]*$")
  end
  local before = headers[name]
  if before and SINGLE[name] then
    return malformed("a second " .. name)
  end
  headers[name] = before and before .. ", " .. value or value
end

local function has_token(list, token)
  for word in (list or ""):gmatch("[^, \t]+") do
    if word:lower() == token then
      return true
    end
  end
  return false
end

local function request_line(line)
  local method, target, version = line:match("^(%S+) (%S+) HTTP/(%d%.%d)$")
  if not method or not method:find(TOKEN) or target:find("[%z\1-\32\127]") then
    return nil, malformed("not a request line")
  elseif version ~= "1.1" and version ~= "1.0" then
    return nil, problem("unsupported", 505, "HTTP/" .. version .. " is not spoken here")
  end
  return { type = "head", method = method, target = target, version = version }
end

local function status_line(line)
  local version, status, reason = line:match("^HTTP/(1%.[01]) ([1-5]%d%d) ?(.*)$")
  if not version or has_control(reason) then
    return nil, malformed("not a status line")
  end
  return { type = "head", status = tonumber(status), reason = reason, version = version }
end

--- How the body's end is told: "none", "length", "chunked" or "close".
local function framing(self, head)
  local headers = head.headers
  local coding, length = headers["transfer-encoding"], headers["content-length"]
  if coding then
    if length then
      return nil, malformed("both a content-length and a transfer-encoding")
    elseif head.version == "1.0" then
      return nil, malformed("a transfer-encoding in HTTP/1.0")
    elseif coding:lower() ~= "chunked" then
      return nil, problem("unsupported", 501, "a transfer-encoding other than chunked")
    end
  elseif length and (not length:find("^%d+$") or #length > MAX_SIZE_DIGITS) then
    return nil, malformed("a content-length that is not a number")
  end

  local status = head.status
  if status and (status < 200 or status == 204 or status == 304 or self._method == "HEAD") then
    return "none"
  elseif coding then
    return "chunked"
  elseif length then
    if tonumber(length) > self._max_body then
      return nil, problem("too_large", 413, "the body is larger than its limit")
    end
    self._left = tonumber(length)
    return "length"
  end
  return status and "close" or "none"
end

local function finish_head(self)
  local head = self._head
  local headers = head.headers
  if head.method and head.version == "1.1" and not headers.host then
    return nil, malformed("no host")
  elseif head.status == 101 then
    return nil, malformed("a change of protocol that nobody asked for")
  end
  local body, err = framing(self, head)
  if not body then
    return nil, err
  end
  if head.status and head.status < 200 then
    head.type = "informational"
    self._state = "start"
    return head
  end
  head.keep_alive = body ~= "close" and not has_token(headers.connection, "close")
    and (head.version == "1.1" or has_token(headers.connection, "keep-alive"))
  head.expects_continue = body ~= "none" and has_token(headers.expect, "100-continue")
  self._body_size = 0
  self._state = body == "none" and "done" or body == "chunked" and "chunk_size" or body
  return head
end

local function data_event(self, limit)
  local size = math.min(self:buffered(), limit)
  if size == 0 then
    return nil
  end
  self._body_size = self._body_size + size
  if self._body_size > self._max_body then
    return nil, problem("too_large", 413, "the body is larger than its limit")
  end
  local data = self._buffer:sub(self._at, self._at + size - 1)
  self._at = self._at + size
  self._scan = self._at
  return { type = "data", data = data }
end

--- One step of each state: an event; nil for "more bytes, please"; nil and a
--- problem; or true when the state changed and nothing is to be told.
local STEP = {}

function STEP.start(self)
  if self._ended and self:buffered() == 0 then
    return { type = "closed" }
  end
  self._head_size = 0
  local line, err = take_head_line(self)
  if not line then
    return nil, err
  elseif line == "" and self._role == "server" and not self._skipped then
    self._skipped = true -- RFC 9112 2.2: one empty line before a request is forgiven
    return true
  end
  self._skipped = nil
  self._head, err = (self._role == "server" and request_line or status_line)(line)
  if not self._head then
    return nil, err
  end
  self._head.headers = {}
  self._state = "fields"
  return true
end

function STEP.fields(self)
  local line, err = take_head_line(self)
  if not line then
    return nil, err
  elseif line == "" then
    return finish_head(self)
  end
  err = add_field(self._head.headers, line)
  return not err or nil, err
end

function STEP.length(self)
  if self._left == 0 then
    self._state = "done"
    return true
  end
  local event, err = data_event(self, self._left)
  if event then
    self._left = self._left - #event.data
  end
  return event, err
end

function STEP.close(self)
  if self._ended and self:buffered() == 0 then
    self._state = "done"
    return true
  end
  return data_event(self, math.huge)
end

function STEP.chunk_size(self)
  local line, err = take_line(self, MAX_CHUNK_LINE)
  if not line then
    return nil, err
  end
  local digits, extension = line:match("^(%x+)(.*)$")
  local plain = extension == "" or extension and extension:find("^[ \t]*;") and not extension:find(CONTROL)
  if not plain or #digits > MAX_HEX_DIGITS then
    return nil, malformed("not a chunk's size")
  end
  self._left = tonumber(digits, 16)
  if self._left == 0 then
    self._head_size = 0
    self._trailers = {}
    self._state = "trailers"
  elseif self._body_size + self._left > self._max_body then
    return nil, problem("too_large", 413, "the body is larger than its limit")
  else
    self._state = "chunk"
  end
  return true
end

function STEP.chunk(self)
  if self._left == 0 then
    self._state = "chunk_end"
    return true
  end
  return STEP.length(self)
end

function STEP.chunk_end(self)
  local first, second = self._buffer:byte(self._at, self._at + 1)
  if first and first ~= 13 or second and second ~= 10 then
    return nil, malformed("a chunk is longer than its size says")
  elseif not second then
    return nil
  end
  self._at = self._at + 2
  self._scan = self._at
  self._state = "chunk_size"
  return true
end

--- Trailers are checked and dropped: no service here uses them, and merging
--- them into the head is how filters are passed by.
function STEP.trailers(self)
  local line, err = take_head_line(self)
  if not line then
    return nil, err
  elseif line == "" then
    self._state = "done"
    return true
  end
  err = add_field(self._trailers, line)
  return not err or nil, err
end

function STEP.done(self)
  self._state = "start"
  self._method = nil
  return { type = "end" }
end

--- The next event: `head` (method, target or status, reason; version, headers
--- by lower-case name, keep_alive, expects_continue), `informational` (1xx),
--- `data`, `end`, or `closed` where the stream ended between messages. nil asks
--- for more bytes. A problem `{ code, status, message }` is the last word.
---@return table|nil event
---@return table|nil problem
function Reader:next()
  if self._problem then
    return nil, self._problem
  end
  local event, err
  repeat
    event, err = STEP[self._state](self)
  until event ~= true
  if not event and not err and self._ended then
    err = problem("closed", 400, "the connection was closed in the middle of a message")
  end
  self._problem = err
  return event, err
end

--- The whole next message: its head with `body`, a string ("" when there is
--- none). nil asks for more bytes. Informational answers are passed over. A
--- `closed` event comes as it is. `on_head` is told the head before the body
--- comes: some clients wait for a 100 Continue.
---@return table|nil message
---@return table|nil problem
function Reader:message(on_head)
  while true do
    local event, err = self:next()
    if not event then
      return nil, err
    elseif event.type == "closed" then
      return event
    elseif event.type == "head" then
      self._message, self._pieces = event, {}
      if on_head then
        on_head(event)
      end
    elseif event.type == "data" then
      self._pieces[#self._pieces + 1] = event.data
    elseif event.type == "end" then
      local message = self._message
      message.body = table.concat(self._pieces)
      self._message, self._pieces = nil, nil
      return message
    end
  end
end

return {
  reader = reader,
  request_start = write.request_start,
  write_request = write.request,
  write_response = write.response,
  MAX_BODY = LIMITS.max_body,
}
