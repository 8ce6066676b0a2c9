--- AWS_CREDENTIAL_FILE: two lines with keys, as Amazon's first tools had them.

local Identity = require "cloudjobs.aws.credentials.identity"
local file = require "cloudjobs.cloud.file"

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
  local text, message = file.read(self._config:expand(path))
  if not text then
    return Identity.failure(SOURCE, VARIABLE .. ": " .. message)
  end
  local keys = {}
  for name, value in text:gmatch("([^=\n]+)=([^\n]*)") do
    keys[name:match("^%s*(.-)%s*$")] = value:match("^%s*(.-)%s*$")
  end
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
