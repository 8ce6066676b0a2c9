--- The emulator's sockets: an app served over HTTP/1.1 by cqueues.

local App = require "cloudjobs.emulator.app"
local Error = require "cloudjobs.base.error"
local core = require "cloudjobs.core"
local http1 = require "cloudjobs.http.reader"
local os_ = require "cloudjobs.os"
local writer = require "cloudjobs.http.writer"

local IDLE = 60 -- seconds that a connection may be idle
local READ_SIZE = 65536
local MAX_BODY = 16 * 1024 * 1024 -- bytes; no request of these services comes near
local LINGER = 2 -- seconds to go on reading from a client that was refused
local MOST_UNREAD = 16 * 1024 * 1024 -- bytes read from it, and thrown away
local ACCEPT_PAUSE = 0.05 -- seconds to wait when the process has no descriptor left

--- cqueues and luaossl are needed for the sockets alone; an error names them where they are missing.
local function sockets()
  local ok, cqueues = pcall(require, "cqueues")
  if not ok then
    error(Error.new {
      kind = "transport",
      message = "the emulator needs cqueues: apt-get install lua-cqueues, or luarocks install cqueues",
    })
  end
  return cqueues, require "cqueues.socket"
end

local function split_target(target)
  local path, query = target:gsub("^https?://[^/?]*", ""):match("^([^?]*)%??(.*)$")
  return path == "" and "/" or path, query ~= "" and query or nil
end

--- The response to what is not HTTP, before the connection is closed.
local function refuse(connection, problem)
  local body = core.json_encode { message = problem.message }
  connection:write(writer.response {
    status = problem.status,
    headers = { ["content-type"] = "application/json", connection = "close" },
    body = body,
  })
  connection:flush()
  -- Closing with bytes unread would reset the connection before the response is read.
  connection:shutdown "w"
  connection:settimeout(LINGER)
  local left = MOST_UNREAD
  while left > 0 do
    local bytes = connection:read(-READ_SIZE)
    if not bytes then
      return
    end
    left = left - #bytes
  end
end

--- Reads the next request. nil when the connection is done with.
local function read_request(connection, reader)
  while true do
    local message, problem = reader:message(function(head)
      if head.expects_continue then
        connection:write "HTTP/1.1 100 Continue\r\n\r\n"
      end
    end)
    if problem then
      if problem.code ~= "closed" then
        refuse(connection, problem)
      end
      return nil
    elseif message then
      return message.type ~= "closed" and message or nil
    end
    local bytes, why = connection:read(-READ_SIZE)
    if why then
      return nil
    end
    reader:feed(bytes)
  end
end

local function failure(message)
  return {
    status = 500,
    headers = { ["content-type"] = "application/json" },
    body = core.json_encode { message = "The emulator failed: " .. message },
  }
end

local function respond(app, message)
  local path, query = split_target(message.target)
  local request = {
    method = message.method,
    path = path,
    query = query,
    headers = message.headers,
    body = message.body,
  }
  local ok, response = xpcall(function()
    return app(request)
  end, debug.traceback)
  if ok then
    return response
  end
  io.stderr:write("emulator: ", response, "\n")
  return failure(response:match("^[^\n]*"))
end

-- A header that cannot be written, such as one with a line break of the request, is a failure.
local function write(response, message)
  response.headers.connection = message.keep_alive and "keep-alive" or "close"
  local bytes, problem = writer.response(response, message.method == "HEAD")
  return bytes or write(failure(problem), message)
end

local function serve_connection(cqueues, app, connection, context)
  connection:setmode("bn", "bfn")
  connection:settimeout(IDLE)
  connection:onerror(function(_, _, why)
    return why
  end)
  if context and not connection:starttls(context) then
    return
  end
  local reader = http1.reader { role = "server", max_body = MAX_BODY }
  while true do
    local message = read_request(connection, reader)
    if not message then
      return
    end
    local response = respond(app, message)
    if response.latency then
      cqueues.sleep(response.latency)
    end
    if response.drop then
      return
    end
    local bytes = write(response, message)
    if response.cut and response.cut < #response.body then
      connection:write(bytes:sub(1, #bytes - #response.body + response.cut))
      connection:flush()
      return
    end
    if not connection:write(bytes) or not connection:flush() or not message.keep_alive then
      return
    end
  end
end

local function make_app(options)
  local app_options = {}
  for name, value in pairs(options) do
    app_options[name] = value
  end
  app_options.wall = os_.now
  if options.folder then
    local ok, why = os_.make_folder(options.folder)
    if not ok then
      error(Error.new { kind = "config", message = "cannot write to the folder: " .. why })
    end
  end
  return App.new(app_options)
end

local function listen(socket, host, port)
  local listener = socket.listen { host = host, port = port, reuseaddr = true }
  listener:onerror(function(_, _, why)
    return why
  end)
  local ok, why = listener:listen()
  if not ok then
    error(Error.new {
      kind = "transport",
      message = ("cannot listen on %s:%d: %s"):format(host, port, require("cqueues.errno").strerror(why)),
    })
  end
  return listener
end

--- Takes connections for ever, each served by a coroutine of its own.
local function accept_all(cqueues, queue, listener, serve_one)
  while true do
    local connection = listener:accept()
    if connection then
      queue:wrap(function()
        local ok, message = pcall(serve_one, connection)
        connection:close()
        if not ok then
          io.stderr:write("emulator: ", tostring(message), "\n")
        end
      end)
    else
      cqueues.sleep(ACCEPT_PAUSE)
    end
  end
end

--- Listens, passes its address to `on_ready`, and serves until the process ends. Options:
--- host ("127.0.0.1"), port (0: a free one), tls, folder, and those of the app.
---@param options table
---@param on_ready fun(info: table) gets { port, url, certificate }
local function serve(options, on_ready)
  local cqueues, socket = sockets()
  local app = make_app(options)
  local context, certificate
  if options.tls then
    context, certificate = require("cloudjobs.emulator.certificate").make(core.uuid():gsub("-", ""))
  end
  local host = options.host or "127.0.0.1"
  local listener = listen(socket, host, options.port or 0)
  local _, _, port = listener:localname()

  local queue = cqueues.new()
  queue:wrap(accept_all, cqueues, queue, listener, function(connection)
    serve_connection(cqueues, app, connection, context)
  end)
  on_ready {
    port = port,
    url = ("%s://%s:%d"):format(options.tls and "https" or "http", options.tls and "localhost" or host, port),
    certificate = certificate,
  }
  assert(queue:loop())
end

return { serve = serve }
