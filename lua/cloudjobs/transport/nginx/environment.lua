--- The whole environment of the process. nginx hides it from its workers, so
--- that it is captured in init_by_lua.

local MAX = 4096 -- variables; an environment without end is none

---@return table<string, string>
local function capture()
  local ffi = require "ffi"
  ffi.cdef "extern char **environ;"
  local found = {}
  for i = 0, MAX do
    local entry = ffi.C.environ[i]
    if entry == nil then
      break
    end
    local name, value = ffi.string(entry):match("^([^=]+)=(.*)$")
    if name then
      found[name] = value
    end
  end
  return found
end

--- Whether this process is a worker, whose environment nginx has hidden.
---@return boolean
local function is_worker()
  return require("ngx.process").type() == "worker"
end

return { capture = capture, is_worker = is_worker }
