--- A transport for unit tests: queued answers, a clock that only sleeping moves.
---
---     local stub = require("cloudjobs.stub").new { { body = { Exports = {} } } }
---     local exports = cloudjobs.aws.bcm_data_exports { transport = stub, … }

local Canceller = require "cloudjobs.base.canceller"
local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"
local Error = require "cloudjobs.base.error"
local option = require "cloudjobs.base.options"

local ANSWER = { status = "number", headers = "table", body = "string|table" }

---@class cloudjobs.stub: cloudjobs.Transport
local Stub = {}
local stub_mt = { __name = "cloudjobs.stub", __index = Stub }

-- Nobody marks the empty list of `{ Exports = {} }`, which JSON would have as an object.
local function marked(value, is_inside)
  if type(value) ~= "table" then
    return value
  elseif next(value) == nil then
    return is_inside and setmetatable({}, core.array_mt) or value
  end
  local with_marks = setmetatable({}, getmetatable(value))
  for key, member in pairs(value) do
    with_marks[key] = marked(member, true)
  end
  return with_marks
end

-- The response as `send` returns it; raises a mistake at the caller's line.
local function ready(answer, what)
  if type(answer) == "function" or Error.is(answer) then
    return answer
  elseif type(answer) ~= "table" then
    option.mistake(("%s: expected a response, an error object or a function, got %s"):format(what, type(answer)))
  end
  option.check(answer, ANSWER, what)
  local body, headers = answer.body or "", {}
  if type(body) == "table" then
    local message
    body, message = core.json_encode(marked(body))
    if not body then
      option.mistake(("%s: body: %s"):format(what, message))
    end
  end
  for name, value in pairs(answer.headers or {}) do
    headers[ascii.lower(name)] = value
  end
  return { status = answer.status or 200, headers = headers, body = body }
end

--- Queues an answer: a response, an error object, or a function of the request
--- that answers like `send`: a response, or nil and an error.
---
--- A response is `{ status = 200, headers = {}, body = "" }`, of which what is as
--- here may be left out. A table as body is written as JSON; an empty table
--- inside it is an empty list. Where an empty object is meant, or no JSON, the
--- body is text.
---@param answer table|function
function Stub:push(answer)
  local answers = self._answers
  answers[#answers + 1] = ready(answer, "stub:push")
end

local function copy(t)
  local c = {}
  for key, value in pairs(t) do
    c[key] = value
  end
  return c
end

-- A body in pieces, as text.
local function read_all(source)
  local pieces = {}
  while true do
    local piece, err = source:read()
    if not piece then
      return not err and table.concat(pieces) or nil, err
    end
    pieces[#pieces + 1] = piece
  end
end

-- Gives a body to the request's sink, where there is one and the status is 2xx.
local function deliver(response, sink)
  if not sink or response.status < 200 or response.status > 299 then
    return response
  end
  local body = response.body
  response.body = ""
  local ok, err = sink:start(response)
  if ok and body ~= "" then
    ok, err = sink:write(body)
  end
  return ok and response or nil, err
end

--- Answers with the oldest queued answer and keeps the request in `requests`.
function Stub:send(request)
  local kept = copy(request)
  if type(kept.body) == "table" then
    local err
    kept.body, err = read_all(kept.body)
    if err then
      return nil, err
    end
  end
  for _, name in ipairs { "method", "url", "path", "query", "network", "timeout", "connect_timeout" } do
    kept[name] = request[name] -- its own, or its route's
  end
  kept.headers = request.headers and copy(request.headers)
  self.requests[#self.requests + 1] = kept
  self._next = self._next + 1
  local answer = self._answers[self._next]
  if type(answer) == "function" then
    local response, err = answer(request)
    if not response then
      return nil, err
    end
    return deliver(ready(response, "the answer of a stub's function"), kept.sink)
  elseif answer == nil then
    return nil, Error.new {
      kind = "transport",
      code = "connect",
      message = ("the stub has no answer for request %d"):format(self._next),
    }
  elseif Error.is(answer) then
    return nil, answer
  end
  return deliver({ status = answer.status, headers = copy(answer.headers), body = answer.body }, kept.sink)
end

--- Moves the clock; nothing waits.
---@param seconds number
---@param cancel cloudjobs.Canceller|nil
---@return true|nil
---@return cloudjobs.Error|nil err kind "cancelled"
function Stub:sleep(seconds, cancel)
  if cancel and cancel.cancelled then
    return nil, Canceller.refusal(cancel)
  end
  self.slept[#self.slept + 1] = seconds
  self.time = self.time + seconds
  return true
end

--- Wall time in epoch seconds.
function Stub:now()
  return self.time
end

--- Monotonic time in seconds.
function Stub:clock()
  return self.time
end

function Stub:single(_, f) -- luacheck: ignore 212
  return f()
end

--- A new file that replaces `path` when it is complete.
function Stub:create(path) -- luacheck: ignore 212
  return require("cloudjobs.transport.file").create(path)
end

function Stub:close() end -- luacheck: ignore 212

--- A stub with `answers` queued, each as for `push`. What it is asked is in
--- `requests`: `method`, `url`, `headers` (lower-case names), `body`, `network`;
--- what it slept is in `slept`.
---@param answers table[]|nil
---@param options { time: number|nil }|nil time: where the clock starts, epoch seconds
local function new(answers, options)
  options = option.check(options, { time = "number" }, "stub.new")
  answers = answers or {}
  option.check_list(answers, "stub.new: answers, such as { { body = … } }")
  local queued = {}
  for i, answer in ipairs(answers) do
    queued[i] = ready(answer, ("stub.new: answer %d"):format(i))
  end
  local self = setmetatable({
    requests = {},
    slept = {},
    time = options.time or 1767225600,
    -- A test may set any option; the stub ignores them.
    honours = setmetatable({}, { __index = function() return true end }),
    _answers = queued,
    _next = 0,
  }, stub_mt)
  return self
end

return { new = new }
