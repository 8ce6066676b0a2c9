--- Reads a small object into memory. The bytes of one that is larger than it may be are not collected, where the
--- transport can stream.

local Error = require "cloudjobs.base.error"
local quote = require "cloudjobs.base.quote"

local function too_large(name, max)
  return nil, Error.new {
    kind = "response", code = "too_large",
    message = ("%s: expected an object of at most %.0f bytes"):format(quote.value(name), max),
  }
end

-- A sink that keeps what it gets, and its text.
local function collector()
  local pieces = {}
  return {
    write = function(_, bytes)
      pieces[#pieces + 1] = bytes
    end,
    rewind = function()
      pieces = {}
    end,
  }, function()
    return table.concat(pieces)
  end
end

--- The output of a call that gets an object, and the object's bytes.
---@param client cloudjobs.Client
---@param name string the object's, for the error
---@param options { max: integer|nil, timeout: number|nil, cancel: cloudjobs.Canceller|nil }|nil max: bytes
---@param get fun(call_options: cloudjobs.CallOptions): table|nil, cloudjobs.Error|nil makes the call
---@param member string of the output that is the body
---@return table|nil output
---@return string|cloudjobs.Error body or err; err.code is "too_large" where the object has more bytes than max
local function read(client, name, options, get, member)
  options = options or {}
  local honours, max = client:transport().honours or {}, options.max
  local call_options, text = { timeout = options.timeout, cancel = options.cancel }, nil
  if max and honours.streams then
    call_options.max_body = max
    call_options.sink, text = collector()
  end
  local output, err = get(call_options)
  if not output and err.code == "too_large" and max then
    return too_large(name, max)
  elseif not output then
    return nil, err
  end
  local body = text and text() or output[member]
  if max and #body > max then
    return too_large(name, max)
  end
  return output, body
end

return { read = read }
