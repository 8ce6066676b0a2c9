--- The check of a pooled connection for input that precedes the request, which
--- would be read as its response: nginx closes such a connection, but only when
--- its event loop runs.

local ngx = ngx

local POLLIN = 1
local MAX_TEXT = 128 -- bytes of an error's text

-- Under names of our own: another library may declare these functions, too.
local DECLARATIONS = [[
  struct cloudjobs_pollfd { int fd; short events, revents; };
  int cloudjobs_poll(struct cloudjobs_pollfd *fds, unsigned long count, int timeout) __asm__("poll");
  int cloudjobs_descriptor(void *upstream, int fd, unsigned char *text, size_t *size)
    __asm__("ngx_http_lua_ffi_socket_tcp_hack_fd");
]]

local C -- functions and buffers of C, created when first used

-- nginx's Lua module has getfd from 0.10.29 on. Earlier versions have a function
-- for their own tests: it sets the descriptor, unless the new one is negative,
-- and returns the earlier one.
local function descriptor_of(ffi)
  local is_there, get = pcall(function() return ffi.C.cloudjobs_descriptor end)
  local text, size = ffi.new("unsigned char[?]", MAX_TEXT), ffi.new("size_t[1]")
  return is_there and ngx.config.subsystem == "http" and function(socket)
    size[0] = MAX_TEXT
    return get(socket[1], -1, text, size)
  end or nil
end

local function load()
  local ffi = require "ffi"
  ffi.cdef(DECLARATIONS)
  return { poll = ffi.C.cloudjobs_poll, list = ffi.new("struct cloudjobs_pollfd[1]"), descriptor = descriptor_of(ffi) }
end

--- Whether `has_input` works: nginx's Lua module gives descriptors.
---@param socket table a cosocket
---@return boolean
local function is_visible(socket)
  C = C or load()
  return (socket.getfd or C.descriptor) ~= nil
end

--- Whether the kernel holds input of a connected socket, or its end.
---@param socket table a cosocket
---@return boolean
local function has_input(socket)
  local fd
  if socket.getfd then
    fd = socket:getfd()
  else
    fd = C.descriptor(socket)
  end
  C.list[0].fd, C.list[0].events = fd or -1, POLLIN
  return C.poll(C.list, 1, 0) > 0
end

return { is_visible = is_visible, has_input = has_input }
