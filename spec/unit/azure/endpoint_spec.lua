local Endpoint = require "cloudjobs.azure.endpoint"

describe("the endpoint of an Azure client", function()
  it("is read once", function()
    local endpoint = Endpoint.new "HTTPS://Lake.blob.core.windows.net:443/a/"
    local address = assert(endpoint:resolve())
    assert.same({ origin = "https://lake.blob.core.windows.net", host = "lake.blob.core.windows.net", path = "/a" }, address)
    assert.equal(address, endpoint:resolve())
  end)

  it("is refused where it is none, or readable on its way", function()
    for _, text in ipairs { "lake", "http://lake.blob.core.windows.net", "https://lake/?sv=1&sig=hush" } do
      local address, err = Endpoint.new(text):resolve()
      assert.is_nil(address)
      assert.equal("config", err.kind)
      assert.is_nil(tostring(err):find("hush", 1, true))
    end
  end)
end)
