--- Every transport against the faults of spec/data/stream_faults.lua: what a call returns whose body streams, that no byte
--- reaches a sink twice, and that the calls after it get their own responses.

local Nginx = require "spec.support.nginx"
local Server = require "spec.support.server"
local Store = require "spec.support.store"
local core = require "cloudjobs.core"
local faults = require "spec.data.stream_faults"
local files = require "spec.support.files"
local parallel = require "cloudjobs.transport.parallel"
local transports = require "cloudjobs.transport"

local ENOUGH = 10 -- seconds for any of them on a busy machine

local IN_NGINX = [[
  package.path = "%s/?.lua;" .. package.path
  local fault = loadstring(%q)()
  local transport = require("cloudjobs.transport.nginx").new()
  transport.sleep = function() return true end
  local function new(timeout)
    return require("spec.support.store").client("%s", transport,
      { timeout = { connect = 5, total = timeout }, retry = { max_attempts = 4 } })
  end
  local functions = {}
  for i, case in ipairs(require("cloudjobs.core").json_decode(%q)) do
    functions[i] = function() return fault.meet(new, case) end
  end
  local seen = {}
  for i, result in ipairs(require("cloudjobs.transport.parallel")(functions, { concurrency = 10 })) do
    seen[i] = result.value or { raised = tostring(result.err) }
  end
  return seen
]]

describe("faults within a body that streams", function()
  local fault = require "spec.support.stream_fault_client"
  local server

  Server.for_specs(function(started)
    server = started
  end)

  -- The cases, each with a key that no other run has.
  local runs = 0
  local function encounters()
    runs = runs + 1
    local list = {}
    for i, case in ipairs(faults) do
      list[i] = { key = ("r%dc%d"):format(runs, i) }
      for name, value in pairs(case) do
        list[i][name] = value
      end
    end
    return list
  end

  local function violation(case, seen)
    local allowed = ("|" .. case.expected .. "|"):find("|" .. tostring(seen.fault) .. "|", 1, true)
    if not allowed or seen.first ~= "own" or seen.second ~= "own" or seen.elapsed > ENOUGH then
      return ("%s: expected %s, got %s after %.1f s; then %s and %s%s"):format(case.title, case.expected,
        tostring(seen.fault), seen.elapsed or 0, tostring(seen.first), tostring(seen.second),
        seen.raised and ": " .. seen.raised or "")
    end
  end

  local function check(list, all)
    local found = {}
    for i, seen in ipairs(all) do
      found[#found + 1] = violation(list[i], seen)
    end
    assert.same({}, found)
    assert.equal(#list, #all)
  end

  local function clients(transport)
    transport.sleep = function() -- between two attempts
      return true
    end
    return function(timeout)
      return Store.client(server:url(""), transport,
        { timeout = { connect = 5, total = timeout }, retry = { max_attempts = 4 } })
    end
  end

  it("end in time and give no byte twice on the curl transport", function()
    local list, all, new = encounters(), {}, clients(transports.curl())
    for i, case in ipairs(list) do
      all[i] = fault.meet(new, case)
    end
    check(list, all)
  end)

  it("end in time and give no byte twice on the multi transport", function()
    local list, all, functions, new = encounters(), {}, {}, clients(transports.multi())
    for i, case in ipairs(list) do
      functions[i] = function()
        return fault.meet(new, case)
      end
    end
    for i, result in ipairs(parallel(functions, { concurrency = 10 })) do
      all[i] = result.value or { raised = tostring(result.err) }
    end
    check(list, all)
  end)

  it("end in time and give no byte twice on nginx's transport", function()
    if Nginx.absent() then
      return pending(Nginx.absent())
    end
    local nginx = Nginx.start { http = "lua_socket_log_errors off;" }
    finally(function()
      nginx:stop()
    end)
    local list = encounters()
    local seen = nginx:run(IN_NGINX:format(Nginx.tree(), files.read "spec/support/stream_fault_client.lua", server:url(""),
      core.json_encode(list)))
    check(list, seen)
  end)
end)
