--- The destination of a response's body, piece by piece: a caller's path, function, or object that writes. It never
--- gets the same bytes twice: a body that broke off is continued by a range of the same entity, or begins again where
--- the sink can rewind.

local Error = require "cloudjobs.base.error"
local message = require "cloudjobs.http.message"

---@class cloudjobs.call.Sink: cloudjobs.Sink
---@field verifier_of (fun(response: table): table|nil)|nil returns one with `update(self, bytes)` and `verify(self)`
local Sink = {}
local sink_mt = { __name = "cloudjobs.call.sink", __index = Sink }

local function refuse(code, text, cause)
  return nil, Error.new { kind = "transport", code = code, message = text, cause = cause }
end

-- The range of a 206's bytes in the entity; nil for a field that RFC 9110, section 14.4, does not allow.
local function content_range(text)
  local first, last, size = (text or ""):match("^bytes (%d+)%-(%d+)/([%d*]+)$")
  return tonumber(first), tonumber(last), tonumber(size)
end

-- Reads the body's length, entity tag and range from the head of its first response.
function Sink:_learn(response)
  local length = tonumber(message.field(response, "content-length"))
  local etag = message.field(response, "etag")
  self._etag = etag and etag:find('^"') and etag or nil -- a weak one does not identify bytes
  self._first, self._last = 0, length and length - 1
  self._ranges = message.field(response, "accept-ranges") == "bytes"
  if response.status == 206 then
    self._first, self._last = content_range(message.field(response, "content-range"))
    self._ranges = self._first ~= nil
  end
  if self._limit and length and length > self._limit then
    return refuse("too_large", ("the response's body has %.0f bytes, more than max_body allows"):format(length))
  end
  self._verifier = self.verifier_of and self.verifier_of(response)
  return true
end

-- Whether a response goes on where the body broke off.
function Sink:_continues(response)
  local first, last, size = content_range(message.field(response, "content-range"))
  local problem
  if response.status ~= 206 or not first then
    problem = ("a status of %d without the range that was asked for"):format(response.status)
  elseif first ~= self._first + self._size or last ~= (self._last or (size and size - 1) or last) then
    problem = ("the range %.0f-%.0f in place of the one that was asked for"):format(first, last)
  elseif message.field(response, "etag") ~= self._etag then
    problem = "another entity tag: the content has changed"
  else
    self._last = last -- which a first response in chunks does not have
    return true
  end
  local text = "the response's body broke off after %.0f bytes, and cannot be continued: the service sent %s"
  return refuse("range", text:format(self._size, problem))
end

-- What a function of the caller's sink says: true, or nil and why it refuses.
local function answer_of(ok, done, problem)
  if not ok then
    return refuse("sink", "the sink raised: " .. tostring(done), done)
  elseif Error.is(problem) then
    return nil, problem
  elseif done == false or done == nil and problem ~= nil then
    return refuse("sink", "the sink refused the body: " .. tostring(problem or "it returned false"), problem)
  end
  return true
end

--- Begins, or continues, with the body of this response.
---@param response cloudjobs.Response its head
---@return true|nil
---@return cloudjobs.Error|nil err code "too_large" or "range"
function Sink:start(response)
  self._is_started = true
  if self._is_continued then
    return self:_continues(response)
  end
  local ok, err = self:_learn(response)
  if ok and self._start then
    ok, err = answer_of(pcall(self._start, response))
  end
  return ok, err
end

--- Gives the bytes to the caller's sink.
---@param bytes string
---@return true|nil
---@return cloudjobs.Error|nil err code "sink": it refused them or raised
function Sink:write(bytes)
  self._size = self._size + #bytes
  if self._limit and self._size > self._limit then
    return refuse("too_large", ("the response's body is larger than max_body, %.0f bytes"):format(self._limit))
  elseif self._verifier then
    self._verifier:update(bytes)
  end
  return answer_of(pcall(self._write, bytes))
end

