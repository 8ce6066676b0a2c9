local files = require "spec.support.files"

describe("the contract of providers", function()
  for _, path in ipairs(files.list("lua/cloudjobs", ".lua")) do
    local room, name = path:match("^lua/cloudjobs/(%a+)/credentials/([%w_]+)%.lua$")
    local text = room and files.read(path)
    if text and text:find("\nfunction %a+:get%(") then
      it(("is named by %s/%s, as its class and as its __name"):format(room, name), function()
        local class = ("cloudjobs.%s.credentials.%s"):format(room, name)
        assert.truthy(text:find(("\n---@class %s: cloudjobs.Provider\n"):format(class), 1, true))
        assert.truthy(text:find(('__name = "%s"'):format(class), 1, true))
      end)
    end
  end

  it("is written down where a program's own provider is held to it", function()
    local text = files.read("lua/cloudjobs/cloud/provider.lua")
    for _, field in ipairs { "get", "cached?", "expire?" } do
      assert.truthy(text:find("\n---@field " .. field .. " fun(self", 1, true), field)
    end
  end)
end)
