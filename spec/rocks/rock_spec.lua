local files = require "spec.support.files"
local process = require "spec.support.process"

local VERSION = _VERSION:match("[%d.]+")
local ROCK = "cloudjobs-0.1.0-1"

local function evaluate(path)
  local environment = {}
  local chunk
  if rawget(_G, "setfenv") then
    chunk = assert(loadfile(path))
    setfenv(chunk, environment) -- luacheck: ignore 113
  else
    chunk = assert(loadfile(path, "t", environment)) -- luacheck: ignore 143
  end
  chunk()
  return environment
end

-- What the tree holds, in the form of a rockspec's build.modules.
local function modules_of_tree()
  local modules = {}
  for _, path in ipairs(files.list("lua/cloudjobs", ".lua")) do
    modules[path:match("^lua/(.*)%.lua$"):gsub("/init$", ""):gsub("/", ".")] = path
  end
  local _, out = process.run("make -s sources")
  for name, sources in out:gmatch("(%S+) ([^\n]+)") do
    modules["cloudjobs." .. name] = sources
  end
  return modules
end

describe("a rockspec", function()
  for _, name in ipairs { ROCK, "cloudjobs-scm-1" } do
    it("names every module of the tree (else: make rockspecs): " .. name, function()
      local modules = {}
      for module, source in pairs(evaluate("rockspec/" .. name .. ".rockspec").build.modules) do
        modules[module] = type(source) == "table" and table.concat(source.sources, " ") or source
      end
      assert.same(modules_of_tree(), modules)
    end)
  end
end)

describe("the packed rock, installed offline into an empty tree", function()
  local folder, paths

  local function must(line)
    local status, out, err = process.run(line)
    assert(status == 0, out .. err)
    return out
  end

  -- The rock's sources leave the checkout as an archive, and are built far from it.
  local function pack()
    must(("mkdir %s/%s && cp -r csrc lua bin %s/%s"):format(folder, ROCK, folder, ROCK))
    must(("cd %s && tar czf %s.tar.gz %s && rm -r %s"):format(folder, ROCK, ROCK, ROCK))
    local spec = files.read("rockspec/" .. ROCK .. ".rockspec")
    local url = ("url = \"file://%s/%s.tar.gz\",\n  dir = \"%s\""):format(folder, ROCK, ROCK)
    files.write(("%s/%s.rockspec"):format(folder, ROCK), (spec:gsub('url = "[^"]*"', url)))
    must(("cd %s && luarocks --lua-version=%s pack %s.rockspec"):format(folder, VERSION, ROCK))
    must(("rm %s/%s.tar.gz"):format(folder, ROCK))
  end

  -- The two rocks it depends on come from where this Lua has them.
  local function add_dependencies()
    for _, name in ipairs { "argparse", "cjson" } do
      local search = package.searchpath -- luacheck: ignore 143
      local path = search(name, package.path) or search(name, package.cpath)
      if path then -- nothing of ours needs cjson, which Debian has not for Lua 5.5
        local target = path:match("%.so$") and "lib" or "share"
        must(("cp -L %s %s/tree/%s/lua/%s/"):format(path, folder, target, VERSION))
      end
    end
  end

  -- Nothing but the tree can be found: the paths do not end in ";;".
  local function run(...)
    local line = { "env", "-i", "PATH=/usr/bin:/bin", "LUA_PATH=" .. paths.lua, "LUA_CPATH=" .. paths.c, ... }
    return process.run(("cd %s && "):format(folder) .. process.command(line))
  end

  setup(function()
    folder = files.temporary()
    local share = folder .. "/tree/share/lua/" .. VERSION
    paths = {
      lua = ("%s/?.lua;%s/?/init.lua"):format(share, share),
      c = ("%s/tree/lib/lua/%s/?.so"):format(folder, VERSION),
    }
    pack()
    must(("mkdir %s/none && cd %s && $(unshare -n true 2>/dev/null && echo unshare -n) luarocks --lua-version=%s install "
      .. "--deps-mode=none --tree=%s/tree --only-server=file://%s/none %s.src.rock"):format(
      folder, folder, VERSION, folder, folder, ROCK))
    add_dependencies()
  end)

  teardown(function()
    files.remove(folder)
  end)

  it("has the command, which prints its version", function()
    local status, out, err = run("tree/bin/cloudjobs", "--version")
    assert.same({ 0, "cloudjobs 0.1.0\n", "" }, { status, out, err })
  end)

  it("has the command, which finds its modules on no path", function()
    for _, more in ipairs { {}, { "LUA_PATH_5_4=/none/?.lua", "LUA_PATH=/none/?.lua;;" } } do
      local line = { "env", "-i", "PATH=/usr/bin:/bin", "HOME=" .. folder }
      for _, word in ipairs(more) do
        line[#line + 1] = word
      end
      line[#line + 1] = folder .. "/tree/bin/cloudjobs"
      line[#line + 1] = "--version"
      local status, out, err = process.run(process.command(line))
      assert.same({ 0, "cloudjobs 0.1.0\n", "" }, { status, out, err })
    end
  end)

  it("has the command, which shows an account's exports", function()
    local server = assert(require("cloudjobs.emulator").start {})
    local status, out, err = run("env", "AWS_REGION=us-east-1", "AWS_ENDPOINT_URL=" .. server.url,
      "AWS_ACCESS_KEY_ID=AKIDEMULATOR", "AWS_SECRET_ACCESS_KEY=emulator-secret", "tree/bin/cloudjobs", "status")
    server:stop()
    assert.same({ 2, "" }, { status, err })
    assert.matches("\nunknown  aws +no exports\n", out)
  end)

  it("makes a call", function()
    local server = assert(require("cloudjobs.emulator").start {})
    local status, out, err = run(process.program, "-e", ([[
      local cloudjobs = require "cloudjobs"
      local exports = cloudjobs.aws.bcm_data_exports {
        region = "us-east-1",
        endpoint = %q,
        credentials = { access_key_id = "AKIDEMULATOR", secret_access_key = "emulator-secret" },
      }
      local page = assert(exports:list_exports())
      print(#page.Exports, pcall(require, "busted"))
    ]]):format(server.url))
    server:stop()
    assert.same({ 0, "0\tfalse", "" }, { status, out:match("^%d+\t%l+"), err })
  end)
end)
