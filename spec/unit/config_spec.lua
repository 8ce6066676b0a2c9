local Config = require "cloudjobs.config"

local function endpoint(options)
  return { Config.new(options):endpoint_url("BCM Data Exports") }
end

describe("settings", function()
  it("take the option before the environment", function()
    assert.equal("eu-west-1", Config.new({ region = "eu-west-1", env = { AWS_REGION = "us-east-1" } }):get("region"))
  end)

  it("take AWS_REGION before AWS_DEFAULT_REGION", function()
    assert.equal("a", Config.new({ env = { AWS_REGION = "a", AWS_DEFAULT_REGION = "b" } }):get("region"))
    assert.equal("b", Config.new({ env = { AWS_DEFAULT_REGION = "b" } }):get("region"))
  end)

  it("count an empty variable as unset", function()
    assert.equal("b", Config.new({ env = { AWS_REGION = "", AWS_DEFAULT_REGION = "b" } }):get("region"))
  end)

  it("read the process environment unless given another", function()
    assert.equal(os.getenv("PATH"), Config.new({}):getenv("PATH"))
    assert.is_nil(Config.new({ env = {} }):getenv("PATH"))
  end)

  it("take an endpoint from code, then the service's variable, then the general one", function()
    local env = { AWS_ENDPOINT_URL = "http://127.0.0.1:1", AWS_ENDPOINT_URL_BCM_DATA_EXPORTS = "http://127.0.0.1:2" }
    assert.same({ "http://127.0.0.1:3", "endpoint" }, endpoint { env = env, endpoint = "http://127.0.0.1:3" })
    assert.same({ "http://127.0.0.1:2", "AWS_ENDPOINT_URL_BCM_DATA_EXPORTS" }, endpoint { env = env })
    env.AWS_ENDPOINT_URL_BCM_DATA_EXPORTS = nil
    assert.same({ "http://127.0.0.1:1", "AWS_ENDPOINT_URL" }, endpoint { env = env })
    assert.same({}, endpoint { env = {} })
  end)
end)
