-- call-nginx: calls from inside an nginx worker, one after the other, with the
-- server on the same core; beside a bare cosocket that sends the same bytes and
-- reads the same response. Then 50 and 200 at once to a server that needs 500 ms,
-- beside the same cosocket; and what a static location's visitors notice.

if not rawget(_G, "jit") then
  return -- what runs inside nginx is LuaJIT
end

local Bench = require "bench"
local Multi = require "cloudjobs.transport.multi"
local Nginx = require "spec.support.nginx"
local execution = require "spec.support.execution"
local files = require "spec.support.files"
local parallel = require "cloudjobs.transport.parallel"
local process = require "cloudjobs.os"

local CALLS = 3000 -- a round of a tenth of a second
local TURNS = 5 -- calls of each light thread to the slow server
local PERIOD = 0.01 -- seconds between two visits of the static location

local SERVER = [[
  default_type application/x-amz-json-1.1;
  add_header x-amzn-requestid c4ca4238-a0b9-4382-adcc-509a6f75849b;
  location / { return 200 'ANSWER'; }
  location /slow { content_by_lua_block { ngx.sleep(0.5) ngx.print('ANSWER') } }
]]

-- `run(who, calls, width)` makes calls in so many light threads and returns
-- their rate.
local WORKER = [[
  lua_shared_dict cloudjobs 1m;
  lua_socket_log_errors off;
  init_by_lua_block {
    require("cloudjobs.nginx").setup { env = {} }
    local cloudjobs = require "cloudjobs"
    local clock = require("cloudjobs.os").clock
    local writer = require "cloudjobs.http.writer"
    local transport = cloudjobs.transport.default()
    local params = { ExportArn = "ARN", ExecutionId = "ID" }

    local function client(path)
      return cloudjobs.aws.bcm_data_exports {
        endpoint = "http://127.0.0.1:UPSTREAM" .. path,
        region = "us-east-1",
        credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = "secret", session_token = ("t"):rep(400) },
      }
    end

    local clients = { fast = client "", slow = client "/slow" }

    local function ours(speed)
      assert(clients[speed]:get_execution(params))
    end

    local bytes = {}

    -- What a call sends.
    local function capture(speed)
      local send = transport.send
      transport.send = function(self, request)
        bytes[speed] = writer.request {
          method = "POST", target = speed == "slow" and "/slow/" or "/", headers = request.headers, body = request.body,
        }
        return send(self, request)
      end
      ours(speed)
      transport.send = nil
    end

    local function bare(speed)
      local sock = ngx.socket.tcp()
      assert(sock:connect("127.0.0.1", UPSTREAM, { pool = "bare", pool_size = 256 }))
      assert(sock:send(bytes[speed]))
      local length
      repeat
        local line = assert(sock:receive("*l"))
        length = length or line:match("^[Cc]ontent%-[Ll]ength: (%d+)")
      until line == ""
      if length then
        assert(#sock:receive(tonumber(length)) == tonumber(length))
      else
        repeat
          local size = tonumber(assert(sock:receive("*l")), 16)
          assert(sock:receive(size + 2))
        until size == 0
      end
      sock:setkeepalive(55000, 256)
    end

    local WHO = { ours = ours, bare = bare }

    run = function(who, speed, calls, width)
      if not bytes[speed] then
        capture(speed)
      end
      local call, threads = WHO[who], {}
      local started = clock()
      for i = 1, width do
        threads[i] = ngx.thread.spawn(function()
          for _ = 1, calls / width do
            call(speed)
          end
        end)
      end
      for i = 1, width do
        ngx.thread.wait(threads[i])
      end
      return calls / (clock() - started)
    end
  }
]]

local KEEP = "keepalive_requests 100000000; keepalive_timeout 1h;"

assert(process.run({ "taskset", "-pc", "0", files.read("/proc/self/stat"):match("^%d+") }).status == 0)
local upstream = Nginx.start { http = KEEP, server = (SERVER:gsub("ANSWER", function() return execution.answer end)) }
local nginx = Nginx.start {
  http = KEEP .. WORKER:gsub("%u%u+", {
    UPSTREAM = upstream.url:match("%d+$"), ARN = execution.params.ExportArn, ID = execution.params.ExecutionId,
  }),
}

local function rate(who, speed, calls, width)
  return nginx:run(("return run(%q, %q, %d, %d)"):format(who, speed, calls, width))
end

Bench.race("call-nginx", function()
  return rate("ours", "fast", CALLS, 1)
end, function()
  return rate("bare", "fast", CALLS, 1)
end, "a bare cosocket, unsigned")

-- Runs `f` while a visitor comes again and again; the time within which 99 of 100 visits ended.
local function visited(f)
  local transport, times, over = Multi.new(), {}, false
  local results = parallel {
    function()
      local response = assert(f(transport))
      over = true
      return tonumber(response.body)
    end,
    function()
      while not over do
        local started = transport:clock()
        assert(transport:send { method = "GET", url = nginx.url .. "/static", headers = {}, timeout = 30 })
        times[#times + 1] = transport:clock() - started
        transport:sleep(math.max(0, PERIOD - times[#times]))
      end
    end,
  }
  transport:close()
  table.sort(times)
  return results[1].value, times[math.ceil(#times * 0.99)] * 1000
end

local function slow(who, width)
  return function(transport)
    return transport:send {
      method = "POST", url = nginx.url .. "/run", headers = {}, timeout = 60,
      body = ("return run(%q, 'slow', %d, %d)"):format(who, width * TURNS, width),
    }
  end
end

-- From here on the visitors and the server have a core apart from the worker's.
for _, pid in ipairs { files.read("/proc/self/stat"):match("^%d+"), upstream:workers()[1] } do
  process.run { "taskset", "-pc", "0-1023", pid }
end

for _, width in ipairs { 50, 200 } do
  local limit = visited(slow("bare", width))
  local ours, milliseconds = visited(slow("ours", width))
  Bench.report("call-nginx-" .. width, ours, ours / limit,
    ("a bare cosocket; 500 ms upstream, static p99 %.1f ms"):format(milliseconds))
end

nginx:stop()
upstream:stop()
