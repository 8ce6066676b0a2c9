local files = require "spec.support.files"
local process = require "spec.support.process"

-- Where this Lua's shared objects are.
local function build_folder()
  for name in package.cpath:gmatch("[^;]+") do
    local folder = name:match("^(.*)/%?%.so$")
    if folder and io.open(folder .. "/cloudjobs/core.so") then
      return folder
    end
  end
end

local ROOMS = { core = "base codec http sign", curl = "base http curl", os = "base os" }
local LIBRARIES = { core = "-lcrypto", curl = "-lcurl", os = "" }

-- What each says when it was built for a Lua of another version.
local function refusal(name, folder)
  local version = _VERSION:match("[%d.]+")
  files.write(folder .. "/other.h", "#include <lua.h>\n#undef LUA_VERSION_NUM\n#define LUA_VERSION_NUM 599\n")
  local sources = { "csrc/" .. name .. ".c" }
  for room in ROOMS[name]:gmatch("%S+") do
    sources[#sources + 1] = "csrc/" .. room .. "/*.c"
  end
  local status, _, err = process.run(("cc -D_GNU_SOURCE -fPIC -shared $(pkg-config --cflags lua%s) -include %s/other.h "
    .. "-o %s/%s.so %s %s -lm"):format(version, folder, folder, name, table.concat(sources, " "), LIBRARIES[name]))
  assert.same({ 0, "" }, { status, err })
  local out
  status, out, err = process.lua(("print(pcall(assert(package.loadlib(%q, %q))))"):format(folder .. "/" .. name .. ".so",
    "luaopen_cloudjobs_" .. name))
  assert.same({ 0, "" }, { status, err })
  return out
end

describe("a shared object built for another Lua", function()
  local folder

  files.for_specs(function(made)
    folder = made
  end)

  for _, name in ipairs { "core", "curl", "os" } do
    it("says so in words: " .. name .. ".so", function()
      if _VERSION == "Lua 5.1" or _VERSION == "Lua 5.3" then
        -- Before versions are compared, the loader misses the functions of the other.
        local theirs = build_folder():gsub("[^/]+$", "lua5.4") .. "/cloudjobs/" .. name .. ".so"
        if not io.open(theirs) then
          return pending("nothing is built for Lua 5.4")
        end
        local loaded, err = package.loadlib(theirs, "luaopen_cloudjobs_" .. name)
        assert.is_nil(loaded)
        assert.matches("undefined symbol: lua", err)
      else
        assert.matches("^false\t.*version mismatch", refusal(name, folder))
      end
    end)
  end
end)
