local Multi = require "cloudjobs.transport.multi"
local Nginx = require "spec.support.nginx"
local Server = require "spec.support.server"
local files = require "spec.support.files"
local parallel = require "cloudjobs.transport.parallel"

local eventually = Nginx.eventually

local SECRET = "s3cr3t-of-a-spec"

-- Modules that are not for workers.
local ELSEWHERE = {
  "^cloudjobs%.cli%.", "^cloudjobs%.emulator", "^cloudjobs%.import", "^cloudjobs%.meta%.", "^cloudjobs%.stub$",
  "^cloudjobs%.models%..*_enums$", "^cloudjobs%.transport%.curl$", "^cloudjobs%.transport%.failure$",
  "^cloudjobs%.transport%.multi$", "^cloudjobs%.transport%.multi_stream$", "^cloudjobs%.transport%.scheduler$",
  "^cloudjobs%.transport%.single$", "^cloudjobs%.transport%.stream$",
}

local function is_elsewhere(name)
  for _, pattern in ipairs(ELSEWHERE) do
    if name:find(pattern) then
      return true
    end
  end
  return false
end

-- Keys from a place that counts who asks, and answers when `go` is set and so
-- many wait as it was told.
local HTTP = [[
  lua_shared_dict cloudjobs 1m;
  lua_shared_dict seen 1m;
  init_by_lua_block {
    local nginx = require "cloudjobs.nginx"
    nginx.setup()
    cloudjobs = require "cloudjobs"
    local _, without = pcall(nginx.setup, { dict = "elsewhere" })
    ngx.shared.seen:set("without", without)
    provider = cloudjobs.aws.credentials {
      env = { AWS_CONTAINER_CREDENTIALS_FULL_URI = "http://127.0.0.1:KEYSPORT/keys" },
    }
  }
  server {
    listen 127.0.0.1:KEYSPORT;
    location /keys {
      content_by_lua_block {
        local seen = ngx.shared.seen
        local number = seen:incr("refreshes", 1, 0)
        while not seen:get("go") or (seen:get("asked") or 0) < (seen:get("wanted") or 0) do
          ngx.sleep(0.005)
        end
        ngx.print(require("cloudjobs.core").json_encode {
          AccessKeyId = "AKID" .. number, SecretAccessKey = "SECRET", Token = ("t"):rep(seen:get("size") or 10),
          Expiration = cloudjobs.iso(math.floor(ngx.time()) + 3600),
        })
      }
    }
  }
]]

local SERVER = [[
  location /ask {
    content_by_lua_block {
      ngx.shared.seen:incr("asked", 1, 0)
      local identity, err = provider:get()
      ngx.print(ngx.worker.pid(), " ", identity and identity.access_key_id or tostring(err))
    }
  }
]]

local TOKENS = [[
  location /tenant/oauth2/v2.0/token {
    content_by_lua_block {
      local number = ngx.shared.seen:incr("tokens", 1, 0)
      ngx.print('{"token_type":"Bearer","expires_in":3600,"access_token":"token', number, '"}')
    }
  }
]]

local function start(options)
  options = options or {}
  local values = { KEYSPORT = Nginx.free_port(), SECRET = SECRET }
  local text = (options.http or HTTP):gsub("%u%u%u%u%u+", values)
  return Nginx.start { workers = options.workers or 2, http = text, server = SERVER .. (options.server or ""), env = options.env }
end

-- What `n` requests for `path` at once are answered, while `meanwhile(transport)` runs beside them.
local function at_once(nginx, n, path, meanwhile)
  local transport, functions = Multi.new(), {}
  for i = 1, n do
    functions[i] = function()
      local response = assert(transport:send { method = "GET", url = nginx.url .. path, headers = {}, timeout = 20 })
      return response.body
    end
  end
  functions[n + 1] = meanwhile and function()
    meanwhile(transport)
  end
  local results = parallel(functions)
  transport:close()
  local answers = {}
  for i = 1, n do
    answers[i] = results[i].ok and results[i].value or tostring(results[i].err)
  end
  return answers
end

local function say(transport, server, script)
  return assert(transport:send { method = "GET", url = server:url("/"), headers = { ["x-script"] = script } }).body
end

