--- HTTP/1.1 without I/O, both roles: bytes in, events out. Whether bytes come
--- at once or one by one makes no difference to the events.
---
--- Of requests it refuses every form on which two parsers could disagree. Of
--- responses it reads what RFC 9112 asks a user agent to read, as the parser in
--- C does: bare line feeds, folded fields, a length that is repeated. Where a
--- response's end is in doubt the connection is not kept.
---
--- The parser in C (core.response_parser), by which nginx reads all other
--- responses, has a whole one at its end. This one is for servers, which read
--- requests, and for bodies that stream in nginx, which need each piece when it
--- comes. spec/data/http_grammar.lua holds both to one grammar.

local ascii = require "cloudjobs.base.ascii"
local grammar = require "cloudjobs.http.grammar"

local LIMITS = {
  max_head = 64 * 1024, -- start lines and header fields, interim ones too, or a chunked body's trailers
  max_body = 64 * 1024 * 1024,
}
local MAX_CHUNK_LINE = 4096 -- a size and extensions, which nothing sends
local MAX_HEX_DIGITS = 16 -- of a chunk's size
local EXACT_HEX_DIGITS = 12 -- that every Lua number holds
local MAX_PIECES = 1024 -- of a body, before they are joined

--- A request with two of these could be read in two ways.
local SINGLE = { host = true, ["content-length"] = true, ["transfer-encoding"] = true }

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
    _head_size = 0,
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

--- The method of the request that the next response answers: HEAD has no body.
function Reader:expect(method)
  self._method = method
end

--- Bytes that came and belong to no event so far.
function Reader:buffered()
  return #self._buffer - self._at + 1
end

