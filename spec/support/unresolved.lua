--- Runs Lua in a process for which no name is ever resolved: its resolver, for
--- it alone, is a socket of its own that it does not read.

local files = require "spec.support.files"
local process = require "spec.support.process"

-- At the end a thread of the C library's still asks: what it holds is no leak.
local ENVIRONMENT = "ASAN_OPTIONS=detect_leaks=0"

local PRELUDE = [[
  local socket = require "cqueues.socket"
  local resolver = socket.listen { host = "127.0.0.1", port = 53, type = socket.SOCK_DGRAM }
  if not pcall(resolver.listen, resolver) then os.exit(77) end
]]

-- libcurl lets go of a look-up since 7.87.
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
  files.write(folder .. "/resolv.conf", "nameserver 127.0.0.1\n")
  local inside = ("mount --bind %s/resolv.conf /etc/resolv.conf || exit 77; exec %s"):format(
    folder, process.command { "env", ENVIRONMENT, process.program, "-e", PRELUDE .. text }
  )
  local status, out, err = process.run(process.command { "unshare", "-m", "sh", "-c", inside })
  files.remove(folder)
  if status == 77 or err:find("^unshare: ") or err:find("unshare: not found", 1, true) then
    return nil
  end
  return out .. err
end

return unresolved
