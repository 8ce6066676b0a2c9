local Command = require "spec.support.command"
local files = require "spec.support.files"
local process = require "spec.support.process"

describe("the pictures of README.md and docs/", function()
  (Command.has_terminal() and it or pending)("show what the command prints today (else: make pictures)", function()
    require "cqueues" -- which the program needs
    local folder = files.temporary()
    local line = process.command { "env", "LUA_PATH=./?.lua;" .. package.path, process.program, "tools/pictures.lua", folder }
    local status, _, err = process.run(line)
    assert.same({ 0, "" }, { status, err })
    for _, name in ipairs { "status", "watch" } do
      assert.equal(files.read(("docs/%s.svg"):format(name)), files.read(("%s/%s.svg"):format(folder, name)))
    end
    files.remove(folder)
  end)
end)
