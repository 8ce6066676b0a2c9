local Fleet = require "cloudjobs.cli.fleet"
local files = require "spec.support.files"

describe("a fleet file", function()
  local folder

  files.for_specs(function(made)
    folder = made
  end)

  local function load(text)
    files.write(folder .. "/fleet.lua", text)
    return Fleet.load(folder .. "/fleet.lua")
  end

  it("is Lua that returns a list", function()
    local fleet = load "local day = 86400 return { { cloud = 'aws', x = day * 2 } }"
    assert.same({ { cloud = "aws", x = 172800 } }, fleet.entries)
  end)

  for _, global in ipairs { "os", "io", "require", "print", "_G", "load", "string" } do
    it("sees no " .. global, function()
      local fleet, message = load(("return {\n  { cloud = %s and 'aws' } }"):format(global))
      assert.same({ nil, folder .. "/fleet.lua:2: no such name: " .. global }, { fleet, message })
    end)
  end

  it("may name what it wrote down itself", function()
    assert.same({ { cloud = "aws" } }, load("ours = { cloud = 'aws' } return { ours }").entries)
  end)

  local EXPECTED = "expected return { { cloud = \"aws\", … }, … }"
  local REFUSED = {
    { "local aws, azure = {}, {} return { aws, azur, azure }", ":1: no such name: azur" },
    { "local aws, azur, azure = {}, nil, {} return { aws, azur, azure }", ": entry 2 is nil, perhaps a misspelt name" },
    { "return { nil, nil, {} }", ": entry 1 is nil, perhaps a misspelt name" },
    { "return {}", ": the fleet is empty; " .. EXPECTED },
    { "", ": " .. EXPECTED },
    { "return { [0] = {} }", ": " .. EXPECTED },
    { "return { [1.5] = {} }", ": " .. EXPECTED },
    { "return { cloud = 'aws' }", ": " .. EXPECTED },
  }
  for _, case in ipairs(REFUSED) do
    it("is refused: " .. case[1], function()
      assert.same({ nil, folder .. "/fleet.lua" .. case[2] }, { load(case[1]) })
    end)
  end

  it("is no compiled chunk", function()
    local fleet, message = load(string.dump(function() end))
    assert.is_nil(fleet)
    assert.is_string(message)
  end)

  it("tells the line of an entry past braces in comments and texts", function()
    local fleet = load [==[
return {
  { cloud = "a}{", [ [[{]] ] = "\"{" }, -- {
  --[[ {
  ]]
  { cloud = 'b',
    region = 1 },
}]==]
    assert.equal(folder .. "/fleet.lua:5: what", fleet:mistake "x.lua:1: cloudjobs.inventory: entry 2: what")
    assert.equal(folder .. "/fleet.lua:6: option region: what",
      fleet:mistake "x.lua:1: cloudjobs.inventory: entry 2: option region: what")
  end)

  it("tells the entry where the file does not write them out", function()
    local fleet = load "local all = {} for i = 1, 2 do all[i] = { cloud = 'aws' } end return all"
    assert.equal(folder .. "/fleet.lua: entry 2: what", fleet:mistake "x.lua:1: cloudjobs.inventory: entry 2: what")
  end)
end)
