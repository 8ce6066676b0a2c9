--- Runs Lua with finalizers: `haunt(f)` has `f` run whenever memory is needed, until it
--- returns true. In a process of its own: the less there is to collect, the more often.

local lua = require("spec.support.process").lua

local PRELUDE = [[
  local function haunt(f)
    local function bury()
      local function rise() return f() or bury() end
      if newproxy then -- before 5.2
        getmetatable(newproxy(true)).__gc = rise
      else
        setmetatable({}, { __gc = rise })
      end
    end
    -- Each Lua has its own way to the smallest steps, and raises for those of the newer ones.
    if pcall(collectgarbage, "param", "stepsize", 1) then -- 5.5
      collectgarbage("incremental")
      collectgarbage("param", "pause", 1)
      collectgarbage("param", "stepmul", 1000)
    elseif not pcall(collectgarbage, "incremental", 1, 1000, 1) then -- before 5.4
      if jit then
        jit.off() -- a trace of LuaJIT's may do nothing but collect with these
      end
      collectgarbage("setpause", 0)
      collectgarbage("setstepmul", 10000)
    end
    collectgarbage() -- the pause of before would last until the heap has doubled
    bury()
  end
]]

--- The program's output.
---@param program string
---@return string
local function haunted(program)
  local _, out, err = lua(PRELUDE .. program)
  return out .. err
end

return haunted
