--- The way requests leave this machine: through which proxy, whom they trust,
--- what they show. Proxies of the environment are read as botocore reads them,
--- when the first request is about to leave.

local Error = require "cloudjobs.base.error"
local ascii = require "cloudjobs.base.ascii"
local quote = require "cloudjobs.base.quote"

-- Options that a transport honours, or cannot.
local OPTIONS = { "proxy", "no_proxy", "ca_bundle", "client_cert", "client_key" }

local MAX_PROXY = 4096 -- bytes of its URL

---@class cloudjobs.Network
---@field to table<string, table|false> what a request's `network` has to be, by its URL or origin
local Network = {}
local network_mt = { __name = "cloudjobs.network", __index = Network }

-- A variable's text and its name. Lower case wins, and unsets the other where
-- it is empty. HTTP_PROXY is what any client of a CGI program can set by a
-- header Proxy.
local function of_environment(getenv, scheme)
  local name = scheme .. "_proxy"
  local text = getenv(name)
  if not text then
    if scheme == "http" and getenv("REQUEST_METHOD") then
      return nil
    end
    name = ascii.upper(name)
    text = getenv(name)
  end
  if text ~= "" then
    return text, name
  end
end

-- What is wrong with a proxy's URL, nil when nothing. Nothing of it is shown:
-- where a mark is not encoded, any part may be of the password. libcurl connects
-- without the proxy where an escape in the user or password is one of a control character.
local function problem_of(proxy)
  if #proxy > MAX_PROXY then
    return ("expected at most %d bytes"):format(MAX_PROXY)
  end
  local authority = proxy:match("://(.*)$")
  local _, marks = authority:gsub("@", "")
  local host = authority:gsub("^.*@", "")
  if marks > 1 or (marks == 1 and authority:find("[#?/\\].*@")) or (marks == 0 and authority:find("#", 1, true)) then
    return "percent-encode @ and # in the password (%40, %23), and so / and ? (%2F, %3F)"
  elseif proxy:find("[%z\1-\32\127]") or not host:find("^[A-Za-z0-9.%-_\128-\255]+:?[0-9]*/?$")
    and not host:find("^%[[0-9A-Fa-f:.]+%]:?[0-9]*/?$") then
    return "expected scheme://host:port, with user:password@ before the host where the proxy wants it"
  elseif authority:find("%%[01]%x") then
    return "expected no control characters in the user and password"
  end
end

--- Whether `no_proxy` names the host: itself, a domain above it, or `*` alone.
---@param no_proxy string names with commas between them
---@param authority string host, or host:port
---@return boolean
local function is_passed_by(no_proxy, authority)
  if no_proxy:gsub("%s+", "") == "*" then
    return true
  end
  authority = ascii.lower(authority)
  local host = authority:gsub(":%d+$", "")
  for name in ascii.lower(no_proxy):gmatch("[^, \t-\r]+") do
    local tail = "." .. name:gsub("^%.+", "")
    for _, full in ipairs { "." .. host, "." .. authority } do
      if tail ~= "." and full:sub(-#tail) == tail then
        return true
      end
    end
  end
  return false
end

local function proxy_for(self, scheme, authority)
  local given, getenv = self._options, self._getenv
  local proxy, source, no_proxy = given.proxy, "option proxy", given.no_proxy
  if not proxy and self._honours.proxy == true then
    proxy, source = of_environment(getenv, scheme)
    no_proxy = no_proxy or (of_environment(getenv, "no"))
  end
  if not proxy or proxy == "" or (no_proxy and is_passed_by(no_proxy, authority)) then
    return nil
  end
  proxy = proxy:find("://", 1, true) and proxy or "http://" .. proxy
  local problem = problem_of(proxy)
  return proxy, problem and source .. ": " .. problem
end

--- The error of a file's path: PEM text is a common mistake in its place, and reading a pipe or a device may never end.
--- The transport reports a missing file.
---@param name string "ca_bundle", "client_cert" or "client_key"
---@param path string
---@return string|nil message begins with the name
local function path_problem(name, path)
  if path:find("[%z\r\n]") then
    return ("%s: expected the path of a file, got %s"):format(name, quote.path(path))
  end
  local kind = require("cloudjobs.os").file_kind(path) -- loaded where a path is given
  if kind == "other" or (kind == "folder" and name ~= "ca_bundle") then
    return ("%s: %s is %s; expected a file in PEM"):format(name, quote.path(path),
      kind == "folder" and "a folder" or "a pipe, a device or a socket")
  end
end

local function paths_problem(self)
  for _, name in ipairs { "ca_bundle", "client_cert", "client_key" } do
    local path = self._options[name] or self["_" .. name]
    local problem = path and path_problem(name, path)
    if problem then
      return problem
    end
  end
end

-- The network settings of one origin; false where there are none.
local function way_to(self, url)
  local scheme, authority = url:match("^(%a+)://([^/?#]*)")
  local given = self._options
  local proxy, problem = proxy_for(self, ascii.lower(scheme), authority)
  problem = problem or paths_problem(self)
  local way = {
    proxy = proxy,
    problem = problem,
    ca_bundle = given.ca_bundle or self._ca_bundle,
    client_cert = given.client_cert,
    client_key = given.client_key,
  }
  return next(way) and way or false
end

-- A table that finds each way when it is first asked for, since every call asks.
local function ways(self)
  return setmetatable({}, {
    __index = function(known, url)
      local way = way_to(self, url)
      if not (way and way.problem) then -- a file may be replaced later
        known[url] = way
      end
      return way
    end,
  })
end

--- The network settings of a request to `url`, nil where there are none.
---@param url string or an origin
---@return { proxy: string|nil, ca_bundle: string|nil, client_cert: string|nil, client_key: string|nil }|nil
---@return cloudjobs.Error|nil err kind "config", for a proxy that is no URL or a file that is no path
function Network:settings_for(url)
  local way = self.to[url] or nil
  if way and way.problem then
    return nil, Error.new { kind = "config", code = "config", message = way.problem }
  end
  return way
end

--- Trusts what the configuration names, where no option names another and the
--- transport can.
---@param ca_bundle string|nil
function Network:trust(ca_bundle)
  if self._honours.ca_bundle == true then
    self._ca_bundle = ca_bundle
    self.to = ways(self)
  end
end

--- Nothing is read yet. `to` holds, by URL or origin, what a request's
--- `network` has to be: { proxy, ca_bundle, client_cert, client_key } or false.
---@param options { proxy: string|nil, no_proxy: string|nil, ca_bundle: string|nil, client_cert: string|nil,
---   client_key: string|nil } proxy: "" for none
---@param honours table<string, boolean> what the transport can
---@param getenv fun(name: string): string|nil
local function new(options, honours, getenv)
  local given = {}
  for _, name in ipairs(OPTIONS) do
    given[name] = options[name]
  end
  local self = setmetatable({ _options = given, _honours = honours, _getenv = getenv }, network_mt)
  self.to = ways(self)
  return self
end

return { new = new, path_problem = path_problem, OPTIONS = OPTIONS }
