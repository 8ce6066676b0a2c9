local Network = require "cloudjobs.transport.network"
local Server = require "spec.support.server"
local Stub = require "cloudjobs.stub"
local cloudjobs = require "cloudjobs"
local files = require "spec.support.files"
local process = require "cloudjobs.os"

local ALL = setmetatable({}, { __index = function() return true end })

local function way(url, env, options, honours)
  return Network.new(options or {}, honours or ALL, function(name)
    return env[name]
  end).to[url]
end

describe("a proxy that is no URL", function()
  local ENCODE = "percent-encode @ and # in the password (%40, %23), and so / and ? (%2F, %3F)"
  local EXPECTED = "expected scheme://host:port, with user:password@ before the host where the proxy wants it"
  local CONTROL = "expected no control characters in the user and password"
  local CASES = {
    { "http://user:Hidden1@Hidden2#x@127.0.0.1:4710", ENCODE },
    { "user:Hidden1@Hidden2@127.0.0.1:4710", ENCODE },
    { "http://user:Hidden1#Hidden2@127.0.0.1:4710", ENCODE },
    { "http://user:Hidden1/Hidden2@127.0.0.1:4710", ENCODE },
    { "http://user:Hidden1?Hidden2@127.0.0.1:4710", ENCODE },
    { "http://user:Hidden1#Hidden2", ENCODE },
    { "http://user:Hidden1%00@127.0.0.1:4710", CONTROL },
    { "socks5h://us%0Aer:Hidden1@127.0.0.1:4710", CONTROL },
    { "user:Hidden1%1f@127.0.0.1:4710", CONTROL },
    { "http://user:Hidden1", EXPECTED },
    { "http://127.0.0.1:4710/Hidden1", EXPECTED },
    { "http://Hidden1 Hidden2:4710", EXPECTED },
    { "http://", EXPECTED },
    { "http://" .. ("Hidden1"):rep(1000), "expected at most 4096 bytes" },
  }
  for _, case in ipairs(CASES) do
    it("is refused before anything is looked up, with nothing of it shown: " .. case[1]:sub(1, 60), function()
      for source, settings in pairs {
        ["option proxy"] = { proxy = case[1], env = {} },
        HTTPS_PROXY = { env = { HTTPS_PROXY = case[1] } },
        https_proxy = { env = { https_proxy = case[1] } },
      } do
        local stub = Stub.new {}
        stub.honours = ALL
        settings.transport, settings.region = stub, "eu-west-1"
        settings.credentials = { access_key_id = "AKID", secret_access_key = "SECRET" }
        local _, err = cloudjobs.aws.ssm(settings):list_commands()
        assert.same({ "config", "config", source .. ": " .. case[2] }, { err.kind, err.code, err.message })
        settings.region = nil
        settings.credentials = { tenant_id = "t", client_id = "c", client_secret = "s", authority = "https://login.example" }
        settings.scope = "subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c"
        _, err = cloudjobs.azure.cost_exports(settings):list()
        assert.equal(source .. ": " .. case[2], err.message)
        settings.scope = nil
        local credentials = cloudjobs.azure.credentials {
          tenant_id = "t", client_id = "c", client_secret = "s", transport = stub, env = settings.env, proxy = settings.proxy,
        }
        _, err = credentials:get()
        assert.equal("client secret: " .. source .. ": " .. case[2], err.message)
        assert.same({}, stub.requests)
      end
    end)
  end

  it("is not what one with an encoded password is, or one without", function()
    for _, proxy in ipairs {
      "http://user:Hidden1%40Hidden2%23x@127.0.0.1:4710", "socks5h://user:pass:word@[::1]:1080/", "proxy", "proxy:3128/",
    } do
      local network = Network.new({ proxy = proxy }, ALL, function() end)
      assert.is_table(network:settings_for("https://x"))
    end
  end)
end)

