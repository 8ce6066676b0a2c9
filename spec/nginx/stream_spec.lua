-- nginx's stream module with Lua, which OpenResty has and Debian's nginx has not.

local Nginx = require "spec.support.nginx"
local ports = require "spec.support.ports"
local socket = require "cqueues.socket"

local STREAM = [[
  stream {
    lua_package_path 'TREE/lua/?.lua;TREE/lua/?/init.lua;;';
    lua_package_cpath 'TREE/build/luajit/?.so;;';
    lua_shared_dict cloudjobs 1m;
    init_by_lua_block { require("cloudjobs.nginx").setup() }
    server {
      listen 127.0.0.1:LISTEN;
      content_by_lua_block {
        local cloudjobs = require "cloudjobs"
        local exports = cloudjobs.aws.bcm_data_exports {
          region = "us-east-1", endpoint = "http://127.0.0.1:UPSTREAM",
          credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = "secret" },
        }
        local function list()
          return exports:list_exports()
        end
        local results = cloudjobs.parallel({ list, list, list }, { timeout = 5 })
        local names = {}
        for i = 1, results.n do
          names[i] = results[i].ok and results[i].value.Exports[1].ExportName or tostring(results[i].err)
        end
        local _, message = pcall(cloudjobs.aws.ssm, { client_cert = "/a" })
        ngx.say(table.concat(names, " "), " | ", message:match("option.*"))
      }
    }
  }
]]

local SERVER = [[ location / { return 200 '{"Exports":[{"ExportName":"nightly"}]}'; } ]]

Nginx.on_each(describe, setup, "nginx's stream module", function()
  it("makes calls, many at once", function()
    if not Nginx.has_stream() then
      pending "this nginx has no Lua in its stream module"
      return
    end
    local upstream, port = Nginx.start { server = SERVER }, ports.free()
    local tree = require("cloudjobs.os").run({ "pwd" }).stdout:gsub("\n", "")
    local nginx = Nginx.start { main = (STREAM:gsub("%u%u%u%u+", {
      TREE = tree, LISTEN = port, UPSTREAM = upstream.url:match("%d+$"),
    })) }
    local connection = socket.connect("127.0.0.1", port)
    connection:settimeout(10)
    local line = connection:read("*l")
    connection:close()
    nginx:stop()
    upstream:stop()
    assert.equal("nightly nightly nightly | option client_cert: this transport cannot honour it, which needs nginx's Lua "
      .. "module for HTTP, 0.10.22 or later", line)
  end)
end)
