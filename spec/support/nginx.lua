--- A real nginx with cloudjobs in it, for specs: the system's, with LuaJIT, and
--- an `openresty` where PATH has one or the variable OPENRESTY names it. It is
--- on a free port, and everything it writes is in a folder of its own. As root
--- it is started as most are: its workers run as a user without rights, and HOME
--- is a folder that they cannot enter.
---
--- `POST /run` runs the Lua in its body and answers what it returns as JSON;
--- `POST /spawn` runs it in a timer and answers at once.

local core = require "cloudjobs.core"
local curl = require "cloudjobs.curl"
local files = require "spec.support.files"
local ports = require "spec.support.ports"
local process = require "cloudjobs.os"
local socket = require "cqueues.socket"

local CONFIG = [[
user nobody nogroup; # of a master that is not root nginx ignores it
MODULES
daemon off;
worker_processes WORKERS;
pid FOLDER/pid;
error_log FOLDER/error.log info;
events { worker_connections 2048; }
MAIN
http {
  access_log off;
  client_body_temp_path FOLDER/body;
  proxy_temp_path FOLDER/proxy;
  fastcgi_temp_path FOLDER/fastcgi;
  uwsgi_temp_path FOLDER/uwsgi;
  scgi_temp_path FOLDER/scgi;
  client_body_buffer_size 1m;
  lua_package_path 'TREE/lua/?.lua;TREE/lua/?/init.lua;;';
  lua_package_cpath 'TREE/BUILD/luajit/?.so;;';
  HTTP
  server {
    listen 127.0.0.1:PORT reuseport;
    location /static { return 200 "static\n"; }
    location /pid { content_by_lua_block { ngx.print(ngx.worker.pid()) } }
    location /run {
      content_by_lua_block {
        ngx.req.read_body()
        local f = assert(loadstring(ngx.req.get_body_data(), "=run"))
        ngx.print(require("cloudjobs.core").json_encode(f()))
      }
    }
    location /spawn {
      content_by_lua_block {
        ngx.req.read_body()
        local f = assert(loadstring(ngx.req.get_body_data(), "=spawn"))
        assert(ngx.timer.at(0, function() f() end))
        ngx.print("true")
      }
    }
    SERVER
  }
}
]]

local Nginx = {}
local nginx_mt = { __index = Nginx }

local function working_folder()
  return (process.run({ "pwd" }).stdout:gsub("\n", ""))
end

-- The programs to run the specs on: the system's nginx, and an OpenResty.
local function find_programs()
  local list = { "nginx" }
  local openresty = os.getenv("OPENRESTY") or "openresty"
  local found = process.run { openresty, "-v" }
  if found and found.status == 0 then
    list[2] = openresty
  end
  return list
end

local programs = find_programs()
local program = programs[1]

--- Has busted run a file's specs on each program.
---@param describe function busted's
---@param setup function busted's
---@param title string
---@param body fun()
local function on_each(describe, setup, title, body)
  for i, one in ipairs(programs) do
    describe(i == 1 and title or title .. " (OpenResty)", function()
      setup(function()
        program = one
      end)
      body()
    end)
  end
end

--- Whether the stream module has Lua.
---@return boolean
local function has_stream()
  return process.run({ program, "-V" }).stderr:find("stream-lua", 1, true) ~= nil
end

--- Whether nginx has threads to write files in.
---@return boolean
local function has_threads()
  return process.run({ program, "-V" }).stderr:find("--with-threads", 1, true) ~= nil
end

-- Debian has Lua as modules to load, OpenResty has it built in.
local function modules()
  local folder = process.run({ program, "-V" }).stderr:match("--modules%-path=(%S+)")
  local found = folder and io.open(folder .. "/ngx_http_lua_module.so")
  if not found then
    return ""
  end
  found:close()
  return ("load_module %s/ndk_http_module.so; load_module %s/ngx_http_lua_module.so;"):format(folder, folder)
end

--- Whether nginx knows a directive of a location.
---@param directive string
---@return boolean
local function has_directive(directive)
  local folder = files.temporary()
  files.write(folder .. "/nginx.conf", ("%s pid %s/pid; events {} http { server { location / { %s; } } }"):format(
    modules(), folder, directive))
  local seen = process.run { program, "-t", "-q", "-e", "stderr", "-p", folder, "-c", folder .. "/nginx.conf" }
  files.remove(folder)
  return not seen.stderr:find("unknown directive", 1, true)
end

--- Waits until `condition` answers something true, and gives it.
local function eventually(what, condition)
  local deadline = curl.clock() + 20
  while true do
    local value = condition()
    if value then
      return value
    end
    assert(curl.clock() < deadline, "never: " .. what)
    curl.sleep(0.005)
  end
end

--- A request by a connection of its own. Gives status, body and headers, or nil.
function Nginx:request(method, path, body, headers, timeout)
  local multi = curl.multi()
  headers = headers or {}
  headers.connection = "close"
  local status, answered, text = multi:perform(method, self.url .. path, headers, body, timeout or 30)
  multi:close()
  return status, text, answered
