--- botocore and we, given the same files and environment, find the same identity.

local ConfigFile = require "cloudjobs.aws.config.file"
local Home = require "spec.support.home"
local Stub = require "cloudjobs.stub"
local botocore = require "spec.support.botocore"
local cloudjobs = require "cloudjobs"

local KEYS = "aws_access_key_id = AK-%s\naws_secret_access_key = SK-%s\n"

local function keys(name)
  return KEYS:format(name, name)
end

local PROCESS = [[credential_process = sh -c 'echo "{\"Version\": 1, \"AccessKeyId\": \"AK-process\", ]]
  .. [[\"SecretAccessKey\": \"SK\", \"AccountId\": \"7\"}"']]

local ENV = { AWS_ACCESS_KEY_ID = "AK-env", AWS_SECRET_ACCESS_KEY = "SK-env" }

local function with(more)
  local env = {}
  for _, part in ipairs { ENV, more or {} } do
    for name, value in pairs(part) do
      env[name] = value
    end
  end
  return env
end

local CASES = {
  { "nothing" },
  { "the environment", env = ENV },
  { "the environment's token", env = with { AWS_SESSION_TOKEN = "new", AWS_ACCOUNT_ID = "1" } },
  { "the environment's older token first", env = with { AWS_SESSION_TOKEN = "new", AWS_SECURITY_TOKEN = "old" } },
  { "an id without a secret", env = { AWS_ACCESS_KEY_ID = "AK" }, config = "[default]\n" .. keys "c" },
  { "an empty id", env = { AWS_ACCESS_KEY_ID = "" }, config = "[default]\n" .. keys "c" },
  { "the environment before files", env = ENV, config = "[default]\n" .. keys "c" },
  { "AWS_PROFILE after the environment's keys", env = with { AWS_PROFILE = "p" }, config = "[profile p]\n" .. keys "p" },
  { "a profile in code before the environment's keys", env = ENV, profile = "p", config = "[profile p]\n" .. keys "p" },
  { "AWS_PROFILE", env = { AWS_PROFILE = "p" }, config = "[default]\n" .. keys "d" .. "[profile p]\n" .. keys "p" },
  { "AWS_DEFAULT_PROFILE", env = { AWS_DEFAULT_PROFILE = "p" }, config = "[profile p]\n" .. keys "p" },
  { "a profile that does not exist, and keys", env = with { AWS_PROFILE = "none" } },
  { "a broken file, and keys", env = ENV, config = "[default\n" },
  { "a profile that does not exist", env = { AWS_PROFILE = "none" }, config = "[profile p]\n" .. keys "p" },
  { "the credentials file first", credentials = "[default]\n" .. keys "s", config = "[default]\n" .. keys "c" },
  { "the credentials file before a process", credentials = "[default]\n" .. keys "s", config = "[default]\n" .. PROCESS },
  { "a process before the config file", config = "[default]\n" .. PROCESS .. "\n" .. keys "c" },
  { "half of the keys in a file", credentials = "[default]\naws_access_key_id = AK" },
  { "a profile's tokens", config = "[default]\n" .. keys "c" .. "aws_session_token = n\naws_security_token = o\n" },
  { "a profile's account", config = "[default]\n" .. keys "c" .. "aws_account_id = 5\n" },
  { "a quoted profile", profile = "a b", config = "[profile 'a b']\n" .. keys "q" },
  { "a broken file", env = {}, config = "[default\n" },
  { "a key twice", config = "[default]\n" .. keys "a" .. "aws_access_key_id = b" },
  { "files elsewhere", env = { AWS_CONFIG_FILE = "~/else where", AWS_SHARED_CREDENTIALS_FILE = "$HOME/none" },
    files = { ["else where"] = "[default]\n" .. keys "e" } },
  { "a process that fails", config = "[default]\ncredential_process = sh -c 'exit 1'\n" .. keys "c" },
  { "a process of another version", config = [[
[default]
credential_process = sh -c 'echo "{\"Version\": 2}"'
]] },
  { "a role without a source", config = "[default]\nrole_arn = arn:aws:iam::1:role/R\n" .. keys "c" },
  { "a role with two sources",
    config = "[default]\nrole_arn = arn\nsource_profile = a\ncredential_source = Environment\n[profile a]\n" .. keys "a" },
  { "roles in a circle", config = "[default]\nrole_arn = arn\nsource_profile = b\n"
    .. "[profile b]\nrole_arn = arn\nsource_profile = default" },
  { "a source of another case", env = ENV, profile = "default",
    config = "[default]\nrole_arn = arn\ncredential_source = environment" },
  { "a web identity without a role", env = { AWS_WEB_IDENTITY_TOKEN_FILE = "/none" } },
  { "half of SSO", config = "[default]\nsso_role_name = R\nsso_region = us-east-1\n" .. keys "c" },
  { "an SSO session that is not there", config = "[default]\nsso_session = s\nsso_role_name = R\nsso_account_id = 1" },
  { "AWS_CREDENTIAL_FILE", env = { AWS_CREDENTIAL_FILE = "~/keys" },
    files = { keys = "AWSAccessKeyId=AK\nAWSSecretKey = SK=1\n" } },
  { "a container elsewhere", env = { AWS_CONTAINER_CREDENTIALS_FULL_URI = "http://example.com/c" } },
}

-- Pieces of config files, put together at random: both parsers must make the same of them.
local PIECES = {
  "[default]\n", "[profile a]\n", "[profile 'b c']\n", '[profile "d"]\n', "[other]\n", "[profile]\n", "[profile e f]\n",
  "k = v\n", "k: v\n", "Key=V\n", "l =\n", "m =\n  n = 1\n  o=2\n", "p = 1\n  2\n", "# note\n", "; note\n", "\n", "  # note\n",
  "q = a # b\n", "r = a ; b\n", "s = 'x'\n", "  t = 1\n", "u = x = y: z\n", "junk\n", "v =\n  junk\n", " [profile g]\n",
  "w = \t1 \t\r\n", "[services x]\ny =\n  z = 1\n", "= 1\n", "[]\n",
}

-- A generator of its own, the same on every Lua.
local function random(state)
  return function(n)
    state = (state * 16807) % 2147483647
    return state % n + 1
  end
end

local function made_up(count)
  local next_number, texts = random(20), {}
  for i = 1, count do
    local parts = { "[default]\n" }
    for j = 2, next_number(7) + 1 do
      parts[j] = PIECES[next_number(#PIECES)]
    end
    texts[i] = table.concat(parts)
  end
  return texts
end

describe("botocore", function()
  if not botocore.present() then
    pending "finds the same identities (install python3 with botocore)"
    return
  end

  local homes = {}

  teardown(function()
    for _, home in ipairs(homes) do
      home:remove()
    end
  end)

  local function home_of(files)
    homes[#homes + 1] = Home.new(files)
    return homes[#homes]
  end

  it("finds the same identities", function()
    local asked, envs = {}, {}
    for i, case in ipairs(CASES) do
      local home = home_of(case.files)
      for _, name in ipairs { "config", "credentials" } do
        if case[name] then
          home:write(".aws/" .. name, case[name])
        end
      end
      local env = { HOME = home.path, AWS_EC2_METADATA_DISABLED = "true", PATH = os.getenv("PATH") }
      for name, value in pairs(case.env or {}) do
        env[name] = value
      end
      envs[i] = env
      asked[i] = { env = env, profile = case.profile }
    end
    for i, expected in ipairs(botocore.identities(asked)) do
      local identity, err = cloudjobs.aws.credentials({
        env = envs[i], profile = CASES[i].profile, transport = Stub.new(),
      }):get()
      local got = identity
      if not identity then
        got = err.code == "none" and { source = "none" } or { error = expected.error or tostring(err) }
      end
      assert.same(expected, got, CASES[i][1])
    end
  end)

  it("reads the same profiles", function()
    local texts, asked = made_up(300), {}
    local home = home_of {}
    for i, text in ipairs(texts) do
      asked[i] = { config = home:write("config" .. i, text) }
    end
    for i, expected in ipairs(botocore.identities(asked)) do
      local file, message = ConfigFile.parse_config(texts[i])
      if expected.error then
        assert.is_nil(file, texts[i])
        assert.is_string(message)
      else
        assert.same(expected.profiles, file and file.profiles or message, texts[i])
      end
    end
  end)
end)
