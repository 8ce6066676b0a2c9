local emulator = require "cloudjobs.emulator"
local files = require "spec.support.files"
local process = require "spec.support.process"
local readme = require "spec.support.readme"

local PLACE = "http://127.0.0.1:4599" -- where the README's reader has the emulator

describe("README.md", function()
  local text = files.read("README.md")
  local server, environment

  setup(function()
    server = assert(emulator.start { speed = 2000 }) -- what an example waits for is over when it looks
    environment = {
      AWS_ENDPOINT_URL = server.url,
      AWS_REGION = "us-east-1",
      AWS_ACCESS_KEY_ID = "AKIDEMULATOR",
      AWS_SECRET_ACCESS_KEY = "emulator-secret",
    }
  end)

  teardown(function()
    server:stop()
  end)

  for _, block in ipairs(readme.blocks(text, "lua")) do
    it("has a program in line " .. block.line .. " that runs as written", function()
      local program = block.text:gsub(PLACE, server.url, 1)
      local status, _, err = process.lua(program, environment)
      assert.same({ 0, "" }, { status, err })
    end)
  end

  for _, block in ipairs(readme.blocks(text, "sh")) do
    for line in block.text:gsub("\\\n *", ""):gmatch("[^\n]+") do
      if line:match("^cloudjobs call ") then
        it("has a command that runs as written: " .. line, function()
          local status, _, err = process.shell(line, environment)
          assert.same({ 0, "" }, { status, err })
        end)
      elseif line:match("^make ") then
        it("names targets that the Makefile has: " .. line, function()
          local makefile = files.read("Makefile")
          for target in line:gsub("#.*", ""):gsub("&&.*", ""):gmatch("%f[%w]%l[%l-]*") do
            assert.truthy(target == "make" or makefile:find("\n" .. target .. ":", 1, true), target)
          end
        end)
      end
    end
  end
end)
