--- The way requests leave this machine: through which proxy, whom they trust,
--- what they show. Proxies of the environment are read as botocore reads them,
--- when the first request is about to leave.

-- Options that a transport honours, or cannot.
local OPTIONS = { "proxy", "no_proxy", "ca_bundle", "client_cert", "client_key" }

local Network = {}
local network_mt = { __name = "cloudjobs.network", __index = Network }

-- Lower case wins, and unsets the other where it is empty. HTTP_PROXY is what
-- any client of a CGI program can set by a header Proxy.
local function of_environment(getenv, scheme)
  local name = scheme .. "_proxy"
  local text = getenv(name)
  if text then
    return text ~= "" and text or nil
  elseif scheme == "http" and getenv("REQUEST_METHOD") then
    return nil
  end
  text = getenv(name:upper())
  return text ~= "" and text or nil
end

--- Whether `no_proxy` names the host: itself, a domain above it, or `*` alone.
---@param no_proxy string names with commas between them
---@param authority string host, or host:port
---@return boolean
local function is_passed_by(no_proxy, authority)
  if no_proxy:gsub("%s+", "") == "*" then
    return true
  end
  authority = authority:lower()
  local host = authority:gsub(":%d+$", "")
  for name in no_proxy:lower():gmatch("[^,%s]+") do
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
  local proxy, no_proxy = given.proxy, given.no_proxy
  if not proxy and self._honours.proxy then
    proxy = of_environment(getenv, scheme)
    no_proxy = no_proxy or of_environment(getenv, "no")
  end
  if not proxy or proxy == "" or (no_proxy and is_passed_by(no_proxy, authority)) then
    return nil
  end
  return proxy:find("://", 1, true) and proxy or "http://" .. proxy
end

-- What the transport has to heed for one place; false where that is nothing.
local function way_to(self, url)
  local scheme, authority = url:match("^(%a+)://([^/?#]*)")
  local given = self._options
  local way = {
    proxy = proxy_for(self, scheme:lower(), authority),
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
      known[url] = way_to(self, url)
      return known[url]
    end,
  })
end

--- Trusts what the configuration names, where no option names another and the
--- transport can.
---@param ca_bundle string|nil
function Network:trust(ca_bundle)
  if self._honours.ca_bundle then
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

return { new = new, OPTIONS = OPTIONS }
