--- The transports by name, and the one this process uses when none is given.

local native = require "cloudjobs.base.native"

--- The contract of a transport. A program may bring its own: `send`, `sleep`,
--- `now`, `clock` and `single` are required, the rest may be left out.
---@class cloudjobs.Transport
---@field honours table<string, boolean|string>|nil which of the options proxy, ca_bundle, client_cert and client_key a
---   request's `network` may carry; a client refuses the others, with the reason where it is given as a string.
---   `streams`: a request may carry a sink and a source (see http/message.lua)
---@field env table<string, string>|nil stands for the environment of the process
---@field store cloudjobs.Store|nil shares credentials, tokens and retry quotas with other processes
---@field send fun(self: cloudjobs.Transport, request: cloudjobs.Request): cloudjobs.Response|nil, cloudjobs.Error|nil
---   sends one request and waits for its whole response, whatever the status, a redirect too. The error has kind
---   "transport" with code "resolve", "connect", "tls", "proxy", "timeout", "closed", "protocol" or "too_large",
---   kind "validation" for a request that cannot be written, or "cancelled"; `ambiguous` is true unless it is certain
---   that the request did not reach the server
---@field sleep fun(self: cloudjobs.Transport, seconds: number, cancel: cloudjobs.Canceller|nil): true|nil,
---   cloudjobs.Error|nil waits; the error is what ended the wait early, of kind "cancelled", "timeout" (the group's in
---   cloudjobs.parallel) or "transport" (nothing may wait here)
---@field now fun(self: cloudjobs.Transport): number wall time in epoch seconds, with a fraction
---@field clock fun(self: cloudjobs.Transport): number monotonic time in seconds
---@field single fun(self: cloudjobs.Transport, key: string, f: fun(): any, any): any, any runs `f` once for all callers
---   that wait for the same key at that time, and returns what it returned to each
---@field no_children (fun(self: cloudjobs.Transport): string|nil)|nil why no child process can be started here, if so
---@field setup_hint string|nil what to do where no credentials are found, if the transport was not set up
---@field run (fun(self: cloudjobs.Transport, argv: string[], options: table): table|nil, string|nil, string|nil)|nil
---   runs a child process as cloudjobs.os.run does, where that would block others
---@field create (fun(self: cloudjobs.Transport, path: string): cloudjobs.File|nil, cloudjobs.Error|nil)|nil a new file
---   for `path`, for a sink that is one; required where it streams (see transport/file.lua)
---@field close (fun(self: cloudjobs.Transport))|nil closes connections; later requests fail with code "closed"

local function load(name)
  return function(options)
    local loaded, transport = pcall(require, "cloudjobs.transport." .. name)
    if not loaded then
      error(native.explain(transport), 0)
    end
    return transport.new(options)
  end
end

local function in_nginx()
  return rawget(_G, "ngx") ~= nil
end

local shared

--- The process's default transport: cosockets inside nginx, libcurl elsewhere.
--- Made on first use, so that requiring cloudjobs loads no network library.
local function default()
  shared = shared or load(in_nginx() and "nginx" or "multi")()
  return shared
end

--- Makes `transport` the process's default, for clients yet to be made.
local function use(transport)
  shared = transport
end

--- What light threads run on here.
local function scheduler()
  if in_nginx() then
    return require "cloudjobs.transport.nginx.scheduler"
  end
  return require "cloudjobs.transport.scheduler"
end

return {
  curl = load("curl"),
  multi = load("multi"),
  nginx = load("nginx"),
  default = default,
  use = use,
  scheduler = scheduler,
}
