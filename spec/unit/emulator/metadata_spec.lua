local core = require "cloudjobs.core"
local emulated = require "spec.support.emulated"

local QUERY = "api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com"

describe("the emulator's metadata service", function()
  local function ask(path, headers)
    local response = emulated.new():respond { method = "GET", path = path, query = QUERY, headers = headers }
    return response.status, core.json_decode(response.body)
  end

  for _, path in ipairs { "/metadata/identity/oauth2/token", "/metadata/identity/oauth2/token/" } do
    it("gives a token at " .. path, function()
      local status, document = ask(path, { metadata = "true" })
      assert.same({ 200, "Bearer", "https://management.azure.com", ("%d"):format(emulated.START + 86400) },
        { status, document.token_type, document.resource, document.expires_on })
    end)
  end

  it("gives none without its header, which no redirect would carry", function()
    local status, document = ask "/metadata/identity/oauth2/token"
    assert.same({ 400, "bad_request_102" }, { status, document.error })
  end)
end)
