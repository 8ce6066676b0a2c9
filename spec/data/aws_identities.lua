--- The ways to an AWS identity of the emulator: files in the home, environment,
--- and the operations that a listing then makes. "{URL}" stands for the
--- emulator's address, "{HOME}" for the home.

local core = require "cloudjobs.core"

local ROLE = "arn:aws:iam::111122223333:role/emulator"
local PARTNER = "arn:aws:iam::444455556666:role/partner"
local KEYS = "aws_access_key_id = AKIDEMULATOR\naws_secret_access_key = emulator-secret\n"

local function profile(text)
  return { [".aws/config"] = "[default]\n" .. text }
end

local function token_file(more)
  local token = {
    accessToken = "emulator-sso-token", expiresAt = "2099-01-01T00:00:00Z", startUrl = "https://emulator.example/start",
    refreshToken = "emulator-sso-refresh", clientId = "client", clientSecret = "secret",
    registrationExpiresAt = "2099-01-01T00:00:00Z",
  }
  for name, value in pairs(more or {}) do
    token[name] = value
  end
  return core.json_encode(token)
end

local SSO = "sso_session = corp\nsso_account_id = 111122223333\nsso_role_name = R\n"
  .. "[sso-session corp]\nsso_start_url = https://emulator.example/start\nsso_region = us-east-1\n"
local SSO_FILE = ".aws/sso/cache/" .. core.sha1("corp") .. ".json"

local ways = {
  { "the environment", env = { AWS_ACCESS_KEY_ID = "AKIDEMULATOR", AWS_SECRET_ACCESS_KEY = "emulator-secret" },
    seen = "ListExports" },
  { "a profile", files = profile(KEYS), seen = "ListExports" },
  { "a role", files = profile("role_arn = " .. ROLE .. "\nsource_profile = s\n[profile s]\n" .. KEYS),
    seen = "AssumeRole ListExports" },
  { "a chain of roles", files = profile("role_arn = " .. PARTNER .. "\nexternal_id = emulator-external-id\n"
    .. "source_profile = r\n[profile r]\nrole_arn = " .. ROLE .. "\nsource_profile = s\n[profile s]\n" .. KEYS),
    seen = "AssumeRole AssumeRole ListExports" },
  { "a web identity", files = { token = "emulator.web.identity" },
    env = { AWS_ROLE_ARN = "arn:aws:iam::111122223333:role/ci", AWS_WEB_IDENTITY_TOKEN_FILE = "{HOME}/token" },
    seen = "AssumeRoleWithWebIdentity ListExports" },
  { "SSO", files = { [".aws/config"] = "[default]\n" .. SSO, [SSO_FILE] = token_file() },
    seen = "GetRoleCredentials ListExports" },
  { "SSO with an old token",
    files = { [".aws/config"] = "[default]\n" .. SSO,
      [SSO_FILE] = token_file { accessToken = "old", expiresAt = "2020-01-01T00:00:00Z" } },
    seen = "CreateToken GetRoleCredentials ListExports" },
  { "a process", files = {
    [".aws/config"] = "[default]\ncredential_process = cat '{HOME}/keys.json'",
    ["keys.json"] = '{"Version":1,"AccessKeyId":"AKIDEMULATOR","SecretAccessKey":"emulator-secret"}',
  }, seen = "ListExports" },
  { "a container", env = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI = "{URL}/container/credentials",
    AWS_CONTAINER_AUTHORIZATION_TOKEN = "emulator-container-token",
  }, seen = "container ListExports" },
  { "an instance", env = { AWS_EC2_METADATA_SERVICE_ENDPOINT = "{URL}", AWS_EC2_METADATA_DISABLED = "false" },
    seen = "token role keys ListExports" },
  { "a role on an instance", files = profile("role_arn = " .. ROLE .. "\ncredential_source = Ec2InstanceMetadata"),
    env = { AWS_EC2_METADATA_SERVICE_ENDPOINT = "{URL}", AWS_EC2_METADATA_DISABLED = "false" },
    seen = "token role keys AssumeRole ListExports" },
}

return {
  ways = ways,
  profile = profile,
  token_file = token_file,
  ROLE = ROLE,
  PARTNER = PARTNER,
  KEYS = KEYS,
  SSO = SSO,
  SSO_FILE = SSO_FILE,
}
