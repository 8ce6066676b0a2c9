--- A canceller: ends what holds it, from any coroutine.

local Error = require "cloudjobs.base.error"

---@class cloudjobs.Canceller
---@field cancelled boolean
---@field reason string|nil
local Canceller = {}
local canceller_mt = { __name = "cloudjobs.canceller", __index = Canceller }

--- Ends what holds this canceller. Only the first reason counts.
---@param reason any becomes the error's message
function Canceller:cancel(reason)
  if self.cancelled then
    return
  end
  self.cancelled = true
  self.reason = tostring(reason or "cancelled")
  for listener in pairs(self._listeners) do
    listener(self.reason)
  end
end

--- Calls `listener` once at the cancellation; answers a function that forgets it.
---@param listener fun(reason: string)
---@return fun()
function Canceller:listen(listener)
  self._listeners[listener] = true
  return function()
    self._listeners[listener] = nil
  end
end

local function new()
  return setmetatable({ cancelled = false, _listeners = {} }, canceller_mt)
end

--- The error for what a canceller ended.
---@param cancel cloudjobs.Canceller
---@param cause cloudjobs.Error|nil
---@return cloudjobs.Error err kind "cancelled"
local function refusal(cancel, cause)
  return Error.new {
    kind = "cancelled",
    code = "cancelled",
    message = tostring(cancel.reason or "cancelled"),
    ambiguous = cause and cause.ambiguous,
    cause = cause,
  }
end

return { new = new, refusal = refusal }
