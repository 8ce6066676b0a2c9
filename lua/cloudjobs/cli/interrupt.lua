--- Ctrl-C as a canceller: the first one ends what waits, the second the program.

local Error = require "cloudjobs.base.error"
local cloudjobs = require "cloudjobs"
local os_ = require "cloudjobs.os"
local wrap = require "cloudjobs.cli.wrap"

local Interrupt = {}

-- A signal's handler can only set a flag, so this canceller has to be polled.
local interrupt_mt = {
  __name = "cloudjobs.canceller",
  __index = function(_, name)
    if name == "cancelled" then
      return os_.interrupted()
    end
    return Interrupt[name]
  end,
}

Interrupt.reason = "interrupted"

function Interrupt:listen(listener)
  self._listeners[listener] = true
  return function()
    self._listeners[listener] = nil
  end
end

--- Calls the listeners, once, when Ctrl-C was pressed.
function Interrupt:poll()
  if self.cancelled then
    for listener in pairs(self._listeners) do
      self._listeners[listener] = nil
      listener(self.reason)
    end
  end
end

local shared

-- The signal ends the wait in which the process is, and then the canceller is polled.
local function canceller_of(transport)
  local canceller = setmetatable({ _listeners = {} }, interrupt_mt)
  local step = transport.step
  function transport.step(...)
    step(...)
    canceller:poll()
  end
  return canceller
end

--- From now on Ctrl-C is caught, until `release`.
---@return table canceller
local function catch()
  os_.catch_interrupt()
  shared = shared or canceller_of(cloudjobs.transport.default())
  return shared
end

--- Ctrl-C ends the program again.
local function release()
  os_.restore_interrupt()
end

--- Runs `f(canceller)`, whose requests and pauses Ctrl-C ends.
---@param f fun(canceller: table): any, any
---@return any value what `f` returned, or nil and its error
---@return cloudjobs.Error|nil err
local function run(f)
  local canceller = catch()
  -- A request outside of a task blocks, and no canceller is polled meanwhile.
  local result = cloudjobs.parallel({ function()
    return f(canceller)
  end })[1]
  release()
  if result.ok then
    return result.value
  elseif not Error.is(result.err) then
    error(result.err, 0)
  end
  return nil, result.err
end

--- `transport`, whose requests Ctrl-C ends, too, while it is caught.
---@param transport table
---@return table
local function cancellable(transport)
  return wrap(transport, {
    send = function(_, request)
      request.cancel = request.cancel or shared
      return transport:send(request)
    end,
  })
end

return { catch = catch, release = release, run = run, cancellable = cancellable }
