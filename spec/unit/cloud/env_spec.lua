local Env = require "cloudjobs.cloud.env"

describe("the environment", function()
  it("is a table that stands for it", function()
    local env = Env.new { SET = "x", EMPTY = "" }
    assert.same({ "x", "x" }, { env:raw("SET"), env:get("SET") })
    assert.equal("", env:raw("EMPTY"))
    assert.is_nil(env:get("EMPTY"))
    assert.is_nil(env:raw("PATH"))
    assert.is_nil(env:get("PATH"))
  end)

  it("is the process's own without one", function()
    local env = Env.new()
    assert.equal(os.getenv("PATH"), env:raw("PATH"))
    assert.equal(os.getenv("PATH"), env:get("PATH"))
  end)
end)
