local Error = require "cloudjobs.base.error"

describe("an error", function()
  local cases = {
    {
      fields = { kind = "service", service = "SSM", operation = "GetParameter", code = "ThrottlingException",
        message = "Rate exceeded", status = 400, request_id = "r-1", attempts = 3 },
      text = "SSM GetParameter: ThrottlingException: Rate exceeded (status 400, request id r-1, after 3 attempts)",
    },
    {
      fields = { kind = "validation", service = "SSM", operation = "GetParameter", code = "validation",
        problems = { { path = "Name", message = "required" }, { path = "", message = "expected table, got string" } } },
      text = "SSM GetParameter: Name: required; expected table, got string",
    },
    {
      fields = { kind = "service", code = "BadRequest", message = "Invalid request.", status = 400,
        problems = { { path = "api-version", message = "not supported" } } },
      text = "BadRequest: Invalid request. [api-version: not supported] (status 400)",
    },
    {
      fields = { kind = "transport", code = "closed", message = "the server closed the connection",
        attempts = 1, ambiguous = true },
      text = "closed: the server closed the connection (it may have been carried out)",
    },
    {
      fields = { kind = "service", code = "503", message = "", status = 503, hint = "Try later" },
      text = "503: no message (status 503). Try later",
    },
  }

  for _, case in ipairs(cases) do
    it("prints as " .. case.text, function()
      assert.equal(case.text, tostring(Error.new(case.fields)))
    end)
  end

  it("joins to text on either side", function()
    local err = Error.new { kind = "config", code = "config", message = "no region" }
    assert.equal("failed: config: no region!", "failed: " .. err .. "!")
  end)

  it("has its flags as booleans", function()
    local err = Error.new { kind = "config", message = "no region" }
    assert.same({ false, false, false }, { err.retryable, err.throttling, err.ambiguous })
  end)

  it("is distinguished from other tables", function()
    assert.is_true(Error.is(Error.new { kind = "config" }))
    assert.is_false(Error.is { kind = "config" })
    assert.is_false(Error.is("text"))
  end)

  it("is on one line, bounded and without control characters", function()
    local err = Error.new {
      kind = "service", code = "Oops\27[2J\n", message = "m\27]0;pwned\7\194\155\nFAKE: all is well\r\0\226\128\174",
      hint = "h\127\255", request_id = "r\27", status = 400, problems = { { path = "p\n", message = "q\27" } },
    }
    assert.equal("Oops?[2J : m?]0;pwned?? FAKE: all is well ?? [p : q?] (status 400, request id r?). h??", tostring(err))
    local long = Error.new { kind = "service", code = ("c"):rep(1e6), message = ("m"):rep(1e6), hint = ("h"):rep(1e6) }
    assert.is_true(#tostring(long) < 21000)
  end)
end)
