--- A server's connections, as the servers that specs start use them.

local Connection = {}

--- Makes a failed read or write return nil in place of an error.
function Connection.quiet(s)
  s:onerror(function(_, _, why)
    return why
  end)
  s:setmode("bn", "bf")
end

--- Reads a request up to its blank line; nil at the end of the connection.
---@return string|nil
function Connection.read_head(s)
  local lines = {}
  for line in s:lines("*L") do
    lines[#lines + 1] = line
    if line == "\r\n" then
      return table.concat(lines)
    end
  end
end

local function copy(from, to)
  for bytes in function() return from:read(-4096) end do
    if not (to:write(bytes) and to:flush()) then
      break
    end
  end
  to:shutdown("w")
end

--- Copies bytes both ways until both sides have ended.
function Connection.join(loop, s, target)
  loop:wrap(pcall, copy, target, s) -- the other side may have gone
  copy(s, target)
end

return Connection
