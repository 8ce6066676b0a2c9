local emulator = require "cloudjobs.emulator"
local files = require "spec.support.files"
local process = require "spec.support.process"
local readme = require "spec.support.readme"

local PLACE = "http://127.0.0.1:4599" -- where the README's reader has the emulator

describe("README.md", function()
  local text = files.read("README.md")
  local server, environment, folder

  -- An example's text as it is for this emulator and for a folder of its own.
  local function placed(example)
    local names = { ["fleet.lua"] = folder .. "/fleet.lua", ["failed.csv"] = folder .. "/failed.csv", ["./load-billing-data"] = "true" }
    for name, here in pairs(names) do
      example = example:gsub("%f[%S]" .. name:gsub("%p", "%%%0") .. "%f[%s]", here)
    end
    return (example:gsub(PLACE, server.url))
  end

  setup(function()
    -- So fast that no example has to wait.
    server = assert(emulator.start { speed = 1e6 })
    folder = files.temporary()
    environment = {
      AWS_ENDPOINT_URL = server.url,
      AWS_REGION = "us-east-1",
      AWS_ACCESS_KEY_ID = "AKIDEMULATOR",
      AWS_SECRET_ACCESS_KEY = "emulator-secret",
      AZURE_AUTHORITY_HOST = server.url,
      AZURE_TENANT_ID = "00000000-0000-0000-0000-00000000beef",
      AZURE_CLIENT_ID = "00000000-0000-0000-0000-00000000c11e",
      AZURE_CLIENT_SECRET = "emulator-secret",
    }
  end)

  teardown(function()
    server:stop()
    files.remove(folder)
  end)

  it("has a checkout used as it is give its shell the command, run by the Lua it was built for", function()
    local tree = process.quote((select(2, process.run("pwd")):gsub("\n", "")))
    local make = ("make -s -C %s LUA=%s"):format(tree, process.program:match("^lua(.*)$"))
    local line = ('unset MAKEFLAGS; %s build && cd / && eval "$(%s env)" && cat "$(command -v cloudjobs)" && cloudjobs --version')
    local status, out = process.run(line:format(make, make))
    assert.equal(0, status)
    assert.matches("\nexec " .. process.program .. " .*\ncloudjobs %d", out)
  end)

  it("has a whole cron job in less than 30 lines", function()
    for _, block in ipairs(readme.blocks(text, "lua")) do
      if block.text:find("cloudjobs.watch(", 1, true) then
        assert.is_true(select(2, block.text:gsub("\n", "")) < 30)
        return
      end
    end
    error "there is none"
  end)

  for _, block in ipairs(readme.blocks(text, "lua")) do
    it("has a program in line " .. block.line .. " that runs as written", function()
      local program = block.text:gsub(PLACE, server.url, 1)
      local name = program:match("^%-%- (%S+%.lua)\n")
      if name then
        files.write(folder .. "/" .. name, program)
      end
      local status, _, err = process.lua("\n" .. program, environment)
      assert.same({ 0, "" }, { status, err })
    end)
  end

  for _, block in ipairs(readme.blocks(text, "sh")) do
    if block.text:find "cloudjobs%s" and not block.text:find "cloudjobs emulate" then
      it("has commands in line " .. block.line .. " that run as written", function()
        local status, _, err = process.shell(placed(block.text), environment)
        assert.equal("", err)
        assert.truthy(status <= 2, status) -- it tells of jobs, not of a mistake
      end)
    end
    for line in block.text:gsub("\\\n *", ""):gmatch("[^\n]+") do
      if line:match("^make ") then
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
