local Bearer = require "cloudjobs.azure.auth"
local message = require "cloudjobs.http.message"

local function request(url)
  local fields = assert(message.fields({ accept = "x" }, { "x-id", "authorization" }))
  return message.new { route = { method = "GET", url = url, fields = fields }, body = "" }
end

local function sign(url)
  return Bearer.new():sign(request(url), { token = "hush" })
end

describe("a bearer token", function()
  it("goes onto the request, in place of an earlier one", function()
    local given = request "https://management.azure.com/x?y=1"
    Bearer.new():sign(given, { token = "old" }, 0, "7")
    assert.equal("Bearer old", given.headers.authorization)
    local signed = Bearer.new():sign(given, { token = "hush" }, 0, "7")
    assert.equal(given, signed)
    assert.equal("accept: x\r\nx-id: 7\r\nauthorization: Bearer hush\r\n", signed.lines)
    assert.same({ accept = "x", ["x-id"] = "7", authorization = "Bearer hush" }, signed.headers)
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
      local signed, err = sign(url)
      assert.is_nil(signed)
      assert.same({ "config", "insecure" }, { err.kind, err.code })
      assert.not_matches("hush", tostring(err))
    end)
  end

  for _, token in ipairs { "a\r\nX: y", "a b", "\195\188" } do
    it(("is no header of its own: %q"):format(token), function()
      local signed, err = Bearer.new():sign(request "https://x/", { token = token })
      assert.is_nil(signed)
      assert.equal("insecure", err.code)
    end)
  end
end)
