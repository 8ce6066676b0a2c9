--- A client and an nginx that gives one answer to everything, for the benches
--- of calls on the wire. Both share a core: what is compared is the work, not
--- how well two cores hand it over.

local cloudjobs = require "cloudjobs"
local curl = require "cloudjobs.curl"
local execution = require "spec.support.execution"
local files = require "spec.support.files"
local ports = require "spec.support.ports"
local process = require "cloudjobs.os"

local CONFIG = [[
daemon off;
master_process off;
pid FOLDER/pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path FOLDER/body;
  proxy_temp_path FOLDER/proxy;
  fastcgi_temp_path FOLDER/fastcgi;
  uwsgi_temp_path FOLDER/uwsgi;
  scgi_temp_path FOLDER/scgi;
  server {
    listen 127.0.0.1:PORT;
    default_type application/x-amz-json-1.1;
    add_header x-amzn-requestid c4ca4238-a0b9-4382-adcc-509a6f75849b;
    location / { return 200 'ANSWER'; }
  }
}
]]

local function wait_for(url)
  local multi = curl.multi()
  local deadline = curl.clock() + 10
  while not multi:perform("GET", url, {}, nil, 1) do
    assert(curl.clock() < deadline, "nginx did not start")
    curl.sleep(0.005)
  end
end

-- What the client puts on the wire, so that a limit sends the same bytes.
local function capture(client, transport)
  local send, seen = transport.send, nil
  transport.send = function(self, request)
    seen = request
    return send(self, request)
  end
  assert(client:get_execution(execution.params))
  transport.send = nil
  local lines = { "Expect:", "Accept:" }
  for name, value in pairs(seen.headers) do
    lines[#lines + 1] = name .. ": " .. value
  end
  return seen.url, table.concat(lines, "\n") .. "\n", seen.body
end

--- Pins this process to its first core and starts the server on it.
---@param transport table for the client
---@return table wire `call()` makes one call; `url`, `headers` (lines) and `body` are what it sends; `stop()`
local function start(transport)
  local folder, port = files.temporary(), ports.free()
  local pid = files.read("/proc/self/stat"):match("^%d+")
  assert(process.run({ "taskset", "-pc", "0", pid }).status == 0)
  local values = { FOLDER = folder, PORT = port, ANSWER = execution.answer }
  files.write(folder .. "/nginx.conf", (CONFIG:gsub("%u%u%u%u+", values)))
  local child = assert(process.spawn { "nginx", "-p", folder, "-c", folder .. "/nginx.conf" })
  local endpoint = ("http://127.0.0.1:%s"):format(port)
  wait_for(endpoint)
  local client = cloudjobs.aws.bcm_data_exports {
    endpoint = endpoint,
    transport = transport,
    env = {},
    region = "us-east-1",
    credentials = { access_key_id = "AKIDEXAMPLE", secret_access_key = "secret", session_token = ("t"):rep(400) },
  }
  local url, headers, body = capture(client, transport)
  return {
    url = url,
    headers = headers,
    body = body,
    call = function()
      return client:get_execution(execution.params)
    end,
    stop = function()
      child:stop(1)
      files.remove(folder)
    end,
  }
end

return { start = start }
