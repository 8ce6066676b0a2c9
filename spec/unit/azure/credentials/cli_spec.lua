local Stub = require "cloudjobs.stub"
local azure_cli = require "cloudjobs.azure.credentials.cli"

local START = 1767225600

-- A flow whose az answers `result`, and what it was run with.
local function flow(result, options)
  local seen = {}
  local settings = {
    transport = Stub.new({}, { time = START }),
    run = function(command, how)
      seen.command, seen.how = table.concat(command, " "), how
      if result.code then
        return nil, result.code, result.message
      end
      return { status = result.status or 0, stdout = result.stdout or "", stderr = result.stderr or "" }
    end,
  }
  for name, value in pairs(options or {}) do
    settings[name] = value
  end
  return azure_cli.new(settings), seen
end

describe("the Azure CLI", function()
  it("is run with an argument vector in a safe folder", function()
    local cli, seen = flow { stdout = '{"accessToken":"tok-1","expires_on":1767229200,"expiresOn":"nonsense"}' }
    local identity = assert(cli:get("https://management.azure.com/.default"))
    assert.same({ "tok-1", 1767229200, "Azure CLI" }, { identity.token, identity.expiration, identity.source })
    assert.equal("az account get-access-token --output json --resource https://management.azure.com", seen.command)
    assert.same({ cwd = "/bin", timeout = 10 }, seen.how)
  end)

  it("is run with the tenant or else the subscription", function()
    local cli, seen = flow({ stdout = "{}" }, { tenant_id = "t", subscription = "s" })
    cli:get("x")
    assert.matches(" %-%-tenant t$", seen.command)
    cli, seen = flow({ stdout = "{}" }, { subscription = "s" })
    cli:get("x")
    assert.matches(" %-%-subscription s$", seen.command)
  end)

  it("may take as long as process_timeout, which the error names", function()
    local cli, seen = flow({ code = "timeout", message = "x" }, { process_timeout = 30 })
    local _, err = cli:get("x")
    assert.equal(30, seen.how.timeout)
    assert.matches("within 30 s", err.message, 1, true)
    assert.matches("process_timeout = 60", err.hint, 1, true)
    assert.error_matches(function()
      require("cloudjobs").azure.credentials { kind = "cli", process_timeout = 0 }
    end, "option process_timeout: expected seconds above 0")
  end)

  it("of old gives a local time", function()
    local text = os.date("%Y-%m-%d %H:%M:%S.000000", START + 3600)
    local identity = flow({ stdout = '{"accessToken":"tok-1","expiresOn":"' .. text .. '"}' }):get("x")
    assert.equal(START + 3600, identity.expiration)
  end)

  it("is not run with a scope that means something else to it", function()
    local cli, seen = flow {}
    local _, err = cli:get("x --debug")
    assert.equal("config", err.code)
    assert.is_nil(seen.command)
  end)

  local failures = {
    { { code = "start", message = "cannot run az: No such file" }, "unavailable", "cannot run az" },
    { { status = 127, stderr = "sh: 1: az: not found" }, "unavailable", "az is not installed" },
    { { status = 1, stderr = "ERROR: Please run 'az login' to setup account." }, "unavailable", "no account is signed in" },
    { { status = 1, stderr = "ERROR: AADSTS50076: Due to a change you must use multi-factor. Please run: az login --tenant 0000" },
      "failed", "az ended with status 1: AADSTS50076: Due to a change you must use multi%-factor%. Please run: az login %-%-tenant 0000$" },
    { { status = 1, stderr = "WARNING: x\nERROR: AADSTS700082: The refresh token has expired.\nPlease run:\naz login\n" },
      "failed", "AADSTS700082: The refresh token has expired%. Please run: az login$" },
    { { status = 1, stderr = "ERROR: AADSTS50020: no account\27[31m; az account set" }, "failed", "AADSTS50020: no account%?%[31m" },
    { { status = 1, stderr = ("e"):rep(1e6) }, "failed", "^Azure CLI: az ended with status 1: e+…$" },
    { { status = 1, stderr = "" }, "failed", "no message" },
    { { status = 1, stderr = "WARNING: x\nERROR: the tenant is gone\nmore" }, "failed", "the tenant is gone" },
    { { code = "timeout", message = "it did not end within 10 seconds" }, "timeout", "az did not end within 10 s" },
    { { stdout = "<html>" }, "reply", "no token" },
    { { stdout = '{"accessToken":"a b","expires_on":1767229200}' }, "reply", "no token" },
    { { stdout = '{"accessToken":"tok-1"}' }, "reply", "when the token expires" },
    { { stdout = '{"accessToken":"tok-1","expires_on":1}' }, "reply", "a token that is over" },
  }
  for _, case in ipairs(failures) do
    it("that fails is " .. case[2] .. ": " .. case[3], function()
      local identity, err = flow(case[1]):get("x")
      assert.is_nil(identity)
      assert.same({ "credentials", case[2] }, { err.kind, err.code })
      assert.matches(case[3], err.message)
    end)
  end
end)
