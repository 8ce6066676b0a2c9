--- nginx logs an error that ends a request or timer, and has "unknown reason"
--- for one that is not a string. Our error objects are logged here where nothing
--- catches them: those that iterators raise, and those that assert raises.

local Error = require "cloudjobs.base.error"

local ngx = ngx

local MAX_DEPTH = 200 -- frames of a stack

local CATCHERS = { [pcall] = true, [xpcall] = true }

-- Whether a protected call is among the callers.
local function is_caught()
  for depth = 3, MAX_DEPTH do
    local frame = debug.getinfo(depth, "f")
    if not frame then
      return false
    elseif CATCHERS[frame.func] then
      return true
    end
  end
  return true
end

local function report(err)
  if Error.is(err) and not is_caught() then
    ngx.log(ngx.ERR, tostring(err))
  end
end

--- Has iterators and the global assert report their errors from here on.
local function install()
  Error.on_raise(report)
  local assert_ = assert
  function _G.assert(...)
    local value, err = ...
    if value then
      return ...
    end
    report(err)
    return assert_(...)
  end
end

return { install = install }
