--- Ctrl-C as a canceller: the first one ends what waits, the second the program.

local cloudjobs = require "cloudjobs"
local os_ = require "cloudjobs.os"
local wrap = require "cloudjobs.cli.wrap"

local Interrupt = {}

-- A signal's handler sets a flag and no more, so this canceller is asked.
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

--- Tells the listeners, once, when Ctrl-C has come.
function Interrupt:look()
  if self.cancelled then
    for listener in pairs(self._listeners) do
      self._listeners[listener] = nil
      listener(self.reason)
    end
  end
end

local shared

-- The signal ends whatever wait the process is in; behind it the canceller looks.
local function canceller_of(transport)
  local canceller = setmetatable({ _listeners = {} }, interrupt_mt)
  local step = transport.step
  function transport.step(...)
    step(...)
    canceller:look()
  end
  return canceller
end

--- From now on Ctrl-C is caught, until os_.restore_interrupt().
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

--- `transport`, whose requests Ctrl-C ends, too, while it is caught.
local function heed(transport)
  return wrap(transport, {
    send = function(_, request)
      request.cancel = request.cancel or shared
      return transport:send(request)
    end,
  })
end

return { catch = catch, release = release, heed = heed }
