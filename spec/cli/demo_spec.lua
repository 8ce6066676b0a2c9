local process = require "spec.support.process"

describe("cloudjobs demo", function()
  it("follows one job of each kind to its end", function()
    local status, out, err = process.cloudjobs { "demo", "--speed", "600" }
    assert.equal("", err)
    assert.equal(0, status)
    for _, ended in ipairs {
      "maintenance_window_execution %S+: succeeded %(SUCCESS%)",
      "export_execution %S+: succeeded %(DELIVERY_SUCCESS%)",
      "export_run %S+: succeeded %(Completed%)",
      "resource_snapshot_job %S+: succeeded %(Running%)",
    } do
      assert.matches("\n" .. ended .. "\n", out)
    end
  end)

  for _, words in ipairs { { "--speed", "0" }, { "--speed=-1" } } do
    it("refuses " .. table.concat(words, " "), function()
      local status, out, err = process.cloudjobs { "demo", words[1], words[2] }
      local given = words[2] or "-1"
      assert.same({ 64, "", ("cloudjobs: expected a number above 0, got '%s'\nTry: cloudjobs demo --help\n"):format(given) },
        { status, out, err })
    end)
  end

  it("says what is wrong with a settings file", function()
    local status, out, err = process.cloudjobs { "demo", "--settings", "no/such/file" }
    assert.same({ 64, "" }, { status, out })
    assert.matches("no/such/file", err, 1, true)
  end)
end)