--- The next whole line without its end; nil when more bytes are needed. `room`
--- is its maximum length, the end included.
local function take_line(self, room)
  local stop = self._buffer:find("\n", self._scan, true)
  if (stop or #self._buffer) - self._at + 1 > room then
    return nil, problem("too_large", 431, "the message's head is larger than its limit")
  elseif not stop then
    self._scan = #self._buffer + 1
    return nil
  end
  local has_return = stop > self._at and self._buffer:byte(stop - 1) == 13
  if not has_return and self._role == "server" then
    return nil, malformed("a line ends in a bare line feed")
  end
  local line = self._buffer:sub(self._at, stop - (has_return and 2 or 1))
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

-- A line of a head or of trailers as it is read on: of control characters a
-- request may hold none. In a response a NUL alone is refused and a CR counts as
-- a blank (RFC 9112 2.2). Gives nil and a problem for a line that is refused.
local function clean(self, line)
  if not grammar.has_control(line) then
    return line
  elseif self._role == "server" or line:find("\0", 1, true) then
    return nil, malformed("a control character in the head")
  end
  return (line:gsub("\r", " "))
end

-- Adds a field line of a head or of trailers to `fields`; a problem or nil.
local function add_field(self, fields, line)
  local refused
  line, refused = clean(self, line)
  if not line then
    return refused
  end
  local last = self._last_name
  if self._role == "client" and last and line:find("^[ \t]") then -- folded: RFC 9112 5.2
    fields[last] = grammar.trim(fields[last] .. " " .. grammar.trim(line))
    return
  end
  local name, value = grammar.field(line)
  if not name then
    return malformed(value)
  end
  local before = fields[name]
  if before and self._role == "server" and SINGLE[name] then
    return malformed("a second " .. name)
  end
  fields[name] = before and before .. ", " .. value or value
  self._last_name = name
end

local function request_line(line)
  local method, target, version = line:match("^(%S+) (%S+) HTTP/(%d%.%d)$")
  if not method or not grammar.is_token(method) or target:find("[%z\1-\32\127]") then
    return nil, malformed("not a request line")
  elseif version ~= "1.1" and version ~= "1.0" then
    return nil, problem("unsupported", 505, "HTTP/" .. version .. " is not supported")
  end
  return { type = "head", method = method, target = target, version = version }
end

local function status_line(line)
  local version, status, reason = line:match("^HTTP/(1%.[01]) ([1-9]%d%d)(.*)$")
  if not version or not reason:find("^ ") and reason ~= "" or reason:find("\0", 1, true) then
    return nil, malformed("not a status line")
  end
  return { type = "head", status = tonumber(status), reason = reason:sub(2), version = version }
end

-- What a request's framing must not be: what another parser could read otherwise.
local function ambiguous_framing(head, coding, length)
  if coding and length then
    return malformed("both a content-length and a transfer-encoding")
  elseif coding and head.version == "1.0" then
    return malformed("a transfer-encoding in HTTP/1.0")
  elseif length and length:find(",", 1, true) then
    return malformed("a list of content-lengths")
  end
end

-- Whether a transfer-encoding is chunked, be it repeated, and nothing else.
local function is_chunked(coding)
  for word in (coding .. ","):gmatch("([^,]*),") do
    if ascii.lower(grammar.trim(word)) ~= "chunked" then
      return false
    end
  end
  return true
end

--- How the body ends: "none", "length", "chunked" or "close".
local function framing(self, head)
  local status, coding, length = head.status, head.headers["transfer-encoding"], head.headers["content-length"]
  local refused = not status and ambiguous_framing(head, coding, length)
  if refused then
    return nil, refused
  end
  local size = length and grammar.content_length(length)
  if length and not size then
    return nil, malformed("a content-length that is not a number")
  elseif status and (grammar.is_bodiless(status) or self._method == "HEAD") then
    return "none"
  elseif coding and not is_chunked(coding) then
    return nil, problem("unsupported", 501, "a transfer-encoding other than chunked")
  elseif coding then
    return "chunked"
  elseif size then
    if size > self._max_body then
      return nil, problem("too_large", 413, "the body is larger than its limit")
    end
    self._left = size
    return "length"
  end
  return status and "close" or "none"
end

-- Whether another message may follow on the connection.
local function is_kept(head, body)
  local headers, is_new = head.headers, head.version == "1.1"
  local coding, length = headers["transfer-encoding"], headers["content-length"]
  if body == "close" or (coding and (length or not is_new or ascii.lower(coding) ~= "chunked")) then
    return false -- this message's end is in doubt
  elseif head.status == 204 and (coding or (length and grammar.content_length(length) > 0)) then
    return false -- the body that is announced may follow
  end
  return not grammar.has_word(headers.connection, "close")
    and (is_new or grammar.has_word(headers.connection, "keep-alive"))
end

local function finish_head(self)
  local head = self._head
  if head.method and head.version == "1.1" and not head.headers.host then
    return nil, malformed("no host")
  elseif head.status == 101 then
    return nil, malformed("a change of protocol that was not asked for")
  elseif head.status and head.status < 200 then
    head.type = "informational"
    self._state = "start"
    return head
  end
  local body, err = framing(self, head)
  if not body then
    return nil, err
  end
  self._head_size = 0
  head.keep_alive = is_kept(head, body)
  head.expects_continue = body ~= "none" and grammar.has_word(head.headers.expect, "100-continue")
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

--- One step of each state: an event; nil when more bytes are needed; nil and a
--- problem; or true when the state changed without an event.
local STEP = {}

function STEP.start(self)
  if self._ended and self:buffered() == 0 then
    return { type = "closed" }
  end
  local line, err = take_head_line(self)
  if not line then
    return nil, err
  elseif line == "" and self._role == "server" and not self._skipped then
    self._skipped = true -- RFC 9112 2.2: one empty line before a request is ignored
    return true
  end
  self._skipped = nil
  self._head, err = (self._role == "server" and request_line or status_line)(line)
  if not self._head then
    return nil, err
  end
  self._head.headers = {}
  self._last_name = nil
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
  err = add_field(self, self._head.headers, line)
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
    return nil, err and malformed("not a chunk's size")
  end
  local digits, rest = line:match("^(%x+)(.*)$")
  local extension = rest and grammar.trim(rest)
  local is_plain = rest == "" or extension and extension:find("^;") and not grammar.has_control(extension)
    or extension == "" and self._role == "client"
  if not is_plain or #digits > MAX_HEX_DIGITS then
    return nil, malformed("not a chunk's size")
  end
  digits = digits:match("^0*(%x*)$")
  self._left = #digits > EXACT_HEX_DIGITS and math.huge or tonumber("0" .. digits, 16)
  if self._left == 0 then
    self._trailers, self._last_name = {}, nil
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
  local is_bare = first == 10 and self._role == "client"
  if not is_bare and (first and first ~= 13 or second and second ~= 10) then
    return nil, malformed("a chunk is longer than its size says")
  elseif not is_bare and not second then
    return nil
  end
  self._at = self._at + (is_bare and 1 or 2)
  self._scan = self._at
  self._state = "chunk_size"
  return true
end

--- Trailers are checked and dropped: no service here uses them, and a trailer
--- that replaces a field of the head could deceive its reader.
function STEP.trailers(self)
  local line, err = take_head_line(self)
  if not line then
    return nil, err
  elseif line == "" then
    self._head_size = 0
    self._state = "done"
    return true
  end
  err = add_field(self, self._trailers, line)
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

-- Of a body that comes in very many pieces most are joined early: a table of
-- single bytes would be larger than any limit on the body.
local function add_piece(self, data)
  local pieces = self._pieces
  pieces[#pieces + 1] = data
  if #pieces == MAX_PIECES then
    self._blocks[#self._blocks + 1] = table.concat(pieces)
    self._pieces = {}
  end
end

--- The whole next message: its head with `body`, a string ("" when there is
--- none). nil asks for more bytes. Informational responses are passed over. A
--- `closed` event comes as it is. `on_head` is called with the head before the
--- body comes: some clients wait for a 100 Continue.
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
      self._message, self._pieces, self._blocks = event, {}, {}
      if on_head then
        on_head(event)
      end
    elseif event.type == "data" then
      add_piece(self, event.data)
    elseif event.type == "end" then
      local message = self._message
      self._blocks[#self._blocks + 1] = table.concat(self._pieces)
      message.body = table.concat(self._blocks)
      self._message, self._pieces, self._blocks = nil, nil, nil
      return message
    end
  end
end

return { reader = reader }
