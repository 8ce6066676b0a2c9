--- One exchange over an open connection: a request's bytes out, a response in.

local core = require "cloudjobs.core"
local message = require "cloudjobs.http.message"

-- A response that came as a whole, as most do; any other is for the parser. The
-- body stays where it is until it is used.
local function read_whole(bytes, request, max_body)
  if request.method == "HEAD" then
    return nil
  end
  local status, from = core.whole_response(bytes)
  if status and #bytes - from < max_body then
    local body = not request.route and bytes:sub(from) or nil
    return message.new { status = status, lines = bytes, from = from, body = body }
  end
end

-- The response that begins with `bytes`; nil where the connection ended.
local function read(connection, request, bytes, limits, max_body)
  local parser = core.response_parser(request.method, max_body)
  local is_silent = not bytes
  while true do
    local status, lines, body, keep_alive = parser:feed(bytes)
    if status ~= false then
      parser:close() -- of its memory the collector knows nothing
    end
    if status then
      connection.is_reusable = keep_alive
      return message.new { status = status, lines = lines, body = body }
    elseif status == nil then
      return nil, { code = lines, message = body, is_silent = is_silent }
    end
    local failure
    bytes, failure = connection:receive(limits)
    if failure then
      return nil, failure
    end
  end
end

--- Sends a request and reads its response. Sets the connection's `is_reusable`
--- where it can carry another.
---@param connection table
---@param request cloudjobs.Request
---@param bytes string|table the request's, as cosockets take them
---@param limits cloudjobs.nginx.Limits
---@param max_body integer
---@return cloudjobs.Response|nil
---@return cloudjobs.nginx.Failure|nil failure
local function run(connection, request, bytes, limits, max_body)
  local body = request.body
  local sent, failure = connection:send(bytes, body and #body or 0, limits)
  if not sent then
    return nil, failure
  end
  local first
  first, failure = connection:receive(limits)
  if failure then
    failure.is_silent = failure.code == "closed"
    return nil, failure
  end
  local response = first and read_whole(first, request, max_body)
  if response then
    connection.is_reusable = true
    return response
  end
  return read(connection, request, first, limits, max_body)
end

return { run = run }
