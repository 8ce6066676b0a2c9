local files = require "spec.support.files"
local layers = require "spec.support.layers"

describe("the layers", function()
  it("hold in every Lua file", function()
    local found = {}
    for _, path in ipairs(files.list("lua/cloudjobs", ".lua")) do
      local name = path:match("^lua/cloudjobs/(.*)%.lua$")
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
      local name = path:match("^csrc/(.+)%.[ch]$")
      if not name:match("^fuzz/") and not name:match("^test/") then
        for _, violation in ipairs(layers.c_violations(name, files.read(path))) do
          found[#found + 1] = violation
        end
      end
    end
    assert.same({}, found)
  end)

  local BROKEN = {
    { "call/call", 'local http = require "cloudjobs.transport.curl"',
      "call/call requires cloudjobs.transport.curl (transport)" },
    { "call/call", 'local json = require("cloudjobs.aws.protocol.json_rpc")',
      "call/call requires cloudjobs.aws.protocol.json_rpc (aws)" },
    { "azure/protocol", "require 'cloudjobs.aws.auth'", "azure/protocol requires cloudjobs.aws.auth (aws)" },
    { "cloud/options", 'require "cloudjobs.aws.config"', "cloud/options requires cloudjobs.aws.config (aws)" },
    { "aws/retry/init", 'require "cloudjobs"', "aws/retry/init requires cloudjobs (root)" },
    { "call/client", 'local e = pcall(require, "cloudjobs.emulator")',
      "call/client requires cloudjobs.emulator (emulator)" },
    { "models/ssm", 'require "cloudjobs.core"', "models/ssm requires cloudjobs.core (core)" },
    { "http/reader", 'require "cloudjobs.os"', "http/reader requires cloudjobs.os (os)" },
    { "transport/nginx/init", 'require "cloudjobs.curl"', "transport/nginx/init requires cloudjobs.curl (curl)" },
    { "job/job", 'require "cqueues"', "job/job requires cqueues" },
    { "job/job", 'require "cloudjobs.nowhere"', "job/job requires cloudjobs.nowhere (no room)" },
    { "model/init", "require(name)", "model/init requires a computed name: require(name)" },
    { "call/waiter", "local started = os.time()", "call/waiter uses os.time()" },
    { "job/job", "ngx.sleep(1)", "job/job uses ngx.sleep" },
    { "transport/curl", "math.random()", "transport/curl uses math.random" },
    { "newcomer", "return 1", "newcomer is in no room" },
  }
  for _, case in ipairs(BROKEN) do
    it("would catch: " .. case[3], function()
      assert.same({ case[3] }, layers.lua_violations(case[1], "\n" .. case[2] .. "\nreturn {}"))
    end)
  end

  local BROKEN_C = {
    { "codec/json", '#include "../sign/hash.h"', "codec/json includes sign/hash.h" },
    { "codec/json", '#include "lshape.h"', "codec/json includes codec/lshape.h, and so lua.h" },
    { "sign/sigv4", '#include "../base/compat.h"', "sign/sigv4 includes base/compat.h, and so lua.h" },
    { "codec/shape", "#include <lua.h>", "codec/shape includes lua.h" },
    { "core", '#include "curl/pool.h"', "core includes curl/pool.h" },
    { "base/buf", '#include "../http/request.h"', "base/buf includes http/request.h" },
    { "core", "#include <curl/curl.h>", "core includes curl.h" },
    { "newcomer", "int x;", "newcomer is in no room" },
  }
  for _, case in ipairs(BROKEN_C) do
    it("would catch in C: " .. case[1] .. ".c with " .. case[2], function()
      assert.same({ case[3] }, layers.c_violations(case[1], case[2]))
    end)
  end

  it("let a comment say what it likes", function()
    assert.same({}, layers.lua_violations("call/call", '-- require "cloudjobs.curl" is not for here'))
  end)
end)
