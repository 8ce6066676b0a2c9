--- The ways to a token in the hands of Azure's own library: what it asks of the
--- emulator before Azure's own client may list exports.

local files = require "spec.support.files"
local judges = require "spec.support.judges"

describe("@azure/identity gets a token for", function()
  judges.with(judges.azure, function()
    local server, folder
    setup(function()
      server = judges.start { tls = true }
      folder = files.temporary()
      local made = judges.run {
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=app",
        "-keyout", folder .. "/key.pem", "-out", folder .. "/certificate.pem",
      }
      assert(made.status == 0, made.stderr)
      local both = files.read(folder .. "/key.pem") .. files.read(folder .. "/certificate.pem")
      files.write(folder .. "/both.pem", both)
      files.write(folder .. "/token", "e30.eyJzdWIiOiJzeXN0ZW0ifQ.sig")
    end)
    teardown(function()
      server:stop()
      files.remove(folder)
    end)

    local WAYS = {
      { "a secret", "secret", seen = { "configuration", "token", "list" } },
      { "a certificate", "certificate", "both.pem", seen = { "configuration", "token", "list" } },
      { "a token of the cluster", "cluster", "token", seen = { "configuration", "token", "list" } },
      {
        "a virtual machine",
        "managed",
        environment = { AZURE_POD_IDENTITY_AUTHORITY_HOST = "" },
        seen = { "imds", "list" },
      },
      {
        "an app",
        "managed",
        environment = { IDENTITY_ENDPOINT = "/msi/token", IDENTITY_HEADER = "emulator-header" },
        seen = { "app", "list" },
      },
    }
    for _, way in ipairs(WAYS) do
      it(way[1], function()
        local environment = { "NODE_EXTRA_CA_CERTS=" .. server.ca_bundle }
        for name, value in pairs(way.environment or {}) do
          environment[#environment + 1] = name .. "=" .. (name:find "HEADER" and value or server.url .. value)
        end
        server:clear_requests()
        local words = judges.driver(judges.azure, "azure_identity", server.url, way[2], folder .. "/" .. (way[3] or ""))
        local result = judges.run(words, { environment = environment })
        assert.equal(0, result.status, result.stderr)
        local seen = {}
        for i, request in ipairs(server:requests()) do
          seen[i] = request.operation
        end
        assert.same(way.seen, seen)
      end)
    end
  end)
end)
