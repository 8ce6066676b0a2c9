-- Text from a service is shown without its control characters and line breaks, on terminals and in logs.

local Command = require "spec.support.command"
local json = require "cloudjobs.base.json"

local EVIL = "\27[2J\27]0;pwned\7\194\15531m\127\226\128\174\nFAKE: all is well\r\nFAKE\tx"

describe("the command over a service that sends control characters", function()
  local cli, arn, fleet

  setup(function()
    cli = Command.new()
    cli.server:outcome {
      kind = "export_execution", match = { Name = "evil" }, status = "QUERY_FAILURE", reason = "R" .. EVIL, times = 9,
    }
    arn = cli:export("evil", 3600)
    fleet = cli:file("fleet.lua", "return { { cloud = 'aws', region = 'us-east-1' } }")
  end)

  teardown(function()
    cli:stop()
  end)

  local function check(words, expected)
    local _, out, err = cli:run(words)
    local text = out .. err
    assert.truthy(text:find(expected, 1, true), text)
    text = text:gsub("\r\n", "\n")
    assert.is_nil(text:find("[%z\1-\9\11-\31\127]"), text)
    assert.is_nil(text:find("\194[\128-\159]"), text)
    assert.is_nil(text:find("\226\128\174", 1, true), text)
    for line in text:gmatch "[^\n]+" do
      assert.is_nil(line:find("^FAKE"), text)
    end
  end

  for _, format in ipairs { "table", "csv", "json" } do
    it("prints none of them as " .. format, function()
      check({ "status", fleet, "--output", format }, "R")
      check({ "list", arn, "--output", format }, "R")
      check({ "call", "bcm-data-exports", "list-executions", "--ExportArn", arn, "--output", format }, "R")
    end)

    it("prints none of an error's as " .. format, function()
      local CALLS = {
        ListExports = { { "status", fleet }, { "list" }, { "call", "bcm-data-exports", "list-exports" } },
        ListExecutions = { { "list", arn }, { "next", arn } },
        GetCallerIdentity = { { "whoami", "--cloud", "aws" } },
      }
      for operation, lines in pairs(CALLS) do
        local body = json.encode { __type = "Oops" .. EVIL, message = "M" .. EVIL }
        if operation == "GetCallerIdentity" then -- XML cannot hold the controls of C0
          body = ("<ErrorResponse><Error><Code>Oops%s</Code><Message>M%s</Message></Error></ErrorResponse>")
            :gsub("%%s", "\194\15531m\nFAKE: all is well")
        end
        for _, line in ipairs(lines) do
          cli.server:fault { operation = operation, status = 400, body = body, times = 1 }
          line[#line + 1], line[#line + 2] = "--output", format
          check(line, "Oops")
        end
      end
    end)
  end

  it("prints none of them while it follows, nor in debugging", function()
    local ref = cli:last_run(arn)
    check({ "watch", ref }, "failed")
    check({ "watch", ref, "--output", "json", "--debug" }, "failed")
  end)
end)
