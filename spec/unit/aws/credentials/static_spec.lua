local Static = require "cloudjobs.aws.credentials.static"

describe("static keys", function()
  local identity = Static.new({ access_key_id = "AKID", secret_access_key = "hush", session_token = "token" }):get()

  it("are one identity", function()
    assert.same(
      { "AKID", "hush", "token", "static" },
      { identity.access_key_id, identity.secret_access_key, identity.session_token, identity.source }
    )
  end)

  it("print without their secrets", function()
    assert.equal("cloudjobs.identity: AKID from static", tostring(identity))
  end)
end)
