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

describe("opening a reference", function()
  local cloudjobs = require "cloudjobs"

  local REFUSED = {
    ["unknown field cloud"] = "athena_query,QueryExecutionId=x,cloud=china",
    ["unknown field api_version"] = "athena_query,QueryExecutionId=x,api_version=2020-01-01",
    ["unknown field endpoint"] = "athena_query,QueryExecutionId=x,endpoint=x",
    ["unknown field since"] = "athena_query,QueryExecutionId=x,since=1",
    ["unknown field region"] = "export_run,scope=x,exportName=x,run_id=x,region=x",
    ['unknown cloud "evil"'] = "export_run,scope=x,exportName=x,run_id=x,cloud=evil",
    ['since: expected seconds, got "1e999"'] = "resource_snapshot_job,Catalog=x,ResourceSnapshotJobIdentifier=x,since=1e999",
    ['since: expected seconds, got "nan"'] = "resource_snapshot_job,Catalog=x,ResourceSnapshotJobIdentifier=x,since=nan",
    ['since: expected seconds, got "0x10"'] = "resource_snapshot_job,Catalog=x,ResourceSnapshotJobIdentifier=x,since=0x10",
    ["jobs of the kind price_sheet have no reference"] = "price_sheet,location=/x,operationId=x",
  }
  for message, text in pairs(REFUSED) do
    it("is refused with " .. message, function()
      local job, err = cloudjobs.jobs.open(text, { env = {} })
      assert.is_nil(job)
      assert.equal("validation", err.kind)
      assert.matches(message, err.message, 1, true)
    end)
  end
end)
