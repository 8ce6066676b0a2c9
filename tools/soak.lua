--- Sends calls, one in ten of them to a fault of a server: every response has to be its own call's, and neither
--- descriptors nor memory may grow: `lua5.4 tools/soak.lua 100000`

local certificates = require "spec.support.certificates"
local client = require "spec.support.fault_client"
local cloudjobs = require "cloudjobs"
local faults = require "spec.data.faults"
local files = require "spec.support.files"
local process = require "cloudjobs.os"

local CALLS = tonumber(arg[1]) or 100000
local FAULTY = 0.1 -- of all calls
local TASKS = 50
local REPORTS = 5
local MAX_GROWTH = 8 * 1024 -- KB of memory, after the first report
local TIMEOUT = 0.05 -- seconds for a call that is to run into its time limit

local pid = files.read("/proc/self/stat"):match("^%d+")
local folder = files.temporary()
certificates.write(folder)
local server = assert(process.spawn { "lua5.4", "spec/support/fault_server.lua", folder })

local function descriptors()
  local count = 0
  for _ in process.run({ "ls", "/proc/" .. pid .. "/fd" }).stdout:gmatch "%d+" do
    count = count + 1
  end
  return count
end

local function memory()
  collectgarbage()
  return tonumber(files.read("/proc/self/status"):match("VmRSS:%s+(%d+)"))
end

-- Without those that need the connection to be idle for a while, or a first one.
local function usable()
  local list, i = {}, 0
  for plain in assert(server:line(60)):gmatch("(%d+):%d+") do
    i = i + 1
    local case = faults[i]
    if not (case.accept or case.tls or case.waits or case.flood or case.proxy) then
      list[#list + 1] = {
        title = case.title, expected = case.expected, url = "http://127.0.0.1:" .. plain, method = case.method,
        body = case.body, timeout = case.expected == "timeout" and TIMEOUT or 30,
      }
    end
  end
  return list
end

local cases = usable()
local before = descriptors()
local transport = cloudjobs.transport.multi {}
local started = transport:clock()
local count, faulty, wrong, baseline = 0, 0, 0, nil

local function check(case, path, id)
  local seen = client.call(transport, case, path, id, path == "fault" and case or { timeout = 30 })
  local expected = path == "fault" and case.expected or "own"
  if not ("|" .. expected .. "|"):find("|" .. seen .. "|", 1, true) then
    wrong = wrong + 1
    if wrong <= 20 then
      local fault = path == "fault" and case.title or "no fault"
      print(("  call %s, %s: expected %s, got %s"):format(id, fault, expected, seen))
    end
  end
end

local function report()
  local now = memory()
  baseline = baseline or now
  print(("  %7d calls, %6d faults, %d wrong, %4d descriptors, %6d KB, %3.0f s"):format(
    count, faulty, wrong, descriptors(), now, transport:clock() - started))
  return now - baseline
end

local function run()
  while count < CALLS do
    count = count + 1
    local is_faulty = math.random() < FAULTY
    faulty = faulty + (is_faulty and 1 or 0)
    local is_due = count % (CALLS / REPORTS) == 0
    check(cases[math.random(#cases)], is_faulty and "fault" or "ok", ("%d"):format(count))
    if is_due then
      report()
    end
  end
end

math.randomseed(1)
print("soak")
local tasks = {}
for i = 1, TASKS do
  tasks[i] = run
end
for _, result in ipairs(cloudjobs.parallel(tasks, { concurrency = TASKS })) do
  assert(result.ok, result.err)
end
transport:close()
local growth, left = report(), descriptors() - before
server:stop(0.1)
files.remove(folder)
if wrong > 0 or left > 0 or growth > MAX_GROWTH then
  print(("soak: FAILED: %d wrong, %d descriptors left, %d KB more"):format(wrong, left, growth))
  os.exit(1)
end
