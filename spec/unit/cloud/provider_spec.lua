local Error = require "cloudjobs.base.error"
local UserProvider = require "cloudjobs.cloud.provider"

local function given(answer)
  return UserProvider.new({ get = answer }, { "token" }, "scope", "credentials")
end

describe("a provider from outside", function()
  it("gives what it has, asked for the scope", function()
    local identity = { token = "hush" }
    local provider = given(function(_, scope)
      return scope == "scope" and identity
    end)
    assert.equal(identity, provider:get())
    assert.is_nil(provider.expire)
  end)

  it("gives its own error", function()
    local failure = Error.new { kind = "credentials", code = "vault", message = "sealed" }
    local identity, err = given(function()
      return nil, failure
    end):get()
    assert.is_nil(identity)
    assert.equal(failure, err)
  end)

  local BROKEN = {
    { {}, "the provider gave no identity" },
    { { false }, "the provider gave no identity" },
    { { nil, "sealed" }, "sealed" },
    { { {} }, "the provider gave an identity without token" },
    { { { token = 5 } }, "the provider gave an identity without token" },
    { { "hush" }, "the provider gave an identity without token" },
  }
  for i, case in ipairs(BROKEN) do
    it(("that breaks its promise is an error (%d): %s"):format(i, case[2]), function()
      local identity, err = given(function()
        return case[1][1], case[1][2]
      end):get()
      assert.is_nil(identity)
      assert.same({ "credentials", "provider", case[2] }, { err.kind, err.code, err.message })
    end)
  end

  it("is asked to drop an identity that a service refused", function()
    local heard
    local provider = UserProvider.new({
      get = function() end,
      expire = function(_, ...)
        heard = { ... }
      end,
    }, {}, nil, "credentials")
    provider:expire("identity", "claims")
    assert.same({ "identity", "claims" }, heard)
  end)

  it("has to have something to ask", function()
    assert.error_matches(function()
      UserProvider.new({ get = 5 }, {}, nil, "credentials")
    end, "credentials: expected a method get, got number")
  end)
end)
