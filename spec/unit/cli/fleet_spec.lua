local Fleet = require "cloudjobs.cli.fleet"
local files = require "spec.support.files"

describe("a fleet file", function()
  local folder

  setup(function()
    folder = files.temporary()
  end)

  teardown(function()
    files.remove(folder)
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
      local fleet = load(("return { { cloud = %s == nil and 'none' } }"):format(global))
      assert.equal("none", fleet.entries[1].cloud)
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
    assert.equal(folder .. "/fleet.lua:5: what", fleet:complaint "x.lua:1: cloudjobs.inventory: entry 2: what")
    assert.equal(folder .. "/fleet.lua:6: option region: what",
      fleet:complaint "x.lua:1: cloudjobs.inventory: entry 2: option region: what")
  end)

  it("tells the entry where the file does not write them out", function()
    local fleet = load "local all = {} for i = 1, 2 do all[i] = { cloud = 'aws' } end return all"
    assert.equal(folder .. "/fleet.lua: entry 2: what", fleet:complaint "x.lua:1: cloudjobs.inventory: entry 2: what")
  end)
end)