end

function Nginx:get(path)
  return self:request("GET", path)
end

--- A visitor who has asked for `path` and goes away at `:close()`.
function Nginx:visit(path)
  local visitor = socket.connect("127.0.0.1", self.url:match("%d+$"))
  visitor:setmode("b", "bn")
  assert(visitor:write("GET ", path, " HTTP/1.1\r\nHost: spec\r\n\r\n"))
  return visitor
end

local function lua(self, path, text, timeout)
  local status, body = self:request("POST", path, text, nil, timeout)
  assert(status == 200, ("status %s\n%s"):format(tostring(status), self:log()))
  local value, message = core.json_decode(body)
  assert(not message, message)
  return value
end

--- Runs Lua in a request of a worker, in 30 seconds unless others are given; what it returns, through JSON.
function Nginx:run(text, timeout)
  return lua(self, "/run", text, timeout)
end

--- Runs Lua in a timer of a worker.
function Nginx:spawn(text)
  return lua(self, "/spawn", text)
end

function Nginx:log()
  return files.read(self.folder .. "/error.log")
end

--- The master's process id.
function Nginx:master()
  return files.read(self.folder .. "/pid"):match("%d+")
end

--- The process ids of the workers, sorted.
function Nginx:workers()
  local list = {}
  for pid in process.run({ "pgrep", "-P", self:master() }).stdout:gmatch("%d+") do
    list[#list + 1] = pid
  end
  return list
end

--- Sends a signal to the master, or to `pid`.
function Nginx:signal(name, pid)
  assert(process.run({ "kill", "-" .. name, pid or self:master() }).status == 0)
end

function Nginx:stop()
  self._process:stop(2)
  files.remove(self.folder)
end

--- A server in Perl for one connection C, on which `act` writes once a request came.
---@param act string
---@return { url: string, stop: fun() }
local function perl(act)
  local child = assert(process.spawn { "perl", "-e", ([[
    use Socket qw(:all); $| = 1; $SIG{PIPE} = "IGNORE";
    socket(L, PF_INET, SOCK_STREAM, 0);
    bind(L, sockaddr_in(0, INADDR_LOOPBACK)); listen(L, 1);
    print((sockaddr_in(getsockname(L)))[0], "\n");
    accept(C, L); sysread(C, $_, 65536); %s]]):format(act) })
  return {
    url = "http://127.0.0.1:" .. assert(child:line(20)),
    stop = function()
      child:stop(0.1)
    end,
  }
end

-- The environment given, or this process's, with the HOME that workers cannot
-- enter where none is given.
local function environment(given, folder)
  local env = { HOME = folder .. "/home" }
  local lines = given and "" or process.run({ "env", "-0" }).stdout
  for line in lines:gmatch("%Z+") do
    local name, value = line:match("^([^=]+)=(.*)$")
    if name and name ~= "HOME" then
      env[name] = value
    end
  end
  for name, value in pairs(given or {}) do
    env[name] = value
  end
  return env
end

--- Starts one.
---@param options { workers: integer|nil, main: string|nil, http: string|nil, server: string|nil, env: table|nil }
---   lines of the configuration; FOLDER in them is the folder
local function start(options)
  options = options or {}
  local folder, port = files.temporary(), ports.free()
  local values = {
    WORKERS = ("%d"):format(options.workers or 1),
    MODULES = modules(),
    MAIN = options.main or "",
    HTTP = options.http or "",
    SERVER = options.server or "",
    PORT = port,
    TREE = working_folder(),
    BUILD = os.getenv("BUILD") or "build",
  }
  local text = CONFIG:gsub("%u+", values):gsub("FOLDER", folder)
  files.write(folder .. "/nginx.conf", text)
  files.write(folder .. "/error.log", "")
  assert(process.make_folder(folder .. "/home"))
  local child = assert(process.spawn(
    { program, "-e", folder .. "/error.log", "-p", folder, "-c", folder .. "/nginx.conf" },
    { env = environment(options.env, folder) }
  ))
  local self = setmetatable({ folder = folder, url = "http://127.0.0.1:" .. port, _process = child }, nginx_mt)
  local ok = pcall(eventually, "nginx answers", function()
    return self:get("/static") == 200
  end)
  if not ok then
    local log = self:log()
    self:stop()
    error("nginx did not start:\n" .. log)
  end
  return self
end

--- Why no nginx can be started here, for specs that are pending then; nil where one can. WITHOUT_NGINX is the reason
--- where our modules are built for a sanitizer, without whose runtime nginx cannot load them.
---@return string|nil
local function absent()
  local found = os.execute("command -v nginx >/dev/null 2>&1") -- true or 0, by the Lua
  return os.getenv "WITHOUT_NGINX" or not (found == true or found == 0) and "no nginx in PATH" or nil
end

return {
  absent = absent,
  start = start,
  tree = working_folder,
  on_each = on_each,
  perl = perl,
  has_directive = has_directive,
  has_stream = has_stream,
  has_threads = has_threads,
  eventually = eventually,
  free_port = ports.free,
}
