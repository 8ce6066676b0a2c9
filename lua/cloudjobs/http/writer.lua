--- HTTP/1.1 messages as bytes. No header value can end its line.

local grammar = require "cloudjobs.http.grammar"
local quote = require "cloudjobs.base.quote"

local REASONS = {
  [100] = "Continue",
  [200] = "OK",
  [201] = "Created",
  [204] = "No Content",
  [206] = "Partial Content",
  [304] = "Not Modified",
  [400] = "Bad Request",
  [401] = "Unauthorized",
  [403] = "Forbidden",
  [404] = "Not Found",
  [405] = "Method Not Allowed",
  [409] = "Conflict",
  [412] = "Precondition Failed",
  [413] = "Content Too Large",
  [416] = "Range Not Satisfiable",
  [429] = "Too Many Requests",
  [431] = "Request Header Fields Too Large",
  [500] = "Internal Server Error",
  [501] = "Not Implemented",
  [502] = "Bad Gateway",
  [503] = "Service Unavailable",
  [505] = "HTTP Version Not Supported",
}

-- The names of the latest head, sorted: the next one mostly has the same.
local latest = {}

local function is_latest(headers)
  local count = 0
  for _ in pairs(headers) do
    count = count + 1
  end
  for i = 1, #latest do
    if headers[latest[i]] == nil then
      return false
    end
  end
  return count == #latest
end

local function order_of(headers)
  if is_latest(headers) then
    return latest
  end
  local order = {}
  for name in pairs(headers) do
    if not grammar.is_token(name) then
      return nil, ("%s is not a header's name"):format(quote.value(name))
    end
    order[#order + 1] = name
  end
  table.sort(order)
  latest = order
  return order
end

--- A head's text. Names are sorted, so the same headers give the same bytes.
local function head_text(start, headers)
  local order, message = order_of(headers)
  if not order then
    return nil, message
  end
  local lines = {}
  for i, name in ipairs(order) do
    local value = tostring(headers[name])
    if grammar.breaks_line(value) then
      return nil, ("the header %s holds a control character"):format(name)
    end
    lines[i] = name .. ": " .. value
  end
  lines[#lines + 1] = "\r\n"
  return start .. table.concat(lines, "\r\n")
end

--- The first line of a request, its end included.
---@param method string
---@param target string a path with its query, or a whole address
---@return string|nil line
---@return string|nil message
local function request_start(method, target)
  if not grammar.is_token(method) or not target:find("^[\33-\126\128-\255]+$") then
    return nil, "a method or a target that no request line can hold"
  end
  return ("%s %s HTTP/1.1\r\n"):format(method, target)
end

--- A request's bytes. A body gets its content-length here.
---@param request table { method, target, headers, body }
---@return string|nil bytes
---@return string|nil message
local function request_bytes(request)
  local start, message = request_start(request.method, request.target)
  if not start then
    return nil, message
  end
  local headers = {}
  for name, value in pairs(request.headers) do
    headers[name] = value
  end
  local body = request.body
  if type(body) == "table" then -- the caller sends it
    headers["content-length"] = body.length and ("%.0f"):format(body.length)
    headers["transfer-encoding"] = not body.length and "chunked" or nil
    body = nil
  elseif body or request.method == "POST" or request.method == "PUT" then
    headers["content-length"] = #(body or "")
  end
  local head
  head, message = head_text(start, headers)
  if not head then
    return nil, message
  end
  return head .. (body or "")
end

--- A response's bytes, with its content-length. `head_only` is the answer to HEAD.
---@param response table { status, headers, body }
---@return string|nil bytes
---@return string|nil message
local function response_bytes(response, head_only)
  local headers = {}
  for name, value in pairs(response.headers) do
    headers[name] = value
  end
  local bodiless = grammar.is_bodiless(response.status)
  if not bodiless then
    headers["content-length"] = #(response.body or "")
  end
  local start = ("HTTP/1.1 %d %s\r\n"):format(response.status, REASONS[response.status] or "Status")
  local head, message = head_text(start, headers)
  if not head then
    return nil, message
  end
  return head .. ((bodiless or head_only) and "" or response.body or "")
end

return { request = request_bytes, request_start = request_start, response = response_bytes }
