--- AWS_CREDENTIAL_FILE: two lines with keys, as Amazon's first tools had them.

local Identity = require "cloudjobs.aws.credentials.identity"
local ascii = require "cloudjobs.base.ascii"
local file = require "cloudjobs.cloud.file"
local quote = require "cloudjobs.base.quote"

local SOURCE = "ec2-credentials-file"
local VARIABLE = "AWS_CREDENTIAL_FILE"

---@class cloudjobs.aws.credentials.key_file: cloudjobs.Provider
local KeyFile = {}
local key_file_mt = { __name = "cloudjobs.aws.credentials.key_file", __index = KeyFile }

---@return cloudjobs.Identity|nil identity
---@return cloudjobs.Error|nil err
function KeyFile:get()
  local path = self._config:getenv(VARIABLE)
  if not path then
    return Identity.absent(SOURCE, VARIABLE .. " is not set")
  end
  local text, message = file.read_text(self._config:expand(path))
  if not text then
    return Identity.failure(SOURCE, VARIABLE .. ": " .. message)
  end
  local keys = {}
  for line in text:gmatch("[^\r\n]+") do
    local name, value = line:match("^([^=]*)=(.*)$")
    if name then
      keys[ascii.trim(name)] = ascii.trim(value)
    end
  end
  path = quote.path(path)
  if not keys.AWSAccessKeyId then
    return Identity.absent(SOURCE, path .. " has no AWSAccessKeyId")
  elseif not keys.AWSSecretKey then
    return Identity.failure(SOURCE, path .. " has AWSAccessKeyId but no AWSSecretKey")
  end
  return Identity.new { access_key_id = keys.AWSAccessKeyId, secret_access_key = keys.AWSSecretKey, source = SOURCE }
end

---@param config cloudjobs.Config
local function new(config)
  return setmetatable({ _config = config }, key_file_mt)
end

return { new = new }
