--- Runs Lua in a process for which no name is ever resolved: its resolver is a
--- socket of its own, which it does not read.

local files = require "spec.support.files"
local process = require "spec.support.process"

-- At the end a thread of the C library is still in the look-up: its memory is no leak.
local ENVIRONMENT = "ASAN_OPTIONS=detect_leaks=0"

local PRELUDE = [[
  local socket = require "cqueues.socket"
  local resolver = socket.listen { host = os.getenv "RESOLVER", port = 53, type = socket.SOCK_DGRAM }
  if not pcall(resolver.listen, resolver) then os.exit(77) end
]]

-- An address of loopback that belongs to this process alone: another Lua may run this spec at the same time.
local OWN_ADDRESS = "127.$(($$ / 65536)).$(($$ / 256 % 256)).$(($$ % 254 + 1))"

-- libcurl can abandon a look-up since 7.87.
local function is_old()
  local _, version = process.run("curl-config --version")
  local major, minor = version:match("(%d+)%.(%d+)")
  return major == "7" and tonumber(minor) < 87
end

--- The program's output, or nil where this machine does not allow it, or its
--- libcurl waits for the resolver whatever happens.
---@param text string
---@return string|nil
local function unresolved(text)
  require "cqueues" -- which the child needs
  if is_old() then
    return nil
  end
  local folder = files.temporary()
  local inside = ([[
    export RESOLVER=%s
    echo "nameserver $RESOLVER" >%s/resolv.conf
    mount --bind %s/resolv.conf /etc/resolv.conf || exit 77
    exec %s]]):format(
    OWN_ADDRESS, folder, folder, process.command { "env", ENVIRONMENT, process.program, "-e", PRELUDE .. text }
  )
  local status, out, err = process.run(process.command { "unshare", "-m", "sh", "-c", inside })
  files.remove(folder)
  if status == 77 or err:find("^unshare: ") or err:find("unshare: not found", 1, true) then
    return nil
  end
  return out .. err
end

return unresolved
