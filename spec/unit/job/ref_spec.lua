local ref = require "cloudjobs.job.ref"

describe("a reference", function()
  it("is its kind and its fields, sorted", function()
    assert.equal("export_run,v=1,exportName=nightly,run_id=r-1,since=1767225600.5", ref.format("export_run", {
      run_id = "r-1", exportName = "nightly", since = 1767225600.5,
    }))
  end)

  it("reads back whatever was written", function()
    local fields = { a = "x,y=z%&é\n\"'", b = "arn:aws:ssm:eu-west-1:1:x/y" }
    assert.same({ "kind", fields }, { ref.parse(ref.format("kind", fields)) })
  end)

  it("without a version is of the first, and of a later one is refused", function()
    assert.same({ "kind", { a = "b" } }, { ref.parse("kind,a=b") })
    assert.same({ nil, 'expected version 1, got "2"' }, { ref.parse("kind,v=2,a=b") })
  end)

  it("has at most 2,048 bytes, and no longer one is read", function()
    local longest = ("x"):rep(2048 - #"kind,v=1,a=")
    assert.equal(2048, #ref.format("kind", { a = longest }))
    assert.is_nil(ref.format("kind", { a = longest .. "x" }))
    assert.same({ nil, "expected at most 2048 bytes, got 2049" }, { ref.parse("kind,v=1,a=" .. longest .. "x") })
  end)

  it("has nothing in it that a shell would touch", function()
    assert.not_matches("[^%w%-._~:/@+,=%%]", ref.format("kind", { a = " $`\\\"'();&|<>*?[]{}!#" }))
  end)
end)