Nginx.on_each(describe, setup, "cloudjobs.nginx.setup", function()
  local nginx

  after_each(function()
    local log = nginx:log()
    nginx:stop()
    assert.is_nil(log:find("write guard", 1, true), "a handler wrote a global")
    assert.is_nil(log:find(SECRET, 1, true), "a secret was logged")
  end)

  it("has whatever a request may need in memory, so that workers read no files", function()
    nginx = start { workers = 1 }
    local names = { "ngx.semaphore" }
    for _, path in ipairs(files.list("lua/cloudjobs", ".lua")) do
      local name = path:match("^lua/(.*)%.lua$"):gsub("/init$", ""):gsub("/", ".")
      if not is_elsewhere(name) then
        names[#names + 1] = name
      end
    end
    assert.same({}, nginx:run(([[
      local missing = {}
      package.path, package.cpath = "", ""
      for name in ("%s"):gmatch "%%S+" do
        local found, why = pcall(require, name)
        missing[#missing + 1] = not found and why or nil
      end
      return missing
    ]]):format(table.concat(names, " "))))
  end)

  it("has one worker refresh for all: 50 cold requests to two cause one", function()
    nginx = start()
    nginx:run "ngx.shared.seen:set('wanted', 50) ngx.shared.seen:set('go', true) return true"
    local workers = {}
    for _, answer in ipairs(at_once(nginx, 50, "/ask")) do
      local pid, id = answer:match("^(%d+) (.*)$")
      assert.equal("AKID1", id)
      workers[#workers + 1] = not workers[pid] and pid or nil
      workers[pid] = true
    end
    assert.equal(2, #workers)
    assert.equal(1, nginx:run "return ngx.shared.seen:get('refreshes')")
  end)

  it("asks again when the worker that was asking is killed", function()
    nginx = start()
    nginx:spawn "provider:get()"
    local holder = eventually("a worker asks", function()
      return nginx:run [[
        for _, key in ipairs(ngx.shared.cloudjobs:get_keys()) do
          if key:find " lock" and ngx.shared.seen:get("refreshes") then return ngx.shared.cloudjobs:get(key) end
        end
        return false
      ]]
    end)
    nginx:signal("KILL", ("%d"):format(holder))
    eventually("nginx has another worker", function()
      return #nginx:workers() == 2 and not table.concat(nginx:workers(), " "):find(("%d"):format(holder), 1, true)
    end)
    nginx:run "ngx.shared.seen:set('go', true) return true"
    local _, answer = nginx:get("/ask")
    assert.matches("AKID2$", answer)
  end)

  local function asked_once()
    return nginx:run "return ngx.shared.seen:get('refreshes') == 1"
  end

  it("has a call wait no longer than it may for keys, which are fetched for the others all the same", function()
    nginx = start { workers = 1 }
    assert.same({ "timeout", "the call's total time is over" }, nginx:run [[
      local client = cloudjobs.aws.bcm_data_exports { region = "us-east-1", credentials = provider }
      local _, err = client:list_exports({}, { timeout = 0.05 })
      return { err.kind, err.message }
    ]])
    nginx:run "ngx.shared.seen:set('go', true) return true"
    assert.matches("AKID1$", select(2, nginx:get("/ask")))
    assert.is_true(asked_once())
  end)

  -- Requests get the stacks of those that were aborted: each poll leaves something there.
  it("continues a refresh whose request was aborted", function()
    nginx = start { workers = 1, server = "location /fleeting { lua_check_client_abort on; content_by_lua_block { provider:get() } }" }
    local visitor = nginx:visit("/fleeting")
    eventually("the worker asks", asked_once)
    visitor:close()
    eventually("nginx sees the visitor go", function()
      return nginx:log():find("client prematurely closed connection", 1, true)
    end)
    nginx:run "ngx.shared.seen:set('go', true) return true"
    eventually("the workers share the keys", function()
      return nginx:run [[
        local keys = ngx.shared.cloudjobs:get_keys()
        return #keys == 1 and not keys[1]:find " lock"
      ]]
    end)
    for _, answer in ipairs(at_once(nginx, 3, "/ask")) do
      assert.matches("AKID1$", answer)
    end
  end)

  -- All of this is over before nginx looks at its timers again.
  local FLEETING = [[
    location /fleeting {
      content_by_lua_block {
        local Semaphore = require "ngx.semaphore"
        local here, gone = Semaphore.new(), Semaphore.new()
        ngx.thread.spawn(function() ngx.sleep(0) here:post(1) end)
        ngx.thread.spawn(function() gone:wait(20) ngx.exit(204) end)
        here:wait(20)
        gone:post(1)
        CALL
      }
    }
  ]]

  it("begins a refresh whose request was aborted", function()
    nginx = start { workers = 1, server = FLEETING:gsub("CALL", "provider:get()") }
    assert.equal(204, (nginx:get("/fleeting")))
    eventually("the worker asks", asked_once)
    nginx:run "ngx.shared.seen:set('go', true) return true"
    assert.matches("AKID1$", select(2, nginx:get("/ask")))
  end)

  it("begins to ask Azure, too, when that visitor has gone", function()
    nginx = start {
      workers = 1,
      server = TOKENS .. FLEETING:gsub("CALL", ([[
        local tokens = cloudjobs.azure.credentials {
          tenant_id = "tenant", client_id = "client", client_secret = %q,
          cloud = { authority = "http://127.0.0.1:" .. ngx.var.server_port },
        }
        tokens:get()
      ]]):format(SECRET)),
    }
    assert.equal(204, (nginx:get("/fleeting")))
    eventually("the worker asks", function()
      return nginx:run "return ngx.shared.seen:get('tokens') == 1"
    end)
  end)

  local SHORTAGES = {
    pending = "ngx.timer.at(3600, function() end)",
    running = "ngx.timer.at(0, function() while not ngx.worker.exiting() do ngx.sleep(0.01) end end)",
  }
  for kind, occupy in pairs(SHORTAGES) do
    it("asks without a timer when as many are " .. kind .. " as may be", function()
      nginx = start { http = HTTP .. "lua_max_" .. kind .. "_timers 1;", workers = 1 }
      nginx:run(occupy .. " ngx.shared.seen:set('go', true) return true")
      for _, answer in ipairs(at_once(nginx, 3, "/ask")) do
        assert.matches("AKID1$", answer)
      end
      assert.is_true(asked_once())
    end)
  end

  it("does without the dictionary when it is full", function()
    nginx = start { http = HTTP:gsub("cloudjobs 1m", "cloudjobs 12k"), workers = 1 }
    nginx:run "ngx.shared.seen:set('size', 30000) ngx.shared.seen:set('go', true) return true"
    assert.matches("AKID1$", at_once(nginx, 5, "/ask")[5])
    assert.matches("AKID1$", select(2, nginx:get("/ask")))
    assert.matches("lua_shared_dict: no memory; each worker keeps its own", nginx:log())
  end)

  it("gives no worker keys that a service has called expired", function()
    nginx = start()
    nginx:run "ngx.shared.seen:set('go', true) return true"
    assert.matches("AKID1$", select(2, nginx:get("/ask")))
    assert.equal("AKID2", nginx:run "provider:expire(provider:get()) return provider:get().access_key_id")
  end)

  it("asks anew after a reload, which may be for other credentials", function()
    nginx = start()
    nginx:run "ngx.shared.seen:set('go', true) return true"
    assert.matches("AKID1$", select(2, nginx:get("/ask")))
    nginx:signal("HUP")
    eventually("a new worker has asked", function()
      return select(2, nginx:get("/ask")):find("AKID2", 1, true)
    end)
  end)

  it("shares Azure's tokens, too", function()
    nginx = start { server = TOKENS }
    local script = ([[
      local tokens = cloudjobs.azure.credentials {
        tenant_id = "tenant", client_id = "client", client_secret = %q, cloud = { authority = %q },
      }
      local identity, err = tokens:get()
      return { ngx.worker.pid(), identity and identity.token or tostring(err) }
    ]]):format(SECRET, nginx.url)
    local workers = {}
    eventually("both workers have answered", function()
      local answer = nginx:run(script)
      assert.equal("token1", answer[2])
      workers[#workers + 1] = not workers[answer[1]] and answer[1] or nil
      workers[answer[1]] = true
      return #workers == 2
    end)
  end)

  it("shares the retry quota: what one worker spends, another does not have", function()
    nginx = start { server = "location /broken { return 500; }" }
    local call = ([[
      local exports = cloudjobs.aws.bcm_data_exports {
        region = "us-east-1", endpoint = %q, credentials = { access_key_id = "a", secret_access_key = "b" },
      }
      local meta = {}
      exports:list_exports({}, { meta = meta })
      return { ngx.worker.pid(), meta.attempts }
    ]]):format(nginx.url .. "/broken")
    assert.equal(3, nginx:run(call)[2])
    nginx:run(([[
      local functions = {}
      for i = 1, 40 do functions[i] = function() %s end end
      return cloudjobs.parallel(functions).n
    ]]):format(call))
    local workers = {}
    eventually("both workers have answered", function()
      local answer = nginx:run(call)
      assert.equal(1, answer[2])
      workers[#workers + 1] = not workers[answer[1]] and answer[1] or nil
      workers[answer[1]] = true
      return #workers == 2
    end)
    for _, pid in ipairs(nginx:workers()) do
      assert.is_nil(files.read("/proc/" .. pid .. "/maps"):find("libcurl", 1, true))
    end
  end)

  it("captures the environment, which nginx hides from its workers", function()
    nginx = start { env = { PATH = os.getenv("PATH"), AWS_ACCESS_KEY_ID = "AKIDENV", AWS_SECRET_ACCESS_KEY = SECRET } }
    local seen = nginx:run [[
      return { os.getenv("AWS_ACCESS_KEY_ID") == nil, cloudjobs.aws.credentials():get().access_key_id }
    ]]
    assert.same({ true, "AKIDENV" }, seen)
  end)

  it("asks a credential_process in init_by_lua, and in workers where nginx can run one", function()
    local folder = files.temporary()
    files.write(folder .. "/config", "[default]\ncredential_process = cat " .. folder .. "/keys\n")
    files.write(folder .. "/keys", '{"Version":1,"AccessKeyId":"AKIDPROCESS","SecretAccessKey":"' .. SECRET .. '"}')
    nginx = start {
      http = HTTP:gsub("provider = .-\n    }\n", [[
        early, late = cloudjobs.aws.credentials(), cloudjobs.aws.credentials()
        assert(early:get())
      ]]),
      env = { PATH = os.getenv("PATH"), AWS_CONFIG_FILE = folder .. "/config", AWS_EC2_METADATA_DISABLED = "true" },
    }
    local seen = nginx:run [[
      local identity, err = late:get()
      return { early:get().access_key_id, identity and identity.access_key_id or tostring(err), (pcall(require, "ngx.pipe")) }
    ]]
    files.remove(folder)
    assert.equal("AKIDPROCESS", seen[1])
    assert.matches(seen[3] and "^AKIDPROCESS$"
      or "credential_process cannot be run in an nginx worker: this needs ngx.pipe.*init_by_lua", seen[2])
  end)

  it("runs Azure's command in workers where nginx can run one, and refuses it with a hint elsewhere", function()
    nginx = start()
    local message = nginx:run [[
      local _, err = cloudjobs.azure.credentials({ kind = "cli" }):get()
      return { tostring(err), (pcall(require, "ngx.pipe")) }
    ]]
    assert.matches(message[2] and "Azure CLI: az [ie]" or "az cannot be run in an nginx worker.*init_by_lua", message[1])
  end)

  it("says what is missing, and where it belongs", function()
    nginx = start()
    assert.matches("add to nginx's http block: lua_shared_dict elsewhere 1m;", nginx:run "return ngx.shared.seen:get('without')")
    local message = nginx:run [[ local _, message = pcall(require("cloudjobs.nginx").setup) return message ]]
    assert.matches("call it in nginx's init_by_lua", message)
  end)

  it("refuses at construction what nginx's sockets cannot honour, with the version that can", function()
    nginx = start()
    local seen = nginx:run [[
      local seen = {}
      for option, method in pairs { ca_bundle = "settrustedstore", client_cert = "setclientcert" } do
        local ok, message = pcall(cloudjobs.aws.ssm, { [option] = "/a/file" })
        local can = debug.getregistry().__tcp_cosocket_mt[method] ~= nil
        seen[option] = ok == can and (ok or message:match("run:%d+: (.*)"))
      end
      return seen
    ]]
    for option, version in pairs { ca_bundle = "0.10.31", client_cert = "0.10.22" } do
      if seen[option] ~= true then
        assert.matches("option " .. option .. ": this transport cannot honour it, which needs nginx's Lua module for HTTP, "
          .. version .. " or later", seen[option], 1, true)
      end
    end
  end)

  it("loses none of 12 requests to a reload", function()
    local server = Server.start()
    nginx = start {
      workers = 1,
      server = ([[
        location /slow {
          content_by_lua_block {
            local response, err = cloudjobs.transport.default():send {
              method = "GET", url = %q, headers = { ["x-script"] =
                "count.held = (count.held or 0) + 1 while not count.go do sleep(0.01) end answer('kept')" },
            }
            ngx.print(response and response.body or tostring(err))
          }
        }
      ]]):format(server:url("/")),
    }
    local before = nginx:workers()[1]
    local answers = at_once(nginx, 12, "/slow", function(transport)
      while say(transport, server, "answer(tostring(count.held))") ~= "12" do
        transport:sleep(0.005)
      end
      nginx:signal("HUP")
      repeat
        transport:sleep(0.005)
        local answer = transport:send { method = "GET", url = nginx.url .. "/pid", headers = { connection = "close" } }
      until answer and answer.body ~= before
      say(transport, server, "count.go = true answer('')")
    end)
    server:stop()
    local expected = {}
    for i = 1, 12 do
      expected[i] = "kept"
    end
    assert.same(expected, answers)
  end)
end)
