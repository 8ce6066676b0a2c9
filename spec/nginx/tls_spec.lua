local Nginx = require "spec.support.nginx"
local Server = require "spec.support.server"
local certificates = require "spec.support.certificates"
local files = require "spec.support.files"

-- One address, a certificate for each name; a name it does not know gets good.test's.
local HTTPS = [[
  lua_socket_log_errors off;
  lua_shared_dict seen 1m;
  init_by_lua_block {
    local Transport = require "cloudjobs.transport.nginx"
    local hosts = {}
    for name in ("good expired self wrong"):gmatch("%a+") do
      hosts[name .. ".test"] = "127.0.0.1"
    end
    local verified = Transport.new { hosts = hosts }
    local trusting = Transport.new { hosts = hosts, verify = false }
    ask = function(name, options)
      options = options or {}
      local response, err = (options.trusting and trusting or verified):send {
        method = "GET", url = ("https://%s:TLSPORT/"):format(name), headers = {}, timeout = 5,
        network = options.network,
      }
      return response and response.body
        or { code = err.code, message = err.message, hint = err.hint, retryable = err.retryable, ambiguous = err.ambiguous }
    end
  }
  server {
    listen 127.0.0.1:TLSPORT ssl default_server;
    server_name good.test;
    ssl_certificate CERTS/good.pem;
    ssl_certificate_key CERTS/good.key;
    location / { return 200 "$ssl_server_name $ssl_session_reused"; }
  }
  server {
    listen 127.0.0.1:TLSPORT ssl;
    server_name expired.test;
    ssl_certificate CERTS/expired.pem;
    ssl_certificate_key CERTS/expired.key;
  }
  server {
    listen 127.0.0.1:TLSPORT ssl;
    server_name self.test;
    ssl_certificate CERTS/self.pem;
    ssl_certificate_key CERTS/self.key;
  }
]]

describe("TLS inside nginx", function()
  local server, folder, nginx

  local function start(more)
    local values = { TLSPORT = Nginx.free_port(), CERTS = folder }
    return Nginx.start { http = (HTTPS .. (more or "")):gsub("%u%u%u%u%u+", values) }
  end

  setup(function()
    server = Server.start()
    folder = files.temporary()
    certificates.write(folder)
    nginx = start "lua_ssl_trusted_certificate CERTS/ca.pem;"
  end)

  teardown(function()
    nginx:stop()
    server:stop()
    files.remove(folder)
  end)

  it("takes a certificate for the name from an authority that nginx was told", function()
    assert.equal("good.test .", nginx:run "return ask 'good.test'")
  end)

  local REFUSED = {
    { "of another name", "wrong.test" },
    { "that has expired", "expired.test" },
    { "that signed itself", "self.test" },
    { "for an address, which nginx cannot check", "127.0.0.1" },
  }
  for _, case in ipairs(REFUSED) do
    it("refuses a certificate " .. case[1] .. ", each time anew", function()
      for _ = 1, 20 do
        local err = nginx:run(("return ask %q"):format(case[2]))
        assert.same({ "tls", false, false }, { err.code, err.retryable, err.ambiguous })
      end
    end)
  end

  it("does not take a connection that nobody verified for one that was", function()
    assert.equal("wrong.test .", nginx:run "return ask('wrong.test', { trusting = true })")
    assert.equal("tls", nginx:run("return ask 'wrong.test'").code)
    assert.equal("wrong.test .", nginx:run "return ask('wrong.test', { trusting = true })")
  end)

  it("goes through a proxy by CONNECT, verified all the same", function()
    local proxy = ("http://user:secret@127.0.0.1:%d"):format(server.ports.proxy)
    local ask = "return ask(%q, { network = { proxy = %q } })"
    assert.equal("good.test .", nginx:run(ask:format("good.test", proxy)))
    assert.equal("tls", nginx:run(ask:format("wrong.test", proxy)).code)
  end)

  it("says so when nginx was told no authorities", function()
    local bare = start()
    local err = bare:run "return ask 'good.test'"
    bare:stop()
    assert.equal("tls", err.code)
    assert.matches("lua_ssl_trusted_certificate", err.hint)
  end)
end)
