-- What editors are told: LuaCATS in the doc comments and in lua/cloudjobs/meta.

local Model = require "cloudjobs.model"
local files = require "spec.support.files"
local process = require "cloudjobs.os"

-- The model of each client.
local CLIENTS = {}
for _, entry in ipairs(require "cloudjobs.models.index") do
  if entry.name then
    CLIENTS[entry.name] = entry.model
  end
end

-- Every annotation of the library, with its file's name.
local function each_annotation(f)
  for _, path in ipairs(files.list("lua/cloudjobs", ".lua")) do
    for line in files.read(path):gmatch "%-%-%-(@[^\n]*)" do
      f(line, path)
    end
  end
end

-- Types begin with a capital, functions that a comment speaks of do not.
local function types_of(line)
  return line:gmatch "cloudjobs%.[%w_.]*%f[%w]%u%w+"
end

describe("the definitions for editors", function()
  it("are those of the models", function()
    local folder = files.temporary()
    finally(function() files.remove(folder) end)
    local made = process.run({ arg[-1] or "lua5.4", "tools/definitions.lua", folder }, { timeout = 60 })
    assert.equal("", made.stderr)
    for name in pairs(CLIENTS) do
      local file = "/" .. name .. ".lua"
      assert.is_true(files.read(folder .. file) == files.read("lua/cloudjobs/meta" .. file), "run make definitions")
    end
  end)

  it("name every operation of every client", function()
    for name, model in pairs(CLIENTS) do
      local text = files.read("lua/cloudjobs/meta/" .. name .. ".lua")
      for _, operation in ipairs(Model.load(model):operations()) do
        assert.truthy(text:find("function client:" .. operation .. "(", 1, true), operation)
      end
    end
  end)

  it("define each type that an annotation names", function()
    local defined, unknown = {}, {}
    each_annotation(function(line)
      local name = line:match "^@class ([%w_.]+)" or line:match "^@alias ([%w_.]+)"
      defined[name or ""] = true
    end)
    each_annotation(function(line, path)
      for name in types_of(line) do
        unknown[#unknown + 1] = not defined[name] and path .. ": " .. name or nil
      end
    end)
    assert.same({}, unknown)
  end)

  it("say what a call must give, and what it need not", function()
    local text = files.read "lua/cloudjobs/meta/ssm.lua"
    local function class(name)
      return text:match("%-%-%-@class cloudjobs%.aws%.ssm%." .. name .. "\n(.-)\n\n")
    end
    assert.truthy(class "SendCommandRequest":find("---@field DocumentName string\n", 1, true))
    assert.truthy(class "SendCommandRequest":find("---@field Parameters? table<string, string[]>\n", 1, true))
    assert.truthy(class "CreateMaintenanceWindowRequest":find("---@field ClientToken? string", 1, true))
    assert.truthy(class "MaintenanceWindowExecution":find("---@field StartTime? number\n", 1, true))
    assert.truthy(class "MaintenanceWindowExecution":find(
      "---@field Status? cloudjobs.aws.ssm.MaintenanceWindowExecutionStatus\n", 1, true))
  end)
end)
