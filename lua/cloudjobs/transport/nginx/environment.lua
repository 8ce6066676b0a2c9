--- The environment of the process, whole. nginx hides it from its workers, so
--- it is asked for in init_by_lua.

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

return { capture = capture }