describe("the files of a network", function()
  it("are paths: the text of a certificate or key is refused, and not shown", function()
    local pem = "-----BEGIN PRIVATE KEY-----\nHidden1Hidden1\n-----END PRIVATE KEY-----\n"
    for _, name in ipairs { "ca_bundle", "client_cert", "client_key" } do
      local network, err = Network.new({ [name] = pem }, ALL, function() end):settings_for("https://x")
      assert.is_nil(network)
      assert.equal(name .. ": expected the path of a file, got [a text of 69 bytes, which is no path]", err.message)
    end
    local network = Network.new({}, ALL, function() end)
    network:trust(pem)
    assert.matches("^ca_bundle: expected the path of a file", select(2, network:settings_for("https://x")).message)
  end)

  it("are files: a pipe or a device, whose reading may never end, is refused, and a folder where it cannot serve", function()
    local folder = files.temporary()
    finally(function()
      files.remove(folder)
    end)
    assert(process.run({ "mkfifo", folder .. "/pipe" }).status == 0)
    local PIPE = " is a pipe, a device or a socket; expected a file in PEM"
    for _, case in ipairs {
      { "ca_bundle", "/pipe", PIPE }, { "client_cert", "/pipe", PIPE }, { "client_key", "/pipe", PIPE },
      { "client_cert", "", " is a folder; expected a file in PEM" }, { "client_key", "", " is a folder; expected a file in PEM" },
    } do
      local name, path = case[1], folder .. case[2]
      local network, err = Network.new({ [name] = path }, ALL, function() end):settings_for("https://x")
      assert.same({ nil, "config", name .. ": " .. path .. case[3] }, { network, err.kind, err.message })
    end
    local network = Network.new({}, ALL, function() end)
    network:trust("/dev/zero")
    assert.equal("ca_bundle: /dev/zero" .. PIPE, select(2, network:settings_for("https://x")).message)
    assert.is_table(Network.new({ ca_bundle = folder }, ALL, function() end):settings_for("https://x"))
    assert.is_table(Network.new({ ca_bundle = folder .. "/absent" }, ALL, function() end):settings_for("https://x"))
  end)

  it("may be replaced while a client exists", function()
    local folder = files.temporary()
    finally(function()
      files.remove(folder)
    end)
    local path = folder .. "/ca.pem"
    assert(process.run({ "mkfifo", path }).status == 0)
    local network = Network.new({ ca_bundle = path }, ALL, function() end)
    assert.is_nil((network:settings_for("https://x")))
    os.remove(path)
    files.write(path, "")
    assert.same({ ca_bundle = path }, network:settings_for("https://x"))
  end)

  it("are REQUESTS_CA_BUNDLE's for Azure's tokens and calls", function()
    local stub = Stub.new { { body = { access_token = "t", expires_in = 3600 } }, { body = { value = {} } } }
    stub.honours = { ca_bundle = true }
    local costs = cloudjobs.azure.cost_exports {
      transport = stub, env = { REQUESTS_CA_BUNDLE = "/corporate.pem" },
      scope = "subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c",
      credentials = { tenant_id = "t", client_id = "c", client_secret = "s" },
    }
    assert(costs:list())
    assert.same({ { ca_bundle = "/corporate.pem" }, { ca_bundle = "/corporate.pem" } },
      { stub.requests[1].network, stub.requests[2].network })
  end)
end)

describe("the proxy to use", function()
  local HTTPS, HTTP = "https://ssm.eu-west-1.amazonaws.com", "http://127.0.0.1:4566"
  -- URL, environment, options; the proxy
  local CASES = {
    ["is none by default"] = { HTTPS, {} },
    ["is HTTPS_PROXY's for https"] = { HTTPS, { HTTPS_PROXY = "http://a:1", HTTP_PROXY = "http://b:2" }, nil, "http://a:1" },
    ["is HTTP_PROXY's for http"] = { HTTP, { HTTPS_PROXY = "http://a:1", HTTP_PROXY = "http://b:2" }, nil, "http://b:2" },
    ["is the lower-case variable's first"] = { HTTPS, { HTTPS_PROXY = "http://a:1", https_proxy = "http://b:2" }, nil, "http://b:2" },
    ["is none where the lower-case variable is empty"] = { HTTPS, { HTTPS_PROXY = "http://a:1", https_proxy = "" } },
    ["is not HTTP_PROXY's in a CGI program"] = { HTTP, { HTTP_PROXY = "http://a:1", REQUEST_METHOD = "GET" } },
    ["is http_proxy's even there"] = { HTTP, { http_proxy = "http://a:1", REQUEST_METHOD = "GET" }, nil, "http://a:1" },
    ["is never ALL_PROXY's"] = { HTTPS, { ALL_PROXY = "http://a:1" } },
    ["is completed with http"] = { HTTPS, { https_proxy = "a:1" }, nil, "http://a:1" },
    ["is the option's first"] = { HTTPS, { https_proxy = "http://a:1" }, { proxy = "http://u:p@b:2" }, "http://u:p@b:2" },
    ["is none by an empty option"] = { HTTPS, { https_proxy = "http://a:1" }, { proxy = "" } },
    ["is the option's whatever NO_PROXY says"] = { HTTPS, { NO_PROXY = "*" }, { proxy = "http://b:2" }, "http://b:2" },
    ["is passed by for the option no_proxy"] = { HTTPS, {}, { proxy = "http://b:2", no_proxy = "amazonaws.com" } },
    ["heeds the option no_proxy before NO_PROXY"] = {
      HTTPS, { https_proxy = "http://a:1", NO_PROXY = "*" }, { no_proxy = "example.com" }, "http://a:1",
    },
  }
  for what, case in pairs(CASES) do
    it(what, function()
      local found = way(case[1], case[2], case[3])
      assert.equal(case[4], found and found.proxy or nil)
    end)
  end

  -- NO_PROXY; whether ssm.eu-west-1.amazonaws.com:8443 is reached without the proxy
  local PASSED_BY = {
    { "*", true },
    { " * ", true },
    { "ssm.eu-west-1.amazonaws.com", true },
    { "amazonaws.com", true },
    { ".amazonaws.com", true },
    { "..AmazonAWS.com", true },
    { "example.com, amazonaws.com", true },
    { "example.com,,", false },
    { "ssm.eu-west-1.amazonaws.com:8443", true },
    { "amazonaws.com:8443", true },
    { "amazonaws.com:443", false },
    { "aws.com", false },
    { "*.amazonaws.com", false },
    { ".", false },
    { "10.0.0.0/8", false },
  }
  for _, case in ipairs(PASSED_BY) do
    it(("is %s with NO_PROXY=%s"):format(case[2] and "none" or "used", case[1]), function()
      local found = way("https://ssm.eu-west-1.amazonaws.com:8443", { HTTPS_PROXY = "http://a:1", NO_PROXY = case[1] })
      assert.equal(case[2], not found)
    end)
  end

  it("is left to a transport that can use one", function()
    assert.is_false(way(HTTPS, { https_proxy = "http://a:1" }, {}, {}))
  end)

  it("is read when a request is about to leave, not before", function()
    local looked = 0
    local network = Network.new({}, ALL, function()
      looked = looked + 1
    end)
    assert.equal(0, looked)
    assert.is_false(network.to[HTTPS])
    local after = looked
    assert.is_true(after > 0)
    assert.is_false(network.to[HTTPS])
    assert.equal(after, looked)
  end)
end)

