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

--- Starts a server for the specs of a block, and stops it after them.
---@param assign fun(server: table)
local function for_specs(assign)
  local busted = require "busted"
  local server
  busted.setup(function()
    server = start()
    assign(server)
  end)
  busted.teardown(function()
    server:stop()
  end)
end

--- The same, with a new transport for each of the specs.
---@param new fun(): table
---@param assign fun(server: table, transport: table)
local function with_transport(new, assign)
  local busted = require "busted"
  local server, transport
  for_specs(function(started)
    server = started
  end)
  busted.before_each(function()
    transport = new()
    assign(server, transport)
  end)
  busted.after_each(function()
    transport:close()
  end)
end

return { start = start, for_specs = for_specs, with_transport = with_transport }
