local Command = require "spec.support.command"
local process = require "spec.support.process"

describe("cloudjobs demo", function()
  it("follows one job of each kind to its end", function()
    require "cqueues" -- which the command needs
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

  it("shows a settings file in its help", function()
    local _, out = process.cloudjobs { "demo", "--help" }
    assert.truthy(out:find('   {\n     "bcm_data_exports": { "region": "us-east-1",', 1, true))
  end)

  describe("with settings", function()
    local cli

    setup(function()
      cli = Command.new { speed = 1e6 } -- over before the first look
    end)

    teardown(function()
      cli:stop()
    end)

    it("follows the jobs of the services that they name", function()
      local settings = cli:file("accounts.json",
        '{"partnercentral_selling":{"catalog":"AWS","opportunity":"O1234567","template":"Default"}}')
      local status, out, err = cli:run { "demo", "--settings", settings }
      assert.same({ 0, "" }, { status, err })
      assert.matches("\nresource_snapshot_job %S+: succeeded %(Running%)\n  resource_snapshot_job,%S+\n$", out)
    end)

    it("ends with 64 where they name nothing", function()
      local settings = cli:file("accounts.json", "{}")
      local status, out, err = cli:run { "demo", "--settings", settings }
      assert.same({ 64, "" }, { status, out })
      assert.matches("^cloudjobs: " .. settings .. ": expected one of azure, ", err)
    end)
  end)
end)