describe("trust", function()
  local CASES = {
    ["AWS_CA_BUNDLE"] = { { AWS_CA_BUNDLE = "env.pem" }, nil, "env.pem" },
    ["the option before it"] = { { AWS_CA_BUNDLE = "env.pem" }, "option.pem", "option.pem" },
  }
  for what, case in pairs(CASES) do
    it("is what it is told by " .. what, function()
      local stub = Stub.new { { body = "{}" } }
      assert(cloudjobs.aws.ssm({
        transport = stub, region = "eu-west-1", env = case[1], ca_bundle = case[2],
        credentials = { access_key_id = "AKID", secret_access_key = "hush" },
      }):list_commands())
      assert.same({ ca_bundle = case[3] }, stub.requests[1].network)
    end)
  end

  it("is the transport's own where it cannot be told by a variable", function()
    local stub = Stub.new { { body = "{}" } }
    stub.honours = {}
    assert(cloudjobs.aws.ssm({
      transport = stub, region = "eu-west-1", env = { AWS_CA_BUNDLE = "env.pem" },
      credentials = { access_key_id = "AKID", secret_access_key = "hush" },
    }):list_commands())
    assert.is_nil(stub.requests[1].network)
  end)
end)

describe("Azure's clients", function()
  it("ask for tokens and exports through the environment's proxy", function()
    local stub = Stub.new { { body = { access_token = "tok", expires_in = 3600 } }, { body = { value = {} } } }
    local costs = cloudjobs.azure.cost_exports {
      transport = stub, env = { HTTPS_PROXY = "proxy.example:3128", NO_PROXY = "management.azure.com" },
      scope = "subscriptions/5f0c6a1e-1b2d-4c3f-9a44-7d1e2f3a4b5c",
      credentials = {
        tenant_id = "00000000-0000-0000-0000-000000000001", client_id = "app", client_secret = "hush",
      },
    }
    assert(costs:list())
    assert.same({ proxy = "http://proxy.example:3128" }, stub.requests[1].network)
    assert.is_nil(stub.requests[2].network)
  end)

  it("take no settings of AWS's retries", function()
    assert.error_matches(function()
      cloudjobs.azure.cost_exports { transport = Stub.new(), env = {}, retry = { mode = "adaptive" } }
    end, "retry: unknown option mode")
  end)
end)

describe("what credentials ask for", function()
  it("goes the way of the client they are for", function()
    local stub = Stub.new { { status = 403, body = "" } }
    local options = {
      transport = stub, region = "us-east-1", env = {}, proxy = "http://proxy.example:3128", no_proxy = "example.com",
      credentials = { access_key_id = "AKID", secret_access_key = "hush" }, role_arn = "arn:aws:iam::111122223333:role/r",
    }
    assert.is_nil(cloudjobs.aws.credentials(options):get())
    assert.same({ proxy = "http://proxy.example:3128" }, stub.requests[1].network)
  end)
end)

