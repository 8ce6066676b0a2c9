-- The phases in which nginx's module lets Lua wait since its newer versions: a call in each of them.

local Nginx = require "spec.support.nginx"
local certificates = require "spec.support.certificates"
local files = require "spec.support.files"

local HTTP = [[
  lua_socket_log_errors off;
  lua_shared_dict cloudjobs 1m;
  lua_shared_dict seen 1m;
  init_by_lua_block {
    require("cloudjobs.nginx").setup()
    local exports = require("cloudjobs").aws.bcm_data_exports {
      region = "us-east-1", endpoint = "http://127.0.0.1:UPSTREAM",
      credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = "secret" },
    }
    call = function()
      local output, err = exports:list_exports()
      ngx.shared.seen:set(ngx.get_phase(), output and output.Exports[1].ExportName or tostring(err))
    end
  }
  server {
    listen 127.0.0.1:UPSTREAM;
    location / { content_by_lua_block { ngx.sleep(0.01) ngx.print('{"Exports":[{"ExportName":"nightly"}]}') } }
  }
  server {
    listen 127.0.0.1:SECURE ssl;
    ssl_certificate CERTS/good.pem;
    ssl_certificate_key CERTS/good.key;
    ssl_client_certificate CERTS/ca.pem;
    ssl_verify_client optional; # else no client's certificate is asked for
    location / { return 200 "upstream"; }
  }
]]

local PROXY = [[
  location /phase {
    proxy_pass https://127.0.0.1:SECURE;
    proxy_ssl_name good.test;
    proxy_ssl_server_name on;
    proxy_ssl_verify on;
    proxy_ssl_trusted_certificate CERTS/ca.pem;
    DIRECTIVE
  }
]]

-- By the phase's name in ngx.get_phase.
local SERVERS = {
  precontent = [[ location /phase {
    precontent_by_lua_block { call() }
    content_by_lua_block { ngx.print("upstream") }
  } ]],
  proxy_ssl_cert = PROXY:gsub("DIRECTIVE", "proxy_ssl_certificate_by_lua_block { call() }"),
  proxy_ssl_verify = PROXY:gsub("DIRECTIVE", "proxy_ssl_verify_by_lua_block { call() }"),
}

Nginx.on_each(describe, setup, "a call in nginx's phase", function()
  local folder

  setup(function()
    folder = files.temporary()
    certificates.write(folder)
  end)

  teardown(function()
    files.remove(folder)
  end)

  for phase, server in pairs(SERVERS) do
    it(phase, function()
      local directive = server:match "[%a_]+_by_lua_block"
      if not Nginx.has_directive(directive) then
        pending("this nginx's module has no " .. directive)
        return
      end
      local values = { UPSTREAM = Nginx.free_port(), SECURE = Nginx.free_port(), CERTS = folder }
      local function fill(text)
        return (text:gsub("%u%u%u%u%u+", values))
      end
      local nginx = Nginx.start { http = fill(HTTP), server = fill(server) }
      finally(function()
        nginx:stop()
      end)
      local status, body = nginx:get "/phase"
      assert.same({ 200, "upstream" }, { status, body }, nginx:log())
      assert.same({ "nightly" }, nginx:run(("return { ngx.shared.seen:get(%q) }"):format(phase)))
    end)
  end
end)
