--- Shared access signatures: the query that signs each request of a client in place of a token. Whoever has it may do
--- what it allows, so it leaves this machine over https alone, and no message shows it.

local auth = require "cloudjobs.azure.auth"
local message = require "cloudjobs.http.message"

local Sas = {}
local sas_mt = { __name = "cloudjobs.azure.blob.sas", __index = Sas }

-- The identity of all requests; see call/secrets for what its members are hidden from.
local Provider = {}
local provider_mt = {
  __name = "cloudjobs.azure.blob.sas_provider",
  __index = Provider,
  __tostring = function()
    return "a shared access signature"
  end,
}

function Provider:get()
  return self._identity
end

Provider.cached = Provider.get

--- Adds the signature to the request's URL.
---@param request cloudjobs.Request
---@param identity { token: string }
---@param call_id string|true as for auth.sign
---@return table|nil request
---@return cloudjobs.Error|nil err kind "config" where it would be readable on its way
function Sas:sign(request, identity, _, call_id) -- luacheck: ignore 212/self
  local route = request.route
  if not route.has_sas then -- each request has a route of its own, and keeps it for the next attempt
    local err = auth.refusal(route.url)
    if err then
      return nil, err
    end
    route.url = route.url .. (route.query and "&" or "?") .. identity.token
    route.query = (route.query and route.query .. "&" or "") .. identity.token
    route.has_sas = true
  end
  local signed, err = message.write(request, call_id)
  return signed, err
end

--- What signs, and what gives the signature to it.
---@param text string the signature's query, with or without the question mark
---@return table|nil auth
---@return cloudjobs.Provider|string provider or a message, which does not show the text
local function new(text)
  text = text:gsub("^%?", "")
  local signature = ("&" .. text):match("&sig=([^&]+)")
  if not signature or text:find("[^A-Za-z0-9%-._~%%&=:+/,;!*'()$@]") then
    return nil, "expected the query of a shared access signature, such as sv=…&sp=rl&sig=…"
  end
  local identity = setmetatable({
    token = text, source = "sas", encoded_signature = signature,
    signature = signature:gsub("%%(%x%x)", function(hex)
      return string.char(tonumber(hex, 16))
    end) .. "",
  }, { __tostring = provider_mt.__tostring })
  return setmetatable({}, sas_mt), setmetatable({ _identity = identity }, provider_mt)
end

return { new = new }
