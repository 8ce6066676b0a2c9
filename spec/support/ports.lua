--- Ports for servers that cannot find a free one themselves. They are below those that the kernel gives to sockets of
--- its choice, and in a block of this process's own: the specs of two Luas run at the same time.

local process = require "cloudjobs.os"
local socket = require "cqueues.socket"

local FIRST, BLOCK, BLOCKS = 20000, 200, 60

local first
local count = 0

local function is_free(port)
  return pcall(function()
    local listener = socket.listen("127.0.0.1", port)
    assert(listener:listen())
    listener:close()
  end)
end

--- A port that is free, another one each time until the block is used up.
---@return string
local function free()
  first = first or FIRST + process.run({ "sh", "-c", "echo $PPID" }).stdout % BLOCKS * BLOCK
  for _ = 1, BLOCK do
    local port = first + count % BLOCK
    count = count + 1
    if is_free(port) then
      return ("%d"):format(port)
    end
  end
  error(("no port from %d on is free"):format(first))
end

return { free = free }
