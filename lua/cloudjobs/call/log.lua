--- The events that a client reports to a logger: plain tables without secrets. Of
--- headers only the known ones are shown, of documents only what neither the
--- service's model nor its name calls a secret.

local core = require "cloudjobs.core"
local quote = require "cloudjobs.base.quote"
local set = require("cloudjobs.base.options").set

local HIDDEN = quote.HIDDEN

-- A header that is not listed is named, its value is not shown.
local HEADERS = set(
  "accept", "age", "amz-sdk-invocation-id", "amz-sdk-request", "clienttype", "connection", "content-encoding",
  "content-length", "content-type", "date", "host", "if-match", "retry-after", "server", "transfer-encoding",
  "user-agent", "x-amz-date", "x-amz-id-2", "x-amz-request-id", "x-amz-retry-after", "x-amz-target",
  "x-amzn-errortype", "x-amzn-query-mode", "x-amzn-request-id", "x-amzn-requestid", "x-ms-client-request-id",
  "x-ms-correlation-request-id", "x-ms-request-id", "x-ms-retry-after-ms"
)

-- Deeper than any shape is nested; a table may contain itself.
local MAX_DEPTH = 32

local redact

-- A text that no shape describes: of an address without its query, which may carry tokens.
local function text_of(text)
  if text:find("^/[^?]*%?") then
    return text:match("^[^?]*") .. "?…"
  elseif text:find("^[Hh][Tt][Tt][Pp][Ss]?://") then
    return quote.url(text)
  end
  return quote.document(text)
end

-- A value of a type in the notation of shapes; without one, a document.
local function redact_value(model, kind, value, depth)
  if type(value) ~= "table" then
    return type(value) == "string" and (kind and quote.document or text_of)(value) or value
  elseif depth > MAX_DEPTH then
    return HIDDEN
  end
  local inner = kind and kind:match("^(.*)[%[{][%]}]$")
  if kind and not inner and kind:find("^%u") then
    return redact(model, model:shape(kind), value, depth)
  end
  local copy = {}
  for key, item in pairs(value) do
    copy[key] = quote.is_secret(key) and HIDDEN or redact_value(model, inner, item, depth + 1)
  end
  return copy
end

-- The members of a shape, by name.
local function members_of(shape)
  local members = {}
  for _, member in ipairs(core.members(shape)) do
    members[member.name] = member
  end
  return members
end

local function headers_of(headers)
  local shown = {}
  for name, value in pairs(headers) do
    shown[name] = HEADERS[name] and quote.message(value) or HIDDEN
  end
  return shown
end

-- An output. One of a long-running operation is the response, with its headers.
local function output_of(model, op, output)
  local shown = redact(model, op.output, output, 0)
  if op.gives_headers then
    shown.headers = headers_of(output.headers)
  end
  return shown
end

--- A copy of a structure's value that may be shown.
function redact(model, shape, value, depth)
  local members, copy = shape and members_of(shape) or {}, {}
  for name, item in pairs(value) do
    local member = members[name]
    if quote.is_secret(name) or (member and member.sensitive) then
      copy[name] = HIDDEN
    else
      copy[name] = redact_value(model, member and member.type, item, depth + 1)
    end
  end
  return copy
end

-- OAuth's code is a secret among parameters alone: elsewhere a code is an error's.
local function params_of(model, op, params)
  local shown = params and redact(model, op.input, params, 0) or {}
  if shown.code then
    shown.code = HIDDEN
  end
  return shown
end

local function error_of(err)
  return {
    kind = err.kind, code = err.code, message = err.message, status = err.status, request_id = err.request_id,
    retryable = err.retryable, throttling = err.throttling, ambiguous = err.ambiguous,
  }
end

local REPLACEMENT = "\239\191\189" -- U+FFFD
local MAX_PATHS = 20 -- of an event

-- Adds the paths of texts that have the replacement character.
local function add_replaced(list, value, path, depth)
  if type(value) == "string" and value:find(REPLACEMENT, 1, true) then
    list[#list + 1] = path
  elseif type(value) == "table" and depth <= MAX_DEPTH then
    for key, item in pairs(value) do
      if #list == MAX_PATHS then
        break
      end
      local step = type(key) == "number" and ("[%d]"):format(key) or (path == "" and "" or ".") .. quote.name(key)
      add_replaced(list, item, path .. step, depth + 1)
    end
  end
end

-- The paths of texts in which the decoder replaced invalid UTF-8 or surrogates; nil where there are none.
local function replaced_in(response, output)
  local body = response and response.body
  local is_unicode = type(body) ~= "string"
    or core.json_encode(body) ~= nil and not body:find("\\u[dD][89a-fA-F]")
  if is_unicode or not output then
    return nil
  end
  local list = {}
  add_replaced(list, output, "", 0)
  table.sort(list)
  return list[1] and list
end

local Log = {}
local log_mt = { __name = "cloudjobs.log", __index = Log }

local function report(self, name, op, event)
  event.event = name
  event.service = op.service.id
  event.operation = op.name
  event.time = self._transport:now()
  self._logger(event)
end

--- A call begins.
function Log:request(op, params, request)
  report(self, "request", op, {
    method = request.method,
    url = request.url:match("^[^?]*"), -- queries may carry tokens
    params = params_of(self._model, op, params),
  })
end

--- A request leaves, signed by an identity unless it needs none.
function Log:attempt(op, attempt, request, identity)
  if identity then
    report(self, "credentials", op, {
      attempt = attempt,
      source = identity.source,
      access_key_id = identity.access_key_id,
      expiration = identity.expiration,
    })
  end
  report(self, "attempt", op, {
    attempt = attempt,
    method = request.method,
    url = request.url:match("^[^?]*"),
    headers = headers_of(request.headers),
    bytes = type(request.body) == "table" and request.body.length or request.body and #request.body or 0,
  })
end

--- An attempt ended, with a response or with an error alone.
function Log:response(op, attempt, response, output, err)
  report(self, "response", op, {
    attempt = attempt,
    status = response and response.status,
    headers = response and headers_of(response.headers),
    output = output and output_of(self._model, op, output),
    replaced = replaced_in(response, output),
    err = err and error_of(err),
  })
end

--- Another attempt follows after `delay` seconds.
function Log:retry(op, attempt, err, delay)
  report(self, "retry", op, { attempt = attempt, delay = delay, err = error_of(err) })
end

--- The logger behind CLOUDJOBS_LOG=debug: one line of JSON an event on stderr.
---@param event table
local function print_event(event)
  io.stderr:write(core.json_encode(event) or core.json_encode { event = event.event }, "\n")
end

--- The same log for a client of another service.
---@param model table
---@return table
function Log:with_model(model)
  return setmetatable({ _logger = self._logger, _model = model, _transport = self._transport }, log_mt)
end

---@param logger fun(event: table)
---@param model table the client's
---@param transport table for the time
local function new(logger, model, transport)
  return setmetatable({ _logger = logger, _model = model, _transport = transport }, log_mt)
end

return { new = new, print = print_event }
