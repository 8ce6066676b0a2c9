--- A sink for one range of one version of an object: the head of the response has to have the entity tag and the range
--- that were asked for before any byte is passed on, and no byte may be missing at the end.

local Error = require "cloudjobs.base.error"

---@class cloudjobs.CheckedSink
local CheckedSink = {}
local checked_sink_mt = { __name = "cloudjobs.checked_sink", __index = CheckedSink }

local function refuse(status, code, message)
  return nil, Error.new { kind = "service", code = code, message = message, status = status }
end

--- Checks the head of the first response.
---@param response { status: integer, headers: table<string, string> }
---@return true|nil
---@return cloudjobs.Error|nil err kind "service"; code "WholeObject" where a range was asked for
function CheckedSink:start(response)
  local status, headers = response.status, response.headers
  if headers.etag ~= self._etag then
    return refuse(status, "OtherVersion", "the service sent another version of the object than the one asked for")
  elseif status ~= 206 then
    if self._is_range then
      return refuse(status, "WholeObject", "the service sent the whole object in place of a range")
    end
    local length = tonumber(headers["content-length"])
    if length and length ~= self._size then
      return refuse(status, "OtherLength", ("the service sent %.0f bytes in place of %.0f"):format(length, self._size))
    end
    return true
  end
  local first, last, total = (headers["content-range"] or ""):match("^bytes (%d+)%-(%d+)/([%d*]+)$")
  if tonumber(first) ~= self._first or tonumber(last) ~= self._first + self._length - 1
    or total ~= "*" and tonumber(total) ~= self._size then
    return refuse(status, "OtherRange", "the service sent another range than the one asked for")
  end
  return true
end

---@param bytes string
function CheckedSink:write(bytes)
  self._received = self._received + #bytes
  return self._write(bytes)
end

--- Checks the length of what came.
---@return true|nil
---@return cloudjobs.Error|nil err kind "service", code "OtherLength"
function CheckedSink:finish()
  if self._received == self._length then
    return true
  end
  return refuse(nil, "OtherLength", ("%.0f bytes came in place of %.0f"):format(self._received, self._length))
end

--- The header field that asks for the range; nil for a whole object.
---@return string|nil
function CheckedSink:range()
  return self._is_range and ("bytes=%.0f-%.0f"):format(self._first, self._first + self._length - 1) or nil
end

--- A sink around another one.
---@param sink function|table as the option sink of a call
---@param what { etag: string, offset: integer|nil, length: integer|nil, size: integer } length: all from the offset on
--- unless given; size: of the whole object
---@return cloudjobs.CheckedSink
local function new(sink, what)
  local offset = what.offset or 0
  local write = type(sink) ~= "function" and sink.write
  local self = setmetatable({
    _etag = what.etag, _size = what.size, _first = offset, _length = what.length or what.size - offset,
    _is_range = offset > 0 or what.length ~= nil, _received = 0,
    _write = write and function(bytes)
      return write(sink, bytes)
    end or sink,
  }, checked_sink_mt)
  if type(sink) == "table" and sink.rewind then
    function self.rewind()
      self._received = 0
      return sink:rewind()
    end
  end
  return self
end

return { new = new }
