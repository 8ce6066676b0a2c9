--- A client: one method for each operation of a model.

local Request = require "cloudjobs.call.request"
local call = require "cloudjobs.call.call"
local option = require "cloudjobs.base.options"
local quote = require "cloudjobs.base.quote"

---@class cloudjobs.Client
local Client = {}

---@class cloudjobs.CallOptions
---@field timeout? number seconds for all attempts together
---@field meta? table is filled with request_id, status, attempts and elapsed
---@field cancel? cloudjobs.Canceller
---@field api_version? string Azure's
---@field sink? string|function|table|userdata where the response's body goes: a path, or what bytes are given to
---@field max_body? number bytes at most that the sink gets
---@field body? string|function|table|userdata the request's body: text, a file, or what is read piece by piece
local CALL_OPTIONS = {
  timeout = "number",
  meta = "table",
  cancel = "canceller",
  api_version = "string",
  sink = "string|function|table|userdata",
  max_body = "number",
  body = "string|function|table|userdata",
}

local LIST_OPTIONS = {
  token = "string",
  limit = "number",
  page_size = "number",
  timeout = "number",
  deadline = "number",
  cancel = "canceller",
  api_version = "string",
}

local function check_params(params, what)
  if params ~= nil and type(params) ~= "table" then
    option.mistake(("%s: parameters: expected table, got %s"):format(what, type(params)))
  end
end

-- The context of the client that a method is called on.
local function context_of(self, method)
  local context = type(self) == "table" and self._context
  if not context then
    option.mistake(("call it with a colon, client:%s(…)"):format(method))
  end
  return context
end

-- The operation of that name in either spelling; raises at the caller's line.
local function operation(self, name)
  local model = context_of(self, "method").model
  local op, reason, note
  if type(name) == "string" then
    op, reason, note = model:operation(name)
  end
  if reason then
    option.mistake(("%s: %s cannot be called: %s"):format(model.service.id, name, reason))
  elseif not op then
    local names = model:operations()
    option.mistake(("%s has no operation %s%s%s"):format(
      model.service.id, quote.name(name), require "cloudjobs.base.suggest"(tostring(name), names),
      note and "; " .. note or ""
    ))
  end
  return op
end

--- Makes the method for an operation. A call is `client:name(params, call_options)`.
local function method(client, op)
  local own = client._context
  local run = own.operations and own.operations[op.name] or call.run
  return function(self, params, options)
    local context = self == client and own or context_of(self, op.method_name)
    if params ~= nil and type(params) ~= "table" then
      check_params(params, op.method_name)
    end
    if options ~= nil then
      option.check(options, CALL_OPTIONS, op.method_name)
    end
    local output, err = run(context, op, params, options)
    if output == nil then
      return nil, err
    end
    return output
  end
end

local REQUEST_OPTIONS = { timeout = "number", meta = "table", cancel = "canceller", api_version = "string" }

--- The encoded request, unsigned and unsent.
---@param name string an operation in either spelling
---@param params table|nil
---@param options { api_version: string|nil }|nil
---@return { method: string, url: string, headers: table<string, string>, body: string|nil }|nil request
---@return cloudjobs.Error|nil err
function Client:request(name, params, options)
  local op = operation(self, name)
  check_params(params, op.method_name)
  options = option.check(options, REQUEST_OPTIONS, op.method_name)
  local request, err = Request.preview(self._context, op, params, options)
  if not request then
    return nil, err
  end
  return { method = request.method, url = request.url, headers = request.headers, body = request.body }
end

local PRESIGN_OPTIONS = { expires_in = "number", headers = "table" }
local HOUR = 3600
local WEEK = 7 * 24 * HOUR -- AWS accepts no longer-lived URL

--- A signed URL with which anybody can make the call until it expires.
---@param name string
---@param params table|nil
---@param options { expires_in: integer|nil, headers: table<string, string>|nil }|nil expires_in: seconds, an hour
---   unless given; headers: what has to be sent along, and is signed too
---@return string|nil url
---@return cloudjobs.Error|nil err
function Client:presign(name, params, options)
  local op = operation(self, name)
  check_params(params, op.method_name)
  options = option.check(options, PRESIGN_OPTIONS, op.method_name)
  local seconds = options.expires_in or HOUR
  if seconds < 1 or seconds > WEEK or seconds % 1 ~= 0 then
    option.mistake(("%s: option expires_in: expected whole seconds from 1 to %d"):format(op.method_name, WEEK))
  elseif not self._context.protocol.without_body then
    option.mistake(("%s: a request of %s cannot be made a URL"):format(op.method_name, op.service.id))
  end
  for header, value in pairs(options.headers or {}) do
    if type(header) ~= "string" or type(value) ~= "string" then
      option.mistake(op.method_name .. ": option headers: expected names and values that are strings")
    end
  end
  local url, err = Request.presign(self._context, op, params, { expires_in = seconds, headers = options.headers })
  if not url then
    err.operation = op.name
    err.service = op.service.id
    return nil, err
  end
  return url
