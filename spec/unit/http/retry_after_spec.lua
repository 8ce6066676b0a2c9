local retry_after = require "cloudjobs.http.retry_after"

local DATE = "Sun, 06 Nov 1994 08:49:37 GMT"

describe("Retry-After", function()
  local READ = {
    { "seconds", { ["retry-after"] = "120" }, 120 },
    { "a fraction of seconds", { ["retry-after"] = "0.5" }, 0.5 },
    { "a date, counted from the response's own", {
      ["retry-after"] = "Sun, 06 Nov 1994 08:51:37 GMT", date = DATE,
    }, 120 },
    { "a date that has passed as no wait", {
      ["retry-after"] = DATE, date = "Sun, 06 Nov 1994 08:51:37 GMT",
    }, 0 },
    { "a date without the response's own as nothing", { ["retry-after"] = DATE }, nil },
    { "a negative number as nothing", { ["retry-after"] = "-1" }, nil },
    { "an exponent as nothing", { ["retry-after"] = "1e3" }, nil },
    { "nineteen digits as nothing", { ["retry-after"] = ("9"):rep(19) }, nil },
    { "other text as nothing", { ["retry-after"] = "soon", date = DATE }, nil },
    { "no header as nothing", { date = DATE }, nil },
  }
  for _, case in ipairs(READ) do
    it("is read: " .. case[1], function()
      assert.equal(case[3], retry_after.read(case[2]))
    end)
  end

  it("has a form of whole seconds alone", function()
    assert.equal(30, retry_after.seconds "30")
    for _, text in ipairs { "0.5", "-1", "1e3", " 1", "", DATE, ("9"):rep(19) } do
      assert.is_falsy(retry_after.seconds(text))
    end
    assert.is_nil(retry_after.seconds(nil))
  end)
end)
