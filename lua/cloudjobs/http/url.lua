--- The parts of a URL, as far as service addresses need them.

local ascii = require "cloudjobs.base.ascii"

local DEFAULT_PORT = { http = 80, https = 443 }

--- Splits an absolute http or https URL.
---@param text string
---@return { scheme: string, host: string, port: integer, authority: string, path: string, query: string|nil }|nil
---@return string|nil message
local function parse(text)
  local scheme, authority, rest = text:match("^(%a+)://([^/?#]*)(.*)$")
  scheme = scheme and ascii.lower(scheme)
  if not DEFAULT_PORT[scheme] then
    return nil, "expected an absolute http or https URL"
  end
  if authority:find("@", 1, true) then
    return nil, "expected no user name or password in the URL"
  end
  local host, port = authority:match("^(%[[%x:.]+%])(.*)$")
  if not host then
    host, port = authority:match("^([%w%-._]+)(.*)$")
  end
  if not host or not (port == "" or port:find("^:%d+$")) then
    return nil, "expected a host name, with or without a port"
  end
  local number = port == "" and DEFAULT_PORT[scheme] or tonumber(port:sub(2))
  if number < 1 or number > 65535 then
    return nil, "expected a port from 1 to 65535"
  end
  if text:find("[%c%s#]") then
    return nil, "expected no blanks, control characters or fragment"
  end
  local path, query = rest:match("^([^?]*)%??(.*)$")
  return {
    scheme = scheme,
    host = ascii.lower(host),
    port = number,
    -- As in the Host header: a default port is left out.
    authority = ascii.lower(host) .. (number == DEFAULT_PORT[scheme] and "" or ":" .. ("%d"):format(number)),
    -- libcurl sends its escapes in capitals (RFC 3986 6.2.2.1), so those are what has to be signed.
    path = (path:gsub("%%%x%x", ascii.upper)),
    query = query ~= "" and query or nil,
  }
end

--- `text` as a message may show it: without a user name, a password or a query,
--- which may hold a signature.
---@param text string
---@return string
local function shown(text)
  local slashes, at = text:find("//", 1, true), text:match("^.*()@")
  if slashes and at and at > slashes + 1 then
    text = text:sub(1, slashes + 1) .. "…" .. text:sub(at)
  end
  local address = text:match("^[^?]*")
  return address .. (#address < #text and "?…" or "")
end

--- Whether `host` is this machine by its literal address or as localhost.
---@param host string lower-case, an IPv6 address in brackets
---@return boolean
local function is_loopback(host)
  return host == "localhost" or host == "[::1]" or host:find("^127%.%d+%.%d+%.%d+$") ~= nil
end

--- Percent-encodes all but the unreserved characters of RFC 3986.
---@param text string
---@return string
local function encode(text)
  return (text:gsub("[^A-Za-z0-9%-._~]", function(char)
    return ("%%%02X"):format(char:byte())
  end))
end

return { parse = parse, shown = shown, is_loopback = is_loopback, encode = encode }
