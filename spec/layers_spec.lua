local files = require "spec.support.files"
local layers = require "spec.support.layers"

describe("the layers", function()
  it("hold in every Lua file", function()
    local found = {}
    for _, path in ipairs(files.list("lua/cloudjobs", ".lua")) do
      local name = path:match("^lua/cloudjobs/(.*)%.lua$"):gsub("/init$", "")
      if not name:match("^meta/") then
        for _, violation in ipairs(layers.lua_violations(name, files.read(path))) do
          found[#found + 1] = violation
        end
      end
    end
    assert.same({}, found)
  end)

  it("hold in every C file", function()
    local found = {}
    for _, path in ipairs(files.list("csrc", ".[ch]")) do
      local stem = path:match("^csrc/([%w_]+)%.[ch]$")
      if stem then
        for _, violation in ipairs(layers.c_violations(stem, files.read(path))) do
          found[#found + 1] = violation
        end
      end
    end
    assert.same({}, found)
  end)

  local BROKEN = {
    { "call", 'local http = require "cloudjobs.transport.curl"',
      "call (call) requires cloudjobs.transport.curl (transport)" },
    { "call", 'local json = require("cloudjobs.protocol.json_rpc")',
      "call (call) requires cloudjobs.protocol.json_rpc (protocol)" },
    { "protocol/rest", "require 'cloudjobs.auth.sigv4'",
      "protocol/rest (protocol) requires cloudjobs.auth.sigv4 (auth)" },
    { "retry", 'require "cloudjobs"', "retry (retry) requires cloudjobs (assembly)" },
    { "client", 'local e = pcall(require, "cloudjobs.emulator")',
      "client (client) requires cloudjobs.emulator (emulator)" },
    { "models/ssm", 'require "cloudjobs.core"', "models/ssm (models) requires cloudjobs.core (core)" },
    { "credentials/imds", 'require "cloudjobs.os"', "credentials/imds (credentials) requires cloudjobs.os (os)" },
    { "transport/nginx", 'require "cloudjobs.curl"', "transport/nginx (nginx) requires cloudjobs.curl (curl)" },
    { "job", 'require "cqueues"', "job (job) requires cqueues" },
    { "model", "require(name)", "model requires a computed name: require(name)" },
    { "wait", "local started = os.time()", "wait (wait) uses os.time()" },
    { "job", "ngx.sleep(1)", "job (job) uses ngx.sleep" },
    { "transport/curl", "math.random()", "transport/curl uses math.random" },
    { "newcomer", "return 1", "newcomer has no layer" },
  }
  for _, case in ipairs(BROKEN) do
    it("would catch: " .. case[3], function()
      assert.same({ case[3] }, layers.lua_violations(case[1], "\n" .. case[2] .. "\nreturn {}"))
    end)
  end

  local BROKEN_C = {
    { "json", '#include "codec.h"', "json includes codec.h" },
    { "sign", '#include "compat.h"', "sign includes compat.h, and so lua.h" },
    { "shape", "#include <lua.h>", "shape includes lua.h" },
    { "core", '#include "curl.h"', "core includes curl.h" },
    { "core", "#include <curl/curl.h>", "core includes curl.h" },
    { "newcomer", "int x;", "newcomer has no layer" },
  }
  for _, case in ipairs(BROKEN_C) do
    it("would catch in C: " .. case[1] .. ".c with " .. case[2], function()
      assert.same({ case[3] }, layers.c_violations(case[1], case[2]))
    end)
  end

  it("let a comment say what it likes", function()
    assert.same({}, layers.lua_violations("call", '-- require "cloudjobs.curl" is not for here'))
  end)
end)
