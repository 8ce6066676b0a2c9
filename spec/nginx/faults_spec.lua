-- Mistakes of callers, servers and proxies that met nginx's transport alone.

local Nginx = require "spec.support.nginx"
local Server = require "spec.support.server"

local HTTP = [[
  lua_socket_log_errors off;
  lua_shared_dict cloudjobs 1m;
  init_by_lua_block {
    require("cloudjobs.nginx").setup()
    cloudjobs = require "cloudjobs"
    keys = { access_key_id = "AKIDEXAMPLE", secret_access_key = "secret" }
  }
]]

Nginx.on_each(describe, setup, "the nginx transport, faced with faults,", function()
  local server, nginx

  setup(function()
    server = Server.start()
    nginx = Nginx.start { http = HTTP }
  end)

  teardown(function()
    nginx:stop()
    server:stop()
  end)

  it("raises at the caller's line for options that make no sense", function()
    local cases = {
      { "pool_size = 0", "option pool_size: expected a whole number from 1, got 0" },
      { "pool_size = 1.5", "option pool_size: expected a whole number from 1, got 1.5" },
      { "max_body = -1", "option max_body: expected a whole number from 1, got -1" },
      { "idle = 0", "option idle: expected seconds above 0, got 0" },
      { "hosts = { [5] = 'a' }", "option hosts: expected names and addresses that are strings, got number = string" },
      { "hosts = { a = 5 }", "option hosts: expected names and addresses that are strings, got string = number" },
      { "dict = 'none'", "option dict: nginx has no lua_shared_dict none" },
    }
    for _, case in ipairs(cases) do
      local message = nginx:run(("local _, message = pcall(function() return cloudjobs.transport.nginx { %s }, 1 end) return message")
        :format(case[1]))
      assert.equal("run:1: cloudjobs.transport.nginx: " .. case[2], message)
    end
  end)

  it("sends no fragment, and goes through no proxy but by HTTP", function()
    local seen = nginx:run(([[
      local transport, seen = require("cloudjobs.transport").default(), {}
      for _, request in ipairs {
        { url = %q .. "#f" },
        { url = %q, network = { proxy = "socks5://user:hidden@127.0.0.1:1" } },
        { url = %q, network = { proxy = "socks5h://127.0.0.1:1" } },
      } do
        request.method, request.headers = "GET", {}
        local response, err = transport:send(request)
        seen[#seen + 1] = response and response.status or err.code .. " " .. tostring(err.ambiguous) .. " " .. err.message
      end
      return seen
    ]]):format(server:url("/"), server:url("/"), server:url("/")))
    assert.matches("^request false .*fragment", seen[1])
    assert.matches("^proxy false .*nginx reaches proxies by http:// only", seen[2])
    assert.is_nil(seen[2]:find("hidden", 1, true))
    assert.matches("^proxy false ", seen[3])
  end)

  -- A proxy whose answer to CONNECT is what `script` writes; the time one request through it takes, and its error.
  local function through(script, timeout)
    return nginx:run(([[
      local clock = require("cloudjobs.os").clock
      local started = clock()
      local listener = %q
      local _, err = require("cloudjobs.transport").default():send {
        method = "GET", url = "https://example.test/", headers = {}, timeout = %s,
        network = { proxy = listener },
      }
      return { clock() - started, err.code, err.message }
    ]]):format(script, timeout))
  end

  local function proxy_that(answer)
    return Nginx.perl(answer)
  end

  it("keeps the total time with a proxy that drips its answer to CONNECT, or never comes to its end", function()
    for _, answer in ipairs {
      [[while (1) { syswrite(C, "H") or last; select(undef, undef, undef, 0.05) }]],
      [[syswrite(C, "HTTP/1.1 200 OK\r\n"); while (1) { syswrite(C, "a: b\r\n") or last; select(undef, undef, undef, 0.05) }]],
      [[while (1) { syswrite(C, "HTTP/1.1 102 Processing\r\n\r\n") or last; select(undef, undef, undef, 0.05) }]],
    } do
      local proxy = proxy_that(answer)
      local seen = through(proxy.url, 0.5)
      proxy.stop()
      assert.is_true(seen[1] < 5, seen[1])
      assert.is_true(seen[2] == "timeout" or seen[2] == "proxy", seen[2])
    end
  end)

  it("reads an interim response to CONNECT and the final one out of one segment", function()
    local proxy = proxy_that [[syswrite(C, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 407 No\r\n\r\n"); select(undef, undef, undef, 60)]]
    local seen = through(proxy.url, 20)
    proxy.stop()
    assert.same({ "proxy", true }, { seen[2], seen[1] < 15 })
    assert.matches("the proxy answered 407 to CONNECT", seen[3])
  end)

  it("sleeps the last fraction of a millisecond without a turn for each microsecond", function()
    local turns = nginx:run [[
      local transport, sleeps, sleep = require("cloudjobs.transport").default(), 0, ngx.sleep
      ngx.sleep = function(seconds)
        sleeps = sleeps + 1
        assert(seconds >= 0.001, seconds)
        return sleep(seconds)
      end
      for i = 1, 50 do
        transport:sleep(0.0103)
      end
      ngx.sleep = sleep
      return sleeps
    ]]
    assert.is_true(turns <= 150, turns)
  end)

  it("keeps the total time with a server that reads a large request slowly", function()
    local slow = Nginx.perl "while (sysread(C, $_, 65536)) { select(undef, undef, undef, 0.02) }"
    local seen = nginx:run(([[
      local clock = require("cloudjobs.os").clock
      local started = clock()
      local canceller = cloudjobs.canceller()
      local _, err = require("cloudjobs.transport").default():send {
        method = "POST", url = %q, headers = {}, body = ("x"):rep(64 * 1024 * 1024), timeout = 0.5, cancel = canceller,
      }
      return { clock() - started, err.code, err.ambiguous }
    ]]):format(slow.url .. "/"))
    slow.stop()
    assert.is_true(seen[1] < 10, seen[1]) -- the server reads for 20 s
    assert.same({ "timeout", true }, { seen[2], seen[3] })
  end)

  it("takes no response that came before the request was sent", function()
    local written = os.tmpname() -- by its size the client sees how many stray responses were sent
    assert(os.execute("chmod 644 " .. written))
    local liar = Nginx.perl(([[
      open(my $w, ">>", %q); $w->autoflush(1);
      do {
        do {
          /x-id: (\d+)/; my $id = $1;
          setsockopt(C, IPPROTO_TCP, TCP_NODELAY, 1);
          syswrite(C, "HTTP/1.1 200 OK\r\nContent-Length: " . length($id) . "\r\n\r\n$id");
          syswrite(C, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray");
          print $w "x";
        } while (sysread(C, $_, 65536));
        close(C);
      } while (accept(C, L) && sysread(C, $_, 65536));
    ]]):format(written))
    local swapped = nginx:run(([[
      local clock = require("cloudjobs.os").clock
      local transport, swapped = require("cloudjobs.transport").default(), 0
      for i = 1, 20 do
        local response, err = transport:send {
          method = "GET", url = %q, headers = { ["x-id"] = tostring(i) }, timeout = 5,
        }
        swapped = swapped + (response.body ~= tostring(i) and 1 or 0)
        local deadline = clock() + 5
        repeat -- nginx's event loop does not turn
          local file = io.open(%q)
          local count = #file:read("*a")
          file:close()
        until count == i or clock() > deadline
      end
      return swapped
    ]]):format(liar.url .. "/", written))
    liar.stop()
    os.remove(written)
    assert.equal(0, swapped)
  end)

  it("logs the reason of an error object that nothing catches", function()
    local client = ([[
      local exports = cloudjobs.aws.bcm_data_exports {
        region = "us-east-1", endpoint = "http://127.0.0.1:1", credentials = keys, retry = { max_attempts = 1 },
      }
    ]])
    local function lines()
      local _, count = nginx:log():gsub("BCM Data Exports ListExports: connect: ", "")
      return count
    end
    local before = lines()
    nginx:request("POST", "/run", client .. "assert(exports:list_exports())")
    assert.equal(before + 1, lines())
    nginx:request("POST", "/run", client .. "for _ in exports:items('list_exports') do end")
    assert.equal(before + 2, lines())
    local seen = nginx:run(client .. [[
      local _, err = pcall(function() assert(exports:list_exports()) end)
      local _, other = pcall(function() for _ in exports:items("list_exports") do end end)
      return { err.code, other.code, select(2, pcall(assert, nil, "text")), (assert(5, "x")) }
    ]])
    assert.same({ "connect", "connect", "text", 5 }, seen)
    assert.equal(before + 2, lines())
  end)
end)

Nginx.on_each(describe, setup, "nginx's dictionary of credentials", function()
  -- Without timers each request fetches keys itself, and may go away before it has them.
  it("frees the lock of a request that was aborted while no timer was left", function()
    local nginx = Nginx.start {
      main = "env AWS_EC2_METADATA_DISABLED;",
      http = HTTP:gsub("require%(\"cloudjobs.nginx\"%)", [[
        timer_at = ngx.timer.at
        %0]]) .. "lua_max_pending_timers 1; lua_check_client_abort on;",
      server = [[
        location /keys { content_by_lua_block {
          ngx.shared.cloudjobs:incr("asked", 1, 0)
          if ngx.shared.cloudjobs:get("asked") == 1 then ngx.sleep(30) end
          ngx.print('{"AccessKeyId":"AKID","SecretAccessKey":"hush","Token":"t","Expiration":"2099-01-01T00:00:00Z"}')
        } }
        location /refresh { content_by_lua_block {
          ngx.timer.at(30, function() end)
          local provider = cloudjobs.aws.credentials {
            env = { AWS_CONTAINER_CREDENTIALS_FULL_URI = "http://127.0.0.1:" .. ngx.var.server_port .. "/keys" },
          }
          ngx.print(provider:get().access_key_id)
        } }
      ]],
    }
    finally(function()
      nginx:stop()
    end)
    local visitor = nginx:visit "/refresh"
    Nginx.eventually("the keys were asked for", function()
      return nginx:run "return ngx.shared.cloudjobs:get('asked') or 0" == 1
    end)
    visitor:close()
    local started = require("cloudjobs.os").clock()
    local status, body = nginx:get "/refresh"
    assert.same({ 200, "AKID" }, { status, body })
    assert.is_true(require("cloudjobs.os").clock() - started < 4.5)
  end)
end)

Nginx.on_each(describe, setup, "nginx without cloudjobs.nginx.setup", function()
  it("says so where no credentials are found", function()
    local nginx = Nginx.start { main = "env AWS_EC2_METADATA_DISABLED;" }
    finally(function()
      nginx:stop()
    end)
    local hint = nginx:run [[
      local _, err = require("cloudjobs").aws.credentials({ env = { AWS_EC2_METADATA_DISABLED = "true" } }):get()
      return err.hint
    ]]
    assert.matches('call cloudjobs.nginx.setup in init_by_lua', hint, 1, true)
  end)
end)

Nginx.on_each(describe, setup, "lua_code_cache off", function()
  it("sets each request up anew, without emptying the dictionary", function()
    local nginx = Nginx.start {
      main = "env AWS_ACCESS_KEY_ID; env AWS_SECRET_ACCESS_KEY;",
      http = "lua_code_cache off;" .. HTTP,
      env = { PATH = os.getenv "PATH", AWS_ACCESS_KEY_ID = "AKIDENV", AWS_SECRET_ACCESS_KEY = "hush" },
    }
    finally(function()
      nginx:stop()
    end)
    nginx:run "ngx.shared.cloudjobs:set('kept', 1) return true"
    assert.same({ 1, "AKIDENV", true }, nginx:run [[
      return {
        ngx.shared.cloudjobs:get("kept"), cloudjobs.aws.credentials():get().access_key_id,
        package.preload["cloudjobs.models.ssm"] == nil,
      }
    ]])
  end)
end)
