--- A token that Azure gave, and the strict reading of the reply it came in.

local ascii = require "cloudjobs.base.ascii"
local core = require "cloudjobs.core"
local Error = require "cloudjobs.base.error"
local quote = require "cloudjobs.base.quote"

-- A token with hundreds of groups stays below 20 KB.
local MAX_REPLY = 128 * 1024
-- Whatever lives longer is not a lifetime.
local MAX_LIFE = 366 * 86400
-- Seconds before the expiration from which a token is refreshed.
local REFRESH_BEFORE = 300
local LONG_LIFE = 7200
local MAX_DIGITS = 15 -- of a number of seconds

---@class cloudjobs.azure.Identity
---@field token string
---@field expiration number|nil epoch seconds
---@field refresh_at number|nil from when on it should be refreshed
---@field source string where it came from
local identity_mt = { __name = "cloudjobs.azure.identity" }

function identity_mt.__tostring(self)
  return "cloudjobs.azure.identity: a token from " .. self.source
end

--- Keeps `fields` as an identity. It is never changed: a refresh makes another.
---@return cloudjobs.azure.Identity
local function new(fields)
  return setmetatable(fields, identity_mt)
end

--- A failure to get a token.
---@param source string
---@param fields table of the error
---@return nil, cloudjobs.Error
local function failure(source, fields)
  fields.kind = "credentials"
  fields.message = source .. ": " .. fields.message
  return nil, Error.new(fields)
end

-- Metadata endpoints write numbers as strings.
local function number_of(value)
  if type(value) == "string" then
    return #value <= MAX_DIGITS and value:find("^[0-9]+$") and tonumber(value) or nil
  end
  return type(value) == "number" and value or nil
end

-- The lifetime from the moment of asking, so that a wrong clock does no harm.
local function life_of(reply, asked_at)
  local life = number_of(reply.expires_in)
  if life then
    return life
  end
  local till = number_of(reply.expires_on) or (type(reply.expires_on) == "string" and core.epoch(reply.expires_on))
  return till and till - asked_at
end

local function refresh_at(reply, asked_at, life)
  local after = number_of(reply.refresh_in)
  if after and after > 0 and after < life then
    return asked_at + after
  end
  return asked_at + (life > LONG_LIFE and life / 2 or math.max(life - REFRESH_BEFORE, life / 2))
end

--- The identity in the reply of a token endpoint, or what is wrong with it.
---@param response { status: integer, headers: table, body: string } of status 200
---@param asked_at number epoch seconds, when the request was made
---@param source string
---@return cloudjobs.azure.Identity|nil identity
---@return cloudjobs.Error|nil err
local function read(response, asked_at, source)
  local function refuse(message)
    return failure(source, { code = "reply", message = message, status = response.status })
  end
  if #response.body > MAX_REPLY then
    return refuse(("the token reply is too large: %d bytes"):format(#response.body))
  end
  local reply = core.json_decode(response.body)
  if type(reply) ~= "table" then
    local media_type = quote.line(response.headers["content-type"] or "of no content type")
    return refuse("the token reply is not JSON but " .. media_type
      .. ", perhaps from a proxy or a sign-in page on the way")
  end
  local token = reply.access_token
  if type(token) ~= "string" or not token:find("^[A-Za-z0-9%-._~+/=]+$") then
    return refuse("the token reply has no access_token")
  elseif type(reply.token_type) == "string" and ascii.lower(reply.token_type) ~= "bearer" then
    return refuse("the token is not a bearer token")
  end
  local life = life_of(reply, asked_at)
  if not life then
    return refuse("the token reply does not say when the token expires")
  elseif not (life > 0 and life <= MAX_LIFE) then
    return refuse("the token reply gives an expiry that is past or absurd: check this machine's clock")
  end
  return new {
    token = token,
    expiration = asked_at + life,
    refresh_at = refresh_at(reply, asked_at, life),
    source = source,
  }
end

return { new = new, read = read, failure = failure }
