--- The access token that `aws sso login` left in ~/.aws/sso/cache: read,
--- refreshed while that can be done without a browser, and written back.

local core = require "cloudjobs.core"
local document = require "cloudjobs.aws.credentials.document"
local file = require "cloudjobs.cloud.file"
local quote = require "cloudjobs.base.quote"

-- From here on before its end a token is exchanged for the next one.
local WINDOW = 15 * 60

local FOLDER = "~/.aws/sso/cache/"

local REFRESH_NEEDS = { "refreshToken", "clientId", "clientSecret", "registrationExpiresAt" }

local function text(value)
  return type(value) == "string" and value ~= "" and value or nil
end

-- Some tools wrote "2020-06-17T10:02:08UTC".
local function epoch(value)
  local time = text(value)
  return time and core.epoch((time:gsub("UTC$", "Z")))
end

--- The cached token: its file's whole document, and the file's path.
---@return table|nil token
---@return string path or, on failure, a message that names the file
local function load(config, key)
  local path = config:expand(FOLDER) .. core.sha1(key) .. ".json"
  local content, message, missing = file.read_text(path)
  if missing then
    return nil, "there is no token in " .. quote.path(path)
  elseif not content then
    return nil, message
  end
  local token
  token, message = document.decode(content)
  if not token then
    return nil, quote.path(path) .. ": " .. message
  elseif not (text(token.accessToken) and epoch(token.expiresAt)) then
    return nil, quote.path(path) .. ": expected accessToken and expiresAt"
  end
  return token, path
end

local function can_refresh(token, now)
  for _, name in ipairs(REFRESH_NEEDS) do
    if not text(token[name]) then
      return false
    end
  end
  local registered_until = epoch(token.registrationExpiresAt)
  return registered_until ~= nil and registered_until > now
end

-- The next token, written over the old one. Unknown members are kept: other
-- tools read the file too.
local function refresh(token, path, session, world)
  local output = world.api("sso_oidc", "create_token", {
    grantType = "refresh_token",
    clientId = token.clientId,
    clientSecret = token.clientSecret,
    refreshToken = token.refreshToken,
  }, { region = session.sso_region })
  if not (output and output.accessToken and output.expiresIn) then
    return nil
  end
  token.startUrl = session.sso_start_url
  token.region = session.sso_region
  token.accessToken = output.accessToken
  token.expiresAt = core.iso(math.floor(world.transport:now()) + output.expiresIn)
  token.refreshToken = output.refreshToken or token.refreshToken
  -- Without the file the token still serves this once.
  require("cloudjobs.os").write_private(path, core.json_encode(token))
  return token
end

--- The access token of a session, refreshed if it can be and has to be.
---@param session { sso_session: string|nil, sso_start_url: string, sso_region: string }
---   without sso_session the token is the legacy one of the start URL, which cannot be refreshed
---@param config cloudjobs.Config
---@param world { api: function, transport: table }
---@return string|nil access_token
---@return string|nil message
local function get(session, config, world)
  local token, path = load(config, session.sso_session or session.sso_start_url)
  if not token then
    return nil, path
  end
  local now = world.transport:now()
  if session.sso_session and epoch(token.expiresAt) - now < WINDOW and can_refresh(token, now) then
    token = refresh(token, path, session, world) or token
  end
  if epoch(token.expiresAt) <= now then
    return nil, "the token in " .. quote.path(path) .. " has expired"
  end
  return token.accessToken
end

return { get = get }
