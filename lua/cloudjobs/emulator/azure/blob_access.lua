--- Who may read and write blobs: tokens for storage, and shared access signatures, which are made anew and compared.

local auth = require "cloudjobs.emulator.auth"
local core = require "cloudjobs.core"
local refuse = require("cloudjobs.emulator.refuse").refuse
local url = require "cloudjobs.http.url"

local FIRST_VERSION = "2017-11-09" -- that accepts tokens
local FIRST_SAS_VERSION = "2020-12-06" -- whose signatures have the fields below

local LINK_VERSION = "2024-11-04" -- of the links that are handed out

local FAILED = "Server failed to authenticate the request. Make sure the value of Authorization header is formed "
  .. "correctly including the signature."

-- The permission that each operation needs, and the type of its resource in an account's signature.
local NEEDS = {
  list = { "l", "c" }, get = { "r", "o" }, head = { "r", "o" }, put = { "[cw]", "o" },
  create_container = { "[cw]", "c" },
}

local CHALLENGE = "Bearer authorization_uri=https://login.microsoftonline.com/%s/oauth2/authorize "
  .. "resource_id=https://storage.azure.com"

local function challenge(world)
  return { headers = { ["www-authenticate"] = CHALLENGE:format(world.tenant) } }
end

local function forbid(code, message)
  refuse(code, message, nil, 403)
end

local SEE_HEADER = "Server failed to authenticate the request. Please refer to the information in the "
  .. "www-authenticate header."
local NOT_AUTHORIZED = "This request is not authorized to perform this operation using this %s."

local function is_for_storage(audience)
  return audience:find("^https://storage%.azure%.com/?$") ~= nil
    or audience:find("^https://[a-z0-9]+%.blob%.core%.[a-z.]+/?$") ~= nil
end

local function check_token(world, target, authorization)
  local token = world.tokens[authorization:match("^[Bb]earer +(%S+)$")]
  if not token or token.expires_at <= world.wall() then
    local message = token and "Lifetime validation failed. The token is expired." or SEE_HEADER
    refuse("InvalidAuthenticationInfo", message, challenge(world), 401)
  elseif not auth.is_for(token, is_for_storage) then
    refuse("InvalidAuthenticationInfo", "Audience validation failed. Audience did not match.", challenge(world), 401)
  elseif not target.version or target.version < FIRST_VERSION then
    refuse("InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format: x-ms-version.")
  end
end

-- The text that the signature of an account is made of.
local function account_text(target, query)
  return table.concat({
    target.account, query.sp or "", query.ss, query.srt or "", query.st or "", query.se or "", query.sip or "",
    query.spr or "", query.sv, query.ses or "", "",
  }, "\n")
end

-- The text that the signature of a container or a blob is made of.
local function service_text(target, query)
  local resource = ("/blob/%s/%s"):format(target.account, target.container)
  if query.sr == "b" then
    resource = resource .. "/" .. (target.blob or "")
  end
  local fields = { query.sp or "", query.st or "", query.se or "", resource }
  for _, name in ipairs { "si", "sip", "spr", "sv", "sr", "snapshot", "ses", "rscc", "rscd", "rsce", "rscl", "rsct" } do
    fields[#fields + 1] = query[name] or ""
  end
  return table.concat(fields, "\n")
end

local function is_current(world, query)
  local from, to = core.epoch(query.st or ""), core.epoch(query.se or "")
  local now = world.wall()
  return to ~= nil and now < to and not (from and now < from)
end

local function sign(world, target, query)
  local text = query.ss and account_text(target, query) or service_text(target, query)
  return core.base64_encode(core.hmac_sha256(core.base64_decode(world.storage_key), text))
end

--- The query of a link that lets whoever has it read one blob.
---@param world table
---@param target { account: string, container: string, blob: string }
---@param expiry string ISO-8601
---@return string
local function link_query(world, target, expiry)
  local query = { sv = LINK_VERSION, sr = "b", sp = "r", se = expiry }
  return ("sv=%s&sr=b&sp=r&se=%s&sig=%s"):format(
    LINK_VERSION, url.encode(expiry), url.encode(sign(world, target, query)))
end

local function check_signature(world, target, query)
  query.sv = query.sv or ""
  local signature = sign(world, target, query)
  local needs = NEEDS[target.name] or {}
  if query.sv < FIRST_SAS_VERSION or signature ~= query.sig or not is_current(world, query) then
    forbid("AuthenticationFailed", FAILED)
  elseif world.is_keyless(target.account) then
    forbid("KeyBasedAuthenticationNotPermitted", "Key based authentication is not permitted on this storage account.")
  elseif query.ss and not query.ss:find("b", 1, true) then
    forbid("AuthorizationServiceMismatch", NOT_AUTHORIZED:format "service")
  elseif query.srt and not query.srt:find(needs[2] or "o", 1, true) then
    forbid("AuthorizationResourceTypeMismatch", NOT_AUTHORIZED:format "resource type")
  elseif not (query.sp or ""):find(needs[1] or "x") then
    forbid("AuthorizationPermissionMismatch", NOT_AUTHORIZED:format "permission")
  end
end

--- Checks a request: a token or a signature, not both.
---@param world table has storage_key (base64) and is_keyless(account), whether an account allows no shared keys
---@param target { account: string, container: string, blob: string|nil, name: string, version: string|nil }
---@param request table
---@param query table<string, string>
local function verify(world, target, request, query)
  local authorization = request.headers.authorization
  if authorization and query.sig then
    refuse("InvalidAuthenticationInfo", "A signature and an Authorization header exclude each other.")
  elseif query.sig then
    check_signature(world, target, query)
  elseif not authorization then
    refuse("NoAuthenticationInformation", SEE_HEADER, challenge(world), 401)
  elseif authorization:find("^[Bb]earer ") then
    check_token(world, target, authorization)
  else
    forbid("AuthenticationFailed", FAILED)
  end
end

return { verify = verify, link_query = link_query }
