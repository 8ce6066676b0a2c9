--- The emulator as a child process: in the same process a blocking client would
--- wait for itself.
---
---   local emulator = require("cloudjobs.emulator").start { speed = 60 }
---   local exports = cloudjobs.aws.bcm_data_exports { endpoint = emulator.url, … }
---   emulator:stop()

local core = require "cloudjobs.core"
local curl = require "cloudjobs.transport.curl"
local option = require "cloudjobs.base.options"
local os_ = require "cloudjobs.os"

local START = 10 -- seconds until the child has to listen
local GRACE = 1 -- seconds between asking it to end and ending it
local CONTROL_TIMEOUT = 30

local OPTIONS = {
  port = "number", host = "string", speed = "number", tls = "boolean", folder = "string", interpreter = "string",
  keys = "table", roles = "table", sso = "table", instance = "table",
  clients = "table", tokens = "table", managed = "table", storage_key = "string", quotas = "boolean",
}

--- The child's program, with our search paths. Its options hold secrets, which a
--- command line would show to every user, and are in a file that it removes. Its
--- first line of output is JSON: where it listens, or the error.
local CHILD = [[
package.path, package.cpath = %q, %q
local core = require "cloudjobs.core"
local file = assert(io.open(%q, "rb"))
local options = core.json_decode(file:read("*a"))
file:close()
os.remove(%q)
local function report(info)
  io.stdout:write(core.json_encode(info), "\n")
  io.stdout:flush()
end
local ok, why = pcall(require("cloudjobs.emulator").serve, options, report)
if not ok then
  report { message = tostring(why) }
end
]]

local Emulator = {}
local emulator_mt = { __name = "cloudjobs.emulator", __index = Emulator }

--- The program that runs this, as the child's; a host that is no Lua program
--- (nginx) has one beside it.
local function interpreter()
  local first
  for i = -1, -16, -1 do
    first = arg and arg[i] or first
  end
  return first or (package.loaded.jit and "luajit" or "lua" .. _VERSION:match("[%d.]+$"))
end

--- Starts an emulator. Options: port (0: a free one), speed (0: the clock stands
--- still), tls, folder (where delivered files go, too, made where it is missing), keys,
--- clients, tokens, storage_key (base64), quotas, and `interpreter`, the Lua program to run it with, of
--- our own version.
---@param options table|nil
---@return table|nil emulator { port, url, ca_bundle } and its controls
---@return string|nil message
local function start(options)
  options = option.check(options, OPTIONS, "emulator.start")
  if options.speed and not (options.speed >= 0 and options.speed < math.huge) then
    option.mistake(("emulator.start: option speed: expected 0 or more, got %s"):format(tostring(options.speed)))
  end
  local passed = {}
  for name, value in pairs(options) do
    passed[name] = value
  end
  local program = passed.interpreter or interpreter()
  passed.interpreter = nil
  local path = os.tmpname()
  assert(os_.write_private(path, assert(core.json_encode(passed))))
  local child, _, message = os_.spawn { program, "-e", CHILD:format(package.path, package.cpath, path, path) }
  if not child then
    os.remove(path)
    return nil, ("cannot run %s: %s"):format(program, message)
  end
  local line, why = child:line(START)
  os.remove(path) -- in case that the child did not come as far
  local info = line and core.json_decode(line)
  if type(info) ~= "table" or info.message then
    child:stop(GRACE)
    return nil, "the emulator did not start: " .. (info and info.message or why or line)
  end
  local self = setmetatable({ port = info.port, url = info.url, _child = child }, emulator_mt)
  if info.certificate then
    self.ca_bundle = os.tmpname()
    assert(os_.write_private(self.ca_bundle, info.certificate))
  end
  self._transport = curl.new {}
  return self
end

--- Calls one of the emulator's own endpoints; raises the error that it returns, at
--- the line of the control's caller.
function Emulator:_control(method, name, body)
  local response, err = self._transport:send {
    method = method,
    url = ("%s/_emulator/%s"):format(self.url, name),
    headers = { ["content-type"] = "application/json" },
    body = body and assert(core.json_encode(body)),
    timeout = CONTROL_TIMEOUT,
    network = self.ca_bundle and { ca_bundle = self.ca_bundle } or nil,
  }
  if not response then
    option.mistake(tostring(err))
  end
  local document = core.json_decode(response.body) or {}
  if response.status ~= 200 then
    option.mistake(document.message or response.body)
  end
  return document
end

--- Sets the jobs' clock: `{ set = time, advance = seconds, speed = n }`; without
--- an argument reads it. Gives `{ now, speed, wall }`.
function Emulator:clock(change)
  local clock = self:_control(change and "POST" or "GET", "clock", change)
  return clock
end

--- Orders how a job to come ends: `{ kind, match, times, status, reason, message }`.
function Emulator:outcome(order)
  self:_control("POST", "outcomes", order)
end

--- Makes requests fail: faults.lua describes a rule.
function Emulator:fault(rule)
  self:_control("POST", "faults", rule)
end

--- Lifts all faults.
function Emulator:clear_faults()
  self:_control("DELETE", "faults")
end

--- The requests that it has responded to, oldest first.
function Emulator:requests()
  return self:_control("GET", "requests").requests
end

--- Clears the list of requests.
function Emulator:clear_requests()
  self:_control("DELETE", "requests")
end

--- Carries out steps in the past: see control.lua. Gives their outputs.
function Emulator:seed(steps)
  return self:_control("POST", "seed", steps).outputs
end

--- Supposes facts about Azure's world: `{ subscription = id, pay_as_you_go = true }`,
--- `{ storage_account = name, shared_key = false }`.
function Emulator:suppose(facts)
  self:_control("POST", "suppose", facts)
end

--- Opens a maintenance window now; gives the execution's id.
function Emulator:open_window(window_id)
  return self:_control("POST", "open_window", { WindowId = window_id }).WindowExecutionId
end

--- Begins anew, with no jobs and the clock at the wall's time.
function Emulator:reset()
  self:_control("POST", "reset")
end

function Emulator:stop()
  self._child:stop(GRACE)
  self._transport:close()
  if self.ca_bundle then
    os.remove(self.ca_bundle)
  end
end

--- Serves in this process until it ends: see server.lua.
local function serve(options, on_ready)
  return require("cloudjobs.emulator.server").serve(options, on_ready)
end

return { start = start, serve = serve }
