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

Nginx.on_each(describe, setup, "TLS inside nginx", function()
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

  it("accepts a certificate for the name from a configured authority", function()
    assert.equal("good.test .", nginx:run "return ask 'good.test'")
  end)

  local REFUSED = {
    { "of another name", "wrong.test", "certificate host mismatch" },
    { "that has expired", "expired.test", "certificate has expired" },
    { "that signed itself", "self.test", "self.signed certificate", true },
    { "for an address, which nginx cannot check", "127.0.0.1", "certificate host mismatch" },
  }
  for _, case in ipairs(REFUSED) do
    it("refuses a certificate " .. case[1] .. ", each time anew", function()
      for _ = 1, 20 do
        local err = nginx:run(("return ask %q"):format(case[2]))
        assert.same({ "tls", false, false }, { err.code, err.retryable, err.ambiguous })
        assert.matches(case[3], err.message)
        assert.equal(case[4] or false, err.hint ~= nil)
      end
    end)
  end

  it("does not reuse an unverified connection for a verified request", function()
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

  it("shows a client certificate, read once, on connections of its own", function()
    local url = server:url("/", "mutual")
    local ask = ([[
      local Transport = require "cloudjobs.transport.nginx"
      local transport = Transport.new { verify = false }
      local network = { client_cert = %q, client_key = %q }
      local seen = {}
      for _, one in ipairs { network, {}, network, { client_cert = "/none.pem" }, { client_cert = %q } } do
        local response, err = transport:send { method = "GET", url = %q, headers = {}, network = one, timeout = 5 }
        seen[#seen + 1] = response and response.status or err.message
      end
      return seen
    ]]):format(server.folder .. "/client.pem", server.folder .. "/client.key", server.folder .. "/client.pem", url)
    local seen = nginx:run(ask)
    assert.same({ 200, 200 }, { seen[1], seen[3] })
    assert.is_string(seen[2]) -- the words are OpenSSL's
    assert.matches('client_cert /none.pem cannot be read: No such file or directory', seen[4], 1, true)
    assert.matches("client_key holds no private key in PEM without a passphrase", seen[5], 1, true)
  end)

  it("takes the authorities of ca_bundle, where its sockets can", function()
    if not nginx:run "return debug.getregistry().__tcp_cosocket_mt.settrustedstore ~= nil" then
      pending "this nginx's module has no settrustedstore"
      return
    end
    local bare = start()
    local ask = "return ask('good.test', { network = { ca_bundle = %q } })"
    assert.equal("good.test .", bare:run(ask:format(folder .. "/ca.pem")))
    assert.equal("tls", bare:run("return ask 'good.test'").code)
    assert.equal("tls", bare:run(ask:format(server.folder .. "/ca.pem")).code)
    assert.matches("holds no certificates that can be read", bare:run(ask:format "/none.pem").message, 1, true)
    bare:stop()
  end)

  it("reports that no authorities are configured", function()
    local bare = start()
    local err = bare:run "return ask 'good.test'"
    bare:stop()
    assert.equal("tls", err.code)
    assert.matches("lua_ssl_trusted_certificate", err.hint)
  end)
end)
