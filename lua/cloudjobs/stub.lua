--- A transport for unit tests: queued answers, a clock that only sleeping moves.
---
---     local stub = require("cloudjobs.stub").new { { body = '{"Exports":[]}' } }
---     local exports = cloudjobs.aws.bcm_data_exports { transport = stub, … }

local core = require "cloudjobs.core"
local Error = require "cloudjobs.error"

local Stub = {}
local stub_mt = { __name = "cloudjobs.stub", __index = Stub }

--- Queues an answer: a response (`status` is 200, `headers` empty and `body` ""
--- unless given; a table as body is written as JSON), an error object, or a
--- function of the request that answers like `send`.
function Stub:push(answer)
  self._answers[#self._answers + 1] = answer
end

local function copy(t)
  local c = {}
  for key, value in pairs(t) do
    c[key] = value
  end
  return c
end

--- Answers with the oldest queued answer and keeps the request in `requests`.
function Stub:send(request)
  local kept = copy(request)
  for _, name in ipairs { "method", "url", "path", "query", "network", "timeout", "connect_timeout" } do
    kept[name] = request[name] -- its own, or its route's
  end
  kept.headers = request.headers and copy(request.headers)
  self.requests[#self.requests + 1] = kept
  self._next = self._next + 1
  local answer = self._answers[self._next]
  if type(answer) == "function" then
    return answer(request)
  elseif answer == nil then
    return nil, Error.new {
      kind = "transport",
      code = "connect",
      message = ("the stub has no answer for request %d"):format(self._next),
    }
  elseif Error.is(answer) then
    return nil, answer
  end
  local body = answer.body or ""
  if type(body) == "table" then
    body = assert(core.json_encode(body))
  end
  return { status = answer.status or 200, headers = answer.headers or {}, body = body }
end

--- Moves the clock; nothing waits.
function Stub:sleep(seconds)
  self.slept[#self.slept + 1] = seconds
  self.time = self.time + seconds
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

function Stub:close() end -- luacheck: ignore 212

--- A stub with `answers` queued.
---@param answers table[]|nil
---@param options { time: number|nil }|nil time: where the clock starts, epoch seconds
local function new(answers, options)
  local self = setmetatable({
    requests = {},
    slept = {},
    time = options and options.time or 1767225600,
    -- A test may set any option; none of them is looked at.
    honours = setmetatable({}, { __index = function() return true end }),
    _answers = {},
    _next = 0,
  }, stub_mt)
  for _, answer in ipairs(answers or {}) do
    self:push(answer)
  end
  return self
end

return { new = new }
