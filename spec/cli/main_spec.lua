local process = require "spec.support.process"

describe("the cloudjobs command", function()
  it("prints its version", function()
    local status, out, err = process.cloudjobs { "--version" }
    assert.same({ 0, "cloudjobs 0.1.0\n", "" }, { status, out, err })
  end)

  it("prints its version behind a subcommand, too", function()
    local status, out, err = process.cloudjobs { "status", "--version" }
    assert.same({ 0, "cloudjobs 0.1.0\n", "" }, { status, out, err })
  end)

  it("calls an argument alike in the usage and in the list", function()
    for name, argument in pairs { watch = "ref", call = "json" } do
      local _, out = process.cloudjobs { name, "--help" }
      assert.truthy(out:find("<" .. argument .. ">", 1, true))
      assert.truthy(out:find("\n   " .. argument .. " ", 1, true), out)
    end
  end)

  it("prints its version without loading the library", function()
    local _, out = process.run(process.command { process.program, "-e", [[
      arg = { [0] = "cloudjobs", "--version" }
      print(require("cloudjobs.cli.main")(arg))
      for name in pairs(package.loaded) do
        if name:match("^cloudjobs") then print(name) end
      end
    ]] } .. " | LC_ALL=C sort")
    assert.equal("0\ncloudjobs 0.1.0\ncloudjobs.cli.main\ncloudjobs.version\n", out)
  end)

  it("ends with 74 where its output cannot be written", function()
    for _, words in ipairs { { "--version" }, { "status", "--version" }, { "--help" }, { "completion", "bash" } } do
      local status, _, err = process.run(process.cloudjobs_line(words) .. " >/dev/full")
      assert.same({ 74, "cloudjobs: standard output: No space left on device\n" }, { status, err })
    end
  end)

  it("has help with examples for each subcommand", function()
    for _, name in ipairs { "status", "watch", "run", "next", "list", "call", "whoami", "demo", "emulate", "completion" } do
      local status, out, err = process.cloudjobs { name, "--help" }
      assert.same({ 0, "" }, { status, err })
      assert.truthy(out:find("\nExamples:\n   cloudjobs " .. name, 1, true), name)
    end
  end)

  it("lists its subcommands", function()
    local status, out = process.cloudjobs { "--help" }
    assert.equal(0, status)
    assert.truthy(out:find("call +Make one API call"))
  end)

  local MISTAKES = {
    { { "--versoin" }, "cloudjobs: unknown option '--versoin'\nDid you mean '--version'?\nTry: cloudjobs --help\n" },
    { { "cal" }, "cloudjobs: unknown command 'cal'\nDid you mean 'call'?\nTry: cloudjobs --help\n" },
    { { "status", "--faild" }, "cloudjobs: unknown option '--faild'\nDid you mean '--failed'?\nTry: cloudjobs status --help\n" },
    { { "watch", "x", "--timeout", "-5" }, "cloudjobs: unknown option '-5'\nTry: cloudjobs watch --help\n" },
    { { "status", "--since", "-1d" }, "cloudjobs: unknown option '-1'\nTry: cloudjobs status --help\n" },
    { {}, "cloudjobs: a command is required\nTry: cloudjobs --help\n" },
  }
  for _, case in ipairs(MISTAKES) do
    local words, complaint = case[1], case[2]
    it("ends with 64 for: " .. table.concat(words, " "), function()
      local status, out, err = process.cloudjobs(words)
      assert.same({ 64, "", complaint }, { status, out, err })
    end)
  end
end)
