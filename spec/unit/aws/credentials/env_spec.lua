local Env = require "cloudjobs.aws.credentials.env"

local function get(env)
  local provider = Env.new(function(name)
    return env[name]
  end)
  return provider:get()
end

describe("the environment's keys", function()
  it("are an identity", function()
    local identity = get {
      AWS_ACCESS_KEY_ID = "AKID", AWS_SECRET_ACCESS_KEY = "hush", AWS_SESSION_TOKEN = "new",
      AWS_CREDENTIAL_EXPIRATION = "2030-01-01T00:00:00Z", AWS_ACCOUNT_ID = "111122223333",
    }
    assert.same({
      access_key_id = "AKID", secret_access_key = "hush", session_token = "new",
      expiration = 1893456000, account_id = "111122223333", source = "env",
    }, identity)
  end)

  it("take AWS_SECURITY_TOKEN before AWS_SESSION_TOKEN", function()
    local identity = get {
      AWS_ACCESS_KEY_ID = "AKID", AWS_SECRET_ACCESS_KEY = "hush",
      AWS_SECURITY_TOKEN = "old", AWS_SESSION_TOKEN = "new",
    }
    assert.equal("old", identity.session_token)
  end)

  it("are read again, and are the same identity while nothing changed", function()
    local env = { AWS_ACCESS_KEY_ID = "AKID", AWS_SECRET_ACCESS_KEY = "hush" }
    local provider = Env.new(function(name)
      return env[name]
    end)
    local first = provider:get()
    assert.equal(first, provider:get())
    env.AWS_SECRET_ACCESS_KEY = "changed"
    assert.equal("changed", provider:get().secret_access_key)
    assert.equal("hush", first.secret_access_key)
  end)

  local mistakes = {
    { {}, "AWS_ACCESS_KEY_ID is not set" },
    { { AWS_ACCESS_KEY_ID = "AKID" }, "AWS_SECRET_ACCESS_KEY is not" },
    { { AWS_ACCESS_KEY_ID = "AKID", AWS_SECRET_ACCESS_KEY = "hush", AWS_CREDENTIAL_EXPIRATION = "soon" },
      "AWS_CREDENTIAL_EXPIRATION" },
  }
  for _, case in ipairs(mistakes) do
    it("are refused with " .. case[2], function()
      local identity, err = get(case[1])
      assert.is_nil(identity)
      assert.equal("credentials", err.kind)
      assert.matches(case[2], err.message, 1, true)
      assert.not_matches("hush", tostring(err), 1, true)
    end)
  end
end)
