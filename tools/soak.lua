--- Sends calls, one in ten of them to a fault of a server: every response has to be its own call's, and neither
--- descriptors nor memory may grow: `lua5.4 tools/soak.lua 100000`. A tenth as many go over TLS, and as many through
--- nginx, where there is one.
---
--- Memory is the process's own. It once grew by 40 KB a thousand calls: the heap in use, by mallinfo2, grew with the
--- resident memory and fell back when the transport was closed, while Lua's count and the server's memory stood still.
--- Massif named the heads of responses: each of 256 connections kept its largest one, up to 64 KiB. A buffer of more
--- than 8 KiB is freed now before the next head.

local Nginx = require "spec.support.nginx"
local certificates = require "spec.support.certificates"
local client = require "spec.support.fault_client"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"
local faults = require "spec.data.faults"
local files = require "spec.support.files"
local process = require "cloudjobs.os"

local CALLS = tonumber(arg[1]) or 100000
local FEWER = 0.1 -- of them over TLS and in nginx, where each costs more
local FAULTY = 0.1 -- of all calls
local TASKS = 50
local REPORTS = 5
-- KB of memory after the first report; with few calls, connections are still opened then.
local MAX_GROWTH, MAX_WARM_UP = 2 * 1024, 6 * 1024
local TIMEOUT = 0.05 -- seconds for a call that is to run into its time limit
local MAX_SHOWN = 20

local folder = files.temporary()
certificates.write(folder)

-- The cases of a server, without those that need the connection to be idle for a while, or a first one.
local function usable(server, is_secure)
  local list, i = {}, 0
  for plain, tls in assert(server:line(60)):gmatch("(%d+):(%d+)") do
    i = i + 1
    local case = faults[i]
    local is_other = case.accept or case.tls or case.waits or case.flood or case.proxy
    if not is_other and not (is_secure and case.group == "framing") then
      list[#list + 1] = {
        title = case.title, expected = case.expected,
        url = is_secure and "https://localhost:" .. tls or "http://127.0.0.1:" .. plain,
        network = is_secure and { ca_bundle = folder .. "/ca.pem" } or nil, method = case.method,
        body = case.body, timeout = case.expected == "timeout" and TIMEOUT or 30,
      }
    end
  end
  return list
end

-- Sends `calls` in TASKS light threads; gives the mistakes and how many faults were met. Runs inside nginx, too.
local function send(meet, parallel, transport, cases, calls, constants)
  local count, faulty, wrong = 0, 0, {}
  local function check(case, path, id)
    local seen = meet.call(transport, case, path, id, path == "fault" and case or { timeout = 30 })
    local expected = path == "fault" and case.expected or "own"
    if not ("|" .. expected .. "|"):find("|" .. seen .. "|", 1, true) then
      wrong[#wrong + 1] = ("call %s, %s of the server with %s: expected %s, got %s"):format(
        id, path, case.title, expected, seen)
    end
  end
  local function run()
    while count < calls do
      count = count + 1
      local is_faulty = math.random() < constants.faulty
      faulty = faulty + (is_faulty and 1 or 0)
      check(cases[math.random(#cases)], is_faulty and "fault" or "ok", ("%d.%d"):format(constants.round, count))
    end
  end
  local tasks = {}
  for i = 1, constants.tasks do
    tasks[i] = run
  end
  for _, result in ipairs(parallel(tasks, { concurrency = constants.tasks })) do
    assert(result.ok, result.err)
  end
  return { wrong = wrong, faulty = faulty }
end

local own_pid = files.read("/proc/self/stat"):match("^%d+")

local function by_transport(cases)
  local transport = cloudjobs.transport.multi {}
  return {
    pid = own_pid,
    send = function(calls, constants)
      return send(client, cloudjobs.parallel, transport, cases, calls, constants)
    end,
    close = function()
      transport:close()
    end,
  }
end

local IN_NGINX = [[
  local seen = loadstring(%q)()(loadstring(%q)(), require("cloudjobs.transport.parallel"), transport,
    require("cloudjobs.core").json_decode(%q), %d, { faulty = %g, tasks = %d, round = %d })
  collectgarbage()
  return seen
]]

-- The text of `send`, which a worker loads.
local function source_of_send()
  local info, lines, i = debug.getinfo(send, "S"), {}, 0
  for line in files.read(info.source:sub(2)):gmatch("[^\n]*\n") do
    i = i + 1
    if i >= info.linedefined and i <= info.lastlinedefined then
      lines[#lines + 1] = line
    end
  end
  return table.concat(lines) .. "return send"
end

local function by_nginx(cases)
  local nginx = Nginx.start { http = [[
    lua_socket_log_errors off;
    init_by_lua_block { transport = require("cloudjobs.transport.nginx").new() }
  ]] }
  return {
    pid = nginx:workers()[1],
    send = function(calls, constants)
      return nginx:run(IN_NGINX:format(source_of_send(), files.read "spec/support/fault_client.lua",
        core.json_encode(cases), calls, constants.faulty, constants.tasks, constants.round))
    end,
    close = function()
      nginx:stop()
    end,
  }
end

local function descriptors(pid)
  local count = 0
  for _ in process.run({ "ls", "/proc/" .. pid .. "/fd" }).stdout:gmatch "%d+" do
    count = count + 1
  end
  return count
end

local function memory(pid)
  collectgarbage()
  return tonumber(files.read("/proc/" .. pid .. "/status"):match("VmRSS:%s+(%d+)"))
end

-- One run in REPORTS rounds; whether it held.
local function soak(title, make, calls, is_secure)
  print(title)
  local server = assert(process.spawn { "lua5.4", "spec/support/fault_server.lua", folder })
  local driver = make(usable(server, is_secure))
  local started, faulty, wrong, first = process.clock(), 0, 0, nil
  local now
  for round = 1, REPORTS do
    local seen = driver.send(math.floor(calls / REPORTS), { faulty = FAULTY, tasks = TASKS, round = round })
    for _, line in ipairs(seen.wrong) do
      wrong = wrong + 1
      if wrong <= MAX_SHOWN then
        print("  " .. line)
      end
    end
    faulty = faulty + seen.faulty
    now = { memory = memory(driver.pid), descriptors = descriptors(driver.pid) }
    first = first or now
    print(("  %7d calls, %6d faults, %d wrong, %4d descriptors, %6d KB, %3.0f s"):format(
      round * calls / REPORTS, faulty, wrong, now.descriptors, now.memory, process.clock() - started))
  end
  driver.close()
  server:stop(0.1)
  local grown, more = now.memory - first.memory, now.descriptors - first.descriptors
  if wrong > 0 or more > 3 * TASKS or grown > (calls < CALLS and MAX_WARM_UP or MAX_GROWTH) then
    print(("soak: FAILED: %d wrong, %d more descriptors, %d KB more"):format(wrong, more, grown))
    return false
  end
  return true
end

math.randomseed(1)
local before = descriptors(own_pid)
local holds = soak("soak", by_transport, CALLS)
holds = soak("soak over TLS", by_transport, CALLS * FEWER, true) and holds
local left = descriptors(own_pid) - before -- after the run in nginx some lead to nginx
if Nginx.absent() then
  print("soak in nginx: " .. Nginx.absent())
else
  holds = soak("soak in nginx", by_nginx, CALLS * FEWER) and holds
end
files.remove(folder)
if left > 0 then
  print(("soak: FAILED: %d descriptors left"):format(left))
end
os.exit(holds and left <= 0)