-- Rewinds the caller's sink; nil and a message where it cannot.
function Sink:_begin_again()
  local ok, done, problem = pcall(self._rewind)
  if not ok or done == false or done == nil and problem ~= nil then
    return nil, "the sink cannot begin again: " .. tostring(not ok and done or problem or "its rewind refused")
  end
  self._size, self._is_started, self._is_continued, self._is_corrupt = 0, false, false, false
  return true
end

--- Prepares another attempt.
---@param method string of the request
---@return table<string, string>|nil headers of the next request beside its own
---@return string|nil message why there is none
function Sink:again(method)
  if self._size == 0 then
    self._is_started, self._is_continued = false, false
    return {}
  elseif method == "GET" and self._ranges and self._etag and not self._is_corrupt then
    self._is_continued = true
    return {
      range = ("bytes=%.0f-%s"):format(self._first + self._size, self._last and ("%.0f"):format(self._last) or ""),
      ["if-match"] = self._etag,
    }
  elseif self._rewind then
    local ok, problem = self:_begin_again()
    return ok and {} or nil, problem
  end
  return nil, ("the sink has %.0f bytes already; it has no method rewind, and the service offers no ranges of the same "
    .. "content"):format(self._size)
end

--- Ends a complete body: checks it, and puts a file at its path.
---@return true|nil
---@return cloudjobs.Error|nil err
function Sink:finish()
  if not self._is_started then
    return true
  elseif self._last and self._size ~= self._last + 1 - self._first then
    return refuse("closed", ("the response's body has %.0f bytes in place of %.0f"):format(
      self._size, self._last + 1 - self._first))
  end
  local ok, err = true, nil
  if self._verifier then
    ok, err = self._verifier:verify()
    self._is_corrupt = not ok
  end
  if ok and self._commit then
    ok, err = self._commit()
  end
  return ok, err
end

--- Ends a body that is not complete: removes the file.
function Sink:discard()
  if self._discard then
    self._discard()
  end
end

local function of_file(file)
  return {
    _write = function(bytes)
      return file:write(bytes)
    end,
    _rewind = function()
      return file:rewind()
    end,
    _commit = function()
      return file:commit()
    end,
    _discard = function()
      file:discard()
    end,
  }
end

local function of_object(object)
  local write, rewind, start = object.write, object.rewind, object.start
  return {
    _start = start and function(response)
      return start(object, { status = response.status, headers = response.headers })
    end,
    _write = write and function(bytes)
      return write(object, bytes)
    end or object,
    _rewind = rewind and function()
      return rewind(object)
    end,
  }
end

-- Whether a table or userdata has this method or can be called.
local function is_object(value, method)
  local mt = getmetatable(value)
  local ok, found = pcall(function()
    return value[method] ~= nil or type(mt) == "table" and mt.__call ~= nil
  end)
  return ok and found
end

--- The sink of a value.
---@param value string|function|table|userdata a path; a function of bytes; a table or userdata that is called so or has
---   a method `write(self, bytes)`, and may have the methods `rewind(self)` and `start(self, response)`, which gets
---   status and headers before the first bytes. One that returns nil and an error, or false, refuses the body.
---@param transport cloudjobs.Transport creates the file of a path
---@param limit number|nil bytes at most
---@return cloudjobs.call.Sink|nil
---@return cloudjobs.Error|string|nil err a string for a value that is none
local function new(value, transport, limit)
  local made
  if type(value) == "string" then
    local file, err = transport:create(value)
    if not file then
      return nil, err
    end
    made = of_file(file)
  elseif type(value) == "function" then
    made = { _write = value }
  elseif io.type(value) == "closed file" then
    return nil, "a closed file"
  elseif is_object(value, "write") then
    made = of_object(value)
  else
    return nil, "neither a path nor a function or an object with a method write"
  end
  made._size, made._limit = 0, limit
  return setmetatable(made, sink_mt)
end

return { new = new }
