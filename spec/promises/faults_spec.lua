--- Every transport against the faults of spec/data/faults.lua: what the faulty call returns, in which time, and that
--- the calls after it get their own responses.

local Nginx = require "spec.support.nginx"
local certificates = require "spec.support.certificates"
local core = require "cloudjobs.core"
local client = require "spec.support.fault_client"
local fault_table = require "spec.support.fault_table"
local faults = require "spec.data.faults"
local files = require "spec.support.files"
local parallel = require "cloudjobs.transport.parallel"
local process = require "cloudjobs.os"

local SHORT = 0.1 -- seconds for a call that is to run into its time limit

-- The same where forty calls begin in one turn, and the last has to reach its server: the next one would meet the fault.
local CROWDED_SHORT = 0.5

-- Seconds beyond its time limit that a call may last: another process may have the processor.
local TOLERANCE = 2

local IN_NGINX = [[
  local client = loadstring(%q)()
  local transport = require("cloudjobs.transport.nginx").new { hosts = { localhost = "127.0.0.1" } }
  local functions = {}
  for i, case in ipairs(require("cloudjobs.core").json_decode(%q)) do
    functions[i] = function() return client.meet(transport, case) end
  end
  local seen = {}
  for i, result in ipairs(require("cloudjobs.transport.parallel")(functions, { concurrency = 40 })) do
    seen[i] = result.value or { raised = tostring(result.err) }
  end
  return seen
]]

-- The cases as the client meets them: plain ones, and those of timing, closing and TLS under TLS.
local function encounters(ports, folder)
  local list = {}
  for i, fault in ipairs(faults) do
    for _, secure in ipairs { false, true } do
      local is_tls = fault.tls ~= nil or fault.proxy == true
      if secure == is_tls or (secure and fault.group ~= "framing") then
        list[#list + 1] = {
          name = ("%d%s"):format(i, secure and "s" or "p"),
          fault = fault.title,
          title = fault.title .. (secure and not is_tls and ", under TLS" or ""),
          group = fault.group,
          expected = fault.expected,
          url = secure and "https://localhost:" .. ports[i].tls or "http://127.0.0.1:" .. ports[i].plain,
          network = secure and {
            ca_bundle = folder .. "/ca.pem", proxy = fault.proxy and "http://127.0.0.1:" .. ports[i].plain or nil,
          } or nil,
          method = fault.method,
          body = fault.body,
          fresh = fault.accept or is_tls,
          sent_at = fault.waits and "http://localhost:" .. ports[i].plain or nil,
          timeout = fault.expected:find "timeout" and SHORT or 10,
        }
      end
    end
  end
  return list
end

local function has(list, word)
  return ("|" .. list .. "|"):find("|" .. word .. "|", 1, true) ~= nil
end

-- What is wrong with an encounter, as a line, or nil. libcurl reads responses by a grammar of its own.
local function violation(case, seen, by_libcurl)
  local allowed = has(case.expected, seen.fault) or (by_libcurl and seen.fault ~= "stray")
  local is_own = (seen.before or "own") == "own" and (seen.sent or "own") == "own" and seen.first == "own" and seen.second == "own"
  if not allowed or not is_own or seen.elapsed > case.timeout + TOLERANCE then
    return ("%s: expected %s, got %s after %.1f s; before it %s, after it %s and %s%s"):format(case.title, case.expected,
      tostring(seen.fault), seen.elapsed or 0, tostring(seen.before), tostring(seen.first), tostring(seen.second),
      seen.raised and ": " .. seen.raised or "")
  end
end

describe("faults of a server", function()
  it("are tabled in docs/faults.md (else: make faults)", function()
    assert.equal(fault_table(), files.read "docs/faults.md")
  end)

  local server, folder, list

  setup(function()
    folder = files.temporary()
    certificates.write(folder)
  end)

  teardown(function()
    files.remove(folder)
  end)

  -- A server for each transport: some faults are those of a first connection.
  before_each(function()
    server = assert(process.spawn { "lua5.4", "spec/support/fault_server.lua", folder })
    local ports = {}
    for plain, tls in assert(server:line(60)):gmatch("(%d+):(%d+)") do
      ports[#ports + 1] = { plain = plain, tls = tls }
    end
    list = encounters(ports, folder)
  end)

  after_each(function()
    server:stop(0.1)
  end)

  -- One after the other, which is slow: the faults of timing without TLS alone.
  local function in_order(meet)
    local seen = {}
    for i, case in ipairs(list) do
      seen[i] = not (case.group == "timing" and case.network) and meet(case) or false
    end
    return seen
  end

  local function at_once(meet)
    local functions, seen = {}, {}
    for i, case in ipairs(list) do
      local crowded = setmetatable({ timeout = math.max(case.timeout, CROWDED_SHORT) }, { __index = case })
      functions[i] = function() return meet(crowded) end
    end
    for i, result in ipairs(parallel(functions, { concurrency = 40 })) do
      seen[i] = result.value or { raised = tostring(result.err) }
    end
    return seen
  end

  local function on(name, each)
    return function()
      local transport = require("cloudjobs.transport." .. name).new {}
      local seen = each(function(case)
        return client.meet(transport, case)
      end)
      transport:close()
      return seen
    end
  end

  -- libcurl's own HTTP, by a transport for each case: a handle of an old libcurl is not to meet a malformed head after
  -- a response.
  local function by_libcurl(name, each)
    return function()
      return each(function(case)
        local transport = require("cloudjobs.transport." .. name).new { gzip = true }
        local is_refused = case.group == "framing" and not case.expected:find "^%d+$"
        local seen = client.meet(transport, setmetatable({
          fresh = true, timeout = is_refused and SHORT or case.timeout,
        }, { __index = case }))
        transport:close()
        return seen
      end)
    end
  end

  local function in_nginx()
    if Nginx.absent() then
      pending(Nginx.absent())
    end
    local nginx = Nginx.start {
      http = ("lua_socket_log_errors off; lua_ssl_trusted_certificate %s/ca.pem;"):format(folder),
    }
    local cases = {}
    for i, case in ipairs(list) do
      cases[i] = { name = case.name, url = case.url, method = case.method, body = case.body, fresh = case.fresh,
        sent_at = case.sent_at, timeout = math.max(case.timeout, CROWDED_SHORT),
        network = case.network and case.network.proxy and { proxy = case.network.proxy } or nil }
    end
    local seen = nginx:run(IN_NGINX:format(files.read "spec/support/fault_client.lua", core.json_encode(cases)))
    nginx:stop()
    return seen
  end

  local RUNS = {
    { "the curl transport", on("curl", in_order) },
    { "the curl transport, by libcurl's HTTP", by_libcurl("curl", in_order), by_libcurl = true },
    { "the multi transport", on("multi", at_once) },
    { "the multi transport, by libcurl's HTTP", by_libcurl("multi", at_once), by_libcurl = true },
    { "nginx's transport", in_nginx },
  }
  for _, run in ipairs(RUNS) do
    it("end in time and mix up no responses on " .. run[1], function()
      local found = {}
      for i, seen in ipairs(run[2]()) do
        local problem = seen and violation(list[i], seen, run.by_libcurl)
        if problem then
          found[#found + 1] = problem
        end
      end
      assert.same({}, found)
    end)
  end
end)
