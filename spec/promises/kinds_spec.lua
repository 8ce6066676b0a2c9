-- The kinds of job against what else speaks of them: the emulator's own states, the services' descriptions, the
-- clients' operations.

local Model = require "cloudjobs.model"
local Status = require "cloudjobs.job.status"
local check_definition = require "cloudjobs.job.definition"
local cloudjobs = require "cloudjobs"
local core = require "cloudjobs.core"
local files = require "spec.support.files"
local kinds = require "cloudjobs.job.kinds"
local life = require "cloudjobs.emulator.life"
local ref = require "cloudjobs.job.ref"

-- Azure's documents have no shapes, so the enumeration of its states is named here.
local ENUMS = { export_run = "ExecutionStatus" }

-- Those whose service describes its states in no enumeration.
local WITHOUT_ENUM = {
  rds_export_task = true, cost_details_report = true, price_sheet = true, reservation_details_report = true,
  arm_deployment = true,
}

local REGION = { aws = "us-east-1" }

-- The name of the enumeration that a kind's states are of, by the shape of its record.
local function enum_of(kind, model)
  if ENUMS[kind.kind] then
    return ENUMS[kind.kind]
  end
  local shape, enum = model:operation(kind.operation).output, nil
  for name in ((kind.record and kind.record .. "." or "") .. kind.members.code):gsub("%[0%]", ""):gmatch "[^.]+" do
    for _, member in ipairs(core.members(shape)) do
      if member.name == name then
        enum, shape = member.enum, not member.enum and model:shape((member.type:gsub("%[%]$", ""))) or nil
        break
      end
    end
  end
  return enum
end

-- A record that has `value` at a path.
local function record_with(path, value)
  local head, tail = path:match("^([^.]+)%.(.+)$")
  return { [head or path] = head and record_with(tail, value) or value }
end

-- Each state with whether it is final.
local function finals(kind)
  local all = {}
  for code in pairs(kind.states) do
    all[code] = Status.new(kind, record_with(kind.members.code, code), "x", {}).final
  end
  return all
end

local function model_of(kind)
  return Model.load(kind.cloud == "azure" and "azure_" .. kind.service or kind.service)
end

describe("the kinds of job", function()
  it("of the first release are all in the emulator", function()
    for _, name in ipairs { "export_execution", "maintenance_window_execution", "resource_snapshot_job", "export_run" } do
      assert.is_table(life.states(name))
    end
  end)

  it("are the files beside their index, each under its own name", function()
    local listed = {}
    for _, kind in ipairs(kinds) do
      listed[#listed + 1] = "lua/cloudjobs/job/kinds/" .. kind.kind .. ".lua"
      assert.equal(kind, kinds[kind.kind])
    end
    listed[#listed + 1] = "lua/cloudjobs/job/kinds/init.lua"
    table.sort(listed)
    assert.same(files.list("lua/cloudjobs/job/kinds", ".lua"), listed)
  end)

  it("have the fields that their contract names, and no others", function()
    local contract, unknown = {}, {}
    for class, fields in files.read("lua/cloudjobs/job/kinds/init.lua"):gmatch "%-%-%-@class cloudjobs%.(Kind[%w.]*)\n(.-)\n\n" do
      contract[class] = {}
      for name in fields:gmatch "%-%-%-@field ([%w_]+)" do
        contract[class][name] = true
      end
    end
    local function check(value, class)
      for name in pairs(value) do
        unknown[#unknown + 1] = not contract[class][name] and class .. "." .. name or nil
      end
    end
    for _, kind in ipairs(kinds) do
      check(kind, "Kind")
      for field, class in pairs {
        listing = "Kind.Listing", next = "Kind.Next", run = "Kind.Run", source = "Kind.Source", inventory = "Kind.Inventory",
      } do
        check(kind[field] or {}, class)
      end
    end
    assert.same({}, unknown)
  end)

  for _, kind in ipairs(kinds) do
    if life.states(kind.kind) then
      it(kind.kind .. " has the states of the emulator", function()
        local ours, known = finals(kind), life.states(kind.kind)
        for state, is_final in pairs(known) do
          assert.equal(is_final, ours[state], state)
        end
        -- A report's document has words that no description lists.
        if not WITHOUT_ENUM[kind.kind] then
          assert.same(known, ours)
        end
      end)
    end

    it(kind.kind .. " has the states of the service's description", function()
      if WITHOUT_ENUM[kind.kind] then
        return
      end
      local model, described, known = model_of(kind), {}, {}
      for _, code in ipairs(model:enums()[enum_of(kind, model)]) do
        described[code] = true
      end
      for code in pairs(kind.states) do
        known[code] = true
      end
      assert.same(described, known)
    end)

    it(kind.kind .. " agrees with the service's description, as definitions of users have to", function()
      local definition = {}
      for name, value in pairs(kind) do
        definition[name] = value
      end
      -- What shipped kinds alone have.
      definition.service_id, definition.source, definition.inventory, definition.deliveries = nil, nil, nil, nil
      local checked, problems = check_definition(definition, function()
        return model_of(kind)
      end, {})
      assert.same({}, problems or {})
      assert.equal(kind.service_id, checked.service_id)
      assert.is_true(kind.listing == nil or kind.began ~= nil)
      assert.is_truthy(kind.source == nil or model_of(kind):operation(kind.source.operation).pages)
    end)

    it(kind.kind .. " has an example whose reference opens", function()
      if kind.not_resumable then
        assert.is_nil(kind.example)
        return
      end
      local job = assert(cloudjobs.jobs.open(ref.format(kind.kind, kind.example), { env = {}, region = REGION[kind.cloud] }))
      assert.equal(kind.example[kind.id], job.id)
      assert.is_string(kind.name(kind.example))
    end)

    it(kind.kind .. " is in cloudjobs.jobs with its finders", function()
      assert.is_function(cloudjobs.jobs[kind.kind])
      for _, how in ipairs { "next", "run" } do
        local name = kind[how] and kind[how].finder
        if name then
          local text = files.read("lua/cloudjobs/job/kinds/" .. kind.kind .. ".lua")
          assert.truthy(text:find("---@field " .. name .. " cloudjobs.Finder", 1, true), name)
          assert.is_function(cloudjobs.jobs[name])
        end
      end
    end)
  end
end)
