-- No file is read, nothing opened or defined before a client's first call: a
-- server may load the library anywhere, and make its clients there.

local files = require "spec.support.files"
local lua = require("spec.support.process").lua

-- Tells each use of the world outside that follows, one a line.
local WATCH = [[
  for library, names in pairs { io = "open popen lines", os = "getenv execute time tmpname" } do
    for name in names:gmatch "%S+" do
      local original = _G[library][name]
      _G[library][name] = function(...)
        print(library .. "." .. name, ...)
        return original(...)
      end
    end
  end
  setmetatable(_G, { __newindex = function(_, name)
    print("global", name)
  end })
]]

describe("no file is read, nothing opened or defined", function()
  it("by loading every module", function()
    require "openssl.x509" -- which the emulator's need
    local lines = { WATCH }
    for _, path in ipairs(files.list("lua/cloudjobs", ".lua")) do
      if not path:find("/meta/", 1, true) then
        local module = path:match("^lua/(.*)%.lua$"):gsub("/init$", ""):gsub("/", ".")
        lines[#lines + 1] = ("require %q"):format(module)
      end
    end
    assert.is_true(#lines > 100)
    local status, out, err = lua(table.concat(lines, "\n"))
    assert.same({ 0, "", "" }, { status, out, err })
  end)

  -- The environment may be asked: a secret that neither it nor the caller has is a mistake there and then.
  it("by making clients and providers of every kind", function()
    local status, out, err = lua([[local cloudjobs = require "cloudjobs"
      local aws, azure = cloudjobs.aws, cloudjobs.azure
      local transport = require("cloudjobs.transport.curl").new()
    ]] .. WATCH:gsub("getenv ", "") .. [[
      for _, name in ipairs { "bcm_data_exports", "ssm", "partnercentral_selling", "sts", "sso", "sso_oidc" } do
        aws[name]()
        aws[name] { transport = transport, profile = "none", region = "us-east-1", ca_bundle = "/none" }
      end
      aws.credentials()
      aws.credentials { role_arn = "arn:aws:iam::111122223333:role/x" }
      azure.cost_exports()
      azure.cost_exports { credentials = { tenant_id = "t", client_id = "c", client_secret = "s" } }
      azure.cost_exports { credentials = { tenant_id = "t", client_id = "c", certificate_path = "/none" } }
      azure.credentials()
    ]])
    assert.same({ 0, "", "" }, { status, out, err })
  end)
end)

-- Most of the time from exec to the first answer is the parsing of modules.
it("one call loads only what it uses", function()
  local status, out, err = lua [[
    local cloudjobs = require "cloudjobs"
    local exports = cloudjobs.aws.bcm_data_exports {
      region = "us-east-1", endpoint = "http://127.0.0.1:1", retry = { max_attempts = 1 }, env = { HOME = "/none" },
      credentials = { access_key_id = "AKID", secret_access_key = "SECRET" },
    }
    print(select(2, exports:get_execution {
      ExportArn = "arn:aws:bcm-data-exports:us-east-1:111122223333:export/nightly", ExecutionId = "1",
    }).code)
    for name in pairs(package.loaded) do
      for part in ("azure query rest_json xml jmespath paginate waiter rule_set rules default cache limiter log job "
        .. "parallel watch suggest cache_key export os"):gmatch "%S+" do
        if (name .. "."):find("^cloudjobs%..*%f[%w_]" .. part .. "%f[^%w_]") then
          print(name)
        end
      end
    end
  ]]
  assert.same({ 0, "connect\n", "" }, { status, out, err })
end)
