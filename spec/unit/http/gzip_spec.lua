local gzip = require "cloudjobs.http.gzip"
local process = require "cloudjobs.os"

-- What gzip makes of a text.
local function compress(text, level)
  local result = assert(process.run({ "gzip", "-c", level or "-6" }, { stdin = text }))
  assert.equal(0, result.status)
  return result.stdout
end

local function noise(size)
  local state, bytes = 1, {}
  for i = 1, size do
    state = state * 16807 % 2147483647
    bytes[i] = string.char(state % 256)
  end
  return table.concat(bytes)
end

describe("a gzip body", function()
  local TEXTS = {
    [""] = "nothing",
    hello = "a word",
    [("ab"):rep(40000)] = "one run",
    [('{"Exports":[{"ExportName":"nightly %d"}]}'):rep(3000)] = "a document",
    [noise(70000)] = "noise",
    [("x"):rep(300) .. noise(40000) .. ("x"):rep(300)] = "far copies",
  }
  for text, what in pairs(TEXTS) do
    it("is read: " .. what, function()
      for _, level in ipairs { "-1", "-6", "-9" } do
        local body = compress(text, level)
        assert.is_true(gzip.is_compressed(body))
        assert.is_true(text == gzip.decode(body))
      end
    end)
  end

  it("is an error where it is cut off or damaged", function()
    local body = compress(("hello world "):rep(100))
    for n = 2, #body - 9 do
      local text, message = gzip.decode(body:sub(1, n))
      assert.is_nil(text)
      assert.matches("the response is compressed by gzip, and ", message)
    end
    for at = 11, #body - 8 do
      gzip.decode(body:sub(1, at - 1) .. string.char((body:byte(at) + 1) % 256) .. body:sub(at + 1)) -- raises nothing
    end
  end)

  it("is bounded", function()
    local _, message = gzip.decode(compress(("0"):rep(9 * 1024 * 1024), "-9"))
    assert.matches("larger than the limit of 8388608 bytes", message)
  end)

  it("is known by its first bytes", function()
    assert.is_false(gzip.is_compressed "{}")
    assert.is_false(gzip.is_compressed "")
    assert.is_true(gzip.is_compressed("head\31\139", 5))
  end)
end)
