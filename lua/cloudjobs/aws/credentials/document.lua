--- The JSON document in which a credential process, a container's agent and
--- the instance metadata service hand keys over.

local core = require "cloudjobs.core"
local Identity = require "cloudjobs.aws.credentials.identity"

local function text(value)
  return type(value) == "string" and value ~= "" and value or nil
end

--- Decodes a JSON object.
---@param json string
---@return table|nil document
---@return string|nil message without anything of the text, which may hold a secret
local function decode(json)
  local document = core.json_decode(json)
  if type(document) ~= "table" then
    return nil, "expected a JSON object with keys, got something else"
  end
  return document
end

--- The identity a document stands for.
---@param document table
---@param token_name string the member that holds the session token
---@param source string
---@return cloudjobs.Identity|nil
---@return string|nil message
local function identity(document, token_name, source)
  for _, name in ipairs { "AccessKeyId", "SecretAccessKey" } do
    if not text(document[name]) then
      return nil, "expected " .. name .. " in the answer"
    end
  end
  local expiration, message
  if document.Expiration ~= nil then
    expiration, message = core.epoch(text(document.Expiration) or "")
    if not expiration then
      return nil, "Expiration: " .. message
    end
  end
  return Identity.new {
    access_key_id = document.AccessKeyId,
    secret_access_key = document.SecretAccessKey,
    session_token = text(document[token_name]),
    account_id = text(document.AccountId),
    expiration = expiration,
    source = source,
  }
end

return { decode = decode, identity = identity }
