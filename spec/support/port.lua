--- A TCP port of the loopback address that nobody listens on.

local process = require "spec.support.process"

local FIND = [[
local socket = require("cqueues.socket").listen("127.0.0.1", 0)
assert(socket:listen())
local _, _, port = socket:localname()
print(port)
]]

local function free()
  local status, out, err = process.run(process.command { "lua5.4", "-e", FIND })
  assert(status == 0, err)
  return tonumber(out)
end

return { free = free }
