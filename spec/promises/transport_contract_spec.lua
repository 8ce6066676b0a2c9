-- cloudjobs.Transport, as lua/cloudjobs/transport/init.lua writes it down,
-- against each class that names it.

local Canceller = require "cloudjobs.base.canceller"
local Nginx = require "spec.support.nginx"
local Stub = require "cloudjobs.stub"
local core = require "cloudjobs.core"
local files = require "spec.support.files"
local transports = require "cloudjobs.transport"

-- The methods of the contract; `optional` are those that may be left out.
local function contract()
  local required, optional = {}, {}
  for field in files.read("lua/cloudjobs/transport/init.lua"):gmatch "%-%-%-@field ([^\n]*)" do
    local name, kind = field:match "^(%S+) (.*)$"
    if kind:find "^fun%(" then
      required[#required + 1] = name
    elseif kind:find "^%(fun%(" then
      optional[#optional + 1] = name
    end
  end
  return required, optional
end

local load_text = rawget(_G, "loadstring") or load

-- What a transport does, as one table. It is run by this Lua and by nginx's.
local PROBE = [[
  local transport, cancelled, required = ...
  local seen = {}
  for _, name in ipairs(required) do
    seen[name] = type(transport[name])
  end
  local before, wall = transport:clock(), transport:now()
  local slept, nothing = transport:sleep(0.001)
  seen.slept = slept == true and nothing == nil
  seen.clock_moves = transport:clock() > before
  seen.now_is_a_number = type(wall) == "number"
  local kept, err = transport:sleep(0.001, cancelled)
  seen.cancelled = kept == nil and err.kind
  local a, b = transport:single("key", function() return "value", "err" end)
  seen.single_gave = a .. " " .. b
  return seen
]]

local function expected(required)
  local seen = { slept = true, clock_moves = true, now_is_a_number = true, cancelled = "cancelled", single_gave = "value err" }
  for _, name in ipairs(required) do
    seen[name] = "function"
  end
  return seen
end

describe("the contract cloudjobs.Transport", function()
  local required, optional = contract()
  local cancelled = Canceller.new()
  cancelled:cancel "enough"

  it("names what a client asks of a transport", function()
    table.sort(required)
    table.sort(optional)
    assert.same({ "clock", "now", "send", "single", "sleep" }, required)
    assert.same({ "close", "create", "no_children", "run" }, optional)
  end)

  for name, new in pairs { curl = transports.curl, multi = transports.multi, stub = Stub.new } do
    it("is fulfilled by " .. name, function()
      assert.same(expected(required), load_text(PROBE)(new(), cancelled, required))
    end)
  end

  it("is fulfilled inside nginx", function()
    if Nginx.absent() then
      pending(Nginx.absent())
    end
    local nginx = Nginx.start()
    finally(function()
      nginx:stop()
    end)
    local seen = nginx:run(([[
      local cancelled = require("cloudjobs.base.canceller").new()
      cancelled:cancel "enough"
      local required = require("cloudjobs.core").json_decode %q
      return loadstring(%q)(require("cloudjobs.transport").nginx(), cancelled, required)
    ]]):format(core.json_encode(setmetatable(required, core.array_mt)), PROBE))
    assert.same(expected(required), seen)
  end)

  it("is named by each class that fulfils it", function()
    local named = {}
    for _, path in ipairs(files.list("lua/cloudjobs", ".lua")) do
      local class = files.read(path):match "%-%-%-@class (%S+): cloudjobs%.Transport\n"
      named[#named + 1] = class
    end
    table.sort(named)
    assert.same({ "cloudjobs.stub", "cloudjobs.transport.curl", "cloudjobs.transport.multi",
      "cloudjobs.transport.nginx" }, named)
  end)
end)
