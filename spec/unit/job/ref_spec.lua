local ref = require "cloudjobs.job.ref"

describe("a reference", function()
  it("is its kind and its fields, sorted", function()
    assert.equal("export_run,exportName=nightly,run_id=r-1,since=1767225600.5", ref.format("export_run", {
      run_id = "r-1", exportName = "nightly", since = 1767225600.5,
    }))
  end)

  it("reads back whatever was written", function()
    local fields = { a = "x,y=z%&é\n\"'", b = "arn:aws:ssm:eu-west-1:1:x/y" }
    assert.same({ "kind", fields }, { ref.parse(ref.format("kind", fields)) })
  end)

  it("has nothing in it that a shell would touch", function()
    assert.not_matches("[^%w%-._~:/@+,=%%]", ref.format("kind", { a = " $`\\\"'();&|<>*?[]{}!#" }))
  end)
end)
