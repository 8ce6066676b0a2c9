local Status = require "cloudjobs.job.status"

local KIND = {
  kind = "export_run",
  members = {
    code = "properties.status", reason = "properties.error.message",
    started_at = "properties.start", ended_at = "properties.stop",
  },
  states = { Completed = "succeeded", Failed = "failed" },
}

local function read(properties)
  return Status.new(KIND, { properties = properties }, "r-1")
end

describe("a status", function()
  it("reads times as numbers, with their zone or without", function()
    local status = read { status = "Completed", start = "2026-01-01T00:00:00.5Z", stop = "2026-01-01T00:01:00" }
    assert.same({ 1767225600.5, 1767225660 }, { status.started_at, status.ended_at })
  end)

  it("is unknown, and not final, where the record says nothing", function()
    for _, record in ipairs { {}, { properties = "?" }, { properties = { status = 5 } } } do
      local status = Status.new(KIND, record, "r-1")
      assert.same({ "unknown", false, false }, { status.state, status.final, status.ok })
    end
  end)

  it("prints as what it is", function()
    assert.equal("export_run r-1: succeeded (Completed)", tostring(read { status = "Completed" }))
    assert.equal("export_run r-1: failed (Failed): no access",
      tostring(read { status = "Failed", error = { message = "no access" } }))
  end)

  it("that could not be had keeps what was last seen", function()
    local err = { kind = "timeout" }
    local status = Status.unknown("export_run", "r-1", read { status = "Failed" }, err)
    assert.same({ "failed", err }, { status.state, status.err })
    assert.equal("unknown", Status.unknown("export_run", "r-1", nil, err).state)
  end)
end)
