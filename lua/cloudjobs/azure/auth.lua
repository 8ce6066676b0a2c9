--- Adds a token to a request. A token is a secret, so it leaves this machine over
--- https alone.

local Error = require "cloudjobs.base.error"
local message = require "cloudjobs.http.message"
local url = require "cloudjobs.http.url"

local Bearer = {}
local bearer_mt = { __name = "cloudjobs.azure.auth", __index = Bearer }

local function refused(problem)
  return Error.new { kind = "config", code = "insecure", message = problem }
end

-- "localhost" is a name that may resolve to another machine.
local function is_safe(parts)
  return parts.scheme == "https" or (parts.host ~= "localhost" and url.is_loopback(parts.host))
end

--- Why a secret may not be sent to an address, nil where it may.
---@param address string a URL
---@return cloudjobs.Error|nil err kind "config"
local function refusal(address)
  local parts, problem = url.parse(address)
  if parts and not is_safe(parts) then
    problem = "a token is sent over https or to a literal loopback address, not to "
      .. parts.scheme .. "://" .. parts.authority
  end
  return problem and refused(problem) or nil
end

--- Writes the header lines of `request`, with the identity's token.
---@param request { url: string, route: table }
---@param identity { token: string }
---@param call_id string|true the id that all attempts of a call share, true for a new UUID
---@return table|nil request
---@return cloudjobs.Error|nil err kind "config" where the token would be readable on its way
function Bearer:sign(request, identity, _, call_id) -- luacheck: ignore 212/self
  local err = refusal(request.url)
  if not err and identity.token:find("[^\33-\126]") then
    err = refused("the token is no line of printable characters")
  end
  if err then
    return nil, err
  end
  local signed
  signed, err = message.write(request, call_id, "Bearer " .. identity.token)
  return signed, err
end

local function new()
  return setmetatable({}, bearer_mt)
end

return { new = new, refusal = refusal }
