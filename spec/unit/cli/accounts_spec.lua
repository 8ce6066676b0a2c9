local accounts = require "cloudjobs.cli.accounts"
local files = require "spec.support.files"

describe("a demo's settings", function()
  local folder

  files.for_specs(function(made)
    folder = made
  end)

  local function load(text)
    files.write(folder .. "/accounts.json", text)
    return accounts.load(folder .. "/accounts.json")
  end

  it("are read from JSON", function()
    assert.same({ ssm = { region = "us-east-1" } }, load '{"ssm":{"region":"us-east-1"}}')
  end)

  it("have an example that is one, and the one in docs/command.md", function()
    assert(load(accounts.EXAMPLE))
    assert.truthy(files.read("docs/command.md"):find("```json\n" .. accounts.EXAMPLE .. "```", 1, true))
  end)

  local REFUSED = {
    { "{}", "expected one of azure, bcm_data_exports, partnercentral_selling, ssm" },
    { "[]", "expected one of azure, bcm_data_exports, partnercentral_selling, ssm" },
    { "7", "expected a JSON object" },
    { "null", "expected a JSON object" },
    { '{"smm":{}}', "unknown service 'smm' (did you mean ssm?)" },
    { '{"ssm":7}', "ssm: expected an object" },
    { '{"ssm":{"regoin":"x"}}', "ssm: unknown member 'regoin' (did you mean region?)" },
    { '{"ssm":{"region":7}}', "ssm: region: expected text" },
    { '{"ssm":{"region":null}}', "ssm: region: expected text" },
    { '{"azure":{"scope":"s","storage":"s"}}', "azure: expected container" },
  }
  for _, case in ipairs(REFUSED) do
    it("are refused: " .. case[1], function()
      assert.same({ nil, folder .. "/accounts.json: " .. case[2] }, { load(case[1]) })
    end)
  end
end)
