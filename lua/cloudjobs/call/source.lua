--- A body that is sent in pieces: a caller's file handle, function, or object that reads. It is read when the transport
--- asks for a piece, and its length is verified: the last piece is given only when nothing follows it.

local Error = require "cloudjobs.base.error"

local PIECE = 64 * 1024 -- bytes that are asked of a `read`
local MAX_EMPTY = 1000 -- empty pieces in a row: a reader that has nothing yet has to wait

---@class cloudjobs.call.Source: cloudjobs.Source
local Source = {}
local source_mt = { __name = "cloudjobs.source", __index = Source }

local function refuse(message, cause)
  return nil, Error.new { kind = "transport", code = "body", message = message, cause = cause }
end

-- The next piece of the caller's, nil at the end, or nil and an error.
function Source:_next()
  for _ = 1, MAX_EMPTY do
    local ok, piece, problem = pcall(self._reader)
    if not ok then
      return refuse("the reader of the body raised: " .. tostring(piece), piece)
    elseif piece == nil and problem == nil then
      return nil
    elseif type(piece) ~= "string" then
      problem = problem or "its reader returned a " .. type(piece)
      return refuse("the body cannot be read: " .. tostring(problem), problem)
    elseif piece ~= "" then
      return piece
    end
  end
  return refuse(("the body cannot be read: its reader returned %d empty texts in a row"):format(MAX_EMPTY))
end

-- Reads past the last piece, which nothing may follow.
function Source:_end_at_length()
  local more, err = nil, nil
  if self._given == self.length then
    more, err = self:_next()
  end
  if err then
    return nil, err
  elseif more or self._given > self.length then
    return refuse(("the body is longer than its length of %.0f bytes"):format(self.length))
  end
  self._has_ended = true
  return true
end

--- The next piece; nil at the end.
---@return string|nil
---@return cloudjobs.Error|nil err code "body": it cannot be read, or is shorter or longer than its length
function Source:read()
  if self._has_ended then
    return nil
  end
  self._is_touched = true
  local piece, err = self:_next()
  if err then
    return nil, err
  elseif not piece then
    self._has_ended = true
    if self.length and self._given < self.length then
      return refuse(("the body is shorter than its length of %.0f bytes: it ended after %.0f"):format(
        self.length, self._given))
    end
    return nil
  end
  self._given = self._given + #piece
  if self.length and self._given >= self.length then
    local ok
    ok, err = self:_end_at_length()
    if not ok then
      return nil, err
    end
  end
  return piece
end

--- Whether it can be read twice.
---@return boolean
function Source:can_rewind()
  return self._rewind ~= nil
end

--- Rewinds it, where anything was read.
---@return true|nil
---@return string|nil message
function Source:again()
  if not self._is_touched then
    return true
  elseif not self._rewind then
    return nil, "the body cannot be read again: it is neither a seekable file nor has it a method rewind"
  end
  local ok, done, problem = pcall(self._rewind)
  if not ok or done == nil and problem ~= nil or done == false then
    return nil, "the body cannot be read again: " .. tostring(not ok and done or problem or "its rewind refused")
  end
  self._is_touched, self._has_ended, self._given = false, false, 0
  return true
end

-- The number of a file's bytes from its position on, and the position; nil where it cannot be sought in.
local function length_of(handle)
  local start = handle:seek()
  local stop = start and handle:seek("end")
  if not stop or not handle:seek("set", start) then
    return nil
  end
  return stop - start, start
end

local function of_file(handle)
  local length, start = length_of(handle)
  return {
    length = length,
    _reader = function()
      return handle:read(PIECE)
    end,
    _rewind = length and function()
      return handle:seek("set", start)
    end,
  }
end

local function of_object(object)
  local read, rewind = object.read, object.rewind
  return {
    length = object.length,
    _reader = read and function()
      return read(object, PIECE)
    end or object,
    _rewind = rewind and function()
      return rewind(object)
    end,
  }
end

--- The source of a value; nil and a message where it is none.
---@param value any a file handle; a function that returns the next piece, nil at the end, or nil and a message; a
---   table or userdata that is called so, or has a method `read(self, bytes)`, and may have `length` (a number of
---   bytes) and a method `rewind(self)`
---@return cloudjobs.call.Source|nil
---@return string|nil message
local function new(value)
  local kind, made = io.type(value), nil
  if kind == "file" then
    made = of_file(value)
  elseif kind == "closed file" then
    return nil, "a closed file"
  elseif type(value) == "function" then
    made = { _reader = value }
  elseif type(value) == "table" or type(value) == "userdata" then
    local mt = getmetatable(value)
    local ok, is_object = pcall(function()
      return value.read ~= nil or type(mt) == "table" and mt.__call ~= nil
    end)
    made = ok and is_object and of_object(value)
  end
  if not made then
    return nil, "neither text nor a file, a function or an object with a method read"
  end
  local length = made.length
  if length ~= nil and not (type(length) == "number" and length >= 0 and length % 1 == 0 and length < 2 ^ 53) then
    return nil, "its length is not a number of bytes"
  end
  made._given = 0
  return setmetatable(made, source_mt)
end

return { new = new }
