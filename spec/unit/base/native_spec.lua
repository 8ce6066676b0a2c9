local explain = require("cloudjobs.base.native").explain
local process = require "spec.support.process"

describe("a shared object that does not load", function()
  local jit = rawget(_G, "jit")
  local make = "make build LUA=" .. (jit and "jit" or _VERSION:match("[%d.]+$"))
  local so = "error loading module 'cloudjobs.core' from file 'core.so':\n\tcore.so: "

  local CASES = {
    { so .. "undefined symbol: lua_newuserdatauv", "built for another Lua than " .. (jit and jit.version or _VERSION) },
    { so .. "undefined symbol: luaL_checkversion_", "built for another Lua" },
    { "version mismatch: app. needs Lua 504.0", "built for another Lua" },
    { "libcrypto.so.3: cannot open shared object file: No such file or directory", "OpenSSL's library is missing" },
    { "libcurl.so.4: cannot open shared object file: No such file or directory", "libcurl is missing" },
    { "libz.so.1: cannot open shared object file: No such file or directory", "zlib is missing" },
    { "libcrypto.so.3: version `OPENSSL_3.4.0' not found (required by core.so)", "a newer OpenSSL than the one that is loaded" },
  }
  for _, case in ipairs(CASES) do
    it("is explained: " .. case[1]:match("[^\t]*$"), function()
      local said = explain(case[1])
      assert.equal(case[1], said:sub(1, #case[1]))
      assert.is_truthy(said:find(case[2], 1, true))
      assert.is_truthy(said:find(make, 1, true) or said:find("make clean build", 1, true))
    end)
  end

  it("keeps a message for which there is no advice", function()
    assert.equal("core.so: file too short", explain("core.so: file too short"))
  end)

  it("is explained by require: not built", function()
    local status, _, err = process.lua('package.cpath = "/nowhere/?.so" require "cloudjobs"')
    assert.is_true(status ~= 0)
    assert.matches("module 'cloudjobs.core' not found:.*\nit is not built for " .. (jit and "LuaJIT" or _VERSION), err)
    assert.is_truthy(err:find(make .. " && eval", 1, true))
  end)

  it("is explained by require: a file that is no shared object of this Lua", function()
    local other = jit and "lua5.4" or "luajit"
    local build = os.getenv("BUILD") or "build"
    local path = ("%s/%s/cloudjobs/core.so"):format(build, other)
    local file = io.open(path)
    if not file then
      return pending(path .. " is not built")
    end
    file:close()
    local status, _, err = process.lua(("package.cpath = '%s/%s/?.so' require 'cloudjobs'"):format(build, other))
    assert.is_true(status ~= 0)
    assert.is_truthy(err:find("it was built for another Lua than ", 1, true))
  end)

  for name, case in pairs {
    argparse = { "module 'argparse' not found:\n\tno file 'argparse.lua'",
      "the command needs argparse: apt-get install lua-argparse, or luarocks install argparse" },
    ["cloudjobs.core"] = { "libcrypto.so.3: cannot open shared object file", "OpenSSL's library is missing: " },
    ["cloudjobs.os"] = { "libc.so.6: version mismatch", "it was built for another Lua than " },
  } do
    it("is explained by the command: " .. name, function()
      local status, _, err = process.lua(([[
        package.preload["%s"] = function() error(%q, 0) end
        os.exit(require("cloudjobs.cli.main") { "list" }, true)
      ]]):format(name, case[1]))
      assert.equal(70, status)
      assert.equal("cloudjobs: " .. case[2], err:sub(1, #"cloudjobs: " + #case[2]))
    end)
  end

  it("is explained by the first use of a transport", function()
    local status, _, err = process.lua([[
      package.preload["cloudjobs.curl"] = function()
        error "libcurl.so.4: cannot open shared object file: No such file or directory"
      end
      require("cloudjobs").transport.multi {}
    ]])
    assert.is_true(status ~= 0)
    assert.is_truthy(err:find("libcurl is missing: on Debian, apt-get install libcurl4-openssl-dev", 1, true))
  end)
end)
