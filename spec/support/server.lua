--- Starts the scripted server (see scripted_server.lua) as a child process.

local files = require "spec.support.files"
local process = require "cloudjobs.os"

local Server = {}
local server_mt = { __index = Server }

--- The address of `path` on one of the server's ports.
---@param port string|nil plain, tls, stranger, other_name, expired, mutual, proxy, mute, slam or gruff
function Server:url(path, port)
  port = port or "plain"
  local plain = port == "plain" or port == "proxy"
  return ("%s://127.0.0.1:%d%s"):format(plain and "http" or "https", self.ports[port], path)
end

function Server:stop()
  self._process:stop(0.1)
  files.remove(self.folder)
end

local function start()
  local folder = files.temporary()
  local child = assert(process.spawn { "lua5.4", "spec/support/scripted_server.lua", folder })
  local line = assert(child:line(20), "the scripted server did not start")
  local ports = {}
  for name, port in line:gmatch("([%w_]+)=(%d+)") do
    ports[name] = tonumber(port)
  end
  return setmetatable({ folder = folder, ports = ports, _process = child }, server_mt)
end

return { start = start }
