--- What a client of blobs has in place of the parts that speak to Azure Resource Manager.

local Bearer = require "cloudjobs.azure.auth"
local Endpoint = require "cloudjobs.azure.endpoint"
local Error = require "cloudjobs.base.error"
local Model = require "cloudjobs.model"
local Sas = require "cloudjobs.azure.blob.sas"
local option = require "cloudjobs.base.options"
local protocol = require "cloudjobs.azure.blob.protocol"
local quote = require "cloudjobs.base.quote"

-- Storage has one audience in all clouds.
local TOKEN_SCOPE = "https://storage.azure.com/.default"

--- Whether a text is the name of a storage account.
---@param name string
---@return boolean
local function is_account(name)
  return name:find("^[a-z0-9]+$") ~= nil and #name >= 3 and #name <= 24
end

--- The address of an account's blobs; nil and a message where the cloud is one of the caller's without it.
---@param cloud { blob_suffix: string|nil }
---@param account string
---@return string|nil url
---@return string|nil message
local function address(cloud, account)
  if not cloud.blob_suffix then
    return nil, "option cloud: expected blob_suffix, what follows an account's name in the host of its blobs"
  end
  return ("https://%s.%s"):format(account, cloud.blob_suffix)
end

-- The address by the options of a client; raises a mistake of the caller.
local function address_of(options, cloud, what)
  local account = options.account
  if (account == nil) == (options.endpoint == nil) then
    option.mistake(what .. ": expected account, a storage account's name, or endpoint, the URL of an account's blobs")
  elseif options.endpoint then
    return options.endpoint
  elseif not is_account(account) then
    option.mistake(("%s: option account: expected 3 to 24 lower-case letters and digits, got %s"):format(
      what, quote.value(account)))
  end
  local url, message = address(cloud, account)
  if not url then
    option.mistake(("%s: %s"):format(what, message))
  end
  return url
end

-- The service takes no body without its length.
local function frame_body(_, _, _, _, source)
  if source.length then
    return source
  end
  return nil, Error.new {
    kind = "validation", code = "validation",
    message = "Blob Storage needs the length of a body: give a file that can be sought in, text, or an object with a "
      .. "length",
  }
end

-- What makes this client again, without credentials.
local function settings(context)
  return { cloud = context.cloud, api_version = context.api_version }
end

--- Completes the context of a client of blobs.
---@param context table has what the clients of all services have; its credentials give tokens for any scope
---@param url string of the account's blobs
---@param sas string|nil a shared access signature in place of tokens
---@return table|nil context
---@return string|nil message
local function complete(context, url, sas)
  local credentials
  context.auth = Bearer.new()
  if sas then
    context.auth, credentials = Sas.new(sas)
    if not context.auth then
      return nil, credentials
    end
    context.credentials = credentials
  end
  local model = Model.load "azure_blobs"
  context.model, context.protocol, context.endpoint = model, protocol, Endpoint.new(url)
  context.has_sas, context.frame_body, context.settings = sas ~= nil, frame_body, settings
  context.api_version = context.api_version or model.service.api_version
  return context
end

return {
  TOKEN_SCOPE = TOKEN_SCOPE, is_account = is_account, address = address, address_of = address_of, complete = complete,
}
