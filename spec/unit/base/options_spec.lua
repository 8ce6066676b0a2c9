local options = require "cloudjobs.base.options"

describe("an options check", function()
  local function f(given)
    local checked = options.check(given, { region = "string", sink = "function|table", timeout = "number" }, "f", 2)
    return checked
  end

  it("hands good options through and makes nothing an empty table", function()
    local given = { region = "eu-west-1", sink = print }
    assert.equal(given, f(given))
    assert.same({}, f(nil))
  end)

  local mistakes = {
    { { reigon = "x" }, "f: unknown option reigon %(did you mean region%?%)$" },
    { { region = 5 }, "f: option region: expected string, got number$" },
    { { sink = "x" }, "f: option sink: expected function or table, got string$" },
    { { timeout = 0 / 0 }, "f: option timeout: expected number, got nan$" },
    { "x", "f: options: expected table, got string$" },
  }
  for _, case in ipairs(mistakes) do
    it("raises at the caller's line: " .. case[2], function()
      local ok, message = pcall(function()
        local checked = f(case[1])
        return checked
      end)
      assert.is_false(ok)
      assert.matches("^.*options_spec%.lua:%d+: " .. case[2], message)
    end)
  end
end)