end

--- What a call would return for this response. Marks an error as a call would.
---@param name string
---@param response { status: integer, headers: table<string, string>|nil, body: string|nil } headers in lower case
---@return table|nil output
---@return cloudjobs.Error|nil err
function Client:decode(name, response)
  local op = operation(self, name)
  if type(response) ~= "table" or type(response.status) ~= "number" then
    option.mistake(op.method_name .. ": response: expected { status, headers, body }")
  end
  local output, err = call.decode(self._context, op, {
    status = response.status,
    headers = response.headers or {},
    body = response.body or "",
  })
  if output == nil then
    return nil, err
  end
  return output
end

local function listing(self, name, params, options)
  local op = operation(self, name)
  if not op.pages then
    option.mistake(op.method_name .. " has no pages")
  end
  check_params(params, op.method_name)
  return op, option.check(options, LIST_OPTIONS, op.method_name)
end

--- Iterates over a listing's pages: `page, token`. Raises the error object.
---@param name string
---@param params table|nil
---@param options { token: string|nil, page_size: integer|nil, timeout: number|nil, deadline: number|nil,
---   cancel: table|nil }|nil token: goes on behind the page that came with it; timeout: seconds for each page;
---   deadline: by the transport's clock, for all pages together
---@return fun(): table|nil, string|nil
function Client:pages(name, params, options)
  local op, checked = listing(self, name, params, options)
  local iterator = require("cloudjobs.call.paginate").pages(self, op, params, checked)
  return iterator
end

--- Iterates over a listing's items. Raises the error object.
---@param options { limit: integer|nil, token: string|nil, page_size: integer|nil }|nil limit: items at most
---@return fun(): any
function Client:items(name, params, options)
  local op, checked = listing(self, name, params, options)
  local iterator = require("cloudjobs.call.paginate").items(self, op, params, checked)
  return iterator
end

--- All items of a listing in one list, or `nil, err`.
---@return table|nil
---@return cloudjobs.Error|nil err `resume_token` goes on at the page that failed, `items` are those before it
function Client:all(name, params, options)
  local op, checked = listing(self, name, params, options)
  local list, err = require("cloudjobs.call.paginate").all(self, op, params, checked)
  if not list then
    return nil, err
  end
  return list
end

--- Waits as a waiter of the service's model defines, e.g. ssm:wait("command_executed", …).
---@param name string a waiter in either spelling
---@param params table|nil
---@param options { timeout: number|nil, interval: number|table|nil, cancel: table|nil, on_poll: function|nil }|nil
---@return table|nil output the output that meant success
---@return cloudjobs.Error|nil err kind "job", "timeout", "cancelled", or what made asking impossible
function Client:wait(name, params, options)
  local model = self._context.model
  local waiter, names = model:waiter(name)
  if not waiter then
    local hint = require "cloudjobs.base.suggest"(tostring(name), names)
    option.mistake(("%s has no waiter %s%s"):format(model.service.id, quote.name(name), hint))
  end
  local wait = require "cloudjobs.call.waiter"
  check_params(params, name)
  local output, err = wait.run(self, waiter, name, params, option.check(options, wait.OPTIONS, name))
  if not output then
    return nil, err
  end
  return output
end

--- What a later process needs to make this client again, credentials apart.
---@return table<string, string>
function Client:settings()
  return context_of(self, "settings"):settings()
end

--- What carries this client's requests.
function Client:transport()
  return context_of(self, "transport").transport
end

--- The operations' names in snake_case, sorted.
---@return string[]
function Client:operations()
  return context_of(self, "operations").model:operations()
end

--- Ends the client: every later call answers `nil, err` (kind "transport", code "closed").
function Client:close()
  context_of(self, "close").closed = true
end

local client_mt = { __name = "cloudjobs.client" }

-- An operation's method is made when it is first named, and cached.
function client_mt.__index(self, name)
  local found = Client[name]
  if found or type(name) ~= "string" or name:sub(1, 1) == "_" then
    return found
  end
  found = method(self, operation(self, name))
  rawset(self, name, found)
  return found
end

function client_mt.__tostring(self)
  return "cloudjobs.client: " .. self._context.model.service.id
end

--- A client over an assembled context.
---@param context table see call.lua
local function new(context)
  return setmetatable({ _context = context }, client_mt)
end

return { new = new }
