-- stream: a body between a file and a server on loopback, by a call's sink and source over the curl transport; beside
-- libcurl in C between the same two. In megabytes a second of CPU time. Memory is asserted to be flat.

local Bench = require "bench"
local Curl = require "cloudjobs.transport.curl"
local Sink = require "cloudjobs.call.sink"
local Source = require "cloudjobs.call.source"
local files = require "spec.support.files"
local limit = require "stream_limit"
local process = require "cloudjobs.os"

local unpack = table.unpack or unpack -- luacheck: ignore 113 143
local MB = tonumber(os.getenv "STREAM_MB") or 256
local SIZE = MB * 1024 * 1024
local MAX_GROWTH = 4096 -- kB

local port, pid = limit.server()
local url = ("http://127.0.0.1:%d/%.0f"):format(port, SIZE)
-- In memory where there is such a folder: a disk would be what is measured.
local made = process.run { "mktemp", "-d", "-p", "/dev/shm" }
local folder = made.status == 0 and made.stdout:match "%C+" or files.temporary()
local ours, theirs = folder .. "/ours", folder .. "/theirs"
local transport = Curl.new()

local function resident()
  return tonumber(files.read("/proc/self/status"):match("VmHWM:%s*(%d+)"))
end

local function download(path)
  local sink = assert(Sink.new(path, transport))
  assert(transport:send { method = "GET", url = url, headers = {}, sink = sink, idle = 60 })
  assert(sink:finish())
end

local function upload(path)
  local file = assert(io.open(path, "rb"))
  local source = assert(Source.new(file))
  local response = assert(transport:send { method = "PUT", url = url, headers = {}, body = source, idle = 60 })
  assert(response.status == 200)
  file:close()
end

-- Megabytes in a second of this process's CPU time: the server has the rest of the machine.
local function rate(f, ...)
  local arguments = { ... }
  return function()
    local started = os.clock()
    f(unpack(arguments))
    return MB / (os.clock() - started)
  end
end

download(ours) -- warms up
upload(ours)
local before = resident()
Bench.race("stream-download", rate(download, ours), rate(limit.download, url, theirs), "libcurl in C to a file, MB/s")
Bench.race("stream-upload", rate(upload, ours), rate(limit.upload, url, ours, SIZE), "libcurl in C from a file, MB/s")
local grown = resident() - before
limit.stop(pid)
files.remove(folder)
assert(grown < MAX_GROWTH, ("memory grew by %d kB"):format(grown))
