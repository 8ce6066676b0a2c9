--- A body that streams takes the same memory whatever its size: STREAM_MB megabytes pass through each transport in both
--- directions, 32 unless given; `make harden` has 1024.

local Nginx = require "spec.support.nginx"
local Server = require "spec.support.server"
local transports = require "cloudjobs.transport"

local MB = tonumber(os.getenv "STREAM_MB") or 32
local MAX_GROWTH = 8 * 1024 -- kB: buffers, and what a collector lets wait

-- The largest memory so far, from here on; both in kB. It runs in nginx, too, where the worker is not root's.
local PASS = [[
  local client, mb, script = ...
  local function status(name)
    local file = assert(io.open("/proc/self/status"))
    local value = tonumber(file:read("*a"):match(name .. ":%s*(%d+)"))
    file:close()
    return value
  end
  local function pass(megabytes)
    local got, piece, left = 0, ("z"):rep(65536), megabytes * 16
    assert(client:get_thing({ Key = "a", Script = script:format(megabytes) }, { sink = function(bytes)
      got = got + #bytes
    end }))
    local output = assert(client:put_thing { Key = "a", Script = script:format(0), Body = {
      length = megabytes * 1048576,
      read = function()
        left = left - 1
        return left >= 0 and piece or nil
      end,
      rewind = function()
        left = megabytes * 16
      end,
    } })
    return { got, tonumber(output.Got) }
  end
  pass(4)
  collectgarbage()
  local before = status "VmHWM"
  local sizes = pass(mb)
  return { sizes, status "VmHWM" - before }
]]

-- Sends so many megabytes, or reads and counts the body.
local SCRIPT = ([[
  local megabytes = %d
  local piece = ("x"):rep(65536)
  if megabytes > 0 then
    s:write(("HTTP/1.1 200 OK\r\nContent-Length: %%d\r\n\r\n"):format(megabytes * 1048576))
    for _ = 1, megabytes * 16 do
      s:write(piece)
    end
    return
  end
  local left = tonumber(head:lower():match("\ncontent%%-length: (%%d+)"))
  local size = left
  while left > 0 do
    local read = s:read(-math.min(left, 65536))
    if not read then return "close" end
    left = left - #read
  end
  answer(('{"Got":"%%d"}'):format(size))
]]):gsub("%s*\n%s*", " ")

describe("a body that streams", function()
  local server

  Server.for_specs(function(started)
    server = started
  end)

  local function check(seen)
    assert.same({ MB * 1048576, MB * 1048576 }, seen[1])
    assert.is_true(seen[2] < MAX_GROWTH, ("memory grew by %d kB"):format(seen[2]))
  end

  local load_text = rawget(_G, "loadstring") or load

  for _, name in ipairs { "curl", "multi" } do
    it("needs no more memory over " .. name, function()
      local transport = transports[name]()
      local client = require("spec.support.store").client(server:url(""), transport, { timeout = { total = 300 } })
      check(load_text(PASS)(client, MB, SCRIPT))
      transport:close()
    end)
  end

  it("needs no more memory in nginx", function()
    if Nginx.absent() then
      return pending(Nginx.absent())
    end
    local nginx = Nginx.start()
    finally(function()
      nginx:stop()
    end)
    check(nginx:run(([[
      package.path = "%s/?.lua;" .. package.path
      local client = require("spec.support.store").client("%s", require("cloudjobs.transport.nginx").new(),
        { timeout = { total = 300 } })
      return loadstring(%q)(client, %d, %q)
    ]]):format(Nginx.tree(), server:url(""), PASS, MB, SCRIPT), 300))
  end)
end)