describe("on real sockets", function()
  local server, folder

  local function openssl(...)
    local done = assert(process.run { "openssl", ... })
    assert(done.status == 0, done.stderr)
  end

  setup(function()
    server = Server.start()
    folder = server.folder
    -- A directory as OpenSSL looks authorities up in, and one without this authority.
    for _, name in ipairs { "hashed", "empty" } do
      assert(os.execute("mkdir " .. folder .. "/" .. name))
    end
    files.write(folder .. "/hashed/ca.pem", files.read(folder .. "/ca.pem"))
    openssl("rehash", folder .. "/hashed")
  end)

  teardown(function()
    server:stop()
  end)

  -- Both transports over libcurl; a service that answers what it was asked.
  for _, name in ipairs { "curl", "multi" } do
    describe("with transport." .. name, function()
      local transport

      before_each(function()
        transport = cloudjobs.transport[name]()
      end)

      after_each(function()
        transport:close()
      end)

      -- The status of an answer, or the error's code.
      local function ask(port, env, options)
        local given = {
          transport = transport, region = "us-east-1", env = env, endpoint = server:url("", port),
          credentials = { access_key_id = "AKID", secret_access_key = "hush" }, retry = { max_attempts = 1 },
        }
        for option, value in pairs(options or {}) do
          given[option] = value
        end
        local meta = {}
        -- The echo is no JSON: that it arrived is what counts.
        local _, err = cloudjobs.aws.ssm(given):list_commands({}, { meta = meta })
        return meta.status or err.code, err
      end

      local function proxy(user)
        return server:url("", "proxy"):gsub("//", "//" .. user)
      end

      -- port, environment, options; status or code. FOLDER and PROXY are filled in.
      local CASES = {
        ["a CA bundle of the environment"] = { "tls", { AWS_CA_BUNDLE = "FOLDER/ca.pem" }, {}, 200 },
        ["a CA bundle of the options"] = { "tls", {}, { ca_bundle = "FOLDER/ca.pem" }, 200 },
        ["a hashed directory"] = { "tls", {}, { ca_bundle = "FOLDER/hashed" }, 200 },
        ["a directory without the authority"] = { "tls", {}, { ca_bundle = "FOLDER/empty" }, "tls" },
        ["the system's authorities alone"] = { "tls", {}, {}, "tls" },
        ["a bundle that is not there"] = { "tls", {}, { ca_bundle = "FOLDER/none.pem" }, "tls" },
        ["a client certificate"] = {
          "mutual", {},
          { ca_bundle = "FOLDER/ca.pem", client_cert = "FOLDER/client.pem", client_key = "FOLDER/client.key" }, 200,
        },
        ["HTTPS_PROXY with user and password, TLS verified behind it"] = {
          "tls", { HTTPS_PROXY = "PROXY", AWS_CA_BUNDLE = "FOLDER/ca.pem" }, {}, 200,
        },
        ["HTTPS_PROXY before a stranger"] = {
          "stranger", { HTTPS_PROXY = "PROXY", AWS_CA_BUNDLE = "FOLDER/ca.pem" }, {}, "tls",
        },
        ["a proxy that wants another password"] = {
          "tls", { https_proxy = "WRONG", AWS_CA_BUNDLE = "FOLDER/ca.pem" }, {}, "proxy",
        },
        ["a proxy that NO_PROXY passes by"] = {
          "tls", { https_proxy = "WRONG", no_proxy = "127.0.0.1", AWS_CA_BUNDLE = "FOLDER/ca.pem" }, {}, 200,
        },
        ["the option proxy"] = { "plain", {}, { proxy = "PROXY" }, 200 },
        ["the option proxy with no_proxy"] = { "plain", {}, { proxy = "WRONG", no_proxy = "127.0.0.1" }, 200 },
      }

      local function filled(options)
        local values = { FOLDER = folder, PROXY = proxy "user:secret@", WRONG = proxy "user:canary@" }
        local copy = {}
        for option, value in pairs(options) do
          copy[option] = value:gsub("%u%u%u%u+", values)
        end
        return copy
      end

      for what, case in pairs(CASES) do
        it("meets " .. what, function()
          local seen, err = ask(case[1], filled(case[2]), filled(case[3]))
          assert.equal(case[4], seen, tostring(err))
          assert.not_matches("canary", tostring(err))
        end)
      end
    end)
  end
end)
