--- The command in a real pseudo-terminal, and where there is none.

local Command = require "spec.support.command"
local Screen = require "spec.support.screen"
local process = require "spec.support.process"

local in_terminal = Command.has_terminal() and it or pending

describe("in a terminal", function()
  local cli, fleet

  setup(function()
    cli = Command.new()
    fleet = cli:seed()
  end)

  teardown(function()
    cli:stop()
  end)

  local function screen_of(bytes)
    return Command.normal(Screen.new():feed(bytes):text())
  end

  local WIDTHS = {
    [120] = [[
HEALTH   CLOUD  ACCOUNT                               NAME     LAST RUN   AGE
failing  aws    111122223333                          broken   failed     23h 55m
    QUERY_FAILURE: INSUFFICIENT_PERMISSION
ok       aws    111122223333                          nightly  succeeded  2h 54m
ok       azure  uuid-----xxxx-xxxx-xxxx-xxxxxxxxxxxx  costs    succeeded  55m

3 in all: 2 ok, 1 failing
]],
    [60] = [[
HEALTH   CLOUD  ACCOUNT          NAME     LAST RUN   AGE
failing  aws    111122223333     broken   failed     23h 55m
    QUERY_FAILURE: INSUFFICIENT_PERMISSION
ok       aws    111122223333     nightly  succeeded  2h 54m
ok       azure  5f0c6a1e-1b2d-…  costs    succeeded  55m

3 in all: 2 ok, 1 failing
]],
    [20] = [[
HEALTH   NAME
failing  broken
    QUERY_FAILURE:
    INSUFFICIENT_PER
    MISSION
ok       nightly
ok       costs

3 in all: 2 ok, 1 failing
]],
  }
  for columns, expected in pairs(WIDTHS) do
    in_terminal(("fits the fleet in %d columns"):format(columns), function()
      local status, bytes = cli:in_terminal(columns, { "status", fleet })
      assert.equal(expected, screen_of(bytes))
      assert.equal(1, status)
      assert.truthy(bytes:find("\27[31mfailing\27[0m", 1, true))
    end)
  end

  in_terminal("cuts nothing with --wide", function()
    local _, bytes = cli:in_terminal(60, { "status", fleet, "--wide", "--no-color" })
    assert.matches("\r\nfailing  aws    111122223333 +broken   failed     23h 55m  QUERY_FAILURE: INSUFFICIENT_PERMISSION\r\n",
      bytes)
  end)

  in_terminal("writes no colours when told so", function()
    local _, bytes = cli:in_terminal(80, { "status", fleet, "--no-color" })
    assert.is_nil(bytes:find("\27"))
  end)

  in_terminal("shows whole why an identity is refused, at any width", function()
    local refused = Command.new()
    finally(function() refused:stop() end)
    refused.environment.AWS_SECRET_ACCESS_KEY = "wrong"
    for _, columns in ipairs { 20, 80, 100, 250 } do
      local status, bytes = refused:in_terminal(columns, { "whoami", "--cloud", "aws", "--no-color" })
      assert.equal(1, status)
      assert.matches("STS GetCallerIdentity: SignatureDoesNotMatch: The request signature", bytes, 1, true)
    end
  end)

  in_terminal("lets a credential_process ask its user", function()
    local asking = Command.new()
    local script = asking:file("ask", [[
printf 'Code: ' >/dev/tty
read -r code </dev/tty
echo "{\"Version\":1,\"AccessKeyId\":\"AKIDEMULATOR\",\"SecretAccessKey\":\"emulator-secret\",\"AccountId\":\"$code\"}"
]])
    asking.environment.AWS_CONFIG_FILE = asking:file("config",
      "[profile asking]\ncredential_process = sh '" .. script .. "'\n")
    local status, bytes = asking:in_terminal(120,
      { "whoami", "--cloud", "aws", "--profile", "asking", "--no-color" }, { { "Code:", "123456\\n" }, { "SOURCE", "" } })
    asking:stop()
    assert.equal(0, status)
    assert.matches("^Code: 123456\r\n", bytes)
    assert.matches("custom%-process", bytes)
  end)

  describe("the live table", function()
    local refs

    before_each(function()
      cli.server:reset()
      cli.server:clock { speed = 0 }
      refs = { cli:last_run(cli:export("first", 3600)), cli:last_run(cli:export("second", 60)) }
    end)

    in_terminal("redraws the rows that changed, in place, and nothing else", function()
      cli.server:clock { speed = 600 }
      local status, bytes = cli:in_terminal(120, { "watch", refs[1], refs[2], "--interval", "0.02", "--no-color" })
      assert.equal([[
STATE      NAME                  KIND        CODE                   STARTED              TOOK
succeeded  first                 AWS export  DELIVERY_SUCCESS       YYYY-MM-DD hh:mm:ss  5m
succeeded  second                AWS export  DELIVERY_SUCCESS       YYYY-MM-DD hh:mm:ss  5m
]], screen_of(bytes))
      assert.equal(0, status)
      local _, of_first = bytes:gsub("succeeded  first", "")
      local _, titles = bytes:gsub("STATE", "")
      assert.same({ 1, 1 }, { of_first, titles })
    end)

    in_terminal("keeps to 20 columns", function()
      local _, bytes = cli:in_terminal(20, { "watch", refs[1], "--no-color" })
      assert.equal("STATE      NAME\nsucceeded  first\n", screen_of(bytes))
    end)

    in_terminal("shows of many jobs those that need a look, as many as there is room for", function()
      local words = { "watch" }
      for i = 2, 30 do
        words[i] = refs[1]
      end
      words[31] = refs[2]
      local _, bytes = cli:in_terminal(100, words, { { "queued", "\\003" }, { "Interrupted", "" } })
      local screen = screen_of(bytes)
      assert.matches("^STATE [^\n]+\nqueued     second [^\n]+\nsucceeded  first ", screen)
      assert.matches("\n… and 9 more\nInterrupted", screen)
    end)

    in_terminal("shows every job once all have ended", function()
      cli.server:clock { speed = 600 }
      local words = { "watch", "--interval", "0.02", "--no-color" }
      for i = 5, 34 do
        words[i] = refs[i % 2 + 1]
      end
      local _, bytes = cli:in_terminal(100, words)
      local _, count = screen_of(bytes):gsub("\nsucceeded ", "")
      assert.same({ 30, nil }, { count, (screen_of(bytes):find("more\n", 1, true)) })
    end)

    in_terminal("ends with a table of which nothing is cut, with --wide", function()
      local _, bytes = cli:in_terminal(40, { "watch", refs[1], "--no-color", "--wide" })
      assert.matches("succeeded  first +AWS export  DELIVERY_SUCCESS ", bytes)
    end)

    in_terminal("shows what it looks for while nobody answers, and begins anew below the complaint", function()
      local _, bytes = cli:in_terminal(100, { "watch", refs[2], "--no-color", "--endpoint-url", "http://127.0.0.1:1" }, {
        { "trying again", "\\003" },
        { "Interrupted", "" },
      })
      local screen = screen_of(bytes)
      assert.matches("^STATE [^\n]+\npolling    second [^\n]+\ncloudjobs: connect: [^\n]+; trying again\nInterrupted", screen)
    end)

    in_terminal("says what it waits for before there is a run", function()
      local arn = cli:export("third")
      local _, bytes = cli:in_terminal(100, { "next", arn, "--since", "2999-01-01" }, {
        { "Waiting for the next run of third", "\\003" },
        { "To go on waiting", "" },
      })
      assert.matches("^Waiting for the next run of third\nInterrupted%. To go on waiting:\n  cloudjobs next arn:", screen_of(bytes))
    end)

    in_terminal("leaves the terminal clean at Ctrl-C, and says how to go on", function()
      local status, bytes = cli:in_terminal(100, { "watch", refs[2], "--no-color" }, {
        { "queued", "\\003" },
        { "Interrupted", "" }, -- until then somebody is there
      })
      assert.equal(2, status)
      local screen = Screen.new():feed(bytes)
      assert.equal("", screen.style)
      assert.equal([[
STATE      NAME                  KIND        CODE                   STARTED              TOOK
queued     second                AWS export  INITIATION_IN_PROCESS  YYYY-MM-DD hh:mm:ss
Interrupted. The jobs go on; to follow them again:
  cloudjobs watch ']] .. Command.normal(refs[2]) .. "'\n", Command.normal(screen:text()))
    end)
  end)
end)

describe("without a terminal", function()
  local cli

  setup(function()
    cli = Command.new()
    cli:export("nightly", 3600)
  end)

  teardown(function()
    cli:stop()
  end)

  it("ends quietly when nobody reads its output", function()
    local line = process.cloudjobs_line({ "status" }, cli.environment)
    local _, out, err = process.run(("{ %s; echo $? >&3; } 3>%s/status | true"):format(line, cli.folder))
    assert.same({ "", "" }, { out, err })
  end)

  it("ends quietly when nobody reads and the signal for that is ignored", function()
    local line = process.cloudjobs_line({ "status", "--output", "json" }, cli.environment)
    local _, out, err = process.run(("trap '' PIPE; { %s; } | true"):format(line))
    assert.same({ "", "" }, { out, err })
  end)

  it("says that the disk is full", function()
    local line = process.cloudjobs_line({ "status" }, cli.environment)
    local status, _, err = process.run(line .. " >/dev/full")
    assert.same({ 74, "cloudjobs: standard output: No space left on device\n" }, { status, err })
  end)
end)
