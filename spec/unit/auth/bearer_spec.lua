local Bearer = require "cloudjobs.auth.bearer"

local function sign(url)
  local request = { method = "GET", url = url, headers = { accept = "application/json" }, body = "" }
  return Bearer.new():sign(request, { token = "hush" })
end

describe("a bearer token", function()
  it("goes onto the request, in place of an earlier one", function()
    local request = { method = "GET", url = "https://management.azure.com/x?y=1", headers = { accept = "x" }, body = "" }
    Bearer.new():sign(request, { token = "old" })
    assert.same({
      method = "GET", url = "https://management.azure.com/x?y=1", body = "",
      headers = { accept = "x", authorization = "Bearer hush" },
    }, Bearer.new():sign(request, { token = "hush" }))
  end)

  for _, url in ipairs { "http://127.0.0.1:8080/x", "http://[::1]:8080/x", "HTTPS://example.com/" } do
    it("travels to " .. url, function()
      assert.equal("Bearer hush", sign(url).headers.authorization)
    end)
  end

  for _, url in ipairs {
    "http://management.azure.com/x",
    "http://localhost:8080/x",
    "http://127.0.0.1.example.com/x",
    "http://127.0.0.1@example.com/x",
    "http://10.0.0.1/x",
    "ftp://127.0.0.1/x",
    "//127.0.0.1/x",
  } do
    it("does not travel to " .. url, function()
      local signed, err = Bearer.new():sign({ url = url, headers = {} }, { token = "hush" })
      assert.is_nil(signed)
      assert.same({ "config", "insecure" }, { err.kind, err.code })
      assert.not_matches("hush", tostring(err))
    end)
  end

  for _, token in ipairs { "a\r\nX: y", "a b", "\195\188" } do
    it(("is no header of its own: %q"):format(token), function()
      local signed, err = Bearer.new():sign({ url = "https://x/", headers = {} }, { token = token })
      assert.is_nil(signed)
      assert.equal("insecure", err.code)
    end)
  end
end)
